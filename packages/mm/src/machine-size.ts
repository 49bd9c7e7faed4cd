/** Every size that can differ between a machine that runs and one that is explored. Nothing else differs. */
export interface MachineSize {
  /** log2 of the page size: 12 on x86-64. */
  readonly pageShift: number;
  /** log2 of the entries of a page table: 9 on x86-64. */
  readonly tableShift: number;
  /** Levels of page tables: 4 or 5 on x86-64. */
  readonly levels: number;
  /** log2 of the entries of one processor's TLB. */
  readonly tlbShift: number;
  /** log2 of the slots of a tree node: 6 in the kernel. */
  readonly chunkShift: number;
  readonly processCapacity: number;
  readonly fileCapacity: number;
  readonly vmaCapacity: number;
  /** Page tables of all processes. */
  readonly tableCapacity: number;
  /** Tree nodes of all files. */
  readonly nodeCapacity: number;
  /** Extents of all files. */
  readonly extentCapacity: number;
}

/** The kernel's sizes, and capacities that take address space but no memory until used. */
export const defaultMachineSize: MachineSize = Object.freeze({
  pageShift: 12,
  tableShift: 9,
  levels: 4,
  tlbShift: 10,
  chunkShift: 6,
  processCapacity: 64,
  fileCapacity: 256,
  vmaCapacity: 4096,
  tableCapacity: 2 ** 16,
  nodeCapacity: 2 ** 18,
  extentCapacity: 2 ** 16,
});
