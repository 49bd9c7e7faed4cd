import type { Access, FaultResult } from "@zeropfn/units";

/**
 * One fault on the mapping of a file: what the handler is told, and what it answers. A scratch record, one for each
 * machine: written before it is read, and never kept.
 * @kernel vm_fault — include/linux/mm.h, v6.18
 */
export interface FileFault {
  /** The file, by the number it was mapped under. */
  mapping: number;
  /** The area, for a handler that inserts the entry itself. Opaque. */
  vma: number;
  /** Page of the address space that faulted. */
  page: number;
  /** The same page, in the file. */
  index: number;
  access: Access;
  /** Out: the page, where VM_FAULT_LOCKED is answered. */
  pfn: number;
}

/** What a filesystem's faults can do. Constant for its lifetime. */
export interface FileFaultFeatures {
  /** A shared page stays read-only until `pageMkwrite` was asked: for filesystems that keep track of dirty pages. */
  readonly writeNotify: boolean;
  /** `nextMappable` may be asked. */
  readonly faultAround: boolean;
}

/**
 * Who fills the mappings of files: a filesystem's side of a page fault.
 *
 * Called with no page table lock held, after the area and its rights were checked. It may sleep, and may be called for a
 * page that another thread has mapped meanwhile. Its shared state lives in columns: a handler that keeps JavaScript state
 * of its own works in runs, and is a black box to the explorer.
 *
 * @kernel vm_operations_struct — include/linux/mm.h, v6.18
 */
export interface FileFaultHandler {
  readonly features: FileFaultFeatures;
  /**
   * Finds page `index` of the file for `access`.
   *
   * @returns VM_FAULT_NOPAGE: the handler put the entry in place itself. VM_FAULT_LOCKED: `fault.pfn` is an uptodate page,
   *   its folio locked, and the caller has a reference on it. Or VM_FAULT_SIGBUS beyond the end, VM_FAULT_OOM. With
   *   VM_FAULT_MAJOR if storage had to be read.
   */
  fault(fault: FileFault): FaultResult;
  /**
   * The first page from `fault.index` to `lastIndex` that can be mapped without waiting: cached, uptodate, not locked, and
   * before the end of the file. True: `fault.index` and `fault.pfn` say which, its folio is locked, and the caller has a
   * reference on it.
   * @kernel next_uptodate_folio() — mm/filemap.c, v6.18
   */
  nextMappable(fault: FileFault, lastIndex: number): boolean;
  /**
   * Asked before the shared page `fault.pfn`, on which the caller has a reference, becomes writable; if `writeNotify`.
   * @returns VM_FAULT_LOCKED: it may, its folio is locked. VM_FAULT_NOPAGE: it has left the file, fault again. Or an error.
   * @kernel vm_operations_struct::page_mkwrite — include/linux/mm.h, v6.18
   */
  pageMkwrite(fault: FileFault): FaultResult;
  /** True if the page of the file is in memory and uptodate. @kernel mincore_page() — mm/mincore.c, v6.18 */
  isCached(mapping: number, index: number): boolean;
  /**
   * Drops the folio of `pfn`, which nothing maps and of which the caller holds one reference, if its bytes are elsewhere too.
   * @returns True if it has left the file.
   * @kernel shrink_folio_list() — mm/vmscan.c, v6.18
   */
  evict(mapping: number, pfn: number): boolean;
  /**
   * Makes pages [firstIndex, firstIndex + pageCount) of the file a hole: MADV_REMOVE.
   * @returns 0, or an errno negated.
   */
  punch(mapping: number, firstIndex: number, pageCount: number): number;
  /**
   * Writes dirty pages [firstIndex, firstIndex + pageCount) of the file back: msync().
   * @returns 0, or an errno negated.
   */
  sync(mapping: number, firstIndex: number, pageCount: number): number;
}
