import { runOfFolio } from "./huge-runs.ts";
import type { MappedPages } from "./mapped-pages.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { NO_SLOT } from "./page-tables.ts";
import { pmdIsLeaf, pteIsPresent, pteIsSpecial, ptePfn } from "./pte.ts";
import { leafSlotOf, type TableVisitor, WALK_AGAIN, walkTables } from "./table-walk.ts";

const LOCK = 1;
const UNLOCK = 0;

/** Locks and unlocks the pages that an area maps already. The area's flags are the caller's business, before it. */
export class MlockPages implements TableVisitor {
  readonly #parts: MmuParts;
  readonly #maps: MappedPages;

  constructor(parts: MmuParts, maps: MappedPages) {
    this.#parts = parts;
    this.#maps = maps;
  }

  /** The area was not locked, and is now. @kernel mlock_vma_pages_range() — mm/mlock.c, v6.18 */
  lock(vma: number, first: number, end: number): void {
    walkTables(this.#parts, vma, first, end, this, LOCK);
  }
  /** The area was locked, and is not any more. @kernel mlock_vma_pages_range() — mm/mlock.c, v6.18 */
  unlock(vma: number, first: number, end: number): void {
    walkTables(this.#parts, vma, first, end, this, UNLOCK);
  }

  /**
   * Runs a system call, or a part of one, in which folios become unevictable or cease to be in batches. The last batch is settled
   * when the outermost ends.
   * @kernel mlock_drain_local() — mm/mlock.c, v6.18
   */
  inBatches<Result>(work: () => Result): Result {
    const { mlockBatch } = this.#maps;
    mlockBatch.begin();
    try {
      const result = work();
      if (mlockBatch.isOutermost) this.#maps.settleMlocks();
      return result;
    } finally {
      mlockBatch.end();
    }
  }

  /** @kernel mlock_pte_range() — mm/mlock.c, v6.18 */
  visitLeaf(vma: number, page: number, _end: number, context: number): number {
    const { tables, vmas } = this.#parts, slot = leafSlotOf(this.#parts, vmas.mmOf(vma), page);
    if (slot === NO_SLOT) return WALK_AGAIN;
    tables.lock(slot);
    const pmd = tables.load(slot), isLeaf = pmdIsLeaf(pmd);
    if (isLeaf && !pteIsSpecial(pmd)) this.#change(ptePfn(pmd), context);
    tables.unlock(slot);
    return isLeaf ? 0 : WALK_AGAIN;
  }
  #change(pfn: number, context: number): void {
    if (context === LOCK) this.#maps.mlockFolio(pfn);
    else this.#maps.munlockFolio(pfn);
  }

  /** @kernel mlock_pte_range(), allow_mlock_munlock() — mm/mlock.c, v6.18 */
  visitTable(_vma: number, _page: number, slot: number, endSlot: number, context: number): number {
    const { tables, folios } = this.#parts;
    tables.lock(slot);
    for (let at = tables.nextUsedSlot(slot, endSlot), run = 1; at < endSlot; at = tables.nextUsedSlot(at + run, endSlot)) {
      const pte = tables.load(at), pfn = ptePfn(pte);
      run = 1;
      if (!pteIsPresent(pte) || pteIsSpecial(pte)) continue;
      const order = folios.order(pfn);
      if (order > 0) run = runOfFolio(this.#parts, at, endSlot, pfn);
      // A part of a huge page is not kept in memory for the area; but what might have been is let go.
      if (context === UNLOCK || run === 1 << order) this.#change(pfn, context);
    }
    tables.unlock(slot);
    return 0;
  }
}
