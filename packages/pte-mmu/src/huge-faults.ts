import { anonMapping, NO_FRAME, PG_anon_exclusive, PG_swapcache } from "@zeropfn/folio";
import { type Access, type FaultResult, VM_FAULT_FALLBACK, VM_FAULT_OOM, WRITE } from "@zeropfn/units";
import { newPte } from "./anonymous-faults.ts";
import type { HugePmds } from "./huge-pmds.ts";
import type { MappedPages } from "./mapped-pages.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { isAccessible, protectionOf } from "./page-protection.ts";
import { NO_SLOT } from "./page-tables.ts";
import {
  PMD_PS, PTE_NONE, pmdIsLeaf, pmdOf, pteIsProtnone, pteIsSpecial, pteIsWritable, pteModify, ptePfn, pteWithAccessed, pteWithDirty, pteWithSpecial, pteWithWritable,
} from "./pte.ts";
import { NO_TABLE } from "./table-pool.ts";
import { VM_WRITE } from "./vm-flags.ts";

/** Faults where there is no lowest table: a huge page may come, or one is there and does not allow the access. */
export class HugeFaults {
  readonly #parts: MmuParts;
  readonly #maps: MappedPages;
  readonly #huge: HugePmds;
  readonly #events: { readonly allocated: number; readonly fallback: number };

  constructor(parts: MmuParts, maps: MappedPages, huge: HugePmds) {
    this.#parts = parts;
    this.#maps = maps;
    this.#huge = huge;
    this.#events = { allocated: parts.tracer.event("thp_fault_alloc"), fallback: parts.tracer.event("thp_fault_fallback") };
  }

