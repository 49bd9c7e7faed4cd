import { type ColumnAllocator, leaves } from "@zeropfn/state";
import { checkIntervalTree } from "./interval-trees-invariants.ts";

/** No row overlaps, or no further one. */
export const NO_ROW = 0xffff_ffff;

export interface IntervalTreesOptions {
  /** What the names of the columns begin with: "i_mmap", "anon_vma". */
  readonly name: string;
  /** Trees, numbered from 0. May be 0. */
  readonly rootCapacity: number;
  /** Rows of all trees together, numbered from 0. May be 0. */
  readonly rowCapacity: number;
}

/** Links hold row + 1, so that a column of zeros is an empty tree. */
const END = 0;

/** The columns of the rows, and the roots. */
export interface IntervalColumns {
  readonly roots: Uint32Array; // + 1
  readonly starts: Float64Array;
  readonly lasts: Float64Array;
  readonly highest: Float64Array; // of the lasts in the row's subtree
  readonly lefts: Uint32Array; // + 1
  readonly rights: Uint32Array; // + 1
  readonly parents: Uint32Array; // + 1
}

/**
 * Intervals [start, last] of rows, in many trees: which rows of a tree overlap a range? A row is in one tree at most.
 *
 * Rows are in the order of their start, those of equal start in that of their numbers. A tree is a treap whose priorities are
 * hashed from row numbers: the rows that it has give its shape, not the order in which they came, so machines that are equal
 * hash alike.
 *
 * Each operation is one step, under the lock of the tree: i_mmap_rwsem, or that of the anon_vma.
 * @kernel vma_interval_tree_insert() … — mm/interval_tree.c, INTERVAL_TREE_DEFINE — include/linux/interval_tree_generic.h, v6.18
 * @differs A treap, not a red-black tree; the kernel orders rows of equal start by insertion.
 */
export class IntervalTrees {
  static {
    if (__EXPLORE__) leaves(IntervalTrees, "pte-mmu/interval", { insert: {}, erase: {}, first: {}, next: {} });
  }
  readonly #columns: IntervalColumns;
  readonly #starts: Float64Array;
  readonly #lasts: Float64Array;
  readonly #highest: Float64Array;
  readonly #lefts: Uint32Array;
  readonly #rights: Uint32Array;
  readonly #parents: Uint32Array;
  readonly #roots: Uint32Array;

