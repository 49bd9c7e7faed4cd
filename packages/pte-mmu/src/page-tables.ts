import { type Background, type ColumnAllocator, leaves, noBackground, waitFor } from "@zeropfn/state";
import { PteMmuError } from "./errors.ts";
import { PMD_PS, PTE_ACCESSED, PTE_DIRTY, PTE_NONE, PTE_PRESENT, PTE_PROTNONE, PTE_WRITABLE } from "./pte.ts";
import { NO_TABLE, TablePool } from "./table-pool.ts";

/** No page table reaches this page, or there is no room for one. */
export const NO_SLOT = 0xffff_ffff;
/** There is no lowest table for this page, because a leaf lies above. What `createSlot` answers then. */
export const LEAF_ABOVE = 0xffff_fffe;
/** In an upper entry the number of a table stands where a PTE has its frame. Table n is stored as n + 1. */
const TABLE_SHIFT_IN_ENTRY = 12;

/** NX, in what `flagsAt` answers. */
export const FLAG_NX = 0x1000;

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
 * The page tables of all address spaces. An entry is named by its slot: table << tableShift | index. Where a table may be
 * missing it is named by its number + 1, and `NO_TABLE` is none. An entry of the level above the lowest (a PMD entry, where
 * there are 2 levels or more) may be a leaf: then no slot is below it.
 *
 * A walk is one step, so no walk meets a table that is being freed. Whoever keeps a slot must hold what keeps its table:
 * the area's lock, or a lock of the reverse mapping, as in the kernel.
 *
 * @differs Tables are rows of columns of their own and take no frames.
 */
