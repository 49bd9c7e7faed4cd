import { type Background, type ColumnAllocator, leaves, noBackground, waitFor } from "@zeropfn/state";
import { PteMmuError } from "./errors.ts";
import { PTE_NONE, PTE_PRESENT } from "./pte.ts";

/** No page table reaches this page, or there is no room for one. */
export const NO_SLOT = 0xffff_ffff;
/** No table: an empty entry of the level above. */
const NO_TABLE = 0;
/** In an upper entry the number of a table stands where a PTE has its frame. Table n is stored as n + 1. */
const TABLE_SHIFT_IN_ENTRY = 12;

export interface PageTablesOptions {
  /** Address spaces: integer ≥ 1. */
  readonly mmCapacity: number;
  /** Tables of all levels of all address spaces: integer 1 … 2^20-1. */
  readonly tableCapacity: number;
  /** log2 of the entries of a table: 9 on x86-64. */
  readonly tableShift: number;
  /** 4 or 5 on x86-64; 1 … 3 when explored. */
  readonly levels: number;
  readonly background?: Background;
}

/**
 * The page tables of all address spaces. An entry is named by its slot: table << tableShift | index.
 * @differs Tables are rows of columns of their own and take no frames.
 */
export class PageTables {
  static {
    if (__EXPLORE__) {
      leaves(PageTables, "pte-mmu/pte", {
        slotOf: {},
        createSlot: {},
        rootOf: {},
        createRoot: {},
        tableAt: {},
        createTableAt: {},
        load: {},
        store: {},
        getAndClear: {},
        lock: { when: (tables, slot) => !tables.isLocked(slot) },
        unlock: {},
      });
    }
  }
  readonly #low: Uint32Array; // bits 0-31 of an entry
  readonly #high: Uint32Array; // bits 32-52
  readonly #locks: Uint8Array; // of a table: its split page table lock
  readonly #roots: Uint32Array; // of an mm: its top table + 1, or NO_TABLE
  readonly #used: Uint32Array; // [0] tables ever made
  /** Of an mm, the lowest table met last, by the run of pages it maps: a walk of neighbours is one look. */
  readonly #lastRun: Float64Array; // run + 1, or 0
  readonly #lastSlot: Uint32Array; // its first slot
  readonly #mask: number;
  /** 1 / pages of a lowest table: exact, a power of two. */
  readonly #perTable: number;
  readonly #tableShift: number;
  readonly #levels: number;
  /** 2^(level × tableShift): pages that one entry of a level spans. */
  readonly #span: readonly number[];
  readonly #background: Background;

  constructor(columns: ColumnAllocator, { mmCapacity, tableCapacity, tableShift, levels, background = noBackground }: PageTablesOptions) {
    if (!Number.isInteger(levels) || levels < 1 || levels > 5) throw new PteMmuError("PTE_MMU_BAD_OPTION", `levels ${levels}, expected 1 to 5`);
    if (!Number.isInteger(tableShift) || tableShift < 1 || tableShift > 13) throw new PteMmuError("PTE_MMU_BAD_OPTION", `tableShift ${tableShift}, expected 1 to 13`);
    if (!Number.isInteger(tableCapacity) || tableCapacity < 1 || tableCapacity >= 2 ** 20 || tableCapacity * 2 ** tableShift > 2 ** 30) {
      throw new PteMmuError("PTE_MMU_BAD_OPTION", `tableCapacity ${tableCapacity}, expected 1 to 2^20-1 tables of 2^30 entries in all`);
    }
    this.#tableShift = tableShift;
    this.#levels = levels;
    this.#span = Array.from({ length: levels }, (_, level) => 2 ** (level * tableShift));
    this.#background = background;
    this.#low = columns.u32("pte.low", tableCapacity << tableShift);
    this.#high = columns.u32("pte.high", tableCapacity << tableShift);
    this.#locks = columns.u8("pte.lock", tableCapacity);
    this.#roots = columns.u32("pte.root", mmCapacity);
    this.#used = columns.u32("pte.used", 1);
    this.#lastRun = columns.f64("pte.lastRun", mmCapacity, "derived");
    this.#lastSlot = columns.u32("pte.lastSlot", mmCapacity, "derived");
    this.#mask = (1 << tableShift) - 1;
    this.#perTable = 2 ** -tableShift;
  }

  /** Pages that one address space can have. */
  get pageCount(): number {
    return this.#span[this.#levels - 1]! * 2 ** this.#tableShift;
  }
  /** Pages that one lowest table maps. */
  get pagesPerTable(): number {
    return 1 << this.#tableShift;
  }
  /** Tables in use, of all levels. */
  get tableCount(): number {
    return this.#used[0]!;
  }
  /** Bytes of the tables in use, at 8 bytes an entry. */
  get tableBytes(): number {
    return this.#used[0]! * 8 * 2 ** this.#tableShift;
  }

