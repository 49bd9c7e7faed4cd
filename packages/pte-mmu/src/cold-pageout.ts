import { fileOf, isAnonMapping, PG_active, PG_referenced, PG_swapbacked, PG_unevictable, PG_workingset } from "@zeropfn/folio";
import { runOfFolio } from "./huge-runs.ts";
import type { HugeSplits } from "./huge-split-folio.ts";
import type { MappedPages } from "./mapped-pages.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { NO_SLOT } from "./page-tables.ts";
import { pmdIsLeaf, pteIsAccessed, pteIsPresent, pteIsSpecial, ptePfn } from "./pte.ts";
import { type Rmap, TTU_BATCH_FLUSH } from "./rmap.ts";
import { leafSlotOf, type TableVisitor, WALK_AGAIN, walkTables } from "./table-walk.ts";

const COLD = 0;
const PAGEOUT = 1;

/** MADV_COLD and MADV_PAGEOUT: pages that will not be used soon, and pages to be reclaimed now. Pages that others map too are left alone. */
export class ColdPageout implements TableVisitor {
  readonly #parts: MmuParts;
  readonly #maps: MappedPages;
  readonly #rmap: Rmap;
  readonly #splits: HugeSplits;
  readonly #pglazyfreed: number;
  /** Folios of one table that were isolated, with a reference each. Scratch: written before it is read. */
  readonly #isolated: Uint32Array;
  #isolatedCount = 0;

  constructor(parts: MmuParts, maps: MappedPages, rmap: Rmap, splits: HugeSplits) {
    this.#parts = parts;
    this.#maps = maps;
    this.#rmap = rmap;
    this.#splits = splits;
    this.#pglazyfreed = parts.tracer.event("pglazyfreed");
    this.#isolated = new Uint32Array(parts.tables.pagesPerTable);
  }

