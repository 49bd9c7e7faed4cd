import { anonVmaOf, fileOf, isAnonMapping, PG_dirty, PG_swapbacked } from "@zeropfn/folio";
import { NO_ROW } from "./interval-trees.ts";
import type { HugePmds } from "./huge-pmds.ts";
import type { MappedPages } from "./mapped-pages.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { NO_SLOT } from "./page-tables.ts";
import { PTE_NONE, pmdIsLeaf, pteIsDirty, pteIsPresent, pteIsSpecial, ptePfn } from "./pte.ts";
import { leafSlotOf } from "./table-walk.ts";
import { VM_LOCKED, VM_RAND_READ, VM_SEQ_READ } from "./vm-flags.ts";

/** How to unmap: a sum of these. @kernel ttu_flags — include/linux/rmap.h, v6.18 */
export type UnmapFlags = number;
/** Pages of locked areas too. @kernel TTU_IGNORE_MLOCK — include/linux/rmap.h, v6.18 */
export const TTU_IGNORE_MLOCK = 0x20;
/** Processors are flushed later, by `Tlbs.flushDeferred`, before the frame is used again. @kernel TTU_BATCH_FLUSH — include/linux/rmap.h, v6.18 */
export const TTU_BATCH_FLUSH = 0x40;

/** Shown an entry that maps the page, under its table's lock. @returns False: look no further. */
type RmapVisit = (vma: number, page: number, slot: number, pfn: number) => boolean;

/** Finds the entries that map a page, whoever they belong to: by the file's areas, or by those of the anonymous region. */
export class Rmap {
  readonly #parts: MmuParts;
  readonly #maps: MappedPages;
  readonly #huge: HugePmds;
  // What a walk shall do, and what it found. Scratch: written before it is read.
  #flags: UnmapFlags = 0;
  #isComplete = true;
  #references = 0;
  #isUnmapping = false;
  readonly #unmapOne: RmapVisit = (vma, page, slot, pfn) => this.#unmapEntry(vma, page, slot, pfn);
  readonly #ageOne: RmapVisit = (vma, _page, slot, pfn) => this.#ageEntry(vma, slot, pfn);

  constructor(parts: MmuParts, maps: MappedPages, huge: HugePmds) {
    this.#parts = parts;
    this.#huge = huge;
    this.#maps = maps;
  }

  /**
   * Takes the folio out of every page table. The caller has locked the folio and has a reference.
   *
   * @returns True if nothing maps it any more. False: a locked area does, or it is anonymous and has nowhere to go.
   * @kernel try_to_unmap() — mm/rmap.c, v6.18 @differs Nothing is swapped out yet.
   */
  tryToUnmap(pfn: number, flags: UnmapFlags): boolean {
    this.#flags = flags;
    this.#isComplete = true;
    this.#isUnmapping = true;
    this.#walk(pfn, this.#unmapOne);
    return this.#isComplete && this.#maps.mapcountOf(pfn) === 0;
  }

  /**
   * Through how many entries the page was used since the last time, which are old then. The caller has a reference.
   * Areas that are read at random or in sequence are not asked.
   *
   * @returns The number of young entries; -1 if a locked area maps the page, which is mlocked then.
   * @kernel folio_referenced() — mm/rmap.c, v6.18
   */
  referenced(pfn: number): number {
    this.#references = 0;
    this.#isUnmapping = false;
    this.#walk(pfn, this.#ageOne);
    return this.#references;
  }

