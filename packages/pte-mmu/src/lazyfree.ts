import { isAnonMapping, PG_active, PG_dirty, PG_referenced, PG_swapbacked, PG_swapcache, PG_unevictable } from "@zeropfn/folio";
import type { MmuParts } from "./mmu-parts.ts";
import { PTE_NONE, pteIsAccessed, pteIsDirty, pteIsPresent, pteIsSpecial, ptePfn, pteWithoutAccessed, pteWithoutDirty } from "./pte.ts";
import { PTE_MARKER_POISONED, pteIsSwapped, pteMarkers } from "./swap-pte.ts";
import { type TableVisitor, walkTables } from "./table-walk.ts";

/** MADV_FREE: the bytes of anonymous pages are not needed any more, unless they are written again. */
export class Lazyfree implements TableVisitor {
  readonly #parts: MmuParts;
  readonly #pglazyfree: number;

  constructor(parts: MmuParts) {
    this.#parts = parts;
    this.#pglazyfree = parts.tracer.event("pglazyfree");
  }

  /** For pages [first, end) of an anonymous area. @kernel madvise_free_single_vma() — mm/madvise.c, v6.18 */
  free(vma: number, first: number, end: number): void {
    const { gather, vmas } = this.#parts;
    gather.begin(vmas.mmOf(vma));
    walkTables(this.#parts, vma, first, end, this);
    gather.finish();
  }

  /** @kernel madvise_free_pte_range() — mm/madvise.c, v6.18 */
  visitTable(vma: number, page: number, slot: number, endSlot: number): number {
    const { tables, tlbs, vmas } = this.#parts;
    tables.lock(slot);
    tlbs.flushBatchedPending(vmas.mmOf(vma));
    for (let at = tables.nextUsedSlot(slot, endSlot); at < endSlot; at = tables.nextUsedSlot(at + 1, endSlot)) {
      const pte = tables.load(at);
      if (!pteIsPresent(pte)) {
        if (pteIsSwapped(pte) || (pteMarkers(pte) & PTE_MARKER_POISONED) !== 0) tables.store(at, PTE_NONE);
      } else if (!pteIsSpecial(pte) && this.#clean(ptePfn(pte))) {
        if (pteIsAccessed(pte) || pteIsDirty(pte)) {
          tables.store(at, pteWithoutDirty(pteWithoutAccessed(tables.getAndClear(at))));
          this.#parts.gather.addPage(page + (at - slot));
        }
        this.#markLazyfree(ptePfn(pte));
      }
    }
    tables.unlock(slot);
    return 0;
  }

  /** False if the folio is dirty, or in the swap cache, and somebody else has it too. */
  #clean(pfn: number): boolean {
    const { folios } = this.#parts;
    if (!folios.testFlag(pfn, PG_dirty) && !folios.testFlag(pfn, PG_swapcache)) return true;
    if (!folios.tryLock(pfn)) return false;
    const isOurs = folios.folioMapcount(pfn) === 1 && !folios.testFlag(pfn, PG_swapcache);
    if (isOurs) folios.clearFlag(pfn, PG_dirty);
    folios.unlock(pfn);
    return isOurs;
  }

  /** A clean anonymous page without backing is what reclaim may drop. @kernel folio_mark_lazyfree(), lru_lazyfree() — mm/swap.c, v6.18 */
  #markLazyfree(pfn: number): void {
    const { folios, tracer } = this.#parts;
    if (!isAnonMapping(folios.mapping(pfn)) || !folios.testFlag(pfn, PG_swapbacked) || folios.testFlag(pfn, PG_unevictable)) return;
    folios.clearFlag(pfn, PG_active);
    folios.clearFlag(pfn, PG_referenced);
    folios.clearFlag(pfn, PG_swapbacked);
    tracer.count(this.#pglazyfree, 1, pfn);
  }
}
