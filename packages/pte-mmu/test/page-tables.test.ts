import { reservedColumns, Slab } from "@zeropfn/state";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_SLOT, PageTables, type PageTablesOptions } from "../src/page-tables.ts";
import { PTE_ACCESSED, PTE_DIRTY, PTE_NONE, PTE_NX, PTE_PRESENT, PTE_WRITABLE, pteOf } from "../src/pte.ts";

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
  test("change single bits of an entry and leave its other 52 alone", () => {
    const tables = tablesOf(), slot = tables.createSlot(0, 0), high = pteOf(2 ** 40 - 1, PTE_PRESENT + PTE_NX);
    tables.store(slot, high + PTE_WRITABLE);
    tables.setAccessed(slot);
    expect(tables.load(slot)).toBe(high + PTE_WRITABLE + PTE_ACCESSED);
    expect([tables.testAndClearYoung(slot), tables.testAndClearYoung(slot)]).toEqual([true, false]);
    tables.setAccessedAndDirty(slot);
    tables.setWriteProtect(slot);
    expect(tables.load(slot)).toBe(high + PTE_ACCESSED + PTE_DIRTY);
    expect([tables.flagsAt(slot) & 0xfff, tables.flagsAt(slot) >>> 12, tables.pfnAt(slot)]).toEqual([PTE_PRESENT + PTE_ACCESSED + PTE_DIRTY, 1, 2 ** 40 - 1]);
  });
  test("exchange an entry that is what was expected, in all its bits, and no other", () => {
    const tables = tablesOf(), slot = tables.createSlot(0, 0), pte = pteOf(2 ** 40 - 1, PTE_PRESENT + PTE_NX);
    tables.store(slot, pte);
    expect([tables.compareExchange(slot, pte - PTE_NX, 0), tables.compareExchange(slot, pte + PTE_DIRTY, 0)]).toEqual([false, false]);
    expect(tables.load(slot)).toBe(pte);
    expect(tables.compareExchange(slot, pte, pteOf(7, 0))).toBe(true);
    expect(tables.load(slot)).toBe(pteOf(7, 0));
  });
  test("find the next entry that is not empty", () => {
    const tables = tablesOf(), first = tables.createSlot(0, 0);
    tables.store(first + 5, pteOf(2 ** 40 - 1, PTE_PRESENT));
    expect([tables.nextUsedSlot(first, first + 512), tables.nextUsedSlot(first + 5, first + 512), tables.nextUsedSlot(first + 6, first + 512), tables.nextUsedSlot(first, first + 5)]).toEqual([
      first + 5, first + 5, first + 512, first + 5,
    ]);
  });
  test("hand out the lowest free table, all of it empty", () => {
    const tables = tablesOf({ levels: 2, tableCapacity: 40 }), slots = Array.from({ length: 38 }, (_, nth) => tables.createSlot(0, nth * 512));
    for (const slot of slots) tables.store(slot + 3, pteOf(9, PTE_PRESENT));
    tables.freeTables(0, 7 * 512, 8 * 512, 7 * 512, 8 * 512);
    tables.freeTables(0, 35 * 512, 36 * 512, 0, tables.pageCount);
    tables.createSlot(0, 39 * 512 + 3); // the last one that was never used, or the lowest that was
    expect([tables.slotOf(0, 39 * 512 + 3), tables.load(tables.slotOf(0, 39 * 512 + 3))]).toEqual([slots[7]! + 3, PTE_NONE]);
    expect(tables.createSlot(0, 40 * 512)).toBe(slots[35]!);
    expect([tables.createSlot(0, 41 * 512), tables.tableCount]).toEqual([slots[37]! + 512, 40]);
    expect(tables.createSlot(0, 42 * 512)).toBe(NO_SLOT);
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
