import { folioMarkAccessed, PG_dirty } from "@zeropfn/folio";
import { mark } from "@zeropfn/state";
import { type Access, EFAULT, EINVAL, ENOMEM, type FaultResult, faultIsError, READ, VM_FAULT_OOM, WRITE } from "@zeropfn/units";
import type { Faults } from "./faults.ts";
import type { MappedPages } from "./mapped-pages.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { isAccessible } from "./page-protection.ts";
import { NO_SLOT } from "./page-tables.ts";
import { pmdIsLeaf, pteIsDirty, pteIsSpecial, pteIsUsable, pteIsWritable, ptePfn, pteWithAccessed, pteWithDirty } from "./pte.ts";
import { leafSlotOf } from "./table-walk.ts";
import { VM_IO, VM_LOCKONFAULT, VM_PFNMAP, VM_READ, VM_SHARED, VM_WRITE } from "./vm-flags.ts";

/** Makes the pages of a range present before anybody accesses them. The caller holds mmap_lock. */
export class Populate {
  readonly #parts: MmuParts;
  readonly #maps: MappedPages;
  readonly #faults: Faults;

  constructor(parts: MmuParts, maps: MappedPages, faults: Faults) {
    this.#parts = parts;
    this.#maps = maps;
    this.#faults = faults;
  }

  /**
   * For mlock(), MAP_POPULATE and areas that are locked: pages [first, end) of an area. Private writable pages are written
   * to, so that they are copied now; others are only read.
   *
   * @returns 0, -EFAULT (nothing may be accessed, the end of the file, a guard) or -ENOMEM. What comes before it is present.
   * @kernel populate_vma_page_range() — mm/gup.c, v6.18
   */
  area(vma: number, first: number, end: number): number {
    const flags = this.#parts.vmas.flagsOf(vma);
    if ((flags & VM_LOCKONFAULT) !== 0) return 0;
    if (!isAccessible(flags) || (flags & (VM_IO | VM_PFNMAP)) !== 0) return -EFAULT;
    return this.#touchAll(vma, first, end, (flags & (VM_WRITE | VM_SHARED)) === VM_WRITE ? WRITE : READ);
  }

  /**
   * For MADV_POPULATE_READ and MADV_POPULATE_WRITE: pages [first, end) of an area, for exactly this access.
   *
   * @returns 0, -EINVAL if the area does not allow it, -EFAULT (the end of the file, a guard) or -ENOMEM.
   * @kernel faultin_page_range(), madvise_populate() — mm/gup.c, mm/madvise.c, v6.18
   */
  forAccess(vma: number, first: number, end: number, access: Access): number {
    const flags = this.#parts.vmas.flagsOf(vma);
    if ((flags & (VM_IO | VM_PFNMAP)) !== 0 || (flags & (access === WRITE ? VM_WRITE : VM_READ)) === 0) return -EINVAL;
    return this.#touchAll(vma, first, end, access);
  }

  /** @kernel __get_user_pages() with FOLL_TOUCH — mm/gup.c, v6.18 */
  #touchAll(vma: number, first: number, end: number, access: Access): number {
    for (let page = first; page < end; page = this.#next(vma, page)) {
      if (__EXPLORE__) mark("populate", vma, page, ...this.#maps.mlockBatch.contents());
      while (!this.#follow(vma, page, access)) {
        const result = this.#faults.handleIn(vma, page, access, 0);
        if (faultIsError(result)) return -errnoOf(result);
        if (__EXPLORE__) mark("populate again", vma, page, ...this.#maps.mlockBatch.contents());
      }
    }
    return 0;
  }

  /** The page to look at next: a leaf was dealt with as a whole. @kernel __get_user_pages(), follow_page_context::page_mask — mm/gup.c, v6.18 */
  #next(vma: number, page: number): number {
    const { thp, vmas } = this.#parts;
    return leafSlotOf(this.#parts, vmas.mmOf(vma), page) === NO_SLOT ? page + 1 : thp.firstOf(page) + thp.pageCount;
  }

  /** True if the page is present for this access. It counts as accessed then. @kernel follow_page_pte() — mm/gup.c, v6.18 */
  #follow(vma: number, page: number, access: Access): boolean {
    const { tables, vmas, folios } = this.#parts, slot = tables.slotOf(vmas.mmOf(vma), page);
    if (slot === NO_SLOT) return this.#followHuge(vma, page, access);
    tables.lock(slot);
    const pte = tables.load(slot), isPresent = pteIsUsable(pte) && (access !== WRITE || pteIsWritable(pte));
    if (isPresent && !pteIsSpecial(pte)) {
      const pfn = ptePfn(pte);
      if (access === WRITE && !pteIsDirty(pte)) folios.setFlag(pfn, PG_dirty);
      folioMarkAccessed(folios, pfn);
    }
    tables.unlock(slot);
    return isPresent;
  }
  /** The same of a page that a leaf maps: the leaf says that it was written; a read leaves a leaf of x86 as it is. @kernel follow_huge_pmd(), touch_pmd(), pmdp_set_access_flags() — mm/gup.c, mm/huge_memory.c, arch/x86/mm/pgtable.c, v6.18 */
  #followHuge(vma: number, page: number, access: Access): boolean {
    const { tables, vmas } = this.#parts, slot = leafSlotOf(this.#parts, vmas.mmOf(vma), page);
    if (slot === NO_SLOT) return false;
    tables.lock(slot);
    const pmd = tables.load(slot), isPresent = pmdIsLeaf(pmd) && pteIsUsable(pmd) && (access !== WRITE || pteIsWritable(pmd));
    if (isPresent && access === WRITE) tables.store(slot, pteWithAccessed(pteWithDirty(pmd)));
    tables.unlock(slot);
    return isPresent;
  }
}

/** @kernel vm_fault_to_errno() — include/linux/mm.h, v6.18 */
const errnoOf = (result: FaultResult): number => ((result & VM_FAULT_OOM) !== 0 ? ENOMEM : EFAULT);
