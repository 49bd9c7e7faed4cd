import { anonVmaOf, fileOf, isAnonMapping, PG_dirty, PG_swapbacked } from "@zeropfn/folio";
import { NO_ROW } from "./interval-trees.ts";
import type { MappedPages } from "./mapped-pages.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { NO_SLOT } from "./page-tables.ts";
import { pteIsDirty, pteIsPresent, pteIsSpecial, ptePfn } from "./pte.ts";
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
  // What a walk shall do, and what it found. Scratch: written before it is read.
  #flags: UnmapFlags = 0;
  #isComplete = true;
  #references = 0;
  readonly #unmapOne: RmapVisit = (vma, page, slot, pfn) => this.#unmapEntry(vma, page, slot, pfn);
  readonly #ageOne: RmapVisit = (vma, _page, slot, pfn) => this.#ageEntry(vma, slot, pfn);

  constructor(parts: MmuParts, maps: MappedPages) {
    this.#parts = parts;
    this.#maps = maps;
  }

  /**
   * Takes the page out of every page table. The caller has locked the folio and has a reference.
   *
   * @returns True if nothing maps it any more. False: a locked area does, or it is anonymous and has nowhere to go.
   * @kernel try_to_unmap() — mm/rmap.c, v6.18 @differs Nothing is swapped out yet.
   */
  tryToUnmap(pfn: number, flags: UnmapFlags): boolean {
    this.#flags = flags;
    this.#isComplete = true;
    this.#walk(pfn, this.#unmapOne);
    return this.#isComplete && this.#parts.folios.mapcount(pfn) === 0;
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
    this.#walk(pfn, this.#ageOne);
    return this.#references;
  }

  /** @kernel rmap_walk() — mm/rmap.c, v6.18 */
  #walk(pfn: number, visit: RmapVisit): void {
    const mapping = this.#parts.folios.mapping(pfn);
    if (mapping === 0) return; // it has left its file
    const index = this.#parts.folios.index(pfn);
    if (isAnonMapping(mapping)) this.#walkAnonymous(anonVmaOf(mapping), index, pfn, visit);
    else this.#walkFile(fileOf(mapping), index, pfn, visit);
  }
  /** @kernel rmap_walk_file() — mm/rmap.c, v6.18 */
  #walkFile(file: number, index: number, pfn: number, visit: RmapVisit): void {
    const { vmas } = this.#parts;
    vmas.iMmapLock.lockShared(file);
    for (let vma = vmas.iMmap.first(file, index, index); vma !== NO_ROW; vma = vmas.iMmap.next(vma, index, index)) {
      if (!this.#visitIn(vma, index, pfn, visit)) break;
    }
    vmas.iMmapLock.unlockShared(file);
  }
  /** @kernel rmap_walk_anon() — mm/rmap.c, v6.18 */
  #walkAnonymous(anonVma: number, index: number, pfn: number, visit: RmapVisit): void {
    const { anonVmas } = this.#parts;
    anonVmas.lockShared(anonVma);
    for (let link = anonVmas.firstOverlapping(anonVma, index, index); link !== NO_ROW; link = anonVmas.nextOverlapping(link, index, index)) {
      if (!this.#visitIn(anonVmas.vmaOfLink(link), index, pfn, visit)) break;
    }
    anonVmas.unlockShared(anonVma);
  }

  /** @kernel page_vma_mapped_walk() — mm/page_vma_mapped.c, v6.18 */
  #visitIn(vma: number, index: number, pfn: number, visit: RmapVisit): boolean {
    const { vmas, tables, folios } = this.#parts, page = vmas.firstPageOf(vma) + index - vmas.pageIndexOf(vma);
    const slot = tables.slotOf(vmas.mmOf(vma), page);
    if (slot === NO_SLOT) return true;
    tables.lock(slot);
    const pte = tables.load(slot), isMapped = pteIsPresent(pte) && !pteIsSpecial(pte) && ptePfn(pte) === pfn;
    const goesOn = !isMapped || visit(vma, page, slot, pfn);
    tables.unlock(slot);
    return goesOn && (!isMapped || folios.mapcount(pfn) > 0);
  }

  /** @kernel try_to_unmap_one() — mm/rmap.c, v6.18 */
  #unmapEntry(vma: number, page: number, slot: number, pfn: number): boolean {
    const { vmas, tables, tlbs, folios } = this.#parts, mm = vmas.mmOf(vma);
    if ((this.#flags & TTU_IGNORE_MLOCK) === 0 && (vmas.flagsOf(vma) & VM_LOCKED) !== 0) {
      if (!this.#maps.isMlocked(pfn)) this.#maps.mlockFolio(pfn);
      return this.#fail();
    }
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
    const references = folios.refcount(pfn), mappings = folios.folioMapcount(pfn);
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