  constructor(columns: ColumnAllocator, { name, rootCapacity, rowCapacity }: IntervalTreesOptions) {
    this.#roots = columns.u32(`${name}.root`, rootCapacity);
    this.#starts = columns.f64(`${name}.start`, rowCapacity);
    this.#lasts = columns.f64(`${name}.last`, rowCapacity);
    this.#highest = columns.f64(`${name}.highest`, rowCapacity, "derived");
    this.#lefts = columns.u32(`${name}.left`, rowCapacity);
    this.#rights = columns.u32(`${name}.right`, rowCapacity);
    this.#parents = columns.u32(`${name}.parent`, rowCapacity, "derived");
    this.#columns = {
      roots: this.#roots,
      starts: this.#starts,
      lasts: this.#lasts,
      highest: this.#highest,
      lefts: this.#lefts,
      rights: this.#rights,
      parents: this.#parents,
    };
  }

  /**
   * Adds a row that is in no tree.
   *
   * @param start Integer, 0 … 2^53-1.
   * @param last  The same, at least `start`: inclusive.
   * @complexity O(log n), expected. Allocates nothing.
   */
  insert(root: number, row: number, start: number, last: number): void {
    const starts = this.#starts, highest = this.#highest;
    starts[row] = start;
    this.#lasts[row] = highest[row] = last;
    let parent = END, isLeft = false;
    for (let link = this.#roots[root]!; link !== END; link = isLeft ? this.#lefts[link - 1]! : this.#rights[link - 1]!) {
      const at = link - 1;
      if (highest[at]! < last) highest[at] = last;
      isLeft = start < starts[at]! || (start === starts[at] && row < at);
      parent = link;
    }
    this.#parents[row] = parent;
    if (parent === END) this.#roots[root] = row + 1;
    else if (isLeft) this.#lefts[parent - 1] = row + 1;
    else this.#rights[parent - 1] = row + 1;
    const priority = priorityOf(row);
    for (let above = this.#parents[row]!; above !== END && priorityOf(above - 1) < priority; above = this.#parents[row]!) this.#lift(root, row);
  }

  /** Takes a row out of the tree that it is in. */
  erase(root: number, row: number): void {
    const lefts = this.#lefts, rights = this.#rights;
    for (let left = lefts[row]!, right = rights[row]!; left !== END && right !== END; left = lefts[row]!, right = rights[row]!) {
      this.#lift(root, (priorityOf(left - 1) > priorityOf(right - 1) ? left : right) - 1);
    }
    const parent = this.#parents[row]!, child = lefts[row]! === END ? rights[row]! : lefts[row]!;
    this.#replace(root, parent, row + 1, child);
    if (child !== END) this.#parents[child - 1] = parent;
    lefts[row] = rights[row] = this.#parents[row] = END;
    this.#starts[row] = this.#lasts[row] = this.#highest[row] = 0;
    for (let link = parent; link !== END; link = this.#parents[link - 1]!) {
      const is = this.#highestUnder(link - 1);
      if (this.#highest[link - 1] === is) break;
      this.#highest[link - 1] = is;
    }
  }

  /**
   * The lowest row of the tree that overlaps [start, last], or `NO_ROW`.
   * @kernel vma_interval_tree_iter_first(), anon_vma_interval_tree_iter_first() — mm/interval_tree.c, v6.18
   */
  first(root: number, start: number, last: number): number {
    const link = this.#roots[root]!;
    return link === END || this.#highest[link - 1]! < start ? NO_ROW : this.#firstUnder(link - 1, start, last);
  }

  /**
   * The next row of the same tree that overlaps [start, last], after `row`, or `NO_ROW`.
   * @kernel vma_interval_tree_iter_next(), anon_vma_interval_tree_iter_next() — mm/interval_tree.c, v6.18
   */
  next(row: number, start: number, last: number): number {
    const starts = this.#starts, rights = this.#rights, parents = this.#parents;
    for (let at = row; ; ) {
      const right = rights[at]!;
      if (right !== END && this.#highest[right - 1]! >= start) return this.#firstUnder(right - 1, start, last);
      // Up, to the first row whose left side this was.
      let from = END;
      do {
        from = at + 1;
        const up = parents[at]!;
        if (up === END) return NO_ROW;
        at = up - 1;
      } while (rights[at] === from);
      if (starts[at]! > last) return NO_ROW;
      if (this.#lasts[at]! >= start) return at;
    }
  }

  /** @throws {Error} A tree is out of order or shape, or its rows know wrong highest lasts or parents. */
  checkInvariants(): void {
    for (let root = 0; root < this.#roots.length; root++) checkIntervalTree(this.#columns, root, priorityOf);
  }

  /** The lowest row that overlaps in the subtree of `top`, where some row ends at `start` or later. */
  #firstUnder(top: number, start: number, last: number): number {
    const starts = this.#starts, highest = this.#highest;
    for (let at = top; ; ) {
      const left = this.#lefts[at]!;
      if (left !== END && highest[left - 1]! >= start) {
        // If the row there that ends late enough begins too late, so do all that follow.
        at = left - 1;
        continue;
      }
      if (starts[at]! > last) return NO_ROW;
      if (this.#lasts[at]! >= start) return at;
      const right = this.#rights[at]!;
      if (right === END || highest[right - 1]! < start) return NO_ROW;
      at = right - 1;
    }
  }

  /** Rotates a row into the place of its parent. */
  #lift(root: number, row: number): void {
    const lefts = this.#lefts, rights = this.#rights, parents = this.#parents, below = parents[row]! - 1, above = parents[below]!;
    const isLeft = lefts[below] === row + 1, middle = isLeft ? rights[row]! : lefts[row]!;
    if (isLeft) {
      lefts[below] = middle;
      rights[row] = below + 1;
    } else {
      rights[below] = middle;
      lefts[row] = below + 1;
    }
    if (middle !== END) parents[middle - 1] = below + 1;
    parents[below] = row + 1;
    parents[row] = above;
    this.#replace(root, above, below + 1, row + 1);
    this.#highest[row] = this.#highest[below]!;
    this.#highest[below] = this.#highestUnder(below);
  }

  /** Puts link `is` where `parent`, or the root, had link `was`. */
  #replace(root: number, parent: number, was: number, is: number): void {
    if (parent === END) this.#roots[root] = is;
    else if (this.#lefts[parent - 1] === was) this.#lefts[parent - 1] = is;
    else this.#rights[parent - 1] = is;
  }

  #highestUnder(row: number): number {
    const left = this.#lefts[row]!, right = this.#rights[row]!;
    let found = this.#lasts[row]!;
    if (left !== END && this.#highest[left - 1]! > found) found = this.#highest[left - 1]!;
    if (right !== END && this.#highest[right - 1]! > found) found = this.#highest[right - 1]!;
    return found;
  }
}

/** Each step of this hash can be undone, so no two rows have one priority. */
function priorityOf(row: number): number {
  let word = Math.imul(row + 1, 0x9e3779b1);
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  return word ^ (word >>> 13);
}