  /** For pages [first, end) of an area that is not locked. @kernel madvise_cold() — mm/madvise.c, v6.18 */
  cold(vma: number, first: number, end: number): void {
    const { gather, vmas } = this.#parts;
    gather.begin(vmas.mmOf(vma));
    walkTables(this.#parts, vma, first, end, this, COLD);
    gather.finish();
  }
  /** For pages [first, end) of an area that is not locked. @kernel madvise_pageout() — mm/madvise.c, v6.18 */
  pageout(vma: number, first: number, end: number): void {
    walkTables(this.#parts, vma, first, end, this, PAGEOUT);
  }

  /** A leaf that is meant whole is one page; if a part is meant, its folio is split. @kernel madvise_cold_or_pageout_pte_range() — mm/madvise.c, v6.18 */
  visitLeaf(vma: number, page: number, end: number, context: number): number {
    const { tables, vmas, folios, thp, gather } = this.#parts, slot = leafSlotOf(this.#parts, vmas.mmOf(vma), page);
    if (slot === NO_SLOT) return WALK_AGAIN;
    tables.lock(slot);
    const pmd = tables.load(slot), pfn = ptePfn(pmd), isLeaf = pmdIsLeaf(pmd);
    this.#isolatedCount = 0;
    if (!isLeaf || pteIsSpecial(pmd) || this.#maps.isMappedShared(pfn)) {
      tables.unlock(slot);
      return isLeaf ? 0 : WALK_AGAIN;
    }
    if (end - page < thp.pageCount) {
      folios.get(pfn);
      tables.unlock(slot);
      folios.lock(pfn);
      return this.#splitLocked(pfn) ? WALK_AGAIN : 0;
    }
    if (context === COLD && pteIsAccessed(pmd)) {
      tables.testAndClearYoung(slot);
      gather.addPages(page, end);
    }
    const isIsolated = this.#deactivate(pfn, context);
    tables.unlock(slot);
    if (isIsolated) this.#reclaim(this.#isolatedCount);
    return 0;
  }

  /** @kernel madvise_cold_or_pageout_pte_range() — mm/madvise.c, v6.18 */
  visitTable(vma: number, page: number, slot: number, endSlot: number, context: number): number {
    const { tables, tlbs, vmas } = this.#parts;
    this.#isolatedCount = 0;
    tables.lock(slot);
    tlbs.flushBatchedPending(vmas.mmOf(vma));
    for (let at = tables.nextUsedSlot(slot, endSlot), run = 1; at < endSlot; at = tables.nextUsedSlot(at + run, endSlot)) {
      const pte = tables.load(at);
      run = pteIsPresent(pte) && !pteIsSpecial(pte) ? this.#dealWithRun(page + (at - slot), at, endSlot, ptePfn(pte), context) : 1;
    }
    tables.unlock(slot);
    if (this.#isolatedCount > 0) this.#reclaim(this.#isolatedCount);
    return 0;
  }

  /** The entries of one folio from `slot` on. @returns How many; 0: the folio was split, look again. */
  #dealWithRun(page: number, slot: number, endSlot: number, pfn: number, context: number): number {
    const { tables, folios } = this.#parts, size = 1 << folios.order(pfn), run = size === 1 ? 1 : runOfFolio(this.#parts, slot, endSlot, pfn);
    if (run < size) {
      if (this.#maps.isMappedShared(pfn) || !folios.tryLock(pfn)) return run;
      const head = folios.head(pfn);
      folios.get(head);
      tables.unlock(slot);
      const isSplit = this.#splitLocked(head);
      tables.lock(slot);
      return isSplit ? 0 : run;
    }
    if (this.#maps.mapcountOf(pfn) !== size) return run;
    if (context === COLD) for (let nth = 0; nth < run; nth++) this.#age(page + nth, slot + nth);
    this.#deactivate(pfn, context);
    return run;
  }
  /** The caller's lock and reference go. */
  #splitLocked(head: number): boolean {
    const { folios } = this.#parts, isSplit = this.#splits.split(head);
    folios.unlock(head);
    folios.put(head);
    return isSplit;
  }

  /** True if the folio was isolated, to be reclaimed. */
  #deactivate(pfn: number, context: number): boolean {
    const { folios } = this.#parts;
    folios.clearFlag(pfn, PG_referenced);
    if (folios.testFlag(pfn, PG_active)) folios.setFlag(pfn, PG_workingset);
    if (folios.testFlag(pfn, PG_unevictable)) return false;
    folios.clearFlag(pfn, PG_active);
    if (context === COLD) return false;
    folios.get(pfn);
    this.#isolated[this.#isolatedCount++] = pfn;
    return true;
  }

  #age(page: number, slot: number): void {
    const { tables, gather } = this.#parts;
    if (tables.testAndClearYoung(slot)) gather.addPage(page);
  }

  /** @kernel reclaim_pages(), shrink_folio_list() — mm/vmscan.c, v6.18 @differs Only what this advice needs; nothing is swapped or written. */
  #reclaim(count: number): void {
    const { folios, tlbs } = this.#parts;
    for (let nth = 0; nth < count; nth++) this.#shrink(this.#isolated[nth]);
    tlbs.flushDeferred();
    for (let nth = 0; nth < count; nth++) folios.put(this.#isolated[nth]); // no processor reaches what is freed now
  }

  /** One folio of `shrink_folio_list`. */
  #shrink(pfn: number): void {
    const { folios, handler } = this.#parts;
    if (!folios.tryLock(pfn)) return;
    const mapping = folios.mapping(pfn), isSwapbacked = isAnonMapping(mapping) && folios.testFlag(pfn, PG_swapbacked);
    if (isSwapbacked && folios.order(pfn) > 0 && !folios.testFlag(pfn, PG_unevictable) && !folios.maybeDmaPinned(pfn)) this.#splitForSwap(pfn);
    const isStuck = folios.testFlag(pfn, PG_unevictable) || isSwapbacked;
    if (isStuck || (this.#maps.mapcountOf(pfn) > 0 && !this.#rmap.tryToUnmap(pfn, TTU_BATCH_FLUSH)) || folios.maybeDmaPinned(pfn)) {
      if (!folios.testFlag(pfn, PG_unevictable) && !this.#isPinnedAnonymous(pfn, mapping)) folios.setFlag(pfn, PG_active);
      folios.unlock(pfn);
      return;
    }
    folios.unlock(pfn);
    if (!isAnonMapping(mapping)) {
      if (mapping !== 0) handler().evict(fileOf(mapping), pfn);
    } else if (folios.refcount(pfn) === 1) this.#parts.tracer.count(this.#pglazyfreed, 1, pfn);
  }

  /** There is no swap for a huge page, so its pages are tried one by one; nor is there any for them. */
  #splitForSwap(head: number): void {
    const { folios, thp } = this.#parts;
    if (folios.refcount(head) !== this.#maps.mapcountOf(head) + 1 || !this.#splits.split(head, true)) return;
    for (let pfn = head + 1; pfn < head + thp.pageCount; pfn++) {
      folios.setFlag(pfn, PG_active);
      folios.put(pfn); // the last one of a page for which the zero page stands now
    }
  }

  /** Pages that a device writes stay where they are, and as they are. */
  #isPinnedAnonymous(pfn: number, mapping: number): boolean {
    return isAnonMapping(mapping) && this.#parts.folios.testFlag(pfn, PG_swapbacked) && this.#parts.folios.maybeDmaPinned(pfn);
  }
}
