import { MAX_INDEX, alignDown } from "./geometry.ts";

/** Where a position may be besides on a node (0 or more). On the head: the array is empty, or all of it is one entry at 0. */
export const ON_HEAD = -1;
/** Past the end of the tree. */
export const OUT_OF_BOUNDS = -2;
/** Nowhere yet: the next step starts at the head. */
export const RESTART = -3;

/** Called after the counts of `node` changed, within the operation: it may read the node's counts, and change nothing. */
export type NodeUpdate = (node: number) => void;

/**
 * A place in one array: the record that all walks move. Inside a leaf it is scratch, written before it is read.
 * `index` may run past the ends, where nothing is: to -1 and below, and to 2^53, where every search that finds nothing ends.
 *
 * @kernel struct xa_state — include/linux/xarray.h, v7.3
 */
export class Position {
  array = 0;
  index = 0;
  /** A node, or one of the three places above. */
  node: number = RESTART;
  /** Slot of `node`; -1 or the slot count while a walk leaves the node. */
  offset = 0;
  /** Shift of the nodes whose slots the wanted range covers, and how many slots beyond the first. 0 and 0: one index. */
  shift = 0;
  siblings = 0;
  update: NodeUpdate | null = null;

  /** At one index, to be walked to from the head. */
  start(array: number, index: number): this {
    this.array = array;
    return this.set(index);
  }
  /** @kernel xas_set() — include/linux/xarray.h, v7.3 */
  set(index: number): this {
    this.index = index;
    this.node = RESTART;
    this.offset = 0;
    this.shift = 0;
    this.siblings = 0;
    return this;
  }
  /** At the aligned range of 2^order indices around `index`. @kernel xas_set_order() — include/linux/xarray.h, v7.3 */
  setOrder(index: number, order: number, chunkShift: number): this {
    this.set(alignDown(index, order));
    this.shift = order - (order % chunkShift);
    this.siblings = (1 << (order % chunkShift)) - 1;
    return this;
  }
}

/** The step ends past the tree. Returns what is there: nothing. */
export function leaveTree(at: Position): 0 {
  at.node = OUT_OF_BOUNDS;
  // Doubles cannot step by 1 out there.
  if (at.index > MAX_INDEX) at.index = MAX_INDEX + 1;
  return 0;
}
/** Neither on a node nor on the head. */
export const isNowhere = (at: Position): boolean => at.node < ON_HEAD;
