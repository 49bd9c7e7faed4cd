import { isAnonMapping, PG_active, PG_dirty, PG_referenced, PG_swapbacked, PG_swapcache, PG_unevictable } from "@zeropfn/folio";
import { runOfFolio } from "./huge-runs.ts";
import type { HugeSplits } from "./huge-split-folio.ts";
import type { MappedPages } from "./mapped-pages.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { NO_SLOT } from "./page-tables.ts";
import { PTE_NONE, pmdIsLeaf, pteIsAccessed, pteIsDirty, pteIsPresent, pteIsSpecial, ptePfn, pteWithoutAccessed, pteWithoutDirty } from "./pte.ts";
import { PTE_MARKER_POISONED, pteIsSwapped, pteMarkers } from "./swap-pte.ts";
import { leafSlotOf, type TableVisitor, WALK_AGAIN, walkTables } from "./table-walk.ts";

/** MADV_FREE: the bytes of anonymous pages are not needed any more, unless they are written again. */
export class Lazyfree implements TableVisitor {
  readonly #parts: MmuParts;
  readonly #maps: MappedPages;
  readonly #splits: HugeSplits;
  readonly #pglazyfree: number;

  constructor(parts: MmuParts, maps: MappedPages, splits: HugeSplits) {
    this.#parts = parts;
    this.#maps = maps;
    this.#splits = splits;
    this.#pglazyfree = parts.tracer.event("pglazyfree");
  }

  /** For pages [first, end) of an anonymous area. @kernel madvise_free_single_vma() — mm/madvise.c, v6.18 */
  free(vma: number, first: number, end: number): void {
    const { gather, vmas } = this.#parts;
    gather.begin(vmas.mmOf(vma));
    walkTables(this.#parts, vma, first, end, this);
    gather.finish();
  }

  /** A leaf stays if all of it is meant and nobody else maps it; if a part is, the folio is split. @kernel madvise_free_huge_pmd() — mm/huge_memory.c, v6.18 */
  visitLeaf(vma: number, page: number, end: number): number {
    const { tables, vmas, folios, gather, thp } = this.#parts, slot = leafSlotOf(this.#parts, vmas.mmOf(vma), page);
    if (slot === NO_SLOT) return WALK_AGAIN;
    tables.lock(slot);
    const pmd = tables.load(slot), pfn = ptePfn(pmd), isLeaf = pmdIsLeaf(pmd);
    if (!isLeaf || pteIsSpecial(pmd) || this.#maps.isMappedShared(pfn) || !folios.tryLock(pfn)) {
      tables.unlock(slot);
      return isLeaf ? 0 : WALK_AGAIN;
    }
    if (end - page < thp.pageCount) return this.#splitLocked(slot, pfn) ? WALK_AGAIN : 0;
    folios.clearFlag(pfn, PG_dirty);
    folios.unlock(pfn);
    if (pteIsAccessed(pmd) || pteIsDirty(pmd)) {
      tables.store(slot, pteWithoutDirty(pteWithoutAccessed(tables.invalidate(slot))));
      gather.addPages(page, end);
    }
    this.#markLazyfree(pfn);
    tables.unlock(slot);
    return 0;
  }
  /** Lets go of the table's lock, and of the folio's, which the caller has too. */
  #splitLocked(slot: number, pfn: number): boolean {
    const { tables, folios } = this.#parts, head = folios.head(pfn);
    folios.get(head);
    tables.unlock(slot);
    const isSplit = this.#splits.split(head);
    folios.unlock(head);
    folios.put(head);
    return isSplit;
  }

  /** @kernel madvise_free_pte_range() — mm/madvise.c, v6.18 */
  visitTable(vma: number, page: number, slot: number, endSlot: number): number {
    const { tables, tlbs, vmas } = this.#parts;
    tables.lock(slot);
    tlbs.flushBatchedPending(vmas.mmOf(vma));
    for (let at = tables.nextUsedSlot(slot, endSlot), run = 1; at < endSlot; at = tables.nextUsedSlot(at + run, endSlot)) {
      const pte = tables.load(at);
      run = 1;
      if (!pteIsPresent(pte)) {
        if (pteIsSwapped(pte) || (pteMarkers(pte) & PTE_MARKER_POISONED) !== 0) tables.store(at, PTE_NONE);
      } else if (!pteIsSpecial(pte)) run = this.#freeRun(page + (at - slot), at, endSlot, ptePfn(pte));
    }
    tables.unlock(slot);
    return 0;
  }

  /** The entries of one folio from `slot` on. @returns How many; 0: the folio was split, look again. */
  #freeRun(page: number, slot: number, endSlot: number, pfn: number): number {
    const { tables, folios, gather } = this.#parts, size = 1 << folios.order(pfn), run = size === 1 ? 1 : runOfFolio(this.#parts, slot, endSlot, pfn);
    if (run < size) {
      if (this.#maps.isMappedShared(pfn) || !folios.tryLock(pfn)) return run;
      const isSplit = this.#splitLocked(slot, pfn);
      tables.lock(slot);
      return isSplit ? 0 : run;
    }
    if (!this.#clean(pfn, size)) return run;
    for (let at = slot; at < slot + run; at++) {
      const pte = tables.load(at);
      if (!pteIsAccessed(pte) && !pteIsDirty(pte)) continue;
      tables.store(at, pteWithoutDirty(pteWithoutAccessed(tables.getAndClear(at))));
      gather.addPage(page + (at - slot));
    }
    this.#markLazyfree(pfn);
    return run;
  }

  /** False if the folio is dirty, or in the swap cache, and somebody else has it too. */
  #clean(pfn: number, size: number): boolean {
    const { folios } = this.#parts;
    if (!folios.testFlag(pfn, PG_dirty) && !folios.testFlag(pfn, PG_swapcache)) return true;
    if (!folios.tryLock(pfn)) return false;
    const isOurs = this.#maps.mapcountOf(pfn) === size && !folios.testFlag(pfn, PG_swapcache);
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
