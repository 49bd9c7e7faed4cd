/** Every size that can differ between a machine that runs and one that is explored. Nothing else differs. */
export interface MachineSize {
  /** log2 of the page size: 12 on x86-64. */
  readonly pageShift: number;
  /** log2 of the entries of a page table: 9 on x86-64. */
  readonly tableShift: number;
  /** Levels of page tables: 4 or 5 on x86-64. */
  readonly levels: number;
  /** log2 of the sets of one processor's TLB. */
  readonly tlbShift: number;
  /** Entries of each set: 1, 2, 4, 8 or 16. */
  readonly tlbWays: number;
  /** Address spaces that a processor's TLB keeps apart: 6 in the kernel. */
  readonly asidCount: number;
  /** log2 of the slots of a tree node: 6 in the kernel. */
  readonly chunkShift: number;
  readonly processCapacity: number;
  readonly fileCapacity: number;
  /** Areas of all processes. */
  readonly vmaCapacity: number;
  /** Areas of one process. */
  readonly maximumMapCount: number;
  /** Anonymous regions (anon_vma) of all processes. */
  readonly anonVmaCapacity: number;
  /** Links between areas and anonymous regions. */
  readonly linkCapacity: number;
  /** Page tables of all processes. */
  readonly tableCapacity: number;
  /** Tree nodes of all files. */
  readonly nodeCapacity: number;
  /** Extents of all files. */
  readonly extentCapacity: number;
  /** Pages of the window that a read fault on a file maps: 16 in the kernel, 1: the page alone. */
  readonly faultAroundPages: number;
  /** Frames that are unmapped before their TLB entries are flushed and they are freed: 9,614 in the kernel. */
  readonly gatherCapacity: number;
  /** True: a block of 2^tableShift pages may be one huge page, where the tables have two levels and more, and the machine has columns for that. */
  readonly hugePages: boolean;
  /** Pipes. */
  readonly pipeCapacity: number;
  /** Buffers of each pipe: 16 in the kernel. */
  readonly pipeBuffers: number;
  /** Pages that one process can register for its ring. 0: there are no rings. */
  readonly ringPages: number;
}

/** The kernel's sizes, and capacities that take address space but no memory until used. */
export const defaultMachineSize: MachineSize = Object.freeze({
  pageShift: 12,
  tableShift: 9,
  levels: 4,
  tlbShift: 8,
  tlbWays: 4,
  asidCount: 6,
  chunkShift: 6,
  processCapacity: 64,
  fileCapacity: 1024,
  vmaCapacity: 2 ** 17,
  maximumMapCount: 65_530,
  anonVmaCapacity: 2 ** 16,
  linkCapacity: 2 ** 18,
  tableCapacity: 2 ** 16,
  nodeCapacity: 2 ** 18,
  extentCapacity: 2 ** 16,
  faultAroundPages: 16,
  gatherCapacity: 9614,
  hugePages: true,
  pipeCapacity: 16,
  pipeBuffers: 16,
  ringPages: 2 ** 14,
});
