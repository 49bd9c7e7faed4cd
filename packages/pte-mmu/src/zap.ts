import { folioMarkAccessed, PG_dirty } from "@zeropfn/folio";
import type { HugePmds } from "./huge-pmds.ts";
import type { MappedPages } from "./mapped-pages.ts";
import { MM_ANONPAGES, RSS_KINDS } from "./mm-counters.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { NO_SLOT } from "./page-tables.ts";
import { pteIsAccessed, pteIsDirty, pteIsPresent, pteIsSpecial, ptePfn } from "./pte.ts";
import { PTE_MARKER_GUARD, PTE_MARKER_UFFD_WP, pteIsMigration, pteMarkers, swapPteOffset } from "./swap-pte.ts";
import { NO_TABLE } from "./table-pool.ts";
import { type TableVisitor, WALK_AGAIN, walkTables } from "./table-walk.ts";
import { VM_RAND_READ, VM_SEQ_READ, type VmFlags } from "./vm-flags.ts";
import { vmaIsAnonymous } from "./vmas.ts";

/** How to zap: a sum of these. @kernel zap_details — include/linux/mm.h, v6.18 */
export type ZapFlags = number;
/** Private copies of a file's pages too, and with them what else is anonymous. */
export const ZAP_EVEN_COWS = 1;
/** Markers too: nothing of the area shall be left. @kernel ZAP_FLAG_DROP_MARKER — include/linux/mm.h, v6.18 */
export const ZAP_DROP_MARKERS = 2;
/** A lowest table that is left empty goes too, where all of its pages were zapped. @kernel zap_details::reclaim_pt — include/linux/mm.h, v6.18 */
export const ZAP_RECLAIM_TABLES = 4;

/** Takes pages out of page tables. Their frames go to the gather, which puts them when no processor reaches them any more. */
export class Zap implements TableVisitor {
  readonly #parts: MmuParts;
  readonly #maps: MappedPages;
  readonly #huge: HugePmds;
  /** Dirty pages of files, of one table. Scratch: written before it is read. */
  readonly #delayed: Uint32Array;
  #delayedCount = 0;
  /** Pages of each kind that the address space has less, of one table. Scratch too. */
  readonly #rss: Int32Array = new Int32Array(RSS_KINDS);

  constructor(parts: MmuParts, maps: MappedPages, huge: HugePmds) {
    this.#parts = parts;
    this.#maps = maps;
    this.#huge = huge;
    this.#delayed = new Uint32Array(parts.tables.pagesPerTable);
  }

  /** Zaps pages [first, end) of an area at once. @kernel zap_page_range_single() — mm/memory.c, v6.18 */
  single(vma: number, first: number, end: number, flags: ZapFlags): void {
    const { gather, vmas } = this.#parts;
    gather.begin(vmas.mmOf(vma));
    this.range(vma, first, end, flags);
    gather.finish();
  }

