import { PG_uptodate } from "@zeropfn/folio";
import { holds, same, type TestRunner } from "@zeropfn/state/conformance";
import { type Access, faultIsError, type FaultResult, READ, VM_FAULT_LOCKED, VM_FAULT_NOPAGE, VM_FAULT_SIGBUS, WRITE } from "@zeropfn/units";
import { type FileFault, type FileFaultHandler, type Mmu, VM_READ, VM_SHARED, VM_WRITE } from "../src/index.ts";

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
/** A byte that no hole has. */
const STORED = 0xa5;

/** Asks about page `index` of the file, as a fault of the first address space would. */
const faultOf = ({ mmu, mapping }: FaultHandlerWorld, index: number, access: Access = READ): FileFault => {
  const page = FIRST_PAGE + index;
  return { mapping, vma: mmu.vmas.lookUp(0, page), page, index, access, pfn: 0 };
};

/** Gives back the page that was answered: it was locked, uptodate, and somebody had a reference for us. */
function giveBack({ mmu: { calls: { folios } } }: FaultHandlerWorld, pfn: number): void {
  holds(!folios.tryLock(pfn), `frame ${pfn} is answered locked`);
  holds(folios.testFlag(pfn, PG_uptodate), `frame ${pfn} is answered uptodate`);
  folios.unlock(pfn);
  folios.put(pfn);
  holds(folios.refcount(pfn) > 0, `frame ${pfn} is answered with a reference beside the file's`);
}

/** A fault, finished as who maps pages would, but that nothing is mapped: a handler that maps by itself has done so. */
function ask(world: FaultHandlerWorld, index: number, access: Access): FaultResult {
  const fault = faultOf(world, index, access), result = world.handler.fault(fault);
  if ((result & VM_FAULT_LOCKED) !== 0) giveBack(world, fault.pfn);
  return result;
}

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
    test("answers a fault on a page that is there already, with the page or by itself, and changes nothing", () => {
      const world = mapped(), { mmu } = world;
      mmu.store8(0, 0, FIRST_PAGE, 0, STORED);
      for (const access of [READ, WRITE, READ] as const) {
        const result = ask(world, 0, access);
        same(faultIsError(result), false);
        // One of both: there is a page to map, or it is mapped.
        same((result & VM_FAULT_LOCKED) !== 0, (result & VM_FAULT_NOPAGE) === 0);
      }
      same(mmu.load8(0, 0, FIRST_PAGE, 0), STORED);
      same(mmu.load8(1, 1, FIRST_PAGE, 0), STORED);
    });
    test("gives SIGBUS beyond the last page, for loads and stores, and goes on working", () => {
      const world = mapped(), { mmu, filePages } = world, page = FIRST_PAGE + filePages;
      for (const access of [READ, WRITE] as const) {
        const result = ask(world, filePages, access);
        same(faultIsError(result), true);
        same(result & VM_FAULT_SIGBUS, VM_FAULT_SIGBUS);
      }
      same(mmu.load8(0, 0, page, 0), mmu.store8(1, 1, page, 0, STORED));
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
    test("has a page in memory from the store on until its range is punched out", () => {
      const { mmu, handler, mapping } = mapped();
      same(handler.isCached(mapping, 1), false);
      mmu.store8(0, 0, FIRST_PAGE + 1, 0, STORED);
      same(handler.isCached(mapping, 1), true);
      same(handler.isCached(mapping, 0), false);
      same(handler.punch(mapping, 1, 1), 0);
      same(handler.isCached(mapping, 1), false);
    });
    test("makes a hole of what is punched out, for everybody, and of nothing beside it", () => {
      const { mmu, handler, mapping, filePages, pageSize } = mapped(), last = pageSize - 1;
      for (let index = 0; index < filePages; index++) for (const mm of [0, 1]) mmu.store8(mm, mm, FIRST_PAGE + index, last, STORED + mm);
      same(handler.punch(mapping, 1, filePages - 1), 0);
      for (const mm of [0, 1]) {
        same(mmu.load8(mm, mm, FIRST_PAGE, last), STORED + 1);
        for (let index = 1; index < filePages; index++) same(mmu.load8(mm, mm, FIRST_PAGE + index, last), 0);
      }
      same(mmu.store8(1, 1, FIRST_PAGE + 1, 0, STORED), 0);
      same(mmu.load8(0, 0, FIRST_PAGE + 1, 0), STORED);
    });
    test("loses no byte by being written back", () => {
      const { mmu, handler, mapping, filePages } = mapped();
      mmu.store8(0, 0, FIRST_PAGE, 0, STORED);
      same(handler.sync(mapping, 0, filePages), 0);
      same(mmu.load8(1, 1, FIRST_PAGE, 0), STORED);
      same(mmu.store8(0, 0, FIRST_PAGE, 0, STORED + 1), 0);
      same(mmu.load8(1, 1, FIRST_PAGE, 0), STORED + 1);
    });
    test("loses no byte by letting go of a page that nothing maps, whatever it says", () => {
      for (const isStored of [false, true]) {
        const world = mapped(), { mmu, handler, mapping, filePages } = world, { folios } = mmu.calls;
        if (isStored) mmu.store8(0, 0, FIRST_PAGE, 0, STORED);
        const fault = faultOf(world, 0);
        if ((handler.fault(fault) & VM_FAULT_LOCKED) === 0) return; // it has no pages to let go of
        folios.unlock(fault.pfn);
        mmu.unmapMappingRange(mapping, 0, filePages);
        const hasLeft = handler.evict(mapping, fault.pfn);
        same(folios.refcount(fault.pfn), hasLeft ? 1 : 2);
        same(handler.isCached(mapping, 0), !hasLeft);
        folios.put(fault.pfn);
        same(mmu.load8(1, 1, FIRST_PAGE, 0), isStored ? STORED : 0);
      }
    });
    test("keeps a page that somebody else still uses", () => {
      const world = mapped(), { mmu, handler, mapping } = world, { folios } = mmu.calls, fault = faultOf(world, 0);
      if ((handler.fault(fault) & VM_FAULT_LOCKED) === 0) return;
      folios.unlock(fault.pfn);
      folios.get(fault.pfn);
      same(handler.evict(mapping, fault.pfn), false);
      same(handler.isCached(mapping, 0), true);
      folios.put(fault.pfn);
      folios.put(fault.pfn);
    });
    test("finds what can be mapped around a fault: in memory, of the range, not locked and before the end", () => {
      const world = mapped(), { mmu, handler, filePages } = world;
      if (!handler.features.faultAround) return;
      const next = (first: number, last: number): FileFault | undefined => {
        const fault = faultOf(world, first);
        return handler.nextMappable(fault, last) ? fault : undefined;
      };
      same(next(0, filePages), undefined);
      mmu.store8(0, 0, FIRST_PAGE + 1, 0, STORED);
      same(next(0, 0), undefined);
      same(next(2, filePages), undefined);
      const found = next(0, filePages);
      same(found?.index, 1);
      same(next(0, filePages), undefined); // it is locked
      giveBack(world, found!.pfn);
      giveBack(world, next(1, 1)!.pfn);
    });
    test("lets a shared page that was read become writable, and everybody sees what is stored then", () => {
      const { mmu } = mapped();
      for (const mm of [0, 1]) same(mmu.load8(mm, mm, FIRST_PAGE, 0), 0);
      for (const mm of [0, 1]) {
        same(mmu.store8(mm, mm, FIRST_PAGE, mm, STORED), 0);
        same(mmu.load8(1 - mm, 1 - mm, FIRST_PAGE, mm), STORED);
      }
    });
  });
}
