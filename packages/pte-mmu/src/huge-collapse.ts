import { NO_FRAME, PG_locked } from "@zeropfn/folio";
import { EAGAIN, EINVAL, ENOMEM } from "@zeropfn/units";
import { newPte } from "./anonymous-faults.ts";
import type { MappedPages } from "./mapped-pages.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { NO_SLOT } from "./page-tables.ts";
import { PMD_PS, PTE_NONE, pteIsPresent, pteIsSpecial, ptePfn, pteIsUffdWp } from "./pte.ts";
import { leafSlotOf } from "./table-walk.ts";
import { NO_VMA } from "./vma-index.ts";

/** What came of one block. @kernel scan_result — mm/khugepaged.c, v6.18 */
type Result = 0 | 1 | 2 | 3 | 4;
/** It is a huge page now. */
const SUCCEEDED = 0;
/** Not as it is; the next block may be. */
const REFUSED = 1;
/** Somebody else holds a page, or has locked it. */
const BUSY = 2;
/** No memory. */
const NO_MEMORY = 3;
/** Nothing is there, or what cannot be a part of a page: what follows is not looked at. */
const FAILED = 4;

/** Collapse by advice: the small pages of a block are copied to a huge one, which takes their place. */
export class HugeCollapse {
  readonly #parts: MmuParts;
  readonly #maps: MappedPages;
  readonly #events: { readonly allocated: number; readonly failed: number };
  /** Folios of a block that were locked. Scratch: emptied before it is used. */
  readonly #locked: number[] = [];

  constructor(parts: MmuParts, maps: MappedPages) {
    this.#parts = parts;
    this.#maps = maps;
    this.#events = { allocated: parts.tracer.event("thp_collapse_alloc"), failed: parts.tracer.event("thp_collapse_alloc_failed") };
  }

  /**
   * MADV_COLLAPSE for pages [first, end) of an area: each block wholly within becomes one huge page, whatever the mode is. The caller
   * shares mmap_lock, which is let go and taken again.
   *
   * @returns 0: all are huge now. -EINVAL, -EAGAIN, -ENOMEM: not all; the reason for the last that is not.
   * @kernel madvise_collapse(), madvise_collapse_errno() — mm/khugepaged.c, v6.18
   */
  advise(vma: number, first: number, end: number): number {
    const { thp, vmas } = this.#parts, mm = vmas.mmOf(vma), size = thp.pageCount;
    if (!thp.allowsCollapse(vma)) return -EINVAL;
    const from = Math.ceil(first / size) * size, to = Math.floor(end / size) * size;
    let done = 0, last: Result = FAILED;
    for (let page = from; page < to; page += size) {
      const area = this.#areaAt(mm, page), result = area === NO_VMA ? FAILED : this.#block(area, page);
      if (result === SUCCEEDED) done++;
      else last = result;
      if (result === NO_MEMORY || result === FAILED) break;
    }
    return done === (to - from) / size ? 0 : last === NO_MEMORY ? -ENOMEM : last === BUSY ? -EAGAIN : -EINVAL;
  }

