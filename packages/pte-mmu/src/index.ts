export { AnonVmas, type AnonVmasOptions, NO_LINK } from "./anon-vmas.ts";
export { Areas, type WantedArea } from "./areas.ts";
export { brk } from "./calls/brk.ts";
export type { CallParts, CallResult } from "./calls/call-parts.ts";
export * from "./calls/madvise.ts";
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
export type { MappedFiles } from "./mapped-files.ts";
export { MM_ANONPAGES, MM_FILEPAGES, MM_SHMEMPAGES, MM_SWAPENTS, type MmCounter, MmCounters } from "./mm-counters.ts";
export { MmPins } from "./mm-pins.ts";
export { Mms, NO_MM } from "./mms.ts";
export { type AccessResult, Mmu, type MmuOptions, type PresentVisitor, type SignalInfo, type VmaRange } from "./mmu.ts";
export { MmuGather } from "./mmu-gather.ts";
export type { MmuParts } from "./mmu-parts.ts";
export { NO_SLOT, PageTables, type PageTablesOptions } from "./page-tables.ts";
export * from "./pte.ts";
export { Rmap, TTU_BATCH_FLUSH, TTU_IGNORE_MLOCK, type UnmapFlags } from "./rmap.ts";
export * from "./swap-pte.ts";
export { THP_ALWAYS, THP_MADVISE, THP_NEVER, Thp, type ThpMode } from "./thp.ts";
export { TLB_MISS, Tlbs, type TlbsOptions } from "./tlbs.ts";
export * from "./vm-flags.ts";
export { NO_VMA } from "./vma-index.ts";
export { linearPageIndex, NO_ANON_VMA, NO_MAPPING, Vmas, vmaIsAnonymous, type VmasOptions } from "./vmas.ts";
