import { type ColumnAllocator, leaves } from "@zeropfn/state";

/** No address space is free. */
export const NO_MM = 0xffff_ffff;

/** Which address spaces are in use, and where their heaps are. @kernel mm_struct::start_brk, brk — include/linux/mm_types.h, v6.18 */
export class Mms {
  static {
    if (__EXPLORE__) leaves(Mms, "pte-mmu/mms", { allocate: {}, free: {}, heapStart: { silent: true }, heapEnd: { silent: true }, setHeap: { silent: true } });
  }
  readonly #used: Uint8Array;
  readonly #heaps: Float64Array; // start and end of each, in bytes

  constructor(columns: ColumnAllocator, mmCapacity: number) {
    this.#used = columns.u8("mm.used", mmCapacity);
    this.#heaps = columns.f64("mm.brk", mmCapacity * 2);
  }

  /** The lowest free number, or `NO_MM`. @kernel mm_alloc() — kernel/fork.c, v6.18 */
  allocate(): number {
    const mm = this.#used.indexOf(0);
    if (mm < 0) return NO_MM;
    this.#used[mm] = 1;
    return mm;
  }
  /** @kernel mmdrop() — kernel/fork.c, v6.18 */
  free(mm: number): void {
    this.#used[mm] = 0;
    this.#heaps.fill(0, mm * 2, mm * 2 + 2);
  }
  /** Where the heap begins, in bytes. */
  heapStart(mm: number): number {
    return this.#heaps[mm * 2]!;
  }
  /** Where the heap ends, in bytes. */
  heapEnd(mm: number): number {
    return this.#heaps[mm * 2 + 1]!;
  }
  setHeap(mm: number, start: number, end: number): void {
    this.#heaps[mm * 2] = start;
    this.#heaps[mm * 2 + 1] = end;
  }
}
