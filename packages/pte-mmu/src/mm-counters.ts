import { type ColumnAllocator, leaves } from "@zeropfn/state";

/** What each address space has mapped. @kernel mm_rss_stat — include/linux/mm_types.h, v6.12 */
export class MmCounters {
  static {
    // Counted under the page table lock, together with the entry: no step of its own.
    if (__EXPLORE__) leaves(MmCounters, "pte-mmu/rss", { addFilePages: { silent: true } });
  }
  readonly #filePages: Float64Array;

  constructor(columns: ColumnAllocator, mmCapacity: number) {
    this.#filePages = columns.f64("mm.MM_FILEPAGES", mmCapacity);
  }

  addFilePages(mm: number, count: number): void {
    this.#filePages[mm]! += count;
  }
  /** Pages of files that have a folio and are mapped. The zero page and storage are not among them. */
  filePages(mm: number): number {
    return this.#filePages[mm]!;
  }
}
