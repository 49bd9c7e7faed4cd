import { type ColumnAllocator, leaves } from "@zeropfn/state";
import { XA_MARK_0, XA_PRESENT, type XArrays } from "@zeropfn/xarray";

/** The tree holds nothing at this index. */
export const NO_ENTRY = 0;
/** No further index has an entry. */
export const NO_INDEX = -1;
/** No node could be had. */
export const DAX_NO_MEMORY = -1;

export interface DaxTreesOptions {
  /** Files, numbered from 0: integer ≥ 1. */
  readonly fileCapacity: number;
}

/** For each file the tree of its DAX entries: one array of the machine's pool. @kernel address_space.i_pages — include/linux/fs.h, v6.1 */
export class DaxTrees {
  static {
    if (__EXPLORE__) leaves(DaxTrees, "dax-pmem/tree", { load: {}, store: {}, erase: {}, setDirty: {}, next: {} });
  }
  readonly #arrays: XArrays;
  readonly #arrayOf: Uint32Array; // of a file

  constructor(columns: ColumnAllocator, arrays: XArrays, { fileCapacity }: DaxTreesOptions) {
    this.#arrays = arrays;
    this.#arrayOf = columns.u32("dax.array", fileCapacity);
  }

  /** Gives `file` an empty tree. False if there is no room for another. */
  attach(file: number): boolean {
    const array = this.#arrays.createArray();
    if (array < 0) return false;
    this.#arrayOf[file] = array;
    return true;
  }

  /** The entry at `index`, or `NO_ENTRY`. */
  load(file: number, index: number): number {
    return this.#arrays.load(this.#arrayOf[file]!, index);
  }
  /** Replaces the entry; gives the old one, or `DAX_NO_MEMORY`, nothing changed. */
  store(file: number, index: number, entry: number): number {
    return this.#arrays.store(this.#arrayOf[file]!, index, entry);
  }
  /** Removes the entry, and gives it. */
  erase(file: number, index: number): number {
    return this.#arrays.erase(this.#arrayOf[file]!, index);
  }
  /** Marks the page as one that fsync must write back. @kernel PAGECACHE_TAG_DIRTY — include/linux/fs.h, v6.1 */
  setDirty(file: number, index: number): void {
    this.#arrays.setMark(this.#arrayOf[file]!, index, XA_MARK_0);
  }
  /** For reports and writeback. */
  isDirty(file: number, index: number): boolean {
    return this.#arrays.getMark(this.#arrayOf[file]!, index, XA_MARK_0);
  }
  /** The first index from `index` to `last` that has an entry, or `NO_INDEX`. */
  next(file: number, index: number, last: number): number {
    return this.#arrays.find(this.#arrayOf[file]!, index, last, XA_PRESENT);
  }
}
