import { anonMapping, isAnonMapping, NO_FRAME, PG_anon_exclusive, PG_dirty, PG_swapcache } from "@zeropfn/folio";
import { type FaultResult, VM_FAULT_NOPAGE, VM_FAULT_OOM, WRITE } from "@zeropfn/units";
import { newPte } from "./anonymous-faults.ts";
import { type FileFaults, isAnswered } from "./file-faults.ts";
import type { MappedPages } from "./mapped-pages.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { protectionOf } from "./page-protection.ts";
import { pteIsSpecial, pteOf, ptePfn, pteWithAccessed, pteWithDirty, pteWithWritable } from "./pte.ts";
import { VM_MAYSHARE, VM_SHARED, VM_WRITE } from "./vm-flags.ts";

/** No folio behind the entry: the zero page, or storage. */
const NO_PAGE = NO_FRAME;

/** A write to a page that is mapped read-only: it becomes writable, or is copied. */
export class WriteProtectFaults {
  readonly #parts: MmuParts;
  readonly #maps: MappedPages;
  readonly #files: FileFaults;
  readonly #pgreuse: number;

  constructor(parts: MmuParts, maps: MappedPages, files: FileFaults) {
    this.#parts = parts;
    this.#maps = maps;
    this.#files = files;
    this.#pgreuse = parts.tracer.event("pgreuse");
  }

  /**
   * The caller has locked the table of `slot` and seen `pte` there; the lock is gone when this returns.
   *
   * @param isUnshare Nobody writes: somebody who reads will keep the page, and it must be no other's.
   * @kernel do_wp_page() — mm/memory.c, v6.18
   */
  handle(vma: number, page: number, slot: number, pte: number, isUnshare: boolean): FaultResult {
    const { tables, vmas, folios } = this.#parts;
    const pfn = pteIsSpecial(pte) ? NO_PAGE : ptePfn(pte);
    if ((vmas.flagsOf(vma) & (VM_SHARED | VM_MAYSHARE)) !== 0) {
      if (pfn !== NO_PAGE && !folios.isDevice(pfn)) return this.#share(vma, page, slot, pte, pfn);
      tables.unlock(slot);
      return this.#files.ask(vma, page, WRITE); // storage: its filesystem knows what must happen first
    }
    if (pfn !== NO_PAGE && isAnonMapping(folios.mapping(pfn)) && (folios.testFlag(pfn, PG_anon_exclusive) || this.#canReuse(vma, pfn))) {
      folios.setFlag(pfn, PG_anon_exclusive);
      if (isUnshare) tables.unlock(slot);
      else this.#reuse(vma, page, slot, pte);
      return 0;
    }
    if (pfn !== NO_PAGE) folios.get(pfn);
    tables.unlock(slot);
    return this.#copy(vma, page, slot, pte, pfn, isUnshare);
  }

  /**
   * True if our mapping holds the only reference: nobody else can see the page, or come to see it.
   * @kernel wp_can_reuse_anon_folio() — mm/memory.c, v6.18
   */
  #canReuse(vma: number, pfn: number): boolean {
    const { folios, vmas } = this.#parts;
    if (folios.order(pfn) > 0) return this.#canReuseLarge(pfn);
    // A look before the lock; the swap cache may hold one more.
    if (folios.refcount(pfn) > 1 + (folios.testFlag(pfn, PG_swapcache) ? 1 : 0)) return false;
    if (!folios.tryLock(pfn)) return false;
    const isOurs = folios.refcount(pfn) === 1;
    if (isOurs) this.#maps.moveAnonymous(pfn, anonMapping(vmas.anonVmaOf(vma)));
    folios.unlock(pfn);
    return isOurs;
  }

  /**
   * The same of a page of a huge one. A last small rest of one is rather freed.
   * @kernel __wp_can_reuse_large_anon_folio() — mm/memory.c, v6.18
   */
  #canReuseLarge(pfn: number): boolean {
    const mapcount = this.#maps.mapcountOf(pfn);
    return mapcount > 1 && !this.#maps.isMappedShared(pfn) && mapcount === this.#parts.folios.refcount(pfn);
  }

  /** The page becomes writable where it is. Lets go of the lock. @kernel wp_page_reuse() — mm/memory.c, v6.18 */
  #reuse(vma: number, page: number, slot: number, pte: number): void {
    const { tables, vmas, tracer } = this.#parts, reused = pteWithDirty(pteWithAccessed(pte));
    tables.store(slot, (vmas.flagsOf(vma) & VM_WRITE) === 0 ? reused : pteWithWritable(reused));
    tables.unlock(slot);
    tracer.count(this.#pgreuse, 1, page);
  }

  /** The write gets a copy, or zeros where the zero page was. `pfn`: the page, with a reference of ours, or `NO_PAGE`. @kernel wp_page_copy() — mm/memory.c, v6.18 */
  #copy(vma: number, page: number, slot: number, pte: number, pfn: number, isUnshare: boolean): FaultResult {
    const { tables, folios, anonVmas } = this.#parts;
    const copy = anonVmas.prepare(vma) ? folios.allocate(0) : NO_FRAME;
    if (copy === NO_FRAME) {
      if (pfn !== NO_PAGE) folios.put(pfn);
      return VM_FAULT_OOM;
    }
    if (folios.isZeroPage(ptePfn(pte))) folios.zero(copy);
    else folios.copy(copy, ptePfn(pte));
    tables.lock(slot);
    const isSame = tables.load(slot) === pte;
    if (isSame) this.#replace(vma, page, slot, pfn, copy, isUnshare);
    tables.unlock(slot);
    if (!isSame) folios.put(copy);
    else if (pfn !== NO_PAGE) folios.put(pfn); // the mapping's
    if (pfn !== NO_PAGE) folios.put(pfn); // ours
    return 0;
  }

  /**
   * Puts the copy where the page was. No processor may use both, so the old entry is flushed while there is none; and the
   * old page counts as mapped until nobody can reach it through us, or its other owner would take it for his own.
   */
  #replace(vma: number, page: number, slot: number, pfn: number, copy: number, isUnshare: boolean): void {
    const { tables, tlbs, vmas } = this.#parts;
    tables.getAndClear(slot);
    tlbs.flushPage(vmas.mmOf(vma), page);
    this.#maps.mapNewAnonymous(vma, page, copy);
    tables.store(slot, isUnshare ? pteOf(copy, protectionOf(this.#parts, vmas.flagsOf(vma))) : newPte(this.#parts, vma, copy));
    if (pfn !== NO_PAGE) this.#maps.unmap(vma, pfn);
  }

  /** A page of a file in a shared area. Lets go of the lock. @kernel wp_page_shared(), finish_mkwrite_fault() — mm/memory.c, v6.18 */
  #share(vma: number, page: number, slot: number, pte: number, pfn: number): FaultResult {
    const { tables, folios, handler } = this.#parts;
    folios.get(pfn);
    if (!handler().features.writeNotify) {
      this.#reuse(vma, page, slot, pte);
      folios.lock(pfn);
    } else {
      tables.unlock(slot);
      const may = this.#files.askToWrite(vma, page, pfn);
      if (isAnswered(may)) {
        folios.put(pfn);
        return may;
      }
      tables.lock(slot);
      if (tables.load(slot) !== pte) {
        tables.unlock(slot);
        folios.unlock(pfn);
        folios.put(pfn);
        return VM_FAULT_NOPAGE;
      }
      this.#reuse(vma, page, slot, pte);
    }
    folios.setFlag(pfn, PG_dirty);
    folios.unlock(pfn);
    folios.put(pfn);
    return 0;
  }
}
