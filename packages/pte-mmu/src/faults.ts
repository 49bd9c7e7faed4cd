import type { Tracer } from "@zeropfn/state";
import {
  type Access, EXEC, type FaultResult, faultIsError, VM_FAULT_ACCERR, VM_FAULT_FALLBACK, VM_FAULT_MAJOR, VM_FAULT_SIGBUS, VM_FAULT_SIGSEGV, WRITE,
} from "@zeropfn/units";
import { AnonymousFaults } from "./anonymous-faults.ts";
import { FileFaults } from "./file-faults.ts";
import { HugeFaults } from "./huge-faults.ts";
import type { HugePmds } from "./huge-pmds.ts";
import type { MappedPages } from "./mapped-pages.ts";
import type { MmCounters } from "./mm-counters.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { isAccessible, protectionOf } from "./page-protection.ts";
import { NO_SLOT, type PageTables } from "./page-tables.ts";
import { PTE_NONE, pteIsPresent, pteIsProtnone, pteIsWritable, pteModify, pteWithAccessed, pteWithDirty } from "./pte.ts";
import { PTE_MARKER_GUARD, PTE_MARKER_POISONED, PTE_MARKER_UFFD_WP, pteIsMigration, pteMarkers, swapPteOffset } from "./swap-pte.ts";
import { VM_EXEC, VM_WRITE, type VmFlags } from "./vm-flags.ts";
import { NO_VMA } from "./vma-index.ts";
import { type Vmas, vmaIsAnonymous } from "./vmas.ts";
import { WriteProtectFaults } from "./write-protect-faults.ts";

/** How a fault came about: a sum of FAULT_FLAG_* bits. @kernel fault_flag — include/linux/mm_types.h, v6.18 */
export type FaultFlags = number;
/** An instruction of a user program faulted, so the fault counts as its own. @kernel FAULT_FLAG_USER — include/linux/mm_types.h, v6.18 */
export const FAULT_FLAG_USER = 0x40;
/** A read whose reader will keep the page: it must be no other's. @kernel FAULT_FLAG_UNSHARE — include/linux/mm_types.h, v6.18 */
export const FAULT_FLAG_UNSHARE = 0x400;

/** Page faults: what makes a page present, or writable, or refuses it. A fault allocates no JavaScript object. */
export class Faults {
  readonly #parts: MmuParts;
  readonly #tables: PageTables;
  readonly #vmas: Vmas;
  readonly #counters: MmCounters;
  readonly #tracer: Tracer;
  readonly #anonymous: AnonymousFaults;
  readonly #files: FileFaults;
  readonly #writeProtect: WriteProtectFaults;
  readonly #huge: HugeFaults;
  readonly #pgfault: number;
  readonly #pgmajfault: number;

  constructor(parts: MmuParts, maps: MappedPages, huge: HugePmds) {
    this.#parts = parts;
    this.#tables = parts.tables;
    this.#vmas = parts.vmas;
    this.#counters = parts.counters;
    this.#tracer = parts.tracer;
    this.#huge = new HugeFaults(parts, maps, huge);
    this.#anonymous = new AnonymousFaults(parts, maps);
    this.#files = new FileFaults(parts, maps);
    this.#writeProtect = new WriteProtectFaults(parts, maps, this.#files);
    this.#pgfault = parts.tracer.event("pgfault");
    this.#pgmajfault = parts.tracer.event("pgmajfault");
  }

  /**
   * An access of a user program that the hardware refused.
   *
   * @returns A set of VM_FAULT_* bits: VM_FAULT_SIGSEGV where there is no area, with VM_FAULT_ACCERR where the area does not
   *   allow the access. No error says: try the access again.
   * @kernel do_user_addr_fault() — arch/x86/mm/fault.c, v6.18
   * @differs Takes mmap_lock for reading where the kernel takes the lock of the area first. An instruction fetch from an area
   *   that is not executable is refused at once; the kernel maps the page first. Stacks do not grow.
   */
  handle(mm: number, page: number, access: Access): FaultResult {
    const vmas = this.#vmas;
    vmas.mmapLock.lockShared(mm);
    const vma = vmas.lookUp(mm, page);
    let result: FaultResult = VM_FAULT_SIGSEGV;
    if (vma !== NO_VMA) {
      result = isAllowed(vmas.flagsOf(vma), access) ? this.handleIn(vma, page, access, FAULT_FLAG_USER) : VM_FAULT_SIGSEGV | VM_FAULT_ACCERR;
    }
    vmas.mmapLock.unlockShared(mm);
    return result;
  }

