import { Folios } from "@zeropfn/folio";
import { Counters, reservedColumns } from "@zeropfn/state";
import { BUS_ADRERR, EXEC, type FaultResult, READ, SEGV_ACCERR, SEGV_MAPERR, VM_FAULT_MAJOR, VM_FAULT_NOPAGE, VM_FAULT_OOM, VM_FAULT_SIGBUS, WRITE } from "@zeropfn/units";
import { beforeEach, describe, expect, test } from "vitest";
import { forEachEntry, type FileFault, type FileFaultHandler, MM_FILEPAGES, Mmu, NO_MM, NO_SLOT, pteIsDirty, pteIsExecutable, pteIsSpecial, pteIsWritable, ptePfn, VM_READ, VM_SHARED, VM_WRITE } from "../src/index.ts";

const FILE = 0;
let folios: Folios;
let mmu: Mmu;
let counters: Counters;
let handler: FileFaultHandler["fault"];
let frame: number;

/** A filesystem that maps storage itself, as `handler` says. */
class Storage implements FileFaultHandler {
  readonly features: FileFaultHandler["features"] = { writeNotify: true, faultAround: false };
  fault(fault: FileFault): FaultResult {
    return handler(fault);
  }
  pageMkwrite(fault: FileFault): FaultResult {
    return handler(fault);
  }
  nextMappable(): boolean {
    throw new Error("features say not to ask");
  }
  isCached(): boolean {
    return true;
  }
  evict(): boolean {
    return false;
  }
  punch(): number {
    return 0;
  }
  sync(): number {
    return 0;
  }
}

/** Two address spaces: pages 8 to 15 of the first show the file from its page 0, pages 4 to 7 of the second from page 2. */
beforeEach(() => {
  const columns = reservedColumns();
  counters = new Counters(columns);
  folios = new Folios(columns, { frameCount: 16, pageShift: 12 });
  mmu = new Mmu(columns, folios, { mmCapacity: 2, tableCapacity: 32, tableShift: 2, levels: 3, cpuCount: 2, tlbShift: 3, vmaCapacity: 4, mappingCapacity: 1, tracer: counters });
  const flags = VM_READ + VM_WRITE + VM_SHARED;
  mmu.map({ mm: 0, firstPage: 8, pageCount: 8, mapping: FILE, pageIndex: 0, flags });
  mmu.map({ mm: 1, firstPage: 4, pageCount: 4, mapping: FILE, pageIndex: 2, flags: VM_READ + VM_SHARED });
  frame = folios.allocate(0);
  folios.zero(frame);
  handler = ({ vma, page, access }) => mmu.insertPfn(vma, page, frame, access);
  mmu.connect(new Storage());
});
const pteOfPage = (mm: number, page: number): number => {
  const slot = mmu.tables.slotOf(mm, page);
  return slot === NO_SLOT ? 0 : mmu.tables.load(slot);
};

