import { anonVmaOf, PG_anon_exclusive, PG_dirty } from "@zeropfn/folio";
import { NO_LINK } from "./anon-vmas.ts";
import type { HugePmds } from "./huge-pmds.ts";
import type { MappedPages } from "./mapped-pages.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { protectionOf } from "./page-protection.ts";
import { NO_SLOT } from "./page-tables.ts";
import {
  pmdIsLeaf, pteIsAccessed, pteIsDirty, pteIsPresent, pteIsSoftDirty, pteIsSpecial, pteIsWritable, pteOf, ptePfn, pteWithDirty, pteWithoutAccessed, pteWithSoftDirty, pteWithSpecial,
  pteWithWritable,
} from "./pte.ts";
import {
  migrationPteOf, pteIsMigration, SWP_MIGRATION_READ, SWP_MIGRATION_READ_EXCLUSIVE, SWP_MIGRATION_WRITE, swapPteIsSoftDirty, swapPteOffset, swapPteType, swapPteWithSoftDirty,
} from "./swap-pte.ts";
import { leafSlotOf } from "./table-walk.ts";
import { VM_LOCKED } from "./vm-flags.ts";

/** Bits of what an entry was beside what its migration entry says. */
const WAS_YOUNG = 1;
const WAS_DIRTY = 2;

/**
 * Makes small folios of a huge one. While that goes on nobody may reach its pages: migration entries stand where it is mapped, and
 * who faults on one waits for the folio's lock. Pages that are all zeros are not needed any more: the zero page takes their place.
 *
 * @kernel __folio_split(), unmap_folio(), remap_page() — mm/huge_memory.c, v6.18
 */
export class HugeSplits {
  readonly #parts: MmuParts;
  readonly #maps: MappedPages;
  readonly #huge: HugePmds;
  readonly #events: { readonly done: number; readonly failed: number };
  /** By slot: WAS_YOUNG and WAS_DIRTY of what stood there. Scratch: emptied before it is used. @differs The kernel's migration entries have bits for it. */
  readonly #was = new Map<number, number>();

  constructor(parts: MmuParts, maps: MappedPages, huge: HugePmds) {
    this.#parts = parts;
    this.#maps = maps;
    this.#huge = huge;
    this.#events = { done: parts.tracer.event("thp_split_page"), failed: parts.tracer.event("thp_split_page_failed") };
  }

  /**
   * Splits the anonymous huge folio `head` into pages. The caller has locked it and has one reference; afterwards he has both of its first page.
   *
   * @param keepReferences True: the caller gets a reference to each of the other pages too.
   * @returns False: somebody else holds the folio, and it is as it was.
   * @kernel split_folio(), split_folio_to_list() — include/linux/huge_mm.h, mm/huge_memory.c, v6.18
   */
  split(head: number, keepReferences: boolean = false): boolean {
    const { folios, anonVmas, tracer, tlbs, thp } = this.#parts, region = anonVmaOf(folios.mapping(head)), index = folios.index(head);
    anonVmas.lock(region);
    let isSplit = false;
    if (folios.refcount(head) === 1 + this.#maps.mapcountOf(head)) {
      this.#was.clear();
      this.#forEachArea(region, index, (vma, first, end, pfn) => this.#unmapIn(vma, first, end, pfn), head);
      tlbs.flushDeferred();
      isSplit = folios.split(head, 0);
      this.#forEachArea(region, index, (vma, first, end, pfn) => this.#remapIn(vma, first, end, pfn, isSplit), head);
    }
    anonVmas.unlock(region);
    tracer.count(isSplit ? this.#events.done : this.#events.failed, 1, head);
    if (!isSplit) return false;
    for (let page = head + 1; page < head + thp.pageCount; page++) {
      folios.unlock(page);
      if (!keepReferences) folios.put(page);
    }
    return true;
  }

  /** Areas of the region that may show pages of the folio: their pages [first, end), and the frame of the first of them. */
  #forEachArea(region: number, index: number, visit: (vma: number, first: number, end: number, pfn: number) => void, head: number): void {
    const { anonVmas, vmas, thp } = this.#parts, lastIndex = index + thp.pageCount - 1;
    for (let link = anonVmas.firstOverlapping(region, index, lastIndex); link !== NO_LINK; link = anonVmas.nextOverlapping(link, index, lastIndex)) {
      const vma = anonVmas.vmaOfLink(link), shift = vmas.firstPageOf(vma) - vmas.pageIndexOf(vma);
      const first = Math.max(vmas.firstPageOf(vma), index + shift), end = Math.min(vmas.endPageOf(vma), lastIndex + 1 + shift);
      visit(vma, first, end, head + first - shift - index);
    }
  }

