import { NULL_ENTRY } from "./entries.ts";
import type { Forest } from "./forest.ts";
import { above, alignDown, digit, power } from "./geometry.ts";
import { createAt, nodesNeeded } from "./grow.ts";
import type { Position } from "./position.ts";
import { storeAt } from "./store.ts";
import { ascend, setOffset } from "./walk.ts";

/** Stores over a range of any ends, and slots made before they are filled. */

/**
 * The biggest piece of [first, last] from `first` that lies in slots of one node.
 * @kernel xas_set_range() — lib/xarray.c, v7.3
 */
function setPiece(forest: Forest, at: Position, first: number, last: number): void {
  const { chunkShift, slotMask } = forest;
  at.set(first);
  let shift = 0, index = first, more = last - first, low = slotMask;
  // A level up as long as the piece begins on a node and fills one at least.
  while (digit(index, 0, slotMask) === 0 && more >= slotMask && !(more === slotMask && low < slotMask)) {
    shift += chunkShift;
    if (low === slotMask) low = digit(more, 0, slotMask);
    more = above(more, chunkShift);
    index = above(index, chunkShift);
  }
  const offset = digit(index, 0, slotMask);
  let siblings = Math.min(more, slotMask - offset);
  if ((index + siblings + 1) * power(shift) - 1 > last) siblings--;
  at.shift = shift;
  at.siblings = siblings;
}

/** The order of the biggest aligned range that ends at `last`. */
function orderOfEnd(last: number): number {
  let order = 0;
  for (let next = last + 1; next % 2 === 0 && order < 53; next /= 2) order++;
  return order;
}

/** Nodes that storing [first, last] may make at most: those towards both ends. */
export function nodesForRange(forest: Forest, at: Position, first: number, last: number): number {
  setPiece(forest, at, first, last);
  const atFirst = nodesNeeded(forest, at, true);
  at.setOrder(last, orderOfEnd(last), forest.chunkShift);
  const atLast = nodesNeeded(forest, at, true);
  return atFirst === 0 || first === last ? Math.max(atFirst, atLast) : atFirst + atLast;
}

/** Stores `entry` in [first, last], in the fewest aligned pieces. Nodes were secured. @kernel xa_store_range() — lib/xarray.c, v7.3 */
export function storePieces(forest: Forest, at: Position, first: number, last: number, entry: number): void {
  if (entry !== NULL_ENTRY) createAt(forest, at.setOrder(last, orderOfEnd(last), forest.chunkShift), true);
  for (let from = first; from <= last; ) {
    setPiece(forest, at, from, last);
    const size = (at.siblings + 1) * power(at.shift);
    storeAt(forest, at, entry);
    from += size;
  }
}

/**
 * Makes a slot for each index of the position's range; then the position is at one index, the first.
 * An entry of a level above a leaf ends it early.
 * @kernel xas_create_range() — lib/xarray.c, v7.3
 */
export function createRangeAt(forest: Forest, at: Position): void {
  const { index, shift, siblings } = at, { slotCount } = forest;
  at.index = index + (siblings + 1) * power(shift) - 1;
  if (at.node >= 0 && forest.shifts[at.node] === shift) at.offset |= siblings;
  at.shift = 0;
  at.siblings = 0;
  const lastOfFirstLeaf = alignDown(index, forest.chunkShift) + slotCount - 1;
  // Leaf by leaf from the last to the first, each time from the node above both.
  for (;;) {
    createAt(forest, at, true);
    if (at.index <= lastOfFirstLeaf) break;
    at.index -= slotCount;
    while (at.node >= 0 && forest.shifts[at.node]! < shift) {
      const isFirst = forest.offsets[at.node] === 0;
      ascend(forest, at, -1);
      if (!isFirst) break;
    }
  }
  at.index = index;
  if (at.node >= 0) setOffset(forest, at);
}

/** Nodes that `createRangeAt` may make at most: those down to the last slot, and all others over the range. */
export function nodesForSlots(forest: Forest, at: Position): number {
  const { index, shift, siblings } = at, { chunkShift } = forest, size = (siblings + 1) * power(shift);
  at.index = index + size - 1;
  at.shift = 0;
  at.siblings = 0;
  let nodes = at.node >= 0 ? forest.shifts[at.node]! / chunkShift : nodesNeeded(forest, at, true);
  for (let level = chunkShift; level <= shift; level += chunkShift) nodes += size / power(level);
  at.index = index;
  at.shift = shift;
  at.siblings = siblings;
  return nodes;
}