describe("a user access", () => {
  test("asks the handler once, for the file's own page, and then goes through the TLB", () => {
    const asked: FileFault[] = [];
    const insert = handler;
    handler = (fault) => {
      asked.push({ ...fault });
      return insert(fault);
    };
    expect([mmu.load8(1, 1, 5, 0), mmu.load8(1, 1, 5, 1), mmu.load8(0, 1, 5, 0)]).toEqual([0, 0, 0]);
    expect(asked.map(({ mapping, page, index, access }) => [mapping, page, index, access])).toEqual([[FILE, 5, 3, READ]]);
    expect(counters.of("pgfault")).toBe(1);
  });
  test("is SIGSEGV where nothing is mapped, or not for this access", () => {
    expect(mmu.load8(0, 0, 7, 0)).toBe(-11);
    expect(mmu.load8(0, 0, 16, 0)).toBe(-11);
    expect(mmu.store8(0, 1, 4, 0, 1)).toBe(-11);
    expect(mmu.translate(0, 0, 8, EXEC)).toBe(-11);
    expect(counters.of("pgfault")).toBe(0);
  });
  test("says why it failed: no area, an area that does not allow it, nothing to show, no memory", () => {
    const why = (access: () => number): unknown => [access(), { ...mmu.signal }];
    expect(why(() => mmu.load8(0, 0, 7, 0))).toEqual([-11, { signal: 11, code: SEGV_MAPERR, page: 7 }]);
    expect(why(() => mmu.store8(0, 1, 4, 0, 1))).toEqual([-11, { signal: 11, code: SEGV_ACCERR, page: 4 }]);
    handler = () => VM_FAULT_SIGBUS;
    expect(why(() => mmu.translate(0, 0, 9, READ))).toEqual([-7, { signal: 7, code: BUS_ADRERR, page: 9 }]);
    handler = () => VM_FAULT_OOM;
    expect(why(() => mmu.load8(0, 0, 10, 0))).toEqual([-9, { signal: 9, code: 0, page: 10 }]);
  });
  test.each([[VM_FAULT_SIGBUS, -7], [VM_FAULT_OOM, -9], [VM_FAULT_SIGBUS | VM_FAULT_MAJOR, -7]])("is a signal when the handler answers %d", (result, signal) => {
    handler = () => result;
    expect([mmu.load8(0, 0, 8, 0), mmu.store8(0, 0, 8, 0, 1), mmu.translate(0, 0, 8, READ)]).toEqual([signal, signal, signal]);
  });
  test("that every fault leaves where it was is a livelock, not a wait without end", () => {
    handler = () => VM_FAULT_NOPAGE;
    expect(() => mmu.load8(0, 0, 8, 0)).toThrow("PTE_MMU_LIVELOCK");
    expect(() => mmu.store8(0, 0, 8, 0, 1)).toThrow("PTE_MMU_LIVELOCK");
  });
  test("counts the faults that needed storage", () => {
    const insert = handler;
    handler = (fault) => insert(fault) | VM_FAULT_MAJOR;
    mmu.load8(0, 0, 8, 0);
    expect([counters.of("pgfault"), counters.of("pgmajfault")]).toEqual([1, 1]);
    expect([mmu.counters.minorFaults(0), mmu.counters.majorFaults(0)]).toEqual([0, 1]);
  });
  test("that stores after it loaded faults again, and finds the page dirty and writable", () => {
    mmu.load8(0, 0, 8, 0);
    expect([pteIsWritable(pteOfPage(0, 8)), pteIsDirty(pteOfPage(0, 8))]).toEqual([false, false]);
    expect(mmu.store8(0, 0, 8, 5, 77)).toBe(0);
    expect([pteIsWritable(pteOfPage(0, 8)), pteIsDirty(pteOfPage(0, 8))]).toEqual([true, true]);
    expect(counters.of("pgfault")).toBe(2);
    expect(folios.load8(frame, 5)).toBe(77);
  });
});

describe("insertPfn", () => {
  test("maps without accounting, and never for execution where the area is not executable", () => {
    expect(mmu.insertPfn(0, 8, frame, WRITE)).toBe(VM_FAULT_NOPAGE);
    expect([pteIsSpecial(pteOfPage(0, 8)), pteIsExecutable(pteOfPage(0, 8))]).toEqual([true, false]);
    expect([folios.mapcount(frame), folios.refcount(frame), mmu.counters.rss(0, MM_FILEPAGES)]).toEqual([0, 1, 0]);
  });
  test("leaves a present entry alone, unless the same frame becomes writable", () => {
    const other = folios.allocate(0);
    mmu.insertPfn(0, 8, frame, READ);
    mmu.insertPfn(0, 8, other, WRITE);
    expect([ptePfn(pteOfPage(0, 8)), pteIsWritable(pteOfPage(0, 8))]).toEqual([frame, false]);
    mmu.insertPfn(0, 8, frame, WRITE);
    expect(pteIsWritable(pteOfPage(0, 8))).toBe(true);
    mmu.insertPfn(0, 8, frame, READ);
    expect(pteIsWritable(pteOfPage(0, 8))).toBe(true);
  });
  test("and insertFolio are out of memory when there is no room for a table", () => {
    const columns = reservedColumns(), memory = new Folios(columns, { frameCount: 4, pageShift: 12 }), page = memory.allocate(0);
    const full = new Mmu(columns, memory, { mmCapacity: 1, tableCapacity: 2, tableShift: 9, levels: 3, cpuCount: 1, tlbShift: 0, vmaCapacity: 1, mappingCapacity: 1 });
    const vma = full.map({ mm: 0, firstPage: 1, pageCount: 1, mapping: 0, pageIndex: 0, flags: VM_READ });
    expect([full.insertPfn(vma, 1, page, READ), full.insertFolio(vma, 1, page)]).toEqual([VM_FAULT_OOM, VM_FAULT_OOM]);
    expect([memory.refcount(page), memory.mapcount(page), full.counters.rss(0, MM_FILEPAGES)]).toEqual([1, 0, 0]);
  });
});

