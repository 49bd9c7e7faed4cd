import type { Access, FaultResult } from "@zeropfn/units";

/** What a DAX file asks of whoever owns page tables. `vma` is what the fault came with; the file is its own mapping number. */
export interface DaxMapper {
  /**
   * Maps a frame without accounting it: read-only, or for a write dirty and writable in one step. Leaves a present entry
   * alone, unless it is a write and the entry maps the same frame.
   * @returns VM_FAULT_NOPAGE, or VM_FAULT_OOM.
   */
  insertPfn(vma: number, page: number, pfn: number, access: Access): FaultResult;
  /** Maps a folio's page read-only and takes a reference. Leaves a present entry alone. @returns VM_FAULT_NOPAGE, or VM_FAULT_OOM. */
  insertFolio(vma: number, page: number, pfn: number): FaultResult;
  /** Unmaps pages of a file from every address space; when it returns no processor reaches the old frames. */
  unmapMappingRange(mapping: number, firstIndex: number, pageCount: number): void;
}
