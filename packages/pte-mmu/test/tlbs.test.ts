import { Folios } from "@zeropfn/folio";
import { reservedColumns } from "@zeropfn/state";
import { READ, WRITE } from "@zeropfn/units";
import { beforeEach, describe, expect, test } from "vitest";
import { PageTables, PTE_ACCESSED, PTE_DIRTY, PTE_NONE, PTE_PRESENT, PTE_WRITABLE, pteIsAccessed, pteIsDirty, pteOf, TLB_MISS, Tlbs } from "../src/index.ts";

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
});