  /** @kernel rmap_walk() — mm/rmap.c, v6.18 */
  #walk(pfn: number, visit: RmapVisit): void {
    const { folios } = this.#parts, head = folios.head(pfn), mapping = folios.mapping(head);
    if (mapping === 0) return; // it has left its file
    const index = folios.index(head);
    if (isAnonMapping(mapping)) this.#walkAnonymous(anonVmaOf(mapping), index, head, visit);
    else this.#walkFile(fileOf(mapping), index, head, visit);
  }
  /** @kernel rmap_walk_file() — mm/rmap.c, v6.18 */
  #walkFile(file: number, index: number, pfn: number, visit: RmapVisit): void {
    const { vmas, folios } = this.#parts, last = index + (1 << folios.order(pfn)) - 1;
    vmas.iMmapLock.lockShared(file);
    for (let vma = vmas.iMmap.first(file, index, last); vma !== NO_ROW; vma = vmas.iMmap.next(vma, index, last)) {
      if (!this.#visitIn(vma, index, last, pfn, visit)) break;
    }
    vmas.iMmapLock.unlockShared(file);
  }
  /** @kernel rmap_walk_anon() — mm/rmap.c, v6.18 */
  #walkAnonymous(anonVma: number, index: number, pfn: number, visit: RmapVisit): void {
    const { anonVmas, folios } = this.#parts, last = index + (1 << folios.order(pfn)) - 1;
    anonVmas.lockShared(anonVma);
    for (let link = anonVmas.firstOverlapping(anonVma, index, last); link !== NO_ROW; link = anonVmas.nextOverlapping(link, index, last)) {
      if (!this.#visitIn(anonVmas.vmaOfLink(link), index, last, pfn, visit)) break;
    }
    anonVmas.unlockShared(anonVma);
  }

  /** The pages of the folio `head` that the area shows: pages `index` to `last` of its mapping, as far as they are in it. @kernel page_vma_mapped_walk() — mm/page_vma_mapped.c, v6.18 */
  #visitIn(vma: number, index: number, last: number, head: number, visit: RmapVisit): boolean {
    const { vmas } = this.#parts, shift = vmas.firstPageOf(vma) - vmas.pageIndexOf(vma);
    const first = Math.max(vmas.firstPageOf(vma), index + shift), end = Math.min(vmas.endPageOf(vma), last + 1 + shift);
    for (let page = first; page < end; page++) if (!this.#visitPage(vma, page, head + page - shift - index, visit)) return false;
    return true;
  }
  #visitPage(vma: number, page: number, pfn: number, visit: RmapVisit): boolean {
    const { vmas, tables } = this.#parts, mm = vmas.mmOf(vma), slot = tables.slotOf(mm, page);
    if (slot === NO_SLOT) return leafSlotOf(this.#parts, mm, page) === NO_SLOT || this.#visitLeaf(vma, page, pfn, visit);
    tables.lock(slot);
    // The table may have been taken out before we had its lock.
    const pte = tables.slotOf(mm, page) === slot ? tables.load(slot) : PTE_NONE, isMapped = pteIsPresent(pte) && !pteIsSpecial(pte) && ptePfn(pte) === pfn;
    const goesOn = !isMapped || visit(vma, page, slot, pfn);
    tables.unlock(slot);
    return goesOn && (!isMapped || this.#maps.mapcountOf(pfn) > 0);
  }
  #visitLeaf(vma: number, page: number, pfn: number, visit: RmapVisit): boolean {
    const { vmas, tables, folios } = this.#parts;
    if (pfn !== folios.head(pfn)) return true; // the leaf was dealt with at its first page
    const slot = leafSlotOf(this.#parts, vmas.mmOf(vma), page);
    if (slot === NO_SLOT) return this.#visitPage(vma, page, pfn, visit);
    tables.lock(slot);
    const pmd = tables.load(slot), isMapped = pmdIsLeaf(pmd) && !pteIsSpecial(pmd) && ptePfn(pmd) === pfn;
    const goesOn = !isMapped || (this.#isUnmapping ? this.#unmapLeaf(vma, page, slot) : visit(vma, page, slot, pfn));
    tables.unlock(slot);
    return goesOn;
  }

  /**
   * Discards a huge page that nobody needs. False: it stays, in small entries if somebody does.
   * @kernel unmap_huge_pmd_locked(), __discard_anon_folio_pmd_locked() — mm/huge_memory.c, v6.18
   * @differs The leaf is made unusable, not empty, until it is known that it goes: who takes pages away looks without a lock, and would
   *   pass over an empty entry.
   */
  #unmapLeaf(vma: number, page: number, slot: number): boolean {
    const { vmas, tables, tlbs, folios, thp } = this.#parts, mm = vmas.mmOf(vma), first = thp.firstOf(page);
    if (this.#keepsLocked(vma, ptePfn(tables.load(slot)))) return this.#fail();
    const pmd = tables.invalidate(slot), pfn = ptePfn(pmd);
    tlbs.flushRange(mm, first, first + thp.pageCount);
    if (pteIsDirty(pmd)) folios.setFlag(pfn, PG_dirty);
    if (!this.#mayDiscard(pfn)) {
      tables.store(slot, pmd);
      if (folios.testFlag(pfn, PG_swapbacked)) this.#huge.splitLocked(vma, page, slot);
      return this.#fail();
    }
    tables.getAndClear(slot);
    this.#maps.unmapHuge(vma, pfn);
    this.#huge.freeDeposit(mm, slot);
    folios.put(pfn);
    return true;
  }
  /** True if the area is locked: the folio is mlocked then. */
  #keepsLocked(vma: number, pfn: number): boolean {
    if ((this.#flags & TTU_IGNORE_MLOCK) !== 0 || (this.#parts.vmas.flagsOf(vma) & VM_LOCKED) === 0) return false;
    if (!this.#maps.isMlocked(pfn)) this.#maps.mlockFolio(pfn);
    return true;
  }

  /** @kernel try_to_unmap_one() — mm/rmap.c, v6.18 */
  #unmapEntry(vma: number, page: number, slot: number, pfn: number): boolean {
    const { vmas, tables, tlbs, folios } = this.#parts, mm = vmas.mmOf(vma);
    if (this.#keepsLocked(vma, pfn)) return this.#fail();
    const pte = tables.getAndClear(slot);
    if ((this.#flags & TTU_BATCH_FLUSH) !== 0) tlbs.deferFlush(mm);
    else tlbs.flushPage(mm, page);
    if (pteIsDirty(pte)) folios.setFlag(pfn, PG_dirty);
    if (isAnonMapping(folios.mapping(pfn)) && !this.#mayDiscard(pfn)) {
      tables.store(slot, pte);
      return this.#fail();
    }
    this.#maps.unmap(vma, pfn);
    folios.put(pfn);
    return true;
  }

  /**
   * True if the bytes of an anonymous page are not needed: MADV_FREE said so, and nobody has written since, or could write
   * through a reference that he has. The entry is gone, so no new reference can come about through it.
   */
  #mayDiscard(pfn: number): boolean {
    const { folios } = this.#parts;
    if (folios.testFlag(pfn, PG_swapbacked)) return false; // no swap
    const references = folios.refcount(pfn), mappings = this.#maps.mapcountOf(pfn);
    if (folios.testFlag(pfn, PG_dirty)) {
      folios.setFlag(pfn, PG_swapbacked);
      return false;
    }
    return references === 1 + mappings;
  }

  #fail(): false {
    this.#isComplete = false;
    return false;
  }

  /** @kernel folio_referenced_one() — mm/rmap.c, v6.18 */
  #ageEntry(vma: number, slot: number, pfn: number): boolean {
    const { vmas, tables } = this.#parts, flags = vmas.flagsOf(vma);
    if ((flags & VM_LOCKED) !== 0) {
      if (!this.#maps.isMlocked(pfn)) this.#maps.mlockFolio(pfn);
      this.#references = -1;
      return false;
    }
    if ((flags & (VM_RAND_READ | VM_SEQ_READ)) === 0 && tables.testAndClearYoung(slot)) this.#references++;
    return true;
  }
}
