import { reservedColumns } from "@zeropfn/state";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LEAF_ABOVE, NO_SLOT, PageTables } from "../src/page-tables.ts";
import { PTE_NONE, PTE_NX, PTE_PRESENT, pmdOf, pteOf } from "../src/pte.ts";
import { NO_TABLE } from "../src/table-pool.ts";

/** Tables of four entries. */
const SHIFT = 2;
const CAPACITY = 40;
const spanOf = (level: number): number => 4 ** level; // pages of one entry at a level

/** Page tables as sets of what they cover: for each mm and level, the numbers of the tables (first page / pages of a table). */
class Model {
  readonly tables: Set<number>[][];
  readonly entries = [new Map<number, number>(), new Map<number, number>()];
  readonly levels: number;
  constructor(levels: number) {
    this.levels = levels;
    this.tables = [0, 1].map(() => Array.from({ length: levels }, () => new Set<number>()));
  }
  has = (mm: number, level: number, page: number): boolean => this.tables[mm]![level]!.has(Math.floor(page / spanOf(level + 1)));
  add(mm: number, page: number, to: number, room: number): boolean {
    let left = room;
    for (let level = this.levels - 1; level >= to; level--) {
      if (this.has(mm, level, page)) continue;
      if (left-- === 0) return false; // those above stay
      this.tables[mm]![level]!.add(Math.floor(page / spanOf(level + 1)));
    }
    return true;
  }
  get count(): number {
    return this.tables.flat().reduce((sum, { size }) => sum + size, 0);
  }
  free(mm: number, first: number, end: number, floor: number, ceiling: number): void {
    const goes = (level: number, nth: number): boolean => nth * spanOf(level + 1) >= floor && (nth + 1) * spanOf(level + 1) <= ceiling;
    const touched = (level: number, nth: number): boolean => nth * spanOf(level + 1) < end && (nth + 1) * spanOf(level + 1) > first;
    for (let level = 0; level < this.levels - 1; level++) {
      for (const nth of [...this.tables[mm]![level]!]) {
        // It goes if it is touched itself, or with one above it that goes.
        const reached = Array.from({ length: this.levels - 1 - level }, (_, up) => level + up).some((up) => {
          const above = Math.floor(nth / 4 ** (up - level));
          return goes(up, above) && touched(up, above);
        });
        if (goes(level, nth) && reached) this.tables[mm]![level]!.delete(nth);
      }
    }
    for (const page of [...this.entries[mm]!.keys()]) if (!this.has(mm, 0, page)) this.entries[mm]!.delete(page);
  }
}

const pageOf = fc.nat(4 ** 4 - 1);
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("store" as const), mm: fc.nat(1), page: pageOf, pfn: fc.nat(2 ** 40 - 1) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("pmd" as const), mm: fc.nat(1), page: pageOf }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("free" as const), mm: fc.nat(1), bounds: fc.tuple(pageOf, pageOf, pageOf, pageOf).map((four) => four.sort((a, b) => a - b)) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("destroy" as const), mm: fc.nat(1) }) },
  ),
  { maxLength: 40 },
);

describe("page tables", () => {
  test.each([1, 2, 3, 4])("of %d levels hold what a map of pages holds, and free the tables that lie between floor and ceiling", (levels) => {
    fc.assert(
      fc.property(steps, (all) => {
        const tables = new PageTables(reservedColumns(), { mmCapacity: 2, tableCapacity: CAPACITY, tableShift: SHIFT, levels }), model = new Model(levels);
        for (const step of all) {
          const { mm } = step;
          if (step.kind === "store") {
            const page = step.page % tables.pageCount, slot = tables.createSlot(mm, page);
            const isMade = model.add(mm, page, 0, CAPACITY - model.count);
            expect(slot !== NO_SLOT).toBe(isMade);
            if (isMade) {
              expect(tables.load(slot)).toBe(model.entries[mm]!.get(page) ?? PTE_NONE); // new tables are empty
              tables.store(slot, pteOf(step.pfn, PTE_PRESENT + PTE_NX));
              model.entries[mm]!.set(page, pteOf(step.pfn, PTE_PRESENT + PTE_NX));
            }
          } else if (step.kind === "pmd") {
            const page = step.page % tables.pageCount;
            expect(tables.createPmdSlot(mm, page) !== NO_SLOT).toBe(levels > 1 && model.add(mm, page, 1, CAPACITY - model.count));
          } else if (step.kind === "free") {
            const [floor, first, end, ceiling] = step.bounds.map((page) => page % tables.pageCount).sort((a, b) => a - b) as [number, number, number, number];
            tables.freeTables(mm, first, end + 1, floor, ceiling + 1);
            model.free(mm, first, end + 1, floor, ceiling + 1);
          } else {
            tables.destroy(mm);
            for (const level of model.tables[mm]!) level.clear();
            model.entries[mm]!.clear();
          }
          check(tables, model);
        }
        tables.destroy(0);
        tables.destroy(1);
        expect([tables.tableCount, tables.tablesOf(0), tables.tablesOf(1)]).toEqual([0, 0, 0]);
      }),
    );
  });

  test("skip holes to where the next entry begins, and never over a table", () => {
    fc.assert(
      fc.property(fc.uniqueArray(pageOf, { maxLength: 6 }), pageOf, (pages, from) => {
        const tables = new PageTables(reservedColumns(), { mmCapacity: 1, tableCapacity: 100, tableShift: SHIFT, levels: 4 });
        for (const page of pages) tables.createSlot(0, page);
        const found: number[] = [];
        for (let page = from; page < tables.pageCount; page = tables.slotOf(0, page) === NO_SLOT ? tables.endOfHole(0, page) : tables.endOfTable(page)) {
          if (tables.slotOf(0, page) !== NO_SLOT) found.push(Math.floor(page / 4));
        }
        expect(found).toEqual([...new Set(pages.map((page) => Math.floor(page / 4)))].filter((table) => table >= Math.floor(from / 4)).sort((a, b) => a - b));
      }),
    );
  });
});

