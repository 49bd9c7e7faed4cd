export { AnonVmas, type AnonVmasOptions, NO_LINK } from "./anon-vmas.ts";
export { Areas, type WantedArea } from "./areas.ts";
export { brk } from "./calls/brk.ts";
export type { CallParts, CallResult } from "./calls/call-parts.ts";
export {
  MADV_COLD, MADV_COLLAPSE, MADV_DODUMP, MADV_DOFORK, MADV_DONTDUMP, MADV_DONTFORK, MADV_DONTNEED, MADV_DONTNEED_LOCKED, MADV_FREE, MADV_GUARD_INSTALL, MADV_GUARD_REMOVE,
  MADV_HUGEPAGE, MADV_KEEPONFORK, MADV_MERGEABLE, MADV_NOHUGEPAGE, MADV_NORMAL, MADV_PAGEOUT, MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_RANDOM, MADV_REMOVE, MADV_SEQUENTIAL,
  MADV_UNMERGEABLE, MADV_WILLNEED, MADV_WIPEONFORK, madvise,
} from "./calls/madvise.ts";
export { mincore } from "./calls/mincore.ts";
export { mlock, MLOCK_ONFAULT, munlock } from "./calls/mlock.ts";
export {
  MAP_32BIT, MAP_ANONYMOUS, MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_GROWSDOWN, MAP_HUGETLB, MAP_LOCKED, MAP_NONBLOCK, MAP_NORESERVE, MAP_POPULATE, MAP_PRIVATE, MAP_SHARED, MAP_SHARED_VALIDATE, MAP_STACK,
  MAP_SYNC, mmap, type MmapRequest, PROT_EXEC, PROT_GROWSDOWN, PROT_GROWSUP, PROT_NONE, PROT_READ, PROT_SEM, PROT_WRITE,
} from "./calls/mmap.ts";
export { mprotect } from "./calls/mprotect.ts";
export { mremap, MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE } from "./calls/mremap.ts";
export { MS_ASYNC, MS_INVALIDATE, MS_SYNC, msync } from "./calls/msync.ts";
export { munmap } from "./calls/munmap.ts";
export { PteMmuError, type PteMmuErrorCode } from "./errors.ts";
export { FAULT_FLAG_UNSHARE, FAULT_FLAG_USER, type FaultFlags, Faults } from "./faults.ts";
export type { FileFault, FileFaultFeatures, FileFaultHandler } from "./file-fault-handler.ts";
export { checkAccounting } from "./invariants.ts";
export { Gup } from "./gup.ts";
export { FOLL_FORCE, FOLL_GET, FOLL_LONGTERM, FOLL_PIN, FOLL_TOUCH, FOLL_WRITE, type GupFlags } from "./gup-flags.ts";
export { type EntryVisitor, forEachEntry } from "./for-each-entry.ts";
export type { MappedFiles } from "./mapped-files.ts";
export { MM_ANONPAGES, MM_FILEPAGES, MM_SHMEMPAGES, MM_SWAPENTS, type MmCounter, MmCounters } from "./mm-counters.ts";
export { MmPins } from "./mm-pins.ts";
export { Mms, NO_MM } from "./mms.ts";
export { type AccessResult, Mmu, type MmuOptions, type SignalInfo, type VmaRange } from "./mmu.ts";
export { MmuGather } from "./mmu-gather.ts";
export type { MmuParts } from "./mmu-parts.ts";
export { LEAF_ABOVE, NO_SLOT, PageTables, type PageTablesOptions } from "./page-tables.ts";
export {
  PMD_PS, pmdInvalid, pmdIsLeaf, pmdIsPresent, pmdIsTable, pmdOf, PTE_ACCESSED, PTE_DIRTY, PTE_GLOBAL, PTE_NONE, PTE_NX, PTE_PAT, PTE_PCD, PTE_PRESENT, PTE_PROTNONE, PTE_PWT,
  PTE_SOFT_DIRTY, PTE_SPECIAL, PTE_UFFD_WP, PTE_USER, PTE_WRITABLE, pteFlags, pteInLeaf, pteIsAccessed, pteIsDirty, pteIsExecutable, pteIsNone, pteIsPresent, pteIsProtnone,
  pteIsSoftDirty, pteIsSpecial, pteIsUffdWp, pteIsUsable, pteIsWritable, pteModify, pteOf, ptePfn, pteWithAccessed, pteWithDirty, pteWithoutAccessed, pteWithoutDirty,
  pteWithoutSoftDirty, pteWithoutUffdWp, pteWithoutWritable, pteWithSoftDirty, pteWithSpecial, pteWithUffdWp, pteWithWritable,
} from "./pte.ts";
export { Rmap, TTU_BATCH_FLUSH, TTU_IGNORE_MLOCK, type UnmapFlags } from "./rmap.ts";
export {
  markerPteOf, MAX_SWAPFILES, migrationPteOf, PTE_MARKER_GUARD, PTE_MARKER_POISONED, PTE_MARKER_UFFD_WP, pteIsMigration, pteIsSwap, pteIsSwapped, pteMarkers, swapPteIsExclusive,
  swapPteIsSoftDirty, swapPteIsUffdWp, swapPteOf, swapPteOffset, swapPteType, swapPteWithExclusive, swapPteWithoutExclusive, swapPteWithoutSoftDirty, swapPteWithoutUffdWp,
  swapPteWithSoftDirty, swapPteWithUffdWp, SWP_MIGRATION_READ, SWP_MIGRATION_READ_EXCLUSIVE, SWP_MIGRATION_WRITE, SWP_PTE_MARKER,
} from "./swap-pte.ts";
export { THP_ALWAYS, THP_MADVISE, THP_NEVER, Thp, type ThpMode } from "./thp.ts";
export { TLB_MISS, Tlbs, type TlbsOptions } from "./tlbs.ts";
export {
  isCowMapping, VM_ACCESS_FLAGS, VM_ACCOUNT, VM_DONTCOPY, VM_DONTDUMP, VM_DONTEXPAND, VM_EXEC, VM_GROWSDOWN, VM_HUGEPAGE, VM_HUGETLB, VM_IO, VM_LOCKED, VM_LOCKED_MASK,
  VM_LOCKONFAULT, VM_MAYBE_GUARD, VM_MAYEXEC, VM_MAYREAD, VM_MAYSHARE, VM_MAYWRITE, VM_MERGEABLE, VM_MIXEDMAP, VM_NOHUGEPAGE, VM_NONE, VM_NORESERVE, VM_PFNMAP, VM_RAND_READ,
  VM_READ, VM_SEQ_READ, VM_SHARED, VM_SOFTDIRTY, VM_SPECIAL, VM_STICKY, VM_SYNC, VM_UFFD_MISSING, VM_UFFD_WP, VM_WIPEONFORK, VM_WRITE, type VmFlags,
} from "./vm-flags.ts";
export { NO_VMA } from "./vma-index.ts";
export { linearPageIndex, NO_ANON_VMA, NO_MAPPING, Vmas, vmaIsAnonymous, type VmasOptions } from "./vmas.ts";
