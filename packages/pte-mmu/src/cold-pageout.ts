import { fileOf, isAnonMapping, PG_active, PG_referenced, PG_swapbacked, PG_unevictable, PG_workingset } from "@zeropfn/folio";
import type { MmuParts } from "./mmu-parts.ts";
import { pteIsAccessed, pteIsPresent, pteIsSpecial, ptePfn } from "./pte.ts";
import { type Rmap, TTU_BATCH_FLUSH } from "./rmap.ts";
import { type TableVisitor, walkTables } from "./table-walk.ts";

const COLD = 0;
const PAGEOUT = 1;

/** MADV_COLD and MADV_PAGEOUT: pages that will not be used soon, and pages to be reclaimed now. Pages that others map too are left alone. */
export class ColdPageout implements TableVisitor {
  readonly #parts: MmuParts;
  readonly #rmap: Rmap;
  readonly #pglazyfreed: number;
  /** Folios of one table that were isolated, with a reference each. Scratch: written before it is read. */
  readonly #isolated: Uint32Array;

  constructor(parts: MmuParts, rmap: Rmap) {
    this.#parts = parts;
    this.#rmap = rmap;
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

  /** @kernel madvise_cold_or_pageout_pte_range() — mm/madvise.c, v6.18 */
  visitTable(vma: number, page: number, slot: number, endSlot: number, context: number): number {
    const { tables, tlbs, vmas, folios } = this.#parts;
    let isolatedCount = 0;
    tables.lock(slot);
    tlbs.flushBatchedPending(vmas.mmOf(vma));
    for (let at = tables.nextUsedSlot(slot, endSlot); at < endSlot; at = tables.nextUsedSlot(at + 1, endSlot)) {
      const pte = tables.load(at), pfn = ptePfn(pte);
      if (!pteIsPresent(pte) || pteIsSpecial(pte) || folios.folioMapcount(pfn) !== 1) continue;
      if (context === COLD) this.#age(page + (at - slot), at, pte);
      folios.clearFlag(pfn, PG_referenced);
      if (folios.testFlag(pfn, PG_active)) folios.setFlag(pfn, PG_workingset);
      if (folios.testFlag(pfn, PG_unevictable)) continue;
      folios.clearFlag(pfn, PG_active);
      if (context === COLD) continue;
      folios.get(pfn);
      this.#isolated[isolatedCount++] = pfn;
    }
    tables.unlock(slot);
    if (isolatedCount > 0) this.#reclaim(isolatedCount);
    return 0;
  }

  #age(page: number, slot: number, pte: number): void {
    const { tables, gather } = this.#parts;
    if (!pteIsAccessed(pte)) return;
    tables.testAndClearYoung(slot);
    gather.addPage(page);
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
    const mapping = folios.mapping(pfn);
    const isStuck = folios.testFlag(pfn, PG_unevictable) || (isAnonMapping(mapping) && folios.testFlag(pfn, PG_swapbacked));
    if (isStuck || (folios.folioMapcount(pfn) > 0 && !this.#rmap.tryToUnmap(pfn, TTU_BATCH_FLUSH)) || folios.maybeDmaPinned(pfn)) {
      if (!folios.testFlag(pfn, PG_unevictable) && !this.#isPinnedAnonymous(pfn, mapping)) folios.setFlag(pfn, PG_active);
      folios.unlock(pfn);
      return;
    }
    folios.unlock(pfn);
    if (!isAnonMapping(mapping)) {
      if (mapping !== 0) handler().evict(fileOf(mapping), pfn);
    } else if (folios.refcount(pfn) === 1) this.#parts.tracer.count(this.#pglazyfreed, 1, pfn);
  }

  /** Pages that a device writes stay where they are, and as they are. */
  #isPinnedAnonymous(pfn: number, mapping: number): boolean {
    return isAnonMapping(mapping) && this.#parts.folios.testFlag(pfn, PG_swapbacked) && this.#parts.folios.maybeDmaPinned(pfn);
  }
}
