import { Folios } from "@zeropfn/folio";
import { reservedColumns } from "@zeropfn/state";
import { EXEC, READ, WRITE } from "@zeropfn/units";
import { beforeEach, describe, expect, test } from "vitest";
import { PageTables } from "../src/page-tables.ts";
import { PTE_ACCESSED, PTE_DIRTY, PTE_NONE, PTE_NX, PTE_PRESENT, PTE_PROTNONE, PTE_WRITABLE, pmdOf, pteIsAccessed, pteIsDirty, pteOf } from "../src/pte.ts";
import { checkTlbs } from "../src/tlb-invariants.ts";
import { TLB_MISS, Tlbs, type TlbsOptions } from "../src/tlbs.ts";

const MM = 0;
const PAGE = 3;
let tables: PageTables;
let folios: Folios;
let tlbs: Tlbs;
let slot: number;
let pfn: number;

beforeEach(() => {
  const columns = reservedColumns();
  folios = new Folios(columns, { frameCount: 8, pageShift: 12 });
  tables = new PageTables(columns, { mmCapacity: 2, tableCapacity: 16, tableShift: 9, levels: 4 });
  tlbs = new Tlbs(columns, tables, folios, { cpuCount: 2, tlbShift: 2 });
  slot = tables.createSlot(MM, PAGE);
  pfn = folios.allocate(0);
  folios.zero(pfn);
});

describe("a TLB", () => {
  test("misses where nothing is present, and remembers nothing of it", () => {
    expect(tlbs.load8(0, MM, PAGE, 0)).toBe(TLB_MISS);
    tables.store(slot, pteOf(pfn, PTE_PRESENT));
    expect(tlbs.load8(0, MM, PAGE, 0)).toBe(0);
  });
  test("sets the accessed bit when it walks for a load, and the dirty bit for a store", () => {
    tables.store(slot, pteOf(pfn, PTE_PRESENT + PTE_WRITABLE));
    tlbs.load8(0, MM, PAGE, 0);
    expect([pteIsAccessed(tables.load(slot)), pteIsDirty(tables.load(slot))]).toEqual([true, false]);
    tlbs.store8(0, MM, PAGE, 0, 7);
    expect([pteIsAccessed(tables.load(slot)), pteIsDirty(tables.load(slot))]).toEqual([true, true]);
    expect(tlbs.load8(1, MM, PAGE, 0)).toBe(7);
  });
  test("outlives the page table entry until it is flushed, on each processor", () => {
    tables.store(slot, pteOf(pfn, PTE_PRESENT + PTE_WRITABLE + PTE_ACCESSED + PTE_DIRTY));
    for (const cpu of [0, 1]) tlbs.store8(cpu, MM, PAGE, cpu, 1);
    tables.getAndClear(slot);
    expect(tlbs.store8(0, MM, PAGE, 0, 9)).toBe(0);
    tlbs.flushPageOn(0, MM, PAGE);
    expect(tlbs.store8(0, MM, PAGE, 0, 9)).toBe(TLB_MISS);
    expect(tlbs.load8(1, MM, PAGE, 0)).toBe(9);
    tlbs.flushPage(MM, PAGE);
    expect(tlbs.load8(1, MM, PAGE, 0)).toBe(TLB_MISS);
  });
  test("does not let a store through an entry that is not dirty, once the table says read-only", () => {
    tables.store(slot, pteOf(pfn, PTE_PRESENT + PTE_WRITABLE + PTE_ACCESSED));
    tlbs.load8(0, MM, PAGE, 0);
    tables.store(slot, pteOf(pfn, PTE_PRESENT + PTE_ACCESSED));
    expect(tlbs.store8(0, MM, PAGE, 0, 1)).toBe(TLB_MISS);
    expect(folios.load8(pfn, 0)).toBe(0);
  });
  test("lets a store through a stale entry that is dirty: that is why write protection needs a flush", () => {
    tables.store(slot, pteOf(pfn, PTE_PRESENT + PTE_WRITABLE + PTE_ACCESSED));
    tlbs.store8(0, MM, PAGE, 0, 1);
    tables.store(slot, pteOf(pfn, PTE_PRESENT + PTE_ACCESSED));
    expect(tlbs.store8(0, MM, PAGE, 0, 2)).toBe(0);
    expect(folios.load8(pfn, 0)).toBe(2);
  });
  test("keeps address spaces and pages with the same low bits apart", () => {
    tables.store(slot, pteOf(pfn, PTE_PRESENT));
    tlbs.load8(0, MM, PAGE, 0);
    expect(tlbs.load8(0, MM + 1, PAGE, 0)).toBe(TLB_MISS);
    expect(tlbs.load8(0, MM, PAGE + 4, 0)).toBe(TLB_MISS);
    expect(tlbs.load8(0, MM, PAGE + 2 ** 32, 0)).toBe(TLB_MISS);
  });
  test("translates as loads and stores do", () => {
    tables.store(slot, pteOf(pfn, PTE_PRESENT));
    expect(tlbs.translate(0, MM, PAGE, READ)).toBe(pfn);
    expect(tlbs.translate(0, MM, PAGE, WRITE)).toBe(TLB_MISS);
    tables.store(slot, pteOf(pfn, PTE_PRESENT + PTE_WRITABLE));
    expect(tlbs.translate(0, MM, PAGE, WRITE)).toBe(pfn);
    expect(pteIsDirty(tables.load(slot))).toBe(true);
    tables.store(slot, PTE_NONE);
    expect(tlbs.translate(0, MM, PAGE, WRITE)).toBe(pfn);
  });
  test("lets nothing through an entry that is present to software alone", () => {
    tables.store(slot, pteOf(pfn, PTE_PROTNONE + PTE_WRITABLE + PTE_ACCESSED + PTE_DIRTY));
    expect(([READ, WRITE, EXEC] as const).map((access) => tlbs.translate(0, MM, PAGE, access))).toEqual([TLB_MISS, TLB_MISS, TLB_MISS]);
    expect(tables.load(slot)).toBe(pteOf(pfn, PTE_PROTNONE + PTE_WRITABLE + PTE_ACCESSED + PTE_DIRTY));
  });
  test("fetches no instruction through NX, neither from the table nor from what it remembers", () => {
    tables.store(slot, pteOf(pfn, PTE_PRESENT + PTE_NX));
    expect(tlbs.translate(0, MM, PAGE, EXEC)).toBe(TLB_MISS);
    expect(tables.load(slot)).toBe(pteOf(pfn, PTE_PRESENT + PTE_NX)); // and is not accessed
    expect([tlbs.translate(0, MM, PAGE, READ), tlbs.translate(0, MM, PAGE, EXEC)]).toEqual([pfn, TLB_MISS]);
    tables.store(slot, pteOf(pfn, PTE_PRESENT));
    expect(tlbs.translate(0, MM, PAGE, EXEC)).toBe(pfn);
  });
  test("reaches each page of a leaf one level above, and marks the leaf", () => {
    const pmdSlot = tables.createPmdSlot(MM, 512);
    tables.store(pmdSlot, pmdOf(0, PTE_PRESENT + PTE_WRITABLE));
    expect([tlbs.translate(0, MM, 512 + 5, READ), pteIsDirty(tables.load(pmdSlot))]).toEqual([5, false]);
    expect([tlbs.translate(0, MM, 512 + 7, WRITE), tables.load(pmdSlot)]).toEqual([7, pmdOf(0, PTE_PRESENT + PTE_WRITABLE + PTE_ACCESSED + PTE_DIRTY)]);
  });
});