  /**
   * Slot of `page` in its lowest table, or `NO_SLOT`.
   * @kernel walk_page_range(), pte_offset_map() — mm/pagewalk.c, mm/pgtable-generic.c, v6.12
   */
  slotOf(mm: number, page: number): number {
    const run = Math.floor(page * this.#perTable) + 1;
    return this.#lastRun[mm] === run ? this.#lastSlot[mm]! | (page & this.#mask) : this.#walk(mm, page, run);
  }

  #walk(mm: number, page: number, run: number): number {
    let table = this.rootOf(mm);
    for (let level = this.#levels - 1; level > 0 && table !== NO_TABLE; level--) table = this.tableAt(this.#slotIn(table, level, page));
    return table === NO_TABLE ? NO_SLOT : this.#found(mm, page, run, table);
  }

  /**
   * Like `slotOf`, adding the tables that are missing. `NO_SLOT`: `tableCapacity` is reached.
   * @kernel __handle_mm_fault(), __pte_alloc() — mm/memory.c, v6.12
   */
  createSlot(mm: number, page: number): number {
    const run = Math.floor(page * this.#perTable) + 1;
    return this.#lastRun[mm] === run ? this.#lastSlot[mm]! | (page & this.#mask) : this.#walkAndCreate(mm, page, run);
  }

  #walkAndCreate(mm: number, page: number, run: number): number {
    let table = this.createRoot(mm);
    for (let level = this.#levels - 1; level > 0 && table !== NO_TABLE; level--) table = this.createTableAt(this.#slotIn(table, level, page));
    return table === NO_TABLE ? NO_SLOT : this.#found(mm, page, run, table);
  }

  /** Slot of `page` in its lowest table, which the next walk finds at once. No table is ever given back, so this cannot be stale. */
  #found(mm: number, page: number, run: number, table: number): number {
    const first = (table - 1) << this.#tableShift;
    this.#lastRun[mm] = run;
    this.#lastSlot[mm] = first;
    return first | (page & this.#mask);
  }

  /** The top table of `mm` + 1, or 0. */
  rootOf(mm: number): number {
    return this.#roots[mm]!;
  }
  /** The top table of `mm` + 1, made if missing; 0 if there is no room. */
  createRoot(mm: number): number {
    if (this.#roots[mm] === NO_TABLE) this.#roots[mm] = this.#allocate();
    return this.#roots[mm]!;
  }
  /** The table below an upper slot + 1, or 0. */
  tableAt(slot: number): number {
    return this.#low[slot]! >>> TABLE_SHIFT_IN_ENTRY;
  }
  /** The table below an upper slot + 1, made if missing; 0 if there is no room. */
  createTableAt(slot: number): number {
    if (this.#low[slot] === PTE_NONE) {
      const table = this.#allocate();
      if (table !== NO_TABLE) this.#low[slot] = ((table << TABLE_SHIFT_IN_ENTRY) | PTE_PRESENT) >>> 0;
      return table;
    }
    return this.#low[slot]! >>> TABLE_SHIFT_IN_ENTRY;
  }

  /** @kernel ptep_get() — include/linux/pgtable.h, v6.12 */
  load(slot: number): number {
    return this.#high[slot]! * 0x1_0000_0000 + this.#low[slot]!;
  }
  /** @kernel set_pte() — arch/x86/include/asm/pgtable_64.h, v6.12 */
  store(slot: number, pte: number): void {
    this.#low[slot] = pte >>> 0;
    this.#high[slot] = pte / 0x1_0000_0000;
  }
  /** @kernel ptep_get_and_clear() — arch/x86/include/asm/pgtable.h, v6.12 */
  getAndClear(slot: number): number {
    const pte = this.#high[slot]! * 0x1_0000_0000 + this.#low[slot]!;
    this.#low[slot] = PTE_NONE;
    this.#high[slot] = 0;
    return pte;
  }

  /** Takes the lock of the table that holds `slot`. @kernel pte_lockptr(), spin_lock() — include/linux/mm.h, v6.12 */
  lock(slot: number): void {
    const table = slot >>> this.#tableShift;
    if (this.#locks[table] !== 0) this.#waitUntilUnlocked(slot);
    this.#locks[table] = 1;
  }
  unlock(slot: number): void {
    this.#locks[slot >>> this.#tableShift] = 0;
  }
  /** For wait conditions. */
  isLocked(slot: number): boolean {
    return this.#locks[slot >>> this.#tableShift] !== 0;
  }

  #waitUntilUnlocked(slot: number): void {
    waitFor(`pte.lock(${slot}): the table is locked`, this.#background, () => !this.isLocked(slot));
  }

  /** The slot in `table` (+ 1) at `level` on the way to `page`. The low 32 bits of a page reach all levels but the top. */
  #slotIn(table: number, level: number, page: number): number {
    const shift = this.#tableShift, bits = level * shift;
    const index = bits + shift <= 32 ? page >>> bits : Math.floor(page / this.#span[level]!);
    return ((table - 1) << shift) | (index & this.#mask);
  }

  /** A new table + 1, or 0. Tables are empty when they are made: nothing frees them yet. */
  #allocate(): number {
    const table = this.#used[0]!;
    if (table >= this.#locks.length) return NO_TABLE;
    this.#used[0] = table + 1;
    return table + 1;
  }
}