describe("insertFolio and unmapping", () => {
  test("account the page in each address space that maps it, and give it back", () => {
    mmu.insertFolio(mmu.vmas.lookUp(0, 10), 10, frame);
    mmu.insertFolio(mmu.vmas.lookUp(1, 4), 4, frame);
    mmu.insertFolio(mmu.vmas.lookUp(1, 4), 4, frame);
    expect([folios.mapcount(frame), folios.refcount(frame), mmu.counters.rss(0, MM_FILEPAGES), mmu.counters.rss(1, MM_FILEPAGES)]).toEqual([2, 3, 1, 1]);
    mmu.unmapMappingRange(FILE, 2, 1);
    expect([folios.mapcount(frame), folios.refcount(frame), mmu.counters.rss(0, MM_FILEPAGES), mmu.counters.rss(1, MM_FILEPAGES)]).toEqual([0, 1, 0, 0]);
  });
  test("reach exactly the pages of the range, in every address space, and their TLB entries", () => {
    for (let page = 8; page < 16; page++) mmu.load8(0, 0, page, 0);
    for (let page = 4; page < 8; page++) mmu.load8(1, 1, page, 0);
    mmu.unmapMappingRange(FILE, 3, 2);
    const present = (mm: number, first: number, end: number): number[] => {
      const pages: number[] = [];
      forEachEntry(mmu.tables, mm, first, end, (page) => pages.push(page));
      return pages;
    };
    expect(present(0, 0, 64)).toEqual([8, 9, 10, 13, 14, 15]);
    expect(present(1, 0, 64)).toEqual([4, 7]);
    handler = () => VM_FAULT_SIGBUS;
    expect([mmu.load8(0, 0, 11, 0), mmu.load8(1, 1, 5, 0), mmu.load8(0, 0, 10, 0)]).toEqual([-7, -7, 0]);
  });
  test("of an area leave nothing behind", () => {
    mmu.insertFolio(mmu.vmas.lookUp(0, 8), 8, frame);
    mmu.unmap(mmu.vmas.lookUp(0, 8));
    expect([folios.refcount(frame), mmu.counters.rss(0, MM_FILEPAGES), mmu.load8(0, 0, 8, 0)]).toEqual([1, 0, -11]);
  });
});

test("an address space that is destroyed leaves no page, table, area or TLB entry, and its number to the next", () => {
  const parent = mmu.mms.allocate();
  expect(parent).toBe(0);
  for (let page = 8; page < 12; page++) mmu.load8(1, 0, page, 0);
  mmu.insertFolio(mmu.vmas.lookUp(0, 12), 12, frame);
  mmu.destroyMm(0);
  expect([folios.refcount(frame), folios.mapcount(frame), mmu.tables.tableCount, mmu.counters.rssPages(0), mmu.counters.totalPages(0)]).toEqual([1, 0, 0, 0, 0]);
  expect([[...mmu.vmas.of(0)].length, mmu.load8(1, 0, 8, 0)]).toEqual([0, -11]);
  expect([mmu.mms.allocate(), mmu.mms.allocate(), mmu.mms.allocate()]).toEqual([0, 1, NO_MM]);
});

test("a fault without a handler names the mistake", () => {
  const columns = reservedColumns();
  const lonely = new Mmu(columns, new Folios(columns, { frameCount: 2, pageShift: 12 }), { mmCapacity: 1, tableCapacity: 4, tableShift: 9, levels: 4, cpuCount: 1, tlbShift: 0, vmaCapacity: 1, mappingCapacity: 1 });
  lonely.map({ mm: 0, firstPage: 1, pageCount: 1, mapping: 0, pageIndex: 0, flags: VM_READ });
  expect(() => lonely.load8(0, 0, 1, 0)).toThrow("PTE_MMU_NO_HANDLER");
  expect(() => lonely.map({ mm: 0, firstPage: 2 ** 36, pageCount: 1, mapping: 0, pageIndex: 0, flags: VM_READ })).toThrow("PTE_MMU_BAD_RANGE");
});