  /** The same for a page of an area; who calls holds mmap_lock and has looked at the rights. @kernel handle_mm_fault(), mm_account_fault() — mm/memory.c, v6.18 */
  handleIn(vma: number, page: number, access: Access, flags: FaultFlags): FaultResult {
    const tracer = this.#tracer, result = this.#handle(vma, page, access, flags);
    tracer.count(this.#pgfault, 1, page);
    if ((result & VM_FAULT_MAJOR) !== 0) tracer.count(this.#pgmajfault, 1, page);
    if ((flags & FAULT_FLAG_USER) === 0 || faultIsError(result)) return result;
    if ((result & VM_FAULT_MAJOR) !== 0) this.#counters.majorFault(this.#vmas.mmOf(vma));
    else this.#counters.minorFault(this.#vmas.mmOf(vma));
    return result;
  }

  /** @kernel handle_pte_fault() — mm/memory.c, v6.18 */
  #handle(vma: number, page: number, access: Access, flags: FaultFlags): FaultResult {
    const slot = this.#tables.slotOf(this.#vmas.mmOf(vma), page);
    if (slot === NO_SLOT) return this.#handleWithoutTable(vma, page, access, flags);
    return this.#handleEntry(vma, page, slot, access, flags);
  }
  /** @kernel __handle_mm_fault() — mm/memory.c, v6.18 */
  #handleWithoutTable(vma: number, page: number, access: Access, flags: FaultFlags): FaultResult {
    const { tables, vmas } = this.#parts, result = this.#huge.handle(vma, page, access, (flags & FAULT_FLAG_UNSHARE) !== 0);
    if (result !== VM_FAULT_FALLBACK) return result;
    const slot = tables.slotOf(vmas.mmOf(vma), page);
    return slot === NO_SLOT ? this.#handleMissing(vma, page, slot, access) : this.#handleEntry(vma, page, slot, access, flags);
  }
  #handleEntry(vma: number, page: number, slot: number, access: Access, flags: FaultFlags): FaultResult {
    const pte = this.#tables.load(slot);
    if (pte === PTE_NONE) return this.#handleMissing(vma, page, slot, access);
    return pteIsPresent(pte) ? this.#handlePresent(vma, page, slot, pte, access, flags) : this.#handleNotPresent(vma, page, slot, pte, access);
  }
  #handlePresent(vma: number, page: number, slot: number, pte: number, access: Access, flags: FaultFlags): FaultResult {
    const tables = this.#tables, vmas = this.#vmas;
    tables.lock(slot);
    if (tables.load(slot) !== pte) {
      tables.unlock(slot);
      return 0;
    }
    const isUnshare = (flags & FAULT_FLAG_UNSHARE) !== 0;
    if ((access === WRITE || isUnshare) && !pteIsWritable(pte)) return this.#writeProtect.handle(vma, page, slot, pte, isUnshare);
    // Somebody else was faster, or the entry is old.
    const touched = pteWithAccessed(access === WRITE ? pteWithDirty(pte) : pte);
    const entry = pteIsProtnone(pte) && isAccessible(vmas.flagsOf(vma)) ? pteModify(touched, protectionOf(this.#parts, vmas.flagsOf(vma))) : touched;
    if (entry !== pte) tables.store(slot, entry);
    tables.unlock(slot);
    return 0;
  }

  /** `slot`: of the entry, which stays where it is while mmap_lock is held, or `NO_SLOT`. @kernel do_pte_missing() — mm/memory.c, v6.18 */
  #handleMissing(vma: number, page: number, slot: number, access: Access): FaultResult {
    return vmaIsAnonymous(this.#vmas, vma) ? this.#anonymous.handle(vma, page, slot, access) : this.#files.handle(vma, page, access);
  }

  /** @kernel do_swap_page(), handle_pte_marker() — mm/memory.c, v6.18 @differs No page is ever swapped out yet. */
  #handleNotPresent(vma: number, page: number, slot: number, pte: number, access: Access): FaultResult {
    const { tables, folios } = this.#parts, markers = pteMarkers(pte);
    if (pteIsMigration(pte)) {
      folios.waitUnlocked(swapPteOffset(pte)); // who made the entry holds the lock until it is one that maps a page again
      return 0;
    }
    if ((markers & PTE_MARKER_POISONED) !== 0) return VM_FAULT_SIGBUS;
    if ((markers & PTE_MARKER_GUARD) !== 0) return VM_FAULT_SIGSEGV;
    if ((markers & PTE_MARKER_UFFD_WP) === 0) return VM_FAULT_SIGBUS;
    // Nobody listens: the marker means nothing.
    tables.lock(slot);
    if (tables.load(slot) === pte) tables.getAndClear(slot);
    tables.unlock(slot);
    return this.#handleMissing(vma, page, slot, access);
  }
}

/** @kernel access_error() — arch/x86/mm/fault.c, v6.18 */
const isAllowed = (flags: VmFlags, access: Access): boolean => (access === WRITE ? (flags & VM_WRITE) !== 0 : access === EXEC ? (flags & VM_EXEC) !== 0 : isAccessible(flags));