/** A TLB over an address space in which every page is the same frame. */
function filled(options: Partial<TlbsOptions>, pages: number): Tlbs {
  const columns = reservedColumns(), all = new PageTables(columns, { mmCapacity: 8, tableCapacity: 64, tableShift: 9, levels: 2 });
  const made = new Tlbs(columns, all, folios, { cpuCount: 1, tlbShift: 2, ...options });
  for (let mm = 0; mm < 8; mm++) for (let page = 0; page < pages; page++) all.store(all.createSlot(mm, page), pteOf(pfn, PTE_PRESENT));
  return made;
}
const walksOf = (made: Tlbs, run: () => void): number => {
  const before = made.walkCount;
  run();
  return made.walkCount - before;
};
const read = (made: Tlbs, pages: readonly number[], mm: number = 0): void => {
  for (const page of pages) expect(made.translate(0, mm, page, READ)).toBe(pfn);
};
const upTo = (count: number): number[] => Array.from({ length: count }, (_, page) => page);

describe("what a TLB keeps", () => {
  test.each([[1, 4], [2, 8], [4, 16], [8, 32]])("in %d ways of 4 sets are %d pages that lie together", (tlbWays, count) => {
    const made = filled({ tlbWays }, 64);
    read(made, upTo(count));
    expect(walksOf(made, () => read(made, upTo(count)))).toBe(0);
    expect(walksOf(made, () => read(made, upTo(count + 1)))).toBe(1);
  });
  test("in 4 ways are 4 pages of one set, wherever they would be at home", () => {
    const made = filled({ tlbWays: 4 }, 128), pages = [0, 16, 32, 48];
    read(made, pages);
    expect(walksOf(made, () => read(made, pages))).toBe(0);
    read(made, [64, 80]); // ways go in turn: 0, then 1
    expect(walksOf(made, () => read(made, [32, 48, 64, 80]))).toBe(0);
    expect(walksOf(made, () => read(made, pages))).toBeGreaterThan(0);
  });
  test("is apart for as many address spaces as there are ASIDs; one more takes that of the first", () => {
    const made = filled({ tlbShift: 6, asidCount: 3 }, 8);
    for (const mm of [0, 1, 2]) read(made, upTo(8), mm);
    expect(walksOf(made, () => [0, 1, 2].forEach((mm) => read(made, upTo(8), mm)))).toBe(0);
    read(made, [0], 3);
    expect(walksOf(made, () => [1, 2].forEach((mm) => read(made, upTo(8), mm)))).toBe(0);
    expect(walksOf(made, () => read(made, upTo(8), 0))).toBe(8);
  });
  test("loses one page to flushPage, a range to flushRange, all of one address space beyond 33 pages, and everything to flushAll", () => {
    const made = filled({ tlbShift: 6 }, 64), again = (mm: number): number => walksOf(made, () => read(made, upTo(64), mm));
    read(made, upTo(64), 0);
    read(made, upTo(64), 1);
    made.flushPage(0, 3);
    expect([again(0), again(1)]).toEqual([1, 0]);
    made.flushRange(0, 3, 3 + 33);
    expect([again(0), again(1)]).toEqual([33, 0]);
    made.flushRange(0, 3, 3 + 34);
    expect([again(0), again(1)]).toEqual([64, 0]);
    made.flushMm(1);
    expect([again(0), again(1)]).toEqual([0, 64]);
    made.flushAll();
    expect([again(0), again(1)]).toEqual([64, 64]);
  });
  test("goes with a flush that was deferred, once, and on the processors that had run the address space", () => {
    const made = filled({ cpuCount: 2, tlbShift: 4 }, 8);
    made.translate(0, 0, 1, READ);
    made.deferFlush(0);
    made.translate(1, 0, 1, READ); // walks after the entry was removed: owes nothing
    made.flushDeferred();
    expect([...made.entries()].map(({ cpu, page }) => [cpu, page])).toEqual([[1, 1]]);
    made.flushDeferred();
    expect([...made.entries()].length).toBe(1);
  });
  test("goes when somebody relies on a flush that was deferred, and not when none was", () => {
    const made = filled({ tlbShift: 4 }, 8);
    read(made, [1]);
    made.flushBatchedPending(0);
    expect(walksOf(made, () => read(made, [1]))).toBe(0);
    made.deferFlush(0);
    made.flushBatchedPending(0);
    expect(walksOf(made, () => read(made, [1]))).toBe(1);
    made.flushBatchedPending(0);
    expect(walksOf(made, () => read(made, [1]))).toBe(0);
  });
  test("is still owed a flush that was deferred while another was under way", () => {
    const made = filled({ tlbShift: 4 }, 8);
    made.deferFlush(0);
    const batch = made.flushBatchOf(0);
    made.flushMm(0);
    read(made, [1]);
    made.deferFlush(0);
    made.finishBatchedFlush(0, batch);
    made.flushBatchedPending(0);
    expect(walksOf(made, () => read(made, [1]))).toBe(1);
  });
  test.each([1, 0x7fff, 0x8000, 0xffff, 0x1_0000])("counts deferred flushes without end: none is forgotten after %d", (count) => {
    const made = filled({ tlbShift: 4 }, 8);
    for (let nth = 0; nth < count; nth++) made.deferFlush(0);
    made.flushBatchedPending(0);
    read(made, [1]);
    made.deferFlush(0);
    made.flushBatchedPending(0);
    expect([...made.entries()]).toEqual([]);
  });
  test("of an address space that is no more is nothing, and its ASID is free", () => {
    const made = filled({ tlbShift: 4, asidCount: 2 }, 8);
    read(made, upTo(8), 0);
    read(made, [0], 1);
    made.dropMm(0);
    expect([...made.entries()].map(({ mm }) => mm)).toEqual([1]);
    expect(walksOf(made, () => read(made, upTo(8), 0))).toBe(8);
    checkTlbs(made, () => true);
  });
  test("is checked for entries that should be gone", () => {
    const made = filled({}, 8);
    read(made, [5]);
    expect(() => checkTlbs(made, ({ page }) => page !== 5)).toThrow("page 5 of address space 0 still reaches frame");
  });
  test.each([
    ["cpuCount", { cpuCount: 0 }], ["tlbShift", { tlbShift: 17 }], ["tlbShift", { tlbShift: -1 }], ["tlbWays", { tlbWays: 3 }], ["tlbWays", { tlbWays: 0 }],
    ["asidCount", { asidCount: 0 }], ["asidCount", { asidCount: 64 }],
  ])("has no bad %s: %o", (name, options) => {
    expect(() => filled(options, 1)).toThrow(new RegExp(`PTE_MMU_BAD_OPTION: ${name}`));
  });
  test("tells the highest pages apart", () => {
    const columns = reservedColumns(), all = new PageTables(columns, { mmCapacity: 1, tableCapacity: 16, tableShift: 9, levels: 5 }), last = 2 ** 45 - 1;
    const made = new Tlbs(columns, all, folios, { cpuCount: 1, tlbShift: 0, asidCount: 63 });
    all.store(all.createSlot(0, last), pteOf(5, PTE_PRESENT));
    all.store(all.createSlot(0, last - 1), pteOf(6, PTE_PRESENT));
    expect([last, last - 1, last, last - 1].map((page) => made.translate(0, 0, page, READ))).toEqual([5, 6, 5, 6]);
    expect([made.walkCount, [...made.entries()].map(({ page }) => page).sort()]).toEqual([2, [last - 1, last]]);
  });
});
