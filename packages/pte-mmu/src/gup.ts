import { folioMarkAccessed, type Folios, PG_dirty, PG_referenced } from "@zeropfn/folio";
import { leaves } from "@zeropfn/state";
import { EFAULT, ENOMEM, EOPNOTSUPP, faultIsError, READ, VM_FAULT_OOM, WRITE } from "@zeropfn/units";
import { FAULT_FLAG_UNSHARE, type Faults } from "./faults.ts";
import { canForceWrite, FOLL_FORCE, FOLL_LONGTERM, FOLL_PIN, FOLL_TOUCH, FOLL_WRITE, gupMustUnshare, type GupFlags } from "./gup-flags.ts";
import type { MmPins } from "./mm-pins.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { NO_SLOT } from "./page-tables.ts";
import { PTE_NONE, pmdIsLeaf, pteInLeaf, pteIsDirty, pteIsPresent, pteIsSpecial, pteIsUsable, pteIsWritable, ptePfn, pteWithAccessed, pteWithDirty } from "./pte.ts";
import { isCowMapping, VM_IO, VM_MAYREAD, VM_PFNMAP, VM_READ, VM_SHARED, VM_WRITE } from "./vm-flags.ts";
import { NO_VMA } from "./vma-index.ts";
import { vmaIsAnonymous } from "./vmas.ts";

/** What `#follow` answers instead of a frame. */
const MUST_FAULT = -1;
const MUST_UNSHARE = -2;
const NO_FOLIO = -3;

/**
 * Pages of user memory for who reaches their bytes without page tables: devices, pipes, and other processes.
 *
 * With FOLL_GET each page has one reference more, with FOLL_PIN one pin; zero pages have neither. `release` gives them back.
 * @kernel mm/gup.c, v6.18
 */
export class Gup {
  static {
    if (__EXPLORE__) leaves(Gup, "pte-mmu/gup", { peek: {}, isUnchanged: {} });
  }
  readonly #parts: MmuParts;
  readonly #faults: Faults;
  readonly #pins: MmPins;
  readonly #taskPages: number;

  /** @param taskPages Pages of user space. */
  constructor(parts: MmuParts, faults: Faults, pins: MmPins, taskPages: number) {
    this.#parts = parts;
    this.#faults = faults;
    this.#pins = pins;
    this.#taskPages = taskPages;
  }

