import type { Access } from "@zeropfn/units";

/**
 * One fault on a file mapping, or one page of fault-around, as a filesystem sees it. A scratch record: written before it
 * is read, never kept.
 *
 * @kernel struct vm_fault — include/linux/mm.h, v6.18
 */
export interface PageFault {
  /** The file. */
  readonly mapping: number;
  /** What the instruction wants of the page. */
  readonly access: Access;
  /** Page of the file. Fault-around moves it on. */
  index: number;
  /** Out: the frame, where the answer is VM_FAULT_LOCKED or true. */
  pfn: number;
}