function check(tables: PageTables, model: Model): void {
  expect(tables.tableCount).toBe(model.count);
  const wrong: string[] = [];
  for (const mm of [0, 1]) {
    expect(tables.tablesOf(mm)).toBe(model.tables[mm]!.slice(0, -1).reduce((sum, { size }) => sum + size, 0));
    const slots = new Set<number>();
    for (let page = 0; page < tables.pageCount; page++) {
      const slot = tables.slotOf(mm, page);
      if ((slot !== NO_SLOT) !== model.has(mm, 0, page)) wrong.push(`mm ${mm} page ${page}: slot ${slot}`);
      if ((tables.pmdSlotOf(mm, page) !== NO_SLOT) !== (model.levels > 1 && model.has(mm, 1, page))) wrong.push(`mm ${mm} page ${page}: PMD slot`);
      if (slot === NO_SLOT) continue;
      if (slots.has(slot)) wrong.push(`mm ${mm} page ${page}: slot ${slot} has another page too`);
      slots.add(slot);
      if (tables.load(slot) !== (model.entries[mm]!.get(page) ?? PTE_NONE)) wrong.push(`mm ${mm} page ${page}: ${tables.load(slot)}`);
    }
  }
  expect(wrong).toEqual([]);
}

describe("a leaf one level above", () => {
  const make = (): PageTables => new PageTables(reservedColumns(), { mmCapacity: 2, tableCapacity: 16, tableShift: 9, levels: 4 });
  test("has no slots below it, and is told from missing room", () => {
    const tables = make(), pmdSlot = tables.createPmdSlot(0, 512 + 7);
    expect([tables.tableCount, tables.slotOf(0, 512), tables.pmdSlotOf(0, 512 + 9)]).toEqual([3, NO_SLOT, pmdSlot]);
    tables.store(pmdSlot, pmdOf(2 ** 40 - 512, PTE_PRESENT + PTE_NX));
    expect([tables.slotOf(0, 512 + 7), tables.createSlot(0, 512 + 7), tables.tableAt(pmdSlot)]).toEqual([NO_SLOT, LEAF_ABOVE, NO_TABLE]);
    expect(tables.load(pmdSlot)).toBe(pmdOf(2 ** 40 - 512, PTE_PRESENT + PTE_NX));
    expect([tables.endOfHole(0, 512 + 7), tables.tableCount]).toEqual([1024, 3]);
    expect(tables.createSlot(0, 0)).not.toBe(NO_SLOT);
  });
  test("may be taken out for a moment by who holds its lock: no table takes its place", () => {
    const tables = make(), pmdSlot = tables.createPmdSlot(0, 512), leaf = pmdOf(512, PTE_PRESENT);
    tables.store(pmdSlot, leaf);
    tables.lock(pmdSlot);
    tables.getAndClear(pmdSlot);
    expect([tables.mayCreateSlot(0, 512), tables.mayCreateSlot(0, 2 ** 30)]).toEqual([false, true]);
    expect(() => tables.createSlot(0, 512)).toThrow("STATE_DEADLOCK");
    tables.store(pmdSlot, leaf);
    expect([tables.mayCreateSlot(0, 512), tables.createSlot(0, 512)]).toEqual([true, LEAF_ABOVE]);
  });
  test("is split into a table that was kept for it and filled before", () => {
    const tables = make(), pmdSlot = tables.createPmdSlot(0, 0), kept = tables.allocateTable(0);
    tables.store(pmdSlot, pmdOf(512, PTE_PRESENT));
    tables.depositTable(pmdSlot, kept);
    expect(tables.tablesOf(0)).toBe(3); // the kept one counts
    expect(tables.withdrawTable(pmdSlot)).toBe(kept);
    expect(tables.withdrawTable(pmdSlot)).toBe(NO_TABLE);
    for (let page = 0; page < 512; page++) tables.store(tables.slotInTable(kept, page), pteOf(512 + page, PTE_PRESENT));
    tables.populatePmd(pmdSlot, kept);
    expect(tables.load(tables.slotOf(0, 511))).toBe(pteOf(1023, PTE_PRESENT));
    expect(tables.isSameTable(tables.slotOf(0, 0), tables.slotOf(0, 511))).toBe(true);
  });
  test("takes the place of a table, which no walk finds any more", () => {
    const tables = make(), slot = tables.createSlot(0, 5), pmdSlot = tables.pmdSlotOf(0, 5);
    tables.store(slot, pteOf(1, PTE_PRESENT));
    const table = tables.unlinkTableAt(0, pmdSlot);
    expect([tables.slotOf(0, 5), tables.tablesOf(0)]).toEqual([NO_SLOT, 3]);
    tables.getAndClear(tables.slotInTable(table, 5));
    tables.store(pmdSlot, pmdOf(512, PTE_PRESENT));
    tables.depositTable(pmdSlot, table);
    expect(tables.slotOf(0, 5)).toBe(NO_SLOT);
  });
  test("and the tables kept for it go with the address space", () => {
    const tables = make(), pmdSlot = tables.createPmdSlot(1, 0);
    tables.store(pmdSlot, pmdOf(512, PTE_PRESENT));
    tables.depositTable(pmdSlot, tables.allocateTable(1));
    tables.depositTable(pmdSlot, tables.allocateTable(1));
    expect([tables.tableCount, tables.tablesOf(1)]).toEqual([5, 4]);
    tables.destroy(1);
    expect([tables.tableCount, tables.tablesOf(1)]).toEqual([0, 0]);
  });
});