export class PageTables {
  static {
    if (__EXPLORE__) {
      leaves(PageTables, "pte-mmu/pte", {
        slotOf: {}, createSlot: { when: (tables, mm, page) => tables.mayCreateSlot(mm, page) }, pmdSlotOf: {}, createPmdSlot: {}, endOfHole: {}, nextUsedSlot: {},
        rootOf: {}, createRoot: {}, tableAt: {}, createTableAt: {}, allocateTable: {},
        populatePmd: {}, depositTable: {}, withdrawTable: {}, unlinkTableAt: {}, freeTable: {}, freeRoot: {},
        freeTables: { coarse: true }, destroy: { coarse: true }, tablesOf: {},
        load: {}, store: {}, getAndClear: {}, invalidate: {}, compareExchange: {}, setWriteProtect: {}, testAndClearYoung: {}, setAccessed: {}, setAccessedAndDirty: {},
        lock: { when: (tables, slot) => !tables.isLocked(slot) },
        unlock: {},
      });
    }
  }
  /** Address spaces that there can be. */
  readonly mmCapacity: number;
  readonly #low: Uint32Array; // bits 0-31 of an entry
  readonly #high: Uint32Array; // bits 32-52
  readonly #locks: Uint8Array; // of a table: its split page table lock
  readonly #deposits: Uint32Array; // of a table, + 1: the first table kept for a leaf in it; of a kept table: the next one
  readonly #roots: Uint32Array; // of an mm: its top table + 1, or NO_TABLE
  readonly #tables: Uint32Array; // of an mm: its tables below the top one
  readonly #pool: TablePool;
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
    this.mmCapacity = mmCapacity;
    this.#tableShift = tableShift;
    this.#levels = levels;
    this.#span = Array.from({ length: levels }, (_, level) => 2 ** (level * tableShift));
    this.#background = background;
    this.#low = columns.u32("pte.low", tableCapacity << tableShift);
    this.#high = columns.u32("pte.high", tableCapacity << tableShift);
    this.#locks = columns.u8("pte.lock", tableCapacity);
    this.#deposits = columns.u32("pte.deposit", levels > 1 ? tableCapacity : 0);
    this.#roots = columns.u32("pte.root", mmCapacity);
    this.#tables = columns.u32("mm.pgtables", mmCapacity);
    this.#pool = new TablePool(columns, tableCapacity);
    this.#lastRun = columns.f64("pte.lastRun", mmCapacity, "derived");
    this.#lastSlot = columns.u32("pte.lastSlot", mmCapacity, "derived");
    this.#mask = (1 << tableShift) - 1;
    this.#perTable = 2 ** -tableShift;
  }

  /** Pages that one address space can have. */
  get pageCount(): number {
    return this.#span[this.#levels - 1] * 2 ** this.#tableShift;
  }
  /** Pages that one lowest table maps. */
  get pagesPerTable(): number {
    return 1 << this.#tableShift;
  }
  /** True if there is a level above the lowest, so that a leaf there can map a whole lowest table's pages. */
  get hasPmds(): boolean {
    return this.#levels > 1;
  }
  /** Tables in use, of all levels and address spaces. */
  get tableCount(): number {
    return this.#pool.count;
  }
  /** Bytes of the tables in use, at 8 bytes an entry. */
  get tableBytes(): number {
    return this.#pool.count * 8 * 2 ** this.#tableShift;
  }
  /** Tables of `mm` without the top one, those kept for leaves among them: VmPTE / table size. @kernel mm_pgtables_bytes() — include/linux/mm.h, v6.18 */
  tablesOf(mm: number): number {
    return this.#tables[mm];
  }

  // Walks

  /**
   * Slot of `page` in its lowest table, or `NO_SLOT`: there is none, or a leaf lies above.
   * @kernel walk_page_range(), pte_offset_map() — mm/pagewalk.c, mm/pgtable-generic.c, v6.18
   */
  slotOf(mm: number, page: number): number {
    const run = Math.floor(page * this.#perTable) + 1;
    return this.#lastRun[mm] === run ? this.#lastSlot[mm] | (page & this.#mask) : this.#search(mm, page, run);
  }
  /**
   * Like `slotOf`, adding the tables that are missing. `NO_SLOT`: `tableCapacity` is reached. `LEAF_ABOVE`: none may be added.
   * A lowest table comes under the lock of the PMD entry, which this takes and lets go: who holds it may have emptied the entry
   * for a moment.
   * @kernel __handle_mm_fault(), __pte_alloc(), pmd_install() — mm/memory.c, v6.18
   */
  createSlot(mm: number, page: number): number {
    const run = Math.floor(page * this.#perTable) + 1;
    return this.#lastRun[mm] === run ? this.#lastSlot[mm] | (page & this.#mask) : this.#create(mm, page, run);
  }
  /** Slot of the entry one level above the lowest. `NO_SLOT`: there is no table for it, or `hasPmds` is false. @kernel mm_find_pmd() — mm/rmap.c, v6.18 */
  pmdSlotOf(mm: number, page: number): number {
    if (this.#levels === 1) return NO_SLOT;
    const table = this.#walk(mm, page, 1);
    return table === NO_TABLE ? NO_SLOT : this.#slotIn(table, 1, page);
  }
  /** Like `pmdSlotOf`, adding the tables that are missing. @kernel pmd_alloc() — include/linux/mm.h, v6.18 */
  createPmdSlot(mm: number, page: number): number {
    if (this.#levels === 1) return NO_SLOT;
    const table = this.#walkAndCreate(mm, page, 1);
    return table === NO_TABLE ? NO_SLOT : this.#slotIn(table, 1, page);
  }
  /** For wait conditions: false if a lowest table must be added, and somebody holds the lock of the PMD entry. */
  mayCreateSlot(mm: number, page: number): boolean {
    const slot = this.pmdSlotOf(mm, page);
    return slot === NO_SLOT || this.#low[slot] !== PTE_NONE || !this.isLocked(slot);
  }
  /** First page of the next lowest table: until there, the slot of page + 1 is the slot of page, + 1. @kernel pmd_addr_end() — include/linux/pgtable.h, v6.18 */
  endOfTable(page: number): number {
    return (Math.floor(page * this.#perTable) + 1) * 2 ** this.#tableShift;
  }
  /** For a page without a slot: the first page that is not below the same empty entry, or the same leaf. Skips much of an empty address space at once. */
  endOfHole(mm: number, page: number): number {
    let table = this.rootOf(mm), level = this.#levels;
    while (table !== NO_TABLE && level > 0) {
      level--;
      if (level > 0) table = this.tableAt(this.#slotIn(table, level, page));
    }
    const span = level === this.#levels ? this.pageCount : this.#span[level];
    return (Math.floor(page / span) + 1) * span;
  }
  /** The first slot of [slot, endSlot) with an entry that is not `PTE_NONE`, or `endSlot`. All of one table: under its lock. */
  nextUsedSlot(slot: number, endSlot: number): number {
    const low = this.#low; // an entry that is not empty has a bit below 12
    while (slot < endSlot && low[slot] === 0) slot++;
    return slot;
  }

  // Apart, so that what the hint answers is small enough to be inlined.

  #search(mm: number, page: number, run: number): number {
    return this.#found(mm, page, run, this.#walk(mm, page, 0));
  }
  #create(mm: number, page: number, run: number): number {
    return this.#created(mm, page, run, this.#walkAndCreate(mm, page, 0));
  }
  /** The table at `level` on the way to `page`, or `NO_TABLE`. */
  #walk(mm: number, page: number, to: number): number {
    let table = this.rootOf(mm);
    for (let level = this.#levels - 1; level > to && table !== NO_TABLE; level--) table = this.tableAt(this.#slotIn(table, level, page));
    return table;
  }
  #walkAndCreate(mm: number, page: number, to: number): number {
    let table = this.createRoot(mm);
    for (let level = this.#levels - 1; level > to && table !== NO_TABLE; level--) table = this.createTableAt(mm, this.#slotIn(table, level, page));
    return table;
  }
  /** Slot of `page` in its lowest table, which the next walk finds at once. Who unlinks a table makes every walk begin anew. */
  #found(mm: number, page: number, run: number, table: number): number {
    if (table === NO_TABLE) return NO_SLOT;
    const first = (table - 1) << this.#tableShift;
    this.#lastRun[mm] = run;
    this.#lastSlot[mm] = first;
    return first | (page & this.#mask);
  }
  #created(mm: number, page: number, run: number, table: number): number {
    if (table !== NO_TABLE) return this.#found(mm, page, run, table);
    const slot = this.pmdSlotOf(mm, page);
    return slot !== NO_SLOT && this.#low[slot] !== PTE_NONE ? LEAF_ABOVE : NO_SLOT;
  }
  /** The slot in `table` (+ 1) at `level` on the way to `page`. The low 32 bits of a page reach all levels but the top. */
  #slotIn(table: number, level: number, page: number): number {
    const shift = this.#tableShift, bits = level * shift;
    const index = bits + shift <= 32 ? page >>> bits : Math.floor(page / this.#span[level]);
    return ((table - 1) << shift) | (index & this.#mask);
  }

  // Tables

  /** The top table of `mm` + 1, or `NO_TABLE`. */
  rootOf(mm: number): number {
    return this.#roots[mm];
  }
  /** The top table of `mm` + 1, made if missing; `NO_TABLE` if there is no room. @kernel pgd_alloc() — arch/x86/mm/pgtable.c, v6.18 */
  createRoot(mm: number): number {
    if (this.#roots[mm] === NO_TABLE) this.#roots[mm] = this.#pool.allocate();
    return this.#roots[mm];
  }
  /** The table below an upper slot + 1, or `NO_TABLE`: it is empty, or a leaf. */
  tableAt(slot: number): number {
    const entry = this.#low[slot];
    return (entry & (PTE_PRESENT | PMD_PS)) === PTE_PRESENT ? entry >>> TABLE_SHIFT_IN_ENTRY : NO_TABLE;
  }
  /** The table below an upper slot + 1, made if it is empty; `NO_TABLE` if there is no room, or a leaf. @kernel pmd_install() — mm/memory.c, v6.18 */
  createTableAt(mm: number, slot: number): number {
    if (this.#low[slot] !== PTE_NONE) return this.tableAt(slot);
    if (this.isLocked(slot)) this.#waitUntilUnlocked(slot);
    const table = this.allocateTable(mm);
    if (table !== NO_TABLE) this.#low[slot] = entryOf(table);
    return table;
  }
  /** A lowest table that belongs to `mm` and is not yet in its tree, + 1, or `NO_TABLE`. All its entries are `PTE_NONE`. @kernel pte_alloc_one(), mm_inc_nr_ptes() — arch/x86/mm/pgtable.c, v6.18 */
  allocateTable(mm: number): number {
    const table = this.#pool.allocate();
    if (table !== NO_TABLE) this.#tables[mm]++;
    return table;
  }
  /** The slot that `page` has in `table` (+ 1) if that is its lowest table: to fill it before it is in the tree. */
  slotInTable(table: number, page: number): number {
    return ((table - 1) << this.#tableShift) | (page & this.#mask);
  }
  /** True if the two slots lie in one table, under one lock. */
  isSameTable(slot: number, other: number): boolean {
    return slot >>> this.#tableShift === other >>> this.#tableShift;
  }
  /** Puts `table` (+ 1) into a PMD entry, instead of what is there: nothing, or a leaf that is split. @kernel pmd_populate() — arch/x86/include/asm/pgalloc.h, v6.18 */
  populatePmd(pmdSlot: number, table: number): void {
    this.#low[pmdSlot] = entryOf(table);
    this.#high[pmdSlot] = 0;
  }
  /** Keeps an empty `table` (+ 1) beside a PMD leaf, so that splitting it cannot fail. @kernel pgtable_trans_huge_deposit() — mm/pgtable-generic.c, v6.18 */
  depositTable(pmdSlot: number, table: number): void {
    const owner = pmdSlot >>> this.#tableShift;
    this.#deposits[table - 1] = this.#deposits[owner];
    this.#deposits[owner] = table;
  }
  /** A table that was kept beside the PMD leaves of the same table, + 1, or `NO_TABLE`. @kernel pgtable_trans_huge_withdraw() — mm/pgtable-generic.c, v6.18 */
  withdrawTable(pmdSlot: number): number {
    const owner = pmdSlot >>> this.#tableShift, table = this.#deposits[owner];
    if (table === NO_TABLE) return NO_TABLE;
    this.#deposits[owner] = this.#deposits[table - 1];
    this.#deposits[table - 1] = NO_TABLE;
    return table;
  }
  /**
   * Empties an upper entry that has a table below it, and answers that table (+ 1): it stays the caller's, who frees,
   * deposits or populates it. The only way to take a table out: `getAndClear` and `store` would leave walks a stale hint.
   * @kernel pmd_clear(), pmdp_collapse_flush() — arch/x86/include/asm/pgtable.h, include/linux/pgtable.h, v6.18
   */
  unlinkTableAt(mm: number, slot: number): number {
    const table = this.tableAt(slot);
    if (table === NO_TABLE) return NO_TABLE;
    this.#low[slot] = PTE_NONE;
    this.#lastRun[mm] = 0;
    return table;
  }
  /** Gives an unlinked `table` (+ 1) of `mm` back, and those that were kept in it. What it held is forgotten. @kernel pte_free_tlb(), mm_dec_nr_ptes() — include/asm-generic/tlb.h, v6.18 */
  freeTable(mm: number, table: number): void {
    if (this.#levels > 1) {
      for (let kept = this.#deposits[table - 1]; kept !== NO_TABLE; kept = this.#deposits[table - 1]) {
        this.#deposits[table - 1] = this.#deposits[kept - 1];
        this.#deposits[kept - 1] = NO_TABLE;
        this.#release(kept);
        this.#tables[mm]--;
      }
    }
    this.#release(table);
    this.#tables[mm]--;
  }
  /** Gives the top table of `mm` back, below which nothing is left. @kernel pgd_free() — arch/x86/mm/pgtable.c, v6.18 */
  freeRoot(mm: number): void {
    const root = this.#roots[mm];
    if (root === NO_TABLE) return;
    this.#roots[mm] = NO_TABLE;
    this.#lastRun[mm] = 0;
    this.#release(root);
  }
  #release(table: number): void {
    const first = (table - 1) << this.#tableShift, end = first + (1 << this.#tableShift);
    this.#low.fill(0, first, end);
    this.#high.fill(0, first, end);
    this.#locks[table - 1] = 0;
    this.#pool.free(table);
  }

  /**
   * Frees the tables of pages [firstPage, endPage), after these were unmapped: each table, of any level but the top, whose
   * pages all lie in [floorPage, ceilingPage), which holds no other area.
   *
   * @param ceilingPage `pageCount` where no area follows.
   * @kernel free_pgtables(), free_pgd_range() — mm/memory.c, v6.18
   * @differs A table is free at once. In the kernel that waits for the flush, because a processor may be in the middle of a walk.
   */
  freeTables(mm: number, firstPage: number, endPage: number, floorPage: number, ceilingPage: number): void {
    const root = this.rootOf(mm);
    if (root !== NO_TABLE && this.#levels > 1) this.#freeBelow(mm, root, this.#levels - 1, 0, firstPage, endPage, floorPage, ceilingPage);
  }
  /** Frees all tables of an address space. Its pages were unmapped. @kernel exit_mmap(), __mmdrop() — mm/mmap.c, kernel/fork.c, v6.18 */
  destroy(mm: number): void {
    this.freeTables(mm, 0, this.pageCount, 0, this.pageCount);
    this.freeRoot(mm);
  }
  #freeBelow(mm: number, table: number, level: number, base: number, first: number, end: number, floor: number, ceiling: number): void {
    const span = this.#span[level], from = Math.max(0, Math.floor((first - base) / span)), to = Math.min(1 << this.#tableShift, Math.ceil((end - base) / span));
    for (let index = from; index < to; index++) {
      const slot = ((table - 1) << this.#tableShift) | index, below = this.tableAt(slot), start = base + index * span;
      if (below === NO_TABLE) continue;
      // A table that goes takes all below it along: nothing else would ever free that.
      const goes = start >= floor && start + span <= ceiling;
      if (level > 1) this.#freeBelow(mm, below, level - 1, start, goes ? start : first, goes ? start + span : end, floor, ceiling);
      if (goes) this.freeTable(mm, this.unlinkTableAt(mm, slot));
    }
  }

  // Entries, of any level

  /** @kernel ptep_get() — include/linux/pgtable.h, v6.18 */
  load(slot: number): number {
    return this.#high[slot] * 0x1_0000_0000 + this.#low[slot];
  }
  /** @kernel set_pte() — arch/x86/include/asm/pgtable_64.h, v6.18 */
  store(slot: number, pte: number): void {
    this.#low[slot] = pte >>> 0;
    this.#high[slot] = pte / 0x1_0000_0000;
  }
  /** @kernel ptep_get_and_clear() — arch/x86/include/asm/pgtable.h, v6.18 */
  getAndClear(slot: number): number {
    const pte = this.#high[slot] * 0x1_0000_0000 + this.#low[slot];
    this.#low[slot] = PTE_NONE;
    this.#high[slot] = 0;
    return pte;
  }
  /** Makes a leaf one that no processor may use, and answers what it was: no processor sets bits in it any more. @kernel pmdp_invalidate() — mm/pgtable-generic.c, v6.18 */
  invalidate(slot: number): number {
    const pmd = this.#high[slot] * 0x1_0000_0000 + this.#low[slot];
    this.#low[slot] &= ~(PTE_PRESENT | PTE_PROTNONE);
    return pmd;
  }
  /** Stores `pte` if the entry is `expected`. False, and nothing changed, if it is not. @kernel try_cmpxchg() on an entry — arch/x86/include/asm/pgtable.h, v6.18 */
  compareExchange(slot: number, expected: number, pte: number): boolean {
    if (this.load(slot) !== expected) return false;
    this.store(slot, pte);
    return true;
  }
  /** @kernel ptep_set_wrprotect() — arch/x86/include/asm/pgtable.h, v6.18 */
  setWriteProtect(slot: number): void {
    this.#low[slot] &= ~PTE_WRITABLE;
  }
  /** True if the entry was accessed. @kernel ptep_test_and_clear_young() — arch/x86/mm/pgtable.c, v6.18 */
  testAndClearYoung(slot: number): boolean {
    const isYoung = (this.#low[slot] & PTE_ACCESSED) !== 0;
    this.#low[slot] &= ~PTE_ACCESSED;
    return isYoung;
  }
  /** What the hardware does in a walk for a load. */
  setAccessed(slot: number): void {
    this.#low[slot] |= PTE_ACCESSED;
  }
  /** What the hardware does in a walk for a store. */
  setAccessedAndDirty(slot: number): void {
    this.#low[slot] |= PTE_ACCESSED | PTE_DIRTY;
  }

  // Halves of an entry, for a walk that is one step: small integers where `load` gives a double.

  /** Bits 0-11 of an entry, and NX as `FLAG_NX`. */
  flagsAt(slot: number): number {
    return (this.#low[slot] & 0xfff) | ((this.#high[slot] >>> 8) & FLAG_NX);
  }
  /** The frame of an entry. */
  pfnAt(slot: number): number {
    return (this.#high[slot] & 0xf_ffff) * 0x10_0000 + (this.#low[slot] >>> 12);
  }

  /** Takes the lock of the table that holds `slot`. @kernel pte_lockptr(), spin_lock() — include/linux/mm.h, v6.18 */
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
}

/** The upper entry that has `table` (+ 1) below it. */
const entryOf = (table: number): number => ((table << TABLE_SHIFT_IN_ENTRY) | PTE_PRESENT) >>> 0;
