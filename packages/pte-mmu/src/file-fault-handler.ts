import type { Access, FaultResult } from "@zeropfn/units";

/**
 * Who fills the mappings of files: a filesystem's side of a page fault.
 *
 * Called with no page table lock held, once for each fault, after the area and its rights were checked. The handler
 * installs the page table entry itself (it is given the area to do so) and may be called for a page that another thread
 * has mapped meanwhile. It may sleep. Its shared state lives in columns: a handler that keeps JavaScript state of its own
 * works in runs, and is a black box to the explorer.
 *
 * @kernel vm_operations_struct.fault, .pfn_mkwrite — include/linux/mm.h, v6.12
 */
export interface FileFaultHandler {
  /**
   * Makes page `index` of the file present for `access`.
   *
   * @param mapping The file, by the number it was mapped under.
   * @param vma     The area, for whoever inserts the entry. Opaque.
   * @param page    Page of the address space that faulted.
   * @param index   The same page, in the file.
   * @returns A set of VM_FAULT_* bits: VM_FAULT_NOPAGE if the entry is in place, or an error bit.
   */
  fault(mapping: number, vma: number, page: number, index: number, access: Access): FaultResult;
}
