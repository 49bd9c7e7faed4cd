import { type ColumnAllocator, leaves } from "@zeropfn/state";

/** What those who pin pages without a lock and those who fork tell each other, for each address space. */
export class MmPins {
  static {
    if (__EXPLORE__) leaves(MmPins, "pte-mmu/pins", { hasPinned: {}, setHasPinned: {}, sequence: {}, beginCopy: {}, endCopy: {}, clear: {} });
  }
  readonly #hasPinned: Uint8Array;
  readonly #sequences: Uint32Array; // odd while a fork copies entries

  constructor(columns: ColumnAllocator, mmCapacity: number) {
    this.#hasPinned = columns.u8("mm.hasPinned", mmCapacity);
    this.#sequences = columns.u32("mm.write_protect_seq", mmCapacity);
  }

  /** True if a page of the address space was ever pinned. @kernel MMF_HAS_PINNED — include/linux/mm_types.h, v6.18 */
  hasPinned(mm: number): boolean {
    return this.#hasPinned[mm] === 1;
  }
  /** Said before the first page is pinned. @kernel mm_set_has_pinned_flag() — mm/gup.c, v6.18 */
  setHasPinned(mm: number): void {
    this.#hasPinned[mm] = 1;
  }
  /** Odd while a fork copies entries; another number when one has. @kernel mm_struct::write_protect_seq — include/linux/mm_types.h, v6.18 */
  sequence(mm: number): number {
    return this.#sequences[mm]!;
  }
  /** A fork begins to write-protect entries. Under mmap_lock. @kernel raw_write_seqcount_begin() in copy_page_range() — mm/memory.c, v6.18 */
  beginCopy(mm: number): void {
    this.#sequences[mm]!++;
  }
  /** @kernel raw_write_seqcount_end() in copy_page_range() — mm/memory.c, v6.18 */
  endCopy(mm: number): void {
    this.#sequences[mm]!++;
  }
  /** The address space is empty, and nobody uses it. */
  clear(mm: number): void {
    this.#hasPinned[mm] = 0;
    this.#sequences[mm] = 0;
  }
}
