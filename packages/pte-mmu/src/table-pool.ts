import type { ColumnAllocator } from "@zeropfn/state";

/** No table. Tables are named by their number + 1 where there may be none. */
export const NO_TABLE = 0;

/**
 * Which tables are in use. The lowest free one is handed out first: tables of neighbours lie together, and a machine's state
 * depends on which tables are free, not on the order in which they became so. Called from leaves of `PageTables` alone.
 */
export class TablePool {
  readonly #inUse: Uint32Array; // a bit for each table
  readonly #count: Uint32Array; // [0] tables in use
  readonly #lowest: Uint32Array; // [0] no word below has a free bit
  readonly #capacity: number;

  constructor(columns: ColumnAllocator, capacity: number) {
    this.#capacity = capacity;
    this.#inUse = columns.u32("pte.inUse", Math.ceil(capacity / 32));
    this.#count = columns.u32("pte.used", 1);
    this.#lowest = columns.u32("pte.lowestFree", 1, "derived");
  }

  /** Tables in use. */
  get count(): number {
    return this.#count[0];
  }
  /** True if `table` (+ 1) is in use. */
  isInUse(table: number): boolean {
    return ((this.#inUse[(table - 1) >>> 5] >>> ((table - 1) & 31)) & 1) !== 0;
  }
  /** A table + 1, or `NO_TABLE`. */
  allocate(): number {
    if (this.#count[0] === this.#capacity) return NO_TABLE;
    const bits = this.#inUse;
    let word = this.#lowest[0];
    while (bits[word] === 0xffff_ffff) word++;
    this.#lowest[0] = word;
    const free = ~bits[word], bit = free & -free;
    bits[word] |= bit;
    this.#count[0]++;
    return word * 32 + 32 - Math.clz32(bit);
  }
  free(table: number): void {
    const word = (table - 1) >>> 5;
    this.#inUse[word] &= ~(1 << ((table - 1) & 31));
    this.#count[0]--;
    if (word < this.#lowest[0]) this.#lowest[0] = word;
  }
}