  /** @kernel try_to_migrate_one() with TTU_SPLIT_HUGE_PMD — mm/rmap.c, v6.18 */
  #unmapIn(vma: number, first: number, end: number, firstPfn: number): void {
    const { tables, vmas } = this.#parts, mm = vmas.mmOf(vma);
    for (let page = first; page < end; page++) {
      let slot = tables.slotOf(mm, page);
      if (slot === NO_SLOT) {
        if (!this.#isLeafOf(mm, page, firstPfn + page - first)) continue;
        this.#huge.split(vma, page);
        slot = tables.slotOf(mm, page);
        if (slot === NO_SLOT) continue;
      }
      tables.lock(slot);
      const pte = tables.load(slot);
      if (pteIsPresent(pte) && !pteIsSpecial(pte) && ptePfn(pte) === firstPfn + page - first) this.#unmapEntry(vma, mm, slot);
      tables.unlock(slot);
    }
  }
  #isLeafOf(mm: number, page: number, pfn: number): boolean {
    const { tables, folios } = this.#parts, slot = leafSlotOf(this.#parts, mm, page), pmd = slot === NO_SLOT ? 0 : tables.load(slot);
    return pmdIsLeaf(pmd) && ptePfn(pmd) === folios.head(pfn);
  }
  #unmapEntry(vma: number, mm: number, slot: number): void {
    const { tables, tlbs, folios } = this.#parts, pte = tables.getAndClear(slot), pfn = ptePfn(pte);
    tlbs.deferFlush(mm);
    const isExclusive = folios.testFlag(pfn, PG_anon_exclusive);
    if (isExclusive) folios.clearFlag(pfn, PG_anon_exclusive);
    if (pteIsDirty(pte)) folios.setFlag(pfn, PG_dirty);
    const entry = migrationPteOf(pteIsWritable(pte) ? SWP_MIGRATION_WRITE : isExclusive ? SWP_MIGRATION_READ_EXCLUSIVE : SWP_MIGRATION_READ, pfn);
    this.#was.set(slot, (pteIsAccessed(pte) ? WAS_YOUNG : 0) | (pteIsDirty(pte) ? WAS_DIRTY : 0));
    tables.store(slot, pteIsSoftDirty(pte) ? swapPteWithSoftDirty(entry) : entry);
    this.#maps.unmapMigrating(vma, pfn);
    folios.put(pfn);
  }

  /** @kernel remove_migration_pte() — mm/migrate.c, v6.18 */
  #remapIn(vma: number, first: number, end: number, firstPfn: number, isSplit: boolean): void {
    const { tables, vmas } = this.#parts, mm = vmas.mmOf(vma);
    for (let page = first; page < end; page++) {
      const slot = tables.slotOf(mm, page), pfn = firstPfn + page - first;
      if (slot === NO_SLOT) continue;
      tables.lock(slot);
      const entry = tables.load(slot);
      if (pteIsMigration(entry) && swapPteOffset(entry) === pfn && !(isSplit && this.#mapZeroPage(vma, slot, entry, pfn))) this.#remapEntry(vma, slot, entry, pfn);
      tables.unlock(slot);
    }
  }
  /** False if the page has a byte that is not 0, or must stay in memory. @kernel try_to_map_unused_to_zeropage() — mm/migrate.c, v6.18 */
  #mapZeroPage(vma: number, slot: number, entry: number, pfn: number): boolean {
    const { tables, vmas, folios } = this.#parts, flags = vmas.flagsOf(vma);
    if (this.#maps.isMlocked(pfn) || (flags & VM_LOCKED) !== 0 || !folios.isZero(pfn)) return false;
    const zero = pteWithSpecial(pteOf(folios.zeroPfn, protectionOf(this.#parts, flags)));
    tables.store(slot, swapPteIsSoftDirty(entry) ? pteWithSoftDirty(zero) : zero);
    this.#maps.forgetMigrating(vma);
    return true;
  }
  #remapEntry(vma: number, slot: number, entry: number, pfn: number): void {
    const { tables, vmas, folios } = this.#parts, was = this.#was.get(slot) ?? 0, type = swapPteType(entry);
    let pte = pteOf(pfn, protectionOf(this.#parts, vmas.flagsOf(vma)));
    if ((was & WAS_YOUNG) === 0) pte = pteWithoutAccessed(pte);
    if ((was & WAS_DIRTY) !== 0 && folios.testFlag(pfn, PG_dirty)) pte = pteWithDirty(pte);
    if (swapPteIsSoftDirty(entry)) pte = pteWithSoftDirty(pte);
    if (type === SWP_MIGRATION_WRITE) pte = pteWithWritable(pte);
    folios.get(pfn);
    if (type !== SWP_MIGRATION_READ) folios.setFlag(pfn, PG_anon_exclusive);
    this.#maps.mapMigrated(vma, pfn);
    tables.store(slot, pte);
  }
}
