import { NULL_ENTRY, nodeEntry, siblingEntry } from "./entries.ts";
import { type Forest, MARK_COUNT } from "./forest.ts";
import { addMark, marksOf } from "./node-marks.ts";
import type { Position } from "./position.ts";
import { loadAt } from "./walk.ts";

/** One wide entry into many of a smaller order, all the same, with its marks. */

/** Nodes that a split of an entry of `order` into pieces of the position's order makes: one for each slot, if a level is passed. */
export function nodesForSplit(forest: Forest, at: Position, order: number): number {
  return at.shift + forest.chunkShift > order ? 0 : 1 << (order % forest.chunkShift);
}

/** A split may pass one level only. @kernel xas_split_alloc() — lib/xarray.c, v7.3 */
export const canSplit = (forest: Forest, at: Position, order: number): boolean => at.shift + 2 * forest.chunkShift > order;

/**
 * Splits the entry at the position, of `order`, into pieces of the position's order, all of them `entry`. Nodes were secured.
 * @kernel xas_split() — lib/xarray.c, v7.3
 */
export function splitAt(forest: Forest, at: Position, entry: number, order: number): void {
  const old = loadAt(forest, at), { node } = at;
  if (node < 0) return;
  const marks = marksOf(forest, node, at.offset);
  const first = at.offset, last = first + (1 << (order % forest.chunkShift)) - 1;
  let values = 0;
  if (at.shift < forest.shifts[node]!) {
    for (let offset = last; offset >= first; offset--) addSplitNode(forest, at, offset, entry, marks);
    values = -(last - first + 1) * forest.valueCount(old);
  } else {
    for (let offset = first; offset <= last; offset += at.siblings + 1) {
      addMarks(forest, node, offset, marks);
      fill(forest, node, offset, at.siblings, entry);
    }
    values = (last - first + 1) * (forest.valueCount(entry) - forest.valueCount(old));
  }
  forest.values[node]! += values;
  at.update?.(node);
}

/**
 * Whether `trySplitAt` may: it makes no node, or one, for an entry of one slot into two pieces.
 * @kernel xas_try_split() — lib/xarray.c, v7.3
 */
export function canTrySplit(forest: Forest, at: Position, order: number): boolean {
  const { chunkShift } = forest;
  const makesNode = at.shift < order - (order % chunkShift);
  return !makesNode || (order % chunkShift === 0 && at.siblings === (1 << ((order - 1) % chunkShift)) - 1);
}

/** A node full of pieces in one slot of the split entry. */
function addSplitNode(forest: Forest, at: Position, offset: number, entry: number, marks: number): void {
  const { node, siblings } = at, { slotCount } = forest;
  const child = forest.allocate(forest.shifts[node]! - forest.chunkShift, node, offset);
  // The slot was counted already.
  forest.counts[node]!--;
  forest.counts[child] = slotCount;
  forest.values[child] = slotCount * forest.valueCount(entry);
  for (let slot = 0; slot < slotCount; slot += siblings + 1) {
    addMarks(forest, child, slot, marks);
    fill(forest, child, slot, siblings, entry);
  }
  addMarks(forest, node, offset, marks);
  forest.put(node, offset, nodeEntry(child));
  at.update?.(child);
}

function fill(forest: Forest, node: number, first: number, siblings: number, entry: number): void {
  const sibling = entry === NULL_ENTRY ? NULL_ENTRY : siblingEntry(first);
  forest.spread(node, first, first + siblings, entry, sibling);
}

function addMarks(forest: Forest, node: number, offset: number, marks: number): void {
  for (let mark = 0; mark < MARK_COUNT; mark++) if (((marks >>> mark) & 1) === 1) addMark(forest, node, offset, mark);
}
