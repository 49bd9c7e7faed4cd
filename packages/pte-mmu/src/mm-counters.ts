import { type ColumnAllocator, leaves } from "@zeropfn/state";
import { VM_EXEC, VM_GROWSDOWN, VM_SHARED, VM_WRITE, type VmFlags } from "./vm-flags.ts";

/** What a mapped page counts as. @kernel MM_FILEPAGES … MM_SHMEMPAGES — include/linux/mm_types_task.h, v6.18 */
export type MmCounter = 0 | 1 | 2 | 3;
/** Pages of files on disk. */
export const MM_FILEPAGES = 0;
export const MM_ANONPAGES = 1;
/** Entries of anonymous pages that are swapped out. */
export const MM_SWAPENTS = 2;
/** Pages of tmpfs and of shared anonymous memory. */
export const MM_SHMEMPAGES = 3;

/** How many there are. */
export const RSS_KINDS = 4;

/** What areas count as, in pages. @kernel mm_struct::total_vm … locked_vm — include/linux/mm_types.h, v6.18 */
const TOTAL = 0;
const DATA = 1;
const EXEC = 2;
const STACK = 3;
const LOCKED = 4;
const PINNED = 5;
const SIZES = 6;

/** Items of what is no state: marks of high water, and faults. */
const PEAK_TOTAL = 0;
const PEAK_RSS = 1;
const MINOR = 2;
const MAJOR = 3;
const DERIVED = 4;

/** What each address space has, in pages, and how often it faulted. */
export class MmCounters {
  static {
    // Counted under the lock of what is counted: no steps of their own.
    if (__EXPLORE__) {
      leaves(MmCounters, "pte-mmu/mm", {
        add: { silent: true }, addAll: { silent: true }, rss: { silent: true }, addArea: { silent: true }, addLocked: { silent: true }, addPinned: { silent: true },
        lockedPages: { silent: true }, totalPages: { silent: true }, minorFault: { silent: true }, majorFault: { silent: true }, clear: { silent: true },
      });
    }
  }
  readonly #rss: Uint32Array; // RSS_KINDS for each mm
  readonly #sizes: Float64Array; // SIZES for each mm
  readonly #derived: Float64Array; // DERIVED for each mm

  constructor(columns: ColumnAllocator, mmCapacity: number) {
    this.#rss = columns.u32("mm.rss_stat", mmCapacity * RSS_KINDS);
    this.#sizes = columns.f64("mm.total_vm", mmCapacity * SIZES);
    this.#derived = columns.f64("mm.hiwater", mmCapacity * DERIVED, "derived");
  }

  /** `pages` more of a kind are mapped; negative: less. @kernel add_mm_counter() — include/linux/mm.h, v6.18 */
  add(mm: number, kind: MmCounter, pages: number): void {
    this.#rss[mm * RSS_KINDS + kind]! += pages;
    if (pages > 0) this.#raisePeak(mm);
  }
  /** The same of all kinds at once: `pages` of each, which become 0. @kernel add_mm_rss_vec() — mm/memory.c, v6.18 */
  addAll(mm: number, pages: Int32Array): void {
    for (let kind = 0; kind < RSS_KINDS; kind++) {
      if (pages[kind] !== 0) this.add(mm, kind as MmCounter, pages[kind]!);
      pages[kind] = 0;
    }
  }
  #raisePeak(mm: number): void {
    const rss = this.rssPages(mm), at = mm * DERIVED + PEAK_RSS;
    if (rss > this.#derived[at]!) this.#derived[at] = rss;
  }
  /** Pages of one kind. @kernel get_mm_counter() — include/linux/mm.h, v6.18 */
  rss(mm: number, kind: MmCounter): number {
    return this.#rss[mm * RSS_KINDS + kind]!;
  }
  /** Pages that are mapped and have a folio: the zero page and storage are not among them. @kernel get_mm_rss() — include/linux/mm.h, v6.18 */
  rssPages(mm: number): number {
    const at = mm * RSS_KINDS;
    return this.#rss[at + MM_FILEPAGES]! + this.#rss[at + MM_ANONPAGES]! + this.#rss[at + MM_SHMEMPAGES]!;
  }

  /** `pages` more belong to areas of these flags; negative: less. @kernel vm_stat_account() — mm/vma.c, v6.18 */
  addArea(mm: number, flags: VmFlags, pages: number): void {
    const at = mm * SIZES, total = this.#sizes[at + TOTAL]! + pages;
    this.#sizes[at + TOTAL] = total;
    if ((flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) === VM_EXEC) this.#sizes[at + EXEC]! += pages;
    else if ((flags & VM_GROWSDOWN) !== 0) this.#sizes[at + STACK]! += pages;
    else if ((flags & (VM_WRITE | VM_SHARED)) === VM_WRITE) this.#sizes[at + DATA]! += pages;
    if (total > this.#derived[mm * DERIVED + PEAK_TOTAL]!) this.#derived[mm * DERIVED + PEAK_TOTAL] = total;
  }
  /** `pages` more are locked; negative: less. */
  addLocked(mm: number, pages: number): void {
    this.#sizes[mm * SIZES + LOCKED]! += pages;
  }
  /** `pages` more are pinned for long; negative: less. */
  addPinned(mm: number, pages: number): void {
    this.#sizes[mm * SIZES + PINNED]! += pages;
  }
  /** All zero: the address space is empty. */
  clear(mm: number): void {
    this.#rss.fill(0, mm * RSS_KINDS, (mm + 1) * RSS_KINDS);
    this.#sizes.fill(0, mm * SIZES, (mm + 1) * SIZES);
    this.#derived.fill(0, mm * DERIVED, (mm + 1) * DERIVED);
  }

  totalPages(mm: number): number {
    return this.#sizes[mm * SIZES + TOTAL]!;
  }
  dataPages(mm: number): number {
    return this.#sizes[mm * SIZES + DATA]!;
  }
  execPages(mm: number): number {
    return this.#sizes[mm * SIZES + EXEC]!;
  }
  stackPages(mm: number): number {
    return this.#sizes[mm * SIZES + STACK]!;
  }
  lockedPages(mm: number): number {
    return this.#sizes[mm * SIZES + LOCKED]!;
  }
  pinnedPages(mm: number): number {
    return this.#sizes[mm * SIZES + PINNED]!;
  }
  peakTotalPages(mm: number): number {
    return this.#derived[mm * DERIVED + PEAK_TOTAL]!;
  }
  peakRss(mm: number): number {
    return this.#derived[mm * DERIVED + PEAK_RSS]!;
  }

  /** @kernel task_struct::min_flt — include/linux/sched.h, v6.18 */
  minorFault(mm: number): void {
    this.#derived[mm * DERIVED + MINOR]!++;
  }
  /** @kernel task_struct::maj_flt — include/linux/sched.h, v6.18 */
  majorFault(mm: number): void {
    this.#derived[mm * DERIVED + MAJOR]!++;
  }
  minorFaults(mm: number): number {
    return this.#derived[mm * DERIVED + MINOR]!;
  }
  majorFaults(mm: number): number {
    return this.#derived[mm * DERIVED + MAJOR]!;
  }
}