  /**
   * Pages [first, first + count) of the caller's own address space: without a lock as far as they are there, and by faults from the
   * first that is not.
   *
   * @param flags FOLL_GET or FOLL_PIN, and FOLL_WRITE, FOLL_LONGTERM.
   * @param out Their frames, from item 0 on.
   * @returns How many there are before the first that cannot be had; -EFAULT or -ENOMEM if that is the first.
   * @kernel get_user_pages_fast(), pin_user_pages_fast(), gup_fast_fallback() — mm/gup.c, v6.18
   */
  fast(mm: number, first: number, count: number, flags: GupFlags, out: Uint32Array): number {
    if (!(first >= 0 && first + count <= this.#taskPages)) return -EFAULT;
    if ((flags & FOLL_PIN) !== 0) this.#pins.setHasPinned(mm);
    const quick = this.#fastPages(mm, first, count, flags, out);
    if (quick === count) return count;
    const rest = this.#slowPages(mm, first + quick, count - quick, flags | FOLL_TOUCH, out, quick);
    return rest >= 0 ? quick + rest : quick > 0 ? quick : rest;
  }

  /**
   * The same of any address space, under its mmap_lock.
   *
   * @param flags FOLL_FORCE too.
   * @returns As `fast`; also -EOPNOTSUPP.
   * @kernel get_user_pages_remote(), pin_user_pages_remote() — mm/gup.c, v6.18
   */
  remote(mm: number, first: number, count: number, flags: GupFlags, out: Uint32Array): number {
    if ((flags & FOLL_PIN) !== 0) this.#pins.setHasPinned(mm);
    return this.#slowPages(mm, first, count, flags | FOLL_TOUCH, out, 0);
  }

  /** Gives back what `flags` took of a page. @kernel gup_put_folio() — mm/gup.c, v6.18 */
  release(pfn: number, flags: GupFlags): void {
    const { folios } = this.#parts;
    if ((flags & FOLL_PIN) === 0) folios.put(pfn);
    else folios.unpin(pfn);
  }
  /** The same of a page whose bytes were written by its frame. @kernel unpin_user_pages_dirty_lock() — mm/gup.c, v6.18 */
  releaseDirty(pfn: number, flags: GupFlags): void {
    this.markDirty(pfn);
    this.release(pfn, flags);
  }
  /** No entry says that the page was written: the folio has to. @kernel set_page_dirty_lock() — mm/page-writeback.c, v6.18 */
  markDirty(pfn: number): void {
    const { folios } = this.#parts;
    if (folios.testFlag(pfn, PG_dirty)) return;
    folios.lock(pfn);
    folios.setFlag(pfn, PG_dirty);
    folios.unlock(pfn);
  }

  // Without a lock

  /** How many pages from `first` on could be had so. @kernel gup_fast() — mm/gup.c, v6.18 */
  #fastPages(mm: number, first: number, count: number, flags: GupFlags, out: Uint32Array): number {
    const isPin = (flags & FOLL_PIN) !== 0, sequence = isPin ? this.#pins.sequence(mm) : 0;
    if (sequence % 2 === 1) return 0; // a fork is copying entries
    let done = 0;
    while (done < count) {
      const pfn = this.#fastPage(mm, first + done, flags);
      if (pfn < 0) break;
      out[done++] = pfn;
    }
    if (!isPin || this.#pins.sequence(mm) === sequence) return done;
    // A fork may have looked for pins before there was ours, and given the page to a child.
    for (let nth = 0; nth < done; nth++) this.release(out[nth]!, flags);
    return 0;
  }

  /** The frame of `page`, held, or MUST_FAULT. @kernel gup_fast_pte_range() — mm/gup.c, v6.18 */
  #fastPage(mm: number, page: number, flags: GupFlags): number {
    const { folios } = this.#parts, pte = this.peek(mm, page);
    if (!pteIsUsable(pte) || pteIsSpecial(pte) || ((flags & FOLL_WRITE) !== 0 && !pteIsWritable(pte))) return MUST_FAULT;
    const pfn = ptePfn(pte);
    if (!this.#tryGrab(pfn, flags)) return MUST_FAULT;
    // Between the look and the reference the frame may have become another's.
    if (!this.isUnchanged(mm, page, pte) || (!pteIsWritable(pte) && gupMustUnshare(folios, pfn, flags, undefined))) {
      this.release(pfn, flags);
      return MUST_FAULT;
    }
    if (!folios.isZeroPage(pfn)) folios.setFlag(pfn, PG_referenced);
    return pfn;
  }

  /** Holds a page that nothing keeps from being freed. @kernel try_grab_folio_fast() — mm/gup.c, v6.18 */
  #tryGrab(pfn: number, flags: GupFlags): boolean {
    const { folios } = this.#parts;
    if (folios.isZeroPage(pfn)) return true;
    if (!folios.tryGet(pfn)) return false;
    if ((flags & FOLL_PIN) === 0) return true;
    folios.pin(pfn);
    folios.put(pfn); // the pin holds it
    return true;
  }

  // Under mmap_lock

  /** As `fast`, into `out[at …]`. @kernel __get_user_pages() — mm/gup.c, v6.18 */
  #slowPages(mm: number, first: number, count: number, flags: GupFlags, out: Uint32Array, at: number): number {
    const { vmas } = this.#parts;
    let vma = NO_VMA, done = 0, result = 0;
    vmas.mmapLock.lockShared(mm);
    while (done < count) {
      const page = first + done;
      if (vma === NO_VMA || page >= vmas.endPageOf(vma)) {
        vma = vmas.lookUp(mm, page);
        result = vma === NO_VMA ? -EFAULT : this.#checkArea(vma, flags);
        if (result < 0) break;
      }
      result = this.#slowPage(vma, page, flags);
      if (result < 0) break;
      out[at + done++] = result;
    }
    vmas.mmapLock.unlockShared(mm);
    return done > 0 || result >= 0 ? done : result;
  }

