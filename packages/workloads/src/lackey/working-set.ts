const SEEN_SIZE = 4096;

/** Counts the distinct pages of a window of accesses. */
export class WorkingSet {
  readonly #pages = new Set<number>();
  /** Pages that are in the set for sure, by their low bits: most accesses end here. */
  readonly #seen = new Float64Array(SEEN_SIZE).fill(-1);

  add(page: number): void {
    const at = page & (SEEN_SIZE - 1);
    if (this.#seen[at] === page) return;
    this.#seen[at] = page;
    this.#pages.add(page);
  }

  /** How many pages there were since the last time. */
  next(): number {
    const { size } = this.#pages;
    this.#pages.clear();
    this.#seen.fill(-1);
    return size;
  }
}
