import { type ColumnAllocator, leaves } from "@zeropfn/state";

export interface PageCacheOptions {
  /** Rows there may be: integer ≥ 1. */
  readonly capacity: number;
}

/** What it is, in one sentence. */
export class PageCache {
  static {
    if (__EXPLORE__) leaves(PageCache, "page-cache/rows", { take: {} });
  }
  readonly #used: Uint8Array;

  constructor(columns: ColumnAllocator, { capacity }: PageCacheOptions) {
    this.#used = columns.u8("page-cache.used", capacity);
  }

  /** Takes the first free row. @returns The row: 0 … capacity-1; -1 if all are taken. */
  take(): number {
    const row = this.#used.indexOf(0);
    if (row >= 0) this.#used[row] = 1;
    return row;
  }
}
