import { same, type TestRunner } from "@zeropfn/state/conformance";
import { type FileFaultHandler, type Mmu, VM_READ, VM_SHARED, VM_WRITE } from "../src/index.ts";
import { faultIsError, READ, VM_FAULT_NOPAGE, VM_FAULT_SIGBUS, WRITE } from "@zeropfn/units";

/** A fresh machine for one test. */
export interface FaultHandlerWorld {
  /** Two address spaces (0 and 1) and two processors, no area yet; `handler` is connected. */
  readonly mmu: Mmu;
  readonly handler: FileFaultHandler;
  /** A file of exactly `filePages` pages, all of them holes. */
  readonly mapping: number;
  readonly filePages: number;
  readonly pageSize: number;
}

const FIRST_PAGE = 1;

/**
 * The suite for whoever fills file mappings.
 *
 * @param make Makes a fresh machine with a file of at least 2 pages; room for an area of one page more in each address space.
 */
export function fileFaultHandlerConformance({ describe, test }: TestRunner, make: () => FaultHandlerWorld): void {
  const mapped = (): FaultHandlerWorld => {
    const world = make(), flags = VM_READ + VM_WRITE + VM_SHARED;
    for (const mm of [0, 1]) world.mmu.map({ mm, firstPage: FIRST_PAGE, pageCount: world.filePages + 1, mapping: world.mapping, pageIndex: 0, flags });
    return world;
  };

  describe("file fault handler", () => {
    test("shows zeros where the file has a hole, in every byte of the page", () => {
      const { mmu, pageSize } = mapped();
      for (let offset = 0; offset < pageSize; offset++) same(mmu.load8(0, 0, FIRST_PAGE, offset), 0);
    });
    test("shows every address space what one of them stored, also where it has read the hole before", () => {
      const { mmu, filePages } = mapped();
      for (let page = FIRST_PAGE; page < FIRST_PAGE + filePages; page++) {
        same(mmu.load8(0, 0, page, 1), 0);
        same(mmu.load8(1, 1, page, 1), 0);
        same(mmu.store8(1, 1, page, 1, page), 0);
        same(mmu.load8(0, 0, page, 1), page);
        same(mmu.load8(1, 1, page, 0), 0);
      }
    });
    test("answers a fault on a page that is there already, and changes nothing", () => {
      const { mmu, handler, mapping } = mapped(), vma = mmu.vmas.lookUp(0, FIRST_PAGE);
      mmu.store8(0, 0, FIRST_PAGE, 0, 5);
      same(handler.fault({ mapping, vma, page: FIRST_PAGE, index: 0, access: READ, pfn: 0 }) & VM_FAULT_NOPAGE, VM_FAULT_NOPAGE);
      same(handler.fault({ mapping, vma, page: FIRST_PAGE, index: 0, access: WRITE, pfn: 0 }) & VM_FAULT_NOPAGE, VM_FAULT_NOPAGE);
      same(mmu.load8(0, 0, FIRST_PAGE, 0), 5);
    });
    test("gives SIGBUS beyond the last page, for loads and stores, and goes on working", () => {
      const { mmu, handler, mapping, filePages } = mapped(), page = FIRST_PAGE + filePages, vma = mmu.vmas.lookUp(0, page);
      for (const access of [READ, WRITE] as const) {
        const result = handler.fault({ mapping, vma, page, index: filePages, access, pfn: 0 });
        same(faultIsError(result), true);
        same(result & VM_FAULT_SIGBUS, VM_FAULT_SIGBUS);
      }
      same(mmu.load8(0, 0, page - 1, 0), 0);
    });
    test("fills a page again after it was unmapped, with the same bytes", () => {
      const { mmu, mapping, filePages } = mapped();
      mmu.load8(0, 0, FIRST_PAGE, 0);
      mmu.store8(0, 0, FIRST_PAGE + 1, 0, 9);
      mmu.unmapMappingRange(mapping, 0, filePages);
      same(mmu.load8(1, 0, FIRST_PAGE, 0), 0);
      same(mmu.load8(1, 0, FIRST_PAGE + 1, 0), 9);
    });
  });
}
