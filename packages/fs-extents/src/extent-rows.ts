import type { ColumnAllocator, ColumnPool } from "@zeropfn/state";

/**
 * The extents of all files, one a row, sorted by (file, first page). Rows in use are 0 … `used`-1, the others are 0: so
 * equal contents are equal columns, whatever came before.
 * Called inside the leaves of its owner only.
 */
export class ExtentRows {
  file!: Uint32Array;
  /** First page. f64: a page index may pass 2^32. */
  first!: Float64Array;
  /** Block of the first page. */
  block!: Uint32Array;
  /** Pages, ≥ 1. */
  count!: Uint32Array;
  readonly #used: Uint32Array;
  readonly #pool: ColumnPool;

  constructor(columns: ColumnAllocator, extentCapacity: number) {
    this.#used = columns.u32("extents.used", 1);
    this.#pool = columns.pool(
      "extents",
      { file: { kind: "u32" }, first: { kind: "f64" }, block: { kind: "u32" }, count: { kind: "u32" } },
      { initial: Math.min(16, extentCapacity), maximum: extentCapacity },
      ({ file, first, block, count }) => {
        this.file = file;
        this.first = first;
        this.block = block;
        this.count = count;
      },
    );
  }

  get used(): number {
    return this.#used[0]!;
  }

  /** At the beginning of an operation: makes room for one more row. May replace the columns. False if they are full. */
  secureRow(): boolean {
    const rows = this.#used[0]! + 1;
    return rows <= this.#pool.readyRows || this.#pool.ensureRows(rows);
  }

  /** The first row behind (file, page): where an extent that begins after `page` stands. O(log extents). */
  rowBehind(file: number, page: number): number {
    const files = this.file, firsts = this.first;
    let low = 0, high = this.#used[0]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (files[middle]! < file || (files[middle] === file && firsts[middle]! <= page)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The page behind the last of a row. */
  end(row: number): number {
    return this.first[row]! + this.count[row]!;
  }

  /** Puts an extent at `row`; `secureRow` said true. */
  insert(row: number, file: number, first: number, block: number, count: number): void {
    const used = this.#used[0]!;
    for (const column of [this.file, this.first, this.block, this.count]) column.copyWithin(row + 1, row, used);
    this.file[row] = file;
    this.first[row] = first;
    this.block[row] = block;
    this.count[row] = count;
    this.#used[0] = used + 1;
  }

  remove(row: number): void {
    const used = this.#used[0]! - 1;
    for (const column of [this.file, this.first, this.block, this.count]) {
      column.copyWithin(row, row + 1, used + 1);
      column[used] = 0;
    }
    this.#used[0] = used;
  }
}