  /** The same between `begin` and `finish` of the gather, which are the caller's. @kernel unmap_page_range() — mm/memory.c, v6.18 */
  range(vma: number, first: number, end: number, flags: ZapFlags): void {
    walkTables(this.#parts, vma, first, end, this, flags);
  }

  /** @kernel zap_pmd_range() — mm/memory.c, v6.18 */
  visitLeaf(vma: number, page: number, end: number): number {
    if (end - page < this.#parts.thp.pageCount) this.#huge.split(vma, page);
    else if (this.#huge.zap(vma, page)) return 0;
    return WALK_AGAIN;
  }

  /** @kernel zap_pte_range() — mm/memory.c, v6.18 */
  visitTable(vma: number, page: number, slot: number, endSlot: number, flags: ZapFlags): number {
    const { tables, tlbs, vmas, gather } = this.#parts, mm = vmas.mmOf(vma), shift = page - slot;
    for (let at = slot; at < endSlot; ) {
      this.#delayedCount = 0;
      tables.lock(at);
      tlbs.flushBatchedPending(mm);
      at = this.#zapEntries(vma, at, endSlot, shift, flags);
      if (this.#delayedCount > 0 || gather.isFull) this.#flushLocked(vma);
      tables.unlock(slot);
      if (gather.isFull) gather.flush();
    }
    if ((flags & ZAP_RECLAIM_TABLES) !== 0 && endSlot - slot === tables.pagesPerTable) this.#reclaimTable(mm, page, slot, endSlot);
    return 0;
  }

  /**
   * A table that nothing is in goes, so that a huge page may come. Who calls shares mmap_lock.
   * @kernel try_get_and_clear_pmd(), free_pte() — mm/pt_reclaim.c, v6.18
   * @differs Only if nobody else is at work in the address space; the kernel's faults look again whether their table is still there.
   */
  #reclaimTable(mm: number, page: number, slot: number, endSlot: number): void {
    const { tables, vmas, gather } = this.#parts, pmdSlot = tables.pmdSlotOf(mm, page);
    if (pmdSlot === NO_SLOT || !vmas.mmapLock.tryUpgrade(mm)) return;
    gather.flushTlbs();
    if (tables.nextUsedSlot(slot, endSlot) === endSlot) {
      const table = tables.unlinkTableAt(mm, pmdSlot);
      if (table !== NO_TABLE) tables.freeTable(mm, table);
    }
    vmas.mmapLock.downgrade(mm);
  }

  /** All of a table from slot `from` on, or until the gather is full: the slot where to go on. */
  #zapEntries(vma: number, from: number, endSlot: number, shift: number, flags: ZapFlags): number {
    const { tables, gather, vmas, counters } = this.#parts, mm = vmas.mmOf(vma), vmaFlags = vmas.flagsOf(vma);
    let slot = tables.nextUsedSlot(from, endSlot), first = endSlot, end = 0;
    this.#rss.fill(0);
    while (slot < endSlot) {
      if (this.#zapEntry(vma, mm, vmaFlags, slot, flags)) {
        if (first === endSlot) first = slot;
        end = slot + 1;
      }
      slot++;
      if (gather.isFull) break;
      slot = tables.nextUsedSlot(slot, endSlot);
    }
    if (first < end) gather.addPages(first + shift, end + shift);
    counters.addAll(mm, this.#rss);
    return slot;
  }

  /** True if a processor may remember what was there. */
  #zapEntry(vma: number, mm: number, vmaFlags: VmFlags, slot: number, flags: ZapFlags): boolean {
    const { tables, gather } = this.#parts, pte = tables.load(slot);
    if (!pteIsPresent(pte)) {
      if (this.#dropsSwapEntry(vma, pte, flags)) tables.getAndClear(slot);
      return false;
    }
    if (pteIsSpecial(pte)) {
      tables.getAndClear(slot);
      return true;
    }
    const pfn = ptePfn(pte), kind = this.#maps.kindOf(pfn);
    if (kind === MM_ANONPAGES && (flags & ZAP_EVEN_COWS) === 0) return false;
    const last = tables.getAndClear(slot); // the hardware may have set bits since
    if (kind !== MM_ANONPAGES && this.#isDelayed(vmaFlags, pfn, last)) this.#delayed[this.#delayedCount++] = pfn;
    else {
      this.#rss[kind]!--;
      this.#maps.unmapAs(mm, vmaFlags, pfn, kind);
    }
    gather.addFrame(pfn);
    return true;
  }
  /** A page of a file has lost the entry `last`, and takes over what it says. True if it was dirty. */
  #isDelayed(vmaFlags: VmFlags, pfn: number, last: number): boolean {
    const { folios } = this.#parts, isDirty = pteIsDirty(last);
    if (isDirty) folios.setFlag(pfn, PG_dirty);
    if (pteIsAccessed(last) && hasRecency(vmaFlags)) folioMarkAccessed(folios, pfn);
    return isDirty;
  }

  /**
   * A processor may write through its TLB until it is flushed, so a dirty page of a file counts as mapped until then: who
   * cleans it finds it mapped and waits for the lock.
   * @kernel tlb_flush_rmaps() — mm/mmu_gather.c, v6.18
   */
  #flushLocked(vma: number): void {
    this.#parts.gather.flushTlbs();
    for (let nth = 0; nth < this.#delayedCount; nth++) this.#maps.unmap(vma, this.#delayed[nth]);
  }

  /** @kernel zap_nonpresent_ptes() — mm/memory.c, v6.18 */
  #dropsSwapEntry(vma: number, pte: number, flags: ZapFlags): boolean {
    const markers = pteMarkers(pte), dropsMarkers = (flags & ZAP_DROP_MARKERS) !== 0, isEvenCows = (flags & ZAP_EVEN_COWS) !== 0;
    if ((markers & PTE_MARKER_GUARD) !== 0) return dropsMarkers;
    if ((markers & PTE_MARKER_UFFD_WP) !== 0) return dropsMarkers || vmaIsAnonymous(this.#parts.vmas, vma);
    if (!pteIsMigration(pte)) return isEvenCows;
    const pfn = swapPteOffset(pte);
    if (!isEvenCows && this.#maps.kindOf(pfn) === MM_ANONPAGES) return false;
    this.#parts.counters.add(this.#parts.vmas.mmOf(vma), this.#maps.kindOf(pfn), -1);
    return true;
  }
}

/** True if what was used in an area of these flags is likely to be used again. @kernel vma_has_recency() — include/linux/mm_inline.h, v6.18 */
const hasRecency = (flags: VmFlags): boolean => (flags & (VM_RAND_READ | VM_SEQ_READ)) === 0;