  /** What the area refuses, whatever its pages are. @kernel check_vma_flags(), writable_file_mapping_allowed() — mm/gup.c, v6.18 */
  #checkArea(vma: number, flags: GupFlags): number {
    const { vmas, handler } = this.#parts, vmFlags = vmas.flagsOf(vma), isForced = (flags & FOLL_FORCE) !== 0;
    if ((vmFlags & (VM_IO | VM_PFNMAP)) !== 0) return -EFAULT;
    if ((flags & FOLL_WRITE) === 0) return (vmFlags & VM_READ) !== 0 || (isForced && (vmFlags & VM_MAYREAD) !== 0) ? 0 : -EFAULT;
    // The filesystem would not be told of what is written after its next writeback.
    const isKept = (flags & (FOLL_PIN | FOLL_LONGTERM)) === (FOLL_PIN | FOLL_LONGTERM), isShared = (vmFlags & (VM_SHARED | VM_WRITE)) === (VM_SHARED | VM_WRITE);
    if (isKept && isShared && !vmaIsAnonymous(vmas, vma) && handler().features.writeNotify) return -EFAULT;
    return (vmFlags & VM_WRITE) !== 0 || (isForced && isCowMapping(vmFlags)) ? 0 : -EFAULT;
  }

  /** The frame of `page`, held; -EFAULT, -ENOMEM or -EOPNOTSUPP. @kernel faultin_page(), vm_fault_to_errno() — mm/gup.c, include/linux/mm.h, v6.18 */
  #slowPage(vma: number, page: number, flags: GupFlags): number {
    for (;;) {
      const pfn = this.#follow(vma, page, flags);
      if (pfn >= 0) return pfn;
      if (pfn === NO_FOLIO) return -EOPNOTSUPP;
      const isWrite = (flags & FOLL_WRITE) !== 0;
      const result = this.#faults.handleIn(vma, page, isWrite ? WRITE : READ, pfn === MUST_UNSHARE ? FAULT_FLAG_UNSHARE : 0);
      if (faultIsError(result)) return (result & VM_FAULT_OOM) !== 0 ? -ENOMEM : -EFAULT;
    }
  }

  /** The frame of `page`, held, or why not. @kernel follow_page_mask() — mm/gup.c, v6.18 */
  #follow(vma: number, page: number, flags: GupFlags): number {
    const { tables, vmas } = this.#parts, mm = vmas.mmOf(vma), slot = tables.slotOf(mm, page);
    if (slot === NO_SLOT) return this.#followHuge(vma, page, flags);
    tables.lock(slot);
    const pfn = this.#grabLocked(vma, tables.load(slot), flags);
    tables.unlock(slot);
    return pfn;
  }
  /** @kernel follow_huge_pmd(), touch_pmd(), pmdp_set_access_flags() — mm/gup.c, mm/huge_memory.c, arch/x86/mm/pgtable.c, v6.18 */
  #followHuge(vma: number, page: number, flags: GupFlags): number {
    const { tables, vmas } = this.#parts, slot = tables.pmdSlotOf(vmas.mmOf(vma), page);
    if (slot === NO_SLOT) return MUST_FAULT;
    tables.lock(slot);
    const pmd = tables.load(slot), isWrite = (flags & (FOLL_TOUCH | FOLL_WRITE)) === (FOLL_TOUCH | FOLL_WRITE);
    const pfn = pmdIsLeaf(pmd) ? this.#grabLocked(vma, pteInLeaf(pmd, page & (tables.pagesPerTable - 1)), flags & ~FOLL_TOUCH) : MUST_FAULT;
    if (pfn >= 0 && isWrite) tables.store(slot, pteWithAccessed(pteWithDirty(pmd))); // a read leaves a leaf of x86 as it is
    tables.unlock(slot);
    return pfn;
  }

  /** @kernel follow_page_pte() — mm/gup.c, v6.18 @differs Storage has no folios that anybody could hold. */
  #grabLocked(vma: number, pte: number, flags: GupFlags): number {
    const { folios, vmas } = this.#parts;
    if (!pteIsPresent(pte)) return MUST_FAULT;
    const pfn = ptePfn(pte), vmFlags = vmas.flagsOf(vma), isStorage = pteIsSpecial(pte) && !folios.isZeroPage(pfn);
    if ((flags & FOLL_WRITE) !== 0 && !pteIsWritable(pte) && (isStorage || !canForceWrite(folios, pfn, flags, vmFlags))) return MUST_FAULT;
    if (isStorage) return NO_FOLIO;
    if (!pteIsWritable(pte) && gupMustUnshare(folios, pfn, flags, vmFlags)) return MUST_UNSHARE;
    if ((flags & FOLL_PIN) === 0) folios.get(pfn);
    else folios.pin(pfn);
    if ((flags & FOLL_TOUCH) !== 0 && !folios.isZeroPage(pfn)) touch(folios, pfn, pte, flags);
    return pfn;
  }

  // Steps

  /** One look at the entry of `page`, a leaf's share of it where that maps it, or `PTE_NONE`. @kernel ptep_get_lockless() — include/linux/pgtable.h, v6.18 */
  peek(mm: number, page: number): number {
    const { tables } = this.#parts, slot = tables.slotOf(mm, page);
    if (slot !== NO_SLOT) return tables.load(slot);
    const pmdSlot = tables.pmdSlotOf(mm, page), pmd = pmdSlot === NO_SLOT ? PTE_NONE : tables.load(pmdSlot);
    return pmdIsLeaf(pmd) ? pteInLeaf(pmd, page & (tables.pagesPerTable - 1)) : PTE_NONE;
  }
  /** True if a second look shows the same, down from the top: the table may have been freed meanwhile. */
  isUnchanged(mm: number, page: number, pte: number): boolean {
    return this.peek(mm, page) === pte;
  }
}

/** @kernel follow_page_pte() with FOLL_TOUCH — mm/gup.c, v6.18 */
function touch(folios: Folios, pfn: number, pte: number, flags: GupFlags): void {
  if ((flags & FOLL_WRITE) !== 0 && !pteIsDirty(pte) && !folios.testFlag(pfn, PG_dirty)) folios.setFlag(pfn, PG_dirty);
  folioMarkAccessed(folios, pfn);
}
