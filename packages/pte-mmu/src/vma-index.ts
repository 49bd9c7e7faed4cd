import { type ColumnAllocator, leaves } from "@zeropfn/state";
import { PteMmuError } from "./errors.ts";
import { checkVmaIndex } from "./vma-index-invariants.ts";
import { VmaNodes } from "./vma-nodes.ts";

/** No area is there, or the list ends. */
export const NO_VMA = 0xffff_ffff;

export interface VmaIndexOptions {
  /** Address spaces, numbered from 0. */
  readonly mmCapacity: number;
  /** Areas, numbered from 0: below 2^26. */
  readonly vmaCapacity: number;
  /** First page of each area, by number. The index reads it, its owner writes it. */
  readonly firstPage: Float64Array;
  /** One past the last page of each area, by number. */
  readonly endPage: Float64Array;
  /** A node of the trees has 2^nodeShift slots, or fewer if all areas fit one node: 2 … 7. Default 5. */
  readonly nodeShift?: number;
}

const DEFAULT_NODE_SHIFT = 5;
const VMA_LIMIT = 2 ** 26;
/** Links hold area + 1, so that a column of zeros is an empty list. */
const END = 0;
/** The area of a link; of `END`: `NO_VMA`. */
const linked = (link: number): number => (link - 1) >>> 0;

/**
 * The areas of each address space in order: a B+tree that knows the widest gap below each node, and links between neighbours.
 *
 * Each operation is one step, under the address space's mmap_lock. Areas of one address space do not overlap, and an area is
 * in the index once at most: callers see to that.
 * @kernel struct maple_tree as mm_mt — include/linux/mm_types.h, lib/maple_tree.c, v6.18
 * @differs Keys are pages, not addresses; a range without an area takes no slot; nodes have no readers under RCU.
 */
export class VmaIndex {
  static {
    if (__EXPLORE__) {
      leaves(VmaIndex, "pte-mmu/vmaIndex", {
        find: {},
        first: {},
        last: {},
        next: {},
        previous: {},
        count: {},
        findGapBelow: {},
        insert: {},
        erase: {},
        changed: {},
      });
    }
  }
  readonly #firstPage: Float64Array;
  readonly #endPage: Float64Array;
  readonly #nodes: VmaNodes;
  readonly #next: Uint32Array; // of an area, + 1
  readonly #previous: Uint32Array; // of an area, + 1
  readonly #heads: Uint32Array; // of an mm, + 1
  readonly #tails: Uint32Array; // of an mm, + 1
  readonly #counts: Uint32Array; // of an mm
  readonly #lastFound: Uint32Array; // of an mm, + 1: a hint

  /** @throws {PteMmuError} PTE_MMU_BAD_OPTION */
  constructor(columns: ColumnAllocator, { mmCapacity, vmaCapacity, firstPage, endPage, nodeShift = DEFAULT_NODE_SHIFT }: VmaIndexOptions) {
    if (!Number.isInteger(nodeShift) || nodeShift < 2 || nodeShift > 7) throw new PteMmuError("PTE_MMU_BAD_OPTION", `nodeShift ${nodeShift}, expected 2 to 7`);
    if (!(vmaCapacity < VMA_LIMIT)) throw new PteMmuError("PTE_MMU_BAD_OPTION", `vmaCapacity ${vmaCapacity}, expected below 2^26`);
    this.#firstPage = firstPage;
    this.#endPage = endPage;
    this.#nodes = new VmaNodes(columns, { mmCapacity, vmaCapacity, nodeShift });
    this.#next = columns.u32("vmaIndex.next", vmaCapacity);
    this.#previous = columns.u32("vmaIndex.previous", vmaCapacity);
    this.#heads = columns.u32("vmaIndex.first", mmCapacity);
    this.#tails = columns.u32("vmaIndex.last", mmCapacity);
    this.#counts = columns.u32("vmaIndex.count", mmCapacity);
    this.#lastFound = columns.u32("vmaIndex.lastFound", mmCapacity, "derived");
  }