  /** The area at `page`, as far as the block there may be collapsed. @kernel hugepage_vma_revalidate() — mm/khugepaged.c, v6.18 */
  #areaAt(mm: number, page: number): number {
    const { thp, vmas } = this.#parts, vma = vmas.lookUp(mm, page);
    return vma !== NO_VMA && thp.fits(vma, page) && thp.allowsCollapse(vma) ? vma : NO_VMA;
  }

  /** @kernel hpage_collapse_scan_pmd() — mm/khugepaged.c, v6.18 */
  #block(vma: number, page: number): Result {
    const { tables, vmas, folios, thp, tracer } = this.#parts, mm = vmas.mmOf(vma);
    if (leafSlotOf(this.#parts, mm, page) !== NO_SLOT) return SUCCEEDED;
    const slot = tables.slotOf(mm, page);
    if (slot === NO_SLOT) return tables.pmdSlotOf(mm, page) === NO_SLOT ? REFUSED : FAILED;
    tables.lock(slot);
    const result = this.#examine(slot, false);
    tables.unlock(slot);
    if (result !== SUCCEEDED) return result;
    const pfn = folios.allocate(thp.order);
    tracer.count(pfn === NO_FRAME ? this.#events.failed : this.#events.allocated, 1, page);
    return pfn === NO_FRAME ? NO_MEMORY : this.#collapse(mm, page, pfn);
  }

  /**
   * Says whether the pages of a table can be parts of one: anonymous or none, and held by nobody beside their mappings.
   *
   * @param isLocking Their folios are locked, with a reference each, and noted in `#locked`.
   * @kernel __collapse_huge_page_isolate() — mm/khugepaged.c, v6.18
   */
  #examine(firstSlot: number, isLocking: boolean): Result {
    const { tables, folios } = this.#parts, endSlot = firstSlot + tables.pagesPerTable;
    for (let slot = tables.nextUsedSlot(firstSlot, endSlot); slot < endSlot; slot = tables.nextUsedSlot(slot + 1, endSlot)) {
      const pte = tables.load(slot), pfn = ptePfn(pte);
      if (!pteIsPresent(pte)) return FAILED; // a guard
      if (pteIsUffdWp(pte)) return REFUSED;
      if (pteIsSpecial(pte)) continue;
      const head = folios.head(pfn), isOurs = isLocking && this.#locked.includes(head);
      if (folios.refcount(pfn) !== this.#maps.mapcountOf(pfn) + (isOurs ? 1 : 0)) return BUSY;
      if (!isOurs && (isLocking ? !this.#tryLock(head) : folios.testFlag(head, PG_locked))) return BUSY;
    }
    return SUCCEEDED;
  }

  #tryLock(head: number): boolean {
    const { folios } = this.#parts;
    if (!folios.tryLock(head)) return false;
    folios.get(head);
    this.#locked.push(head);
    return true;
  }

  /** `pfn`: a huge page that nobody has seen, with one reference. @kernel collapse_huge_page() — mm/khugepaged.c, v6.18 */
  #collapse(mm: number, page: number, pfn: number): Result {
    const { vmas, folios } = this.#parts;
    vmas.mmapLock.unlockShared(mm);
    vmas.mmapLock.lock(mm);
    const vma = this.#areaAt(mm, page), result = vma === NO_VMA ? FAILED : this.#replaceTable(vma, page, pfn);
    vmas.mmapLock.downgrade(mm);
    if (result !== SUCCEEDED) folios.put(pfn);
    return result;
  }

  /** Nobody is in the address space, and nobody can come to its pages from their frames. */
  #replaceTable(vma: number, page: number, pfn: number): Result {
    const { tables, tlbs, vmas, anonVmas, folios, thp } = this.#parts, mm = vmas.mmOf(vma), region = vmas.anonVmaOf(vma), pmdSlot = tables.pmdSlotOf(mm, page);
    if (leafSlotOf(this.#parts, mm, page) !== NO_SLOT || tables.slotOf(mm, page) === NO_SLOT) return FAILED;
    this.#locked.length = 0;
    anonVmas.lock(region);
    tables.lock(pmdSlot);
    const table = tables.unlinkTableAt(mm, pmdSlot), slot = tables.slotInTable(table, page);
    tlbs.flushRange(mm, page, page + thp.pageCount);
    tables.unlock(pmdSlot);
    tables.lock(slot);
    const result = this.#examine(slot, true);
    tables.unlock(slot);
    if (result !== SUCCEEDED) {
      tables.lock(pmdSlot);
      tables.populatePmd(pmdSlot, table);
      tables.unlock(pmdSlot);
    }
    anonVmas.unlock(region);
    if (result === SUCCEEDED) {
      this.#moveBytes(vma, slot, pfn);
      tables.lock(pmdSlot);
      this.#maps.mapNewHuge(vma, page, pfn);
      tables.depositTable(pmdSlot, table);
      tables.store(pmdSlot, newPte(this.#parts, vma, pfn) + PMD_PS);
      tables.unlock(pmdSlot);
    }
    for (const head of this.#locked) {
      folios.unlock(head);
      folios.put(head);
    }
    return result;
  }

  /** @kernel __collapse_huge_page_copy() — mm/khugepaged.c, v6.18 */
  #moveBytes(vma: number, firstSlot: number, pfn: number): void {
    const { tables, folios, thp } = this.#parts;
    for (let nth = 0; nth < thp.pageCount; nth++) {
      const slot = firstSlot + nth, pte = tables.load(slot), isNone = pte === PTE_NONE || pteIsSpecial(pte);
      if (isNone) folios.zero(pfn + nth);
      else folios.copy(pfn + nth, ptePfn(pte));
      tables.lock(slot);
      tables.getAndClear(slot);
      if (!isNone) this.#maps.unmap(vma, ptePfn(pte));
      tables.unlock(slot);
      if (!isNone) folios.put(ptePfn(pte));
    }
  }
}
