import { reservedColumns, Slab } from "@zeropfn/state";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_SLOT, PageTables, type PageTablesOptions, PTE_DIRTY, PTE_NONE, PTE_NX, PTE_PRESENT, pteOf } from "../src/index.ts";

const X86: PageTablesOptions = { mmCapacity: 2, tableCapacity: 64, tableShift: 9, levels: 4 };
const tablesOf = (options: Partial<PageTablesOptions> = {}): PageTables => new PageTables(reservedColumns(), { ...X86, ...options });

describe("page tables", () => {
  test("reach 2^36 pages with 4 levels and 2^45 with 5", () => {
    expect(tablesOf().pageCount).toBe(2 ** 36);
    expect(tablesOf({ levels: 5 }).pageCount).toBe(2 ** 45);
  });
  test("make the tables on the way to a page, and no more", () => {
    const tables = tablesOf();
    expect(tables.slotOf(0, 5)).toBe(NO_SLOT);
    const slot = tables.createSlot(0, 5);
    expect(tables.tableCount).toBe(4);
    expect(tables.tableBytes).toBe(4 * 4096);
    expect(tables.slotOf(0, 5)).toBe(slot);
    expect(tables.createSlot(0, 6)).toBe(slot + 1);
    expect(tables.tableCount).toBe(4);
    expect(tables.slotOf(0, 512)).toBe(NO_SLOT);
    expect(tables.slotOf(1, 5)).toBe(NO_SLOT);
  });
  test.each([1, 2, 3, 4, 5])("keep any pages apart, whatever their index, with %d levels", (levels) => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(2 ** 52), { maxLength: 12 }), (numbers) => {
        const tables = tablesOf({ levels, tableShift: 3 });
        const pages = [...new Set(numbers.map((number) => number % tables.pageCount))];
        const slots = pages.map((page) => tables.createSlot(0, page));
        expect(new Set(slots).size).toBe(pages.length);
        expect(pages.map((page) => tables.slotOf(0, page))).toEqual(slots);
      }),
    );
  });
  test("tell pages 2^32 apart", () => {
    const tables = tablesOf();
    expect(tables.createSlot(0, 7)).not.toBe(tables.createSlot(0, 7 + 2 ** 32));
  });
  test("say so when there is no room for a table, and stay as they were", () => {
    const tables = tablesOf({ tableCapacity: 6 });
    tables.createSlot(0, 0);
    expect(tables.createSlot(1, 0)).toBe(NO_SLOT);
    expect(tables.slotOf(1, 0)).toBe(NO_SLOT);
    expect(tables.slotOf(0, 0)).not.toBe(NO_SLOT);
  });
  test("hold an entry of 53 bits", () => {
    const tables = tablesOf(), slot = tables.createSlot(0, 0), pte = pteOf(2 ** 40 - 1, PTE_PRESENT + PTE_NX);
    tables.store(slot, pte);
    expect(tables.load(slot)).toBe(pte);
    expect(tables.getAndClear(slot)).toBe(pte);
    expect(tables.load(slot)).toBe(PTE_NONE);
  });
  test("have a lock for each table", () => {
    const tables = tablesOf(), near = tables.createSlot(0, 0), neighbour = tables.createSlot(0, 1), far = tables.createSlot(0, 512);
    tables.lock(near);
    expect([tables.isLocked(near), tables.isLocked(neighbour), tables.isLocked(far)]).toEqual([true, true, false]);
    expect(() => tables.lock(neighbour)).toThrow("STATE_DEADLOCK");
    tables.unlock(near);
    tables.lock(neighbour);
  });
  test("are saved and restored with their slab", () => {
    const slab = new Slab(), tables = new PageTables(slab, { mmCapacity: 1, tableCapacity: 3, tableShift: 1, levels: 2 }), before = slab.newSnapshot();
    slab.save(before);
    tables.store(tables.createSlot(0, 3), pteOf(1, PTE_PRESENT + PTE_DIRTY));
    slab.restore(before);
    expect(tables.slotOf(0, 3)).toBe(NO_SLOT);
    expect(tables.tableCount).toBe(0);
  });
  test.each([
    ["levels", { levels: 0 }], ["levels", { levels: 6 }], ["levels", { levels: 1.5 }], ["tableShift", { tableShift: 0 }], ["tableShift", { tableShift: 14 }],
    ["tableCapacity", { tableCapacity: 0 }], ["tableCapacity", { tableCapacity: 2 ** 20 }], ["tableCapacity", { tableCapacity: 2 ** 19, tableShift: 13 }],
  ])("refuse a bad %s: %o", (name, options) => {
    expect(() => tablesOf(options)).toThrow(new RegExp(`PTE_MMU_BAD_OPTION: ${name}`));
  });
});
