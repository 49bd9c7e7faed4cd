/** Entries of a batch at most. @kernel PAGEVEC_SIZE — include/linux/pagevec.h, v6.18 */
const BATCH_SIZE = 31;

/** A locked area maps the folio. @kernel mlock_lru() — mm/mlock.c, v6.18 */
export const BATCHED_MLOCK = 1;
/** One locked area less maps it. */
export const BATCHED_MUNLOCK = 0;

/**
 * Folios of which it is not settled yet how many locked areas map them, in order, with a reference each.
 *
 * A scratch record, no state: it is empty unless it is open, and who opened it has settled all that is in it before it ends.
 *
 * @kernel struct mlock_fbatch — mm/mlock.c, v6.18
 * @differs One of a machine, where the kernel's are of processors, and open only in calls that map, unmap and populate: elsewhere
 *   nobody looks between an entry and its settlement. The kernel's may stay filled after a system call.
 */
export class MlockBatch {
  readonly #pfns: Uint32Array = new Uint32Array(BATCH_SIZE);
  readonly #kinds: Uint8Array = new Uint8Array(BATCH_SIZE);
  #count = 0;
  #depth = 0;

  /** True between `begin` and `end`. */
  get isOpen(): boolean {
    return this.#depth > 0;
  }
  /** True for who opened it when it was not open. */
  get isOutermost(): boolean {
    return this.#depth === 1;
  }
  /** Entries in it. */
  get count(): number {
    return this.#count;
  }
  /** True if there is no room for another entry. */
  get isFull(): boolean {
    return this.#count === BATCH_SIZE;
  }

  /** Opens it. Who has it open already finds in it what was there. */
  begin(): void {
    this.#depth++;
  }
  /** The outermost forgets what is in it: nothing, unless something was thrown. */
  end(): void {
    this.#depth--;
    if (this.#depth === 0) this.#count = 0;
  }
  /** Not if `isFull`. */
  add(pfn: number, kind: number): void {
    this.#pfns[this.#count] = pfn;
    this.#kinds[this.#count++] = kind;
  }
  pfnAt(nth: number): number {
    return this.#pfns[nth]!;
  }
  kindAt(nth: number): number {
    return this.#kinds[nth]!;
  }
  empty(): void {
    this.#count = 0;
  }
  /** All that is in it, for who tells states apart: allocates. */
  contents(): number[] {
    return [...this.#pfns.subarray(0, this.#count), ...this.#kinds.subarray(0, this.#count)];
  }
}
