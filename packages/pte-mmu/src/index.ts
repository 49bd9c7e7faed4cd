export { PteMmuError, type PteMmuErrorCode } from "./errors.ts";
export type { FileFaultHandler } from "./file-fault-handler.ts";
export { MmCounters } from "./mm-counters.ts";
export { type AccessResult, Mmu, type MmuOptions, type PresentVisitor } from "./mmu.ts";
export { NO_SLOT, PageTables, type PageTablesOptions } from "./page-tables.ts";
export {
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_NONE,
  PTE_NX,
  PTE_PRESENT,
  PTE_SPECIAL,
  PTE_USER,
  PTE_WRITABLE,
  pteIsAccessed,
  pteIsDirty,
  pteIsExecutable,
  pteIsPresent,
  pteIsSpecial,
  pteIsWritable,
  pteOf,
  ptePfn,
} from "./pte.ts";
export { TLB_MISS, Tlbs, type TlbsOptions } from "./tlbs.ts";
export { NO_VMA, VM_EXEC, VM_READ, VM_SHARED, VM_WRITE, type VmaRange, Vmas, type VmasOptions } from "./vmas.ts";