  /**
   * @param isUnshare Nobody writes: somebody who reads will keep the page, and it must be no other's.
   * @returns VM_FAULT_FALLBACK: go on with small pages. Else 0 or VM_FAULT_OOM.
   * @kernel __handle_mm_fault() — mm/memory.c, v6.18
   */
  handle(vma: number, page: number, access: Access, isUnshare: boolean): FaultResult {
    const { tables, vmas, thp } = this.#parts;
    if (!thp.isSupported) return VM_FAULT_FALLBACK;
    const slot = tables.pmdSlotOf(vmas.mmOf(vma), page), pmd = slot === NO_SLOT ? PTE_NONE : tables.load(slot);
    if (pmd === PTE_NONE) return thp.allowsFault(vma) && thp.fits(vma, page) ? this.#create(vma, page, access) : VM_FAULT_FALLBACK;
    if (!pmdIsLeaf(pmd)) return VM_FAULT_FALLBACK;
    if ((access === WRITE || isUnshare) && !pteIsWritable(pmd)) return this.#writeProtect(vma, page, slot, pmd, isUnshare);
    tables.lock(slot);
    if (tables.load(slot) === pmd) {
      // Somebody else was faster, or the entry is old.
      const touched = pteWithAccessed(access === WRITE ? pteWithDirty(pmd) : pmd), flags = vmas.flagsOf(vma);
      const entry = pteIsProtnone(pmd) && isAccessible(flags) ? pteModify(touched, protectionOf(this.#parts, flags)) : touched;
      if (entry !== pmd) tables.store(slot, entry);
    }
    tables.unlock(slot);
    return 0;
  }

  /** @kernel do_huge_pmd_anonymous_page() — mm/huge_memory.c, v6.18 */
  #create(vma: number, page: number, access: Access): FaultResult {
    const { tables, vmas, anonVmas, folios } = this.#parts, mm = vmas.mmOf(vma), isWrite = access === WRITE;
    if (!anonVmas.prepare(vma)) return VM_FAULT_OOM;
    const slot = tables.createPmdSlot(mm, page);
    if (slot === NO_SLOT) return VM_FAULT_OOM;
    const pfn = isWrite ? this.#allocate() : folios.hugeZeroFrame();
    if (pfn === NO_FRAME) {
      if (!isWrite) this.#parts.tracer.count(this.#events.fallback, 1, page);
      return VM_FAULT_FALLBACK;
    }
    const table = tables.allocateTable(mm);
    if (table === NO_TABLE) {
      if (isWrite) folios.put(pfn);
      return VM_FAULT_OOM;
    }
    tables.lock(slot);
    const isMissing = tables.load(slot) === PTE_NONE;
    if (isMissing) {
      tables.depositTable(slot, table);
      if (isWrite) this.mapNew(vma, page, slot, pfn);
      else tables.store(slot, pteWithSpecial(pmdOf(pfn, protectionOf(this.#parts, vmas.flagsOf(vma)))));
    }
    tables.unlock(slot);
    if (isMissing) return 0;
    tables.freeTable(mm, table);
    if (isWrite) folios.put(pfn);
    return 0;
  }
  /** Frames of zeros with one reference, or `NO_FRAME`. @kernel vma_alloc_anon_folio_pmd() — mm/huge_memory.c, v6.18 */
  #allocate(): number {
    const { folios, thp, tracer } = this.#parts, pfn = folios.allocate(thp.order);
    if (pfn === NO_FRAME) tracer.count(this.#events.fallback, 1, 0);
    else for (let nth = 0; nth < thp.pageCount; nth++) folios.zero(pfn + nth);
    return pfn;
  }
  /** Puts a huge page of the area's own where nothing is; the caller's reference becomes the leaf's. @kernel map_anon_folio_pmd() — mm/huge_memory.c, v6.18 */
  mapNew(vma: number, page: number, slot: number, pfn: number): void {
    const { tables, tracer, thp } = this.#parts;
    this.#maps.mapNewHuge(vma, thp.firstOf(page), pfn);
    tables.store(slot, newPte(this.#parts, vma, pfn) + PMD_PS);
    tracer.count(this.#events.allocated, 1, page);
  }

  /** A write to a huge page that is mapped read-only: it becomes writable, or its leaf is split and the page copied. @kernel do_huge_pmd_wp_page() — mm/huge_memory.c, v6.18 */
  #writeProtect(vma: number, page: number, slot: number, pmd: number, isUnshare: boolean): FaultResult {
    const { tables, folios } = this.#parts, pfn = ptePfn(pmd);
    if (pteIsSpecial(pmd)) {
      const result = this.#replaceZero(vma, page, slot, pmd);
      if (result === VM_FAULT_FALLBACK) this.#huge.split(vma, page);
      return result;
    }
    tables.lock(slot);
    if (tables.load(slot) !== pmd) {
      tables.unlock(slot);
      return 0;
    }
    if (!folios.testFlag(pfn, PG_anon_exclusive)) {
      if (!folios.tryLock(pfn) && !this.#lockFolio(slot, pmd)) return 0;
      const isOurs = folios.testFlag(pfn, PG_anon_exclusive) || this.#canReuse(vma, pfn);
      folios.unlock(pfn);
      if (!isOurs) {
        tables.unlock(slot);
        this.#huge.split(vma, page);
        return VM_FAULT_FALLBACK;
      }
    }
    if (!isUnshare) this.#reuse(vma, slot, pmd);
    tables.unlock(slot);
    return 0;
  }
  /** Waits for the folio's lock, without the table's. False if the leaf has changed meanwhile: no lock is held then. */
  #lockFolio(slot: number, pmd: number): boolean {
    const { tables, folios } = this.#parts, pfn = ptePfn(pmd);
    folios.get(pfn);
    tables.unlock(slot);
    folios.lock(pfn);
    tables.lock(slot);
    const isSame = tables.load(slot) === pmd;
    if (!isSame) {
      tables.unlock(slot);
      folios.unlock(pfn);
    }
    folios.put(pfn);
    return isSame;
  }
  /** Our leaf holds the only reference: the whole page is taken over. */
  #canReuse(vma: number, pfn: number): boolean {
    const { folios, vmas } = this.#parts;
    if (folios.refcount(pfn) !== 1 || folios.testFlag(pfn, PG_swapcache)) return false;
    this.#maps.moveAnonymous(pfn, anonMapping(vmas.anonVmaOf(vma)));
    folios.setOnPages(pfn, PG_anon_exclusive);
    return true;
  }
  #reuse(vma: number, slot: number, pmd: number): void {
    const { tables, vmas } = this.#parts, reused = pteWithDirty(pteWithAccessed(pmd));
    tables.store(slot, (vmas.flagsOf(vma) & VM_WRITE) === 0 ? reused : pteWithWritable(reused));
  }

  /** The first write to a block that shows the huge zero page. @kernel do_huge_zero_wp_pmd() — mm/huge_memory.c, v6.18 */
  #replaceZero(vma: number, page: number, slot: number, pmd: number): FaultResult {
    const { tables, tlbs, vmas, folios, thp } = this.#parts, first = thp.firstOf(page), pfn = this.#allocate();
    if (pfn === NO_FRAME) return VM_FAULT_FALLBACK;
    tables.lock(slot);
    const isSame = tables.load(slot) === pmd;
    if (isSame) {
      tables.getAndClear(slot);
      tlbs.flushRange(vmas.mmOf(vma), first, first + thp.pageCount);
      this.mapNew(vma, page, slot, pfn);
    }
    tables.unlock(slot);
    if (!isSame) folios.put(pfn);
    return 0;
  }
}