  /**
   * The lowest area that ends above `page`, or `NO_VMA`. It need not cover `page`.
   *
   * @param page Integer, 0 … 2^53-1.
   * @complexity O(log n), or O(1) if the last call found the area that covers `page`. Allocates nothing.
   * @kernel find_vma() — mm/mmap.c, v6.18
   */
  find(mm: number, page: number): number {
    const hint = this.#lastFound[mm]!;
    if (hint !== END && page < this.#endPage[hint - 1]! && page >= this.#firstPage[hint - 1]!) return hint - 1;
    if (this.#counts[mm] === 0) return NO_VMA;
    const nodes = this.#nodes, vma = nodes.items[nodes.place(mm, page)]!;
    if (page >= this.#endPage[vma]!) return linked(this.#next[vma]!);
    this.#lastFound[mm] = vma + 1;
    return vma;
  }

  /** The lowest area, or `NO_VMA`. */
  first(mm: number): number {
    return linked(this.#heads[mm]!);
  }
  /** The highest area, or `NO_VMA`. */
  last(mm: number): number {
    return linked(this.#tails[mm]!);
  }
  /** The area above, or `NO_VMA`. @kernel vma_next() — include/linux/mm.h, v6.18 */
  next(vma: number): number {
    return linked(this.#next[vma]!);
  }
  /** The area below, or `NO_VMA`. @kernel vma_prev() — include/linux/mm.h, v6.18 */
  previous(vma: number): number {
    return linked(this.#previous[vma]!);
  }
  /** Areas of the address space. @kernel struct mm_struct map_count — include/linux/mm_types.h, v6.18 */
  count(mm: number): number {
    return this.#counts[mm]!;
  }

  /**
   * The first page of the highest gap of `pageCount` pages in [lowPage, highPage), at the upper end of that gap; or -1.
   *
   * @param pageCount Integer ≥ 1.
   * @complexity O(log n). Allocates nothing.
   * @kernel vm_unmapped_area() with VM_UNMAPPED_AREA_TOPDOWN — mm/mmap.c, v6.18
   * @differs No alignment, and no guard gaps of stacks that grow down.
   */
  findGapBelow(mm: number, pageCount: number, lowPage: number, highPage: number): number {
    if (this.#counts[mm] === 0) return fitted(highPage, pageCount, lowPage);
    const nodes = this.#nodes, place = nodes.place(mm, highPage - 1), vma = nodes.items[place]!;
    // The gap that `highPage` cuts is no gap of the tree's. If the first area lies above `highPage`, it is the only one.
    if (this.#firstPage[vma]! >= highPage) return fitted(highPage, pageCount, lowPage);
    const above = fitted(highPage, pageCount, Math.max(lowPage, this.#endPage[vma]!));
    if (above >= 0) return above;
    const found = nodes.lastGap(place, pageCount);
    // A gap that `lowPage` cuts too short is the last: those below it end lower still.
    return found < 0 ? -1 : fitted(nodes.keys[found]!, pageCount, lowPage);
  }

  /** Adds an area, whose pages no other area of `mm` has. */
  insert(mm: number, vma: number): void {
    const nodes = this.#nodes, firstPage = this.#firstPage[vma]!, place = nodes.place(mm, firstPage);
    const isFirst = this.#counts[mm] === 0 || nodes.keys[place]! > firstPage;
    const previous = isFirst ? END : nodes.items[place]! + 1, next = isFirst ? this.#heads[mm]! : this.#next[previous - 1]!;
    this.#link(mm, previous, vma + 1);
    this.#link(mm, vma + 1, next);
    this.#counts[mm]!++;
    const at = nodes.insert(place >> nodes.shift, isFirst ? place : place + 1, vma, firstPage, this.#gapBefore(vma));
    this.#updateNext(vma, at);
  }

  /** Takes out an area of `mm`. */
  erase(mm: number, vma: number): void {
    const nodes = this.#nodes, leaf = nodes.homes[vma]!, place = nodes.placeIn(leaf, vma), previous = this.#previous[vma]!;
    if (this.#lastFound[mm] === vma + 1) this.#lastFound[mm] = END;
    this.#link(mm, previous, this.#next[vma]!);
    this.#counts[mm]!--;
    this.#updateNext(vma, place);
    this.#next[vma] = this.#previous[vma] = END;
    nodes.remove(leaf, place);
  }

  /** To be called when an area's first or end page has changed, and no area has changed its place in the order. */
  changed(vma: number): void {
    const nodes = this.#nodes, leaf = nodes.homes[vma]!, place = nodes.placeIn(leaf, vma);
    nodes.setKey(leaf, place, this.#firstPage[vma]!);
    nodes.setGap(leaf, place, this.#gapBefore(vma));
    this.#updateNext(vma, place);
  }

  /** @throws {Error} The trees, the links and the columns of pages say different things. */
  checkInvariants(): void {
    checkVmaIndex(this, this.#nodes, this.#firstPage, this.#endPage, this.#counts);
  }

  /** Makes two areas neighbours. Links, of which one may be `END`. */
  #link(mm: number, lower: number, upper: number): void {
    if (lower === END) this.#heads[mm] = upper;
    else this.#next[lower - 1] = upper;
    if (upper === END) this.#tails[mm] = lower;
    else this.#previous[upper - 1] = lower;
  }

  /** Free pages between an area and the one below, or page 0. */
  #gapBefore(vma: number): number {
    const previous = this.#previous[vma]!;
    return this.#firstPage[vma]! - (previous === END ? 0 : this.#endPage[previous - 1]!);
  }

  /** Writes the gap of the area that follows the one at `place`, if there is one. */
  #updateNext(vma: number, place: number): void {
    const link = this.#next[vma]!;
    if (link === END) return;
    const nodes = this.#nodes, next = link - 1, leaf = nodes.homes[next]!;
    nodes.setGap(leaf, leaf === nodes.homes[vma]! ? place + 1 : nodes.placeIn(leaf, next), this.#gapBefore(next));
  }
}

/** Where `pageCount` pages that end at `end` begin, or -1 if that is below `low`. */
const fitted = (end: number, pageCount: number, low: number): number => (end - pageCount >= low ? end - pageCount : -1);
