import { FREE_MARK, ZERO_IS_BUSY } from "./array-flags.ts";
import { NULL_ENTRY, ZERO_ENTRY, isNodeEntry, nodeEntry, nodeOf } from "./entries.ts";
import { type Forest, MARK_COUNT } from "./forest.ts";
import { above, digit, power } from "./geometry.ts";
import { addArrayMark, arrayHasMark, tracksFree } from "./marks.ts";
import { addAllMarks, addMark, dropMark } from "./node-marks.ts";
import { ON_HEAD, type Position } from "./position.ts";
import { descend } from "./walk.ts";

/** Making the slots that a store needs: new levels above the head, new nodes below it. */

/** The last index that the tree must reach so that the position's range has a slot. A range from 0 is never kept in the head. */
function lastNeeded(at: Position): number {
  const last = at.index + (at.siblings + 1) * power(at.shift) - 1;
  return last > 0 && at.index === 0 && (at.shift > 0 || at.siblings > 0) ? last + 1 : last;
}

/** The shift of a new head that reaches index `last`. */
function headShift(forest: Forest, last: number): number {
  let shift = 0;
  while (above(last, shift) > forest.slotMask) shift += forest.chunkShift;
  return shift;
}

/**
 * Nodes that `createAt` would make at this position.
 * `isRootAllowed`: whether the entry may be kept in the head.
 */
export function nodesNeeded(forest: Forest, at: Position, isRootAllowed: boolean): number {
  if (at.node >= 0) return missingAt(forest, at);
  const last = lastNeeded(at), { chunkShift, slotMask } = forest;
  let entry = forest.head(at.array);
  if (entry === NULL_ENTRY && (forest.flags[at.array]! & ZERO_IS_BUSY) !== 0 && last > 0) entry = ZERO_ENTRY;
  if (entry === NULL_ENTRY) return last === 0 ? (isRootAllowed ? 0 : 1) : levelsBetween(headShift(forest, last) + chunkShift, at.shift, chunkShift);
  if (last > forest.reach(entry)) {
    // New levels from the old head upwards; then from the top one down to the wanted shift, away from the old head.
    const from = isNodeEntry(entry) ? forest.shifts[nodeOf(entry)]! + chunkShift : 0, top = headShift(forest, last);
    return levelsBetween(top + chunkShift, from, chunkShift) + (digit(at.index, top, slotMask) === 0 && at.index < power(top) ? missingBelowZero(forest, at, top) : levelsBetween(top, at.shift, chunkShift));
  }
  return missingBelow(forest, at, entry);
}

/** A range from 0 that needs new levels: its slot is in the new head already, or on the way down to the old one. */
function missingBelowZero(forest: Forest, at: Position, top: number): number {
  const head = forest.head(at.array);
  if (at.shift >= top || !isNodeEntry(head)) return 0;
  return at.shift >= forest.shifts[nodeOf(head)]! ? 0 : missingBelow(forest, at, head);
}

/** Below the slot in which the position stands. */
function missingAt(forest: Forest, at: Position): number {
  const entry = forest.entry(at.node, at.offset);
  return entry === NULL_ENTRY ? levelsBetween(forest.shifts[at.node]!, at.shift, forest.chunkShift) : missingBelow(forest, at, entry);
}

const levelsBetween = (top: number, bottom: number, chunkShift: number): number => Math.max(0, (top - bottom) / chunkShift);

function missingBelow(forest: Forest, at: Position, from: number): number {
  let entry = from;
  while (isNodeEntry(entry)) {
    const node = nodeOf(entry), shift = forest.shifts[node]!;
    if (shift <= at.shift) return 0;
    entry = forest.entry(node, forest.canonical(node, digit(at.index, shift, forest.slotMask)));
    if (entry === NULL_ENTRY) return levelsBetween(shift, at.shift, forest.chunkShift);
  }
  return 0;
}

/**
 * Walks to the slot of the position's range, making what is missing. The nodes were secured.
 * @param isRootAllowed Whether the entry to come may be kept in the head: not a reserved one.
 * @returns What is in the slot. @kernel xas_create() — lib/xarray.c, v7.3
 */
export function createAt(forest: Forest, at: Position, isRootAllowed: boolean): number {
  let entry: number, shift: number;
  if (at.node >= 0) {
    shift = forest.shifts[at.node]!;
    entry = forest.entry(at.node, at.offset);
  } else {
    at.node = ON_HEAD;
    shift = growUp(forest, at);
    if (shift === 0 && !isRootAllowed) shift = forest.chunkShift;
    entry = forest.head(at.array);
  }
  while (shift > at.shift) {
    shift -= forest.chunkShift;
    if (entry === NULL_ENTRY) entry = addNodeBelow(forest, at, shift);
    else if (!isNodeEntry(entry)) break;
    entry = descend(forest, at, nodeOf(entry));
  }
  return entry;
}

/** A node in the empty slot of the position. */
function addNodeBelow(forest: Forest, at: Position, shift: number): number {
  const node = forest.allocate(shift, at.node, at.node >= 0 ? at.offset : 0);
  if (tracksFree(forest, at.array)) addAllMarks(forest, node, FREE_MARK);
  if (at.node >= 0) {
    forest.put(at.node, at.offset, nodeEntry(node));
    at.update?.(at.node);
  } else forest.setHead(at.array, node);
  return nodeEntry(node);
}

/** Adds levels until the tree reaches the range. Returns the shift above the head. @kernel xas_expand() — lib/xarray.c, v7.3 */
function growUp(forest: Forest, at: Position): number {
  const { array } = at, last = lastNeeded(at);
  let head = forest.head(array);
  if (head === NULL_ENTRY) {
    if ((forest.flags[array]! & ZERO_IS_BUSY) === 0) return last === 0 ? 0 : headShift(forest, last) + forest.chunkShift;
    head = ZERO_ENTRY;
  }
  let shift = isNodeEntry(head) ? forest.shifts[nodeOf(head)]! + forest.chunkShift : 0;
  while (last > forest.reach(head)) {
    head = addNodeAbove(forest, at, head, shift);
    shift += forest.chunkShift;
  }
  return shift;
}

/** A new head, with the old one in its slot 0. */
function addNodeAbove(forest: Forest, at: Position, head: number, shift: number): number {
  const { array } = at, node = forest.allocate(shift, ON_HEAD, 0);
  forest.counts[node] = 1;
  forest.values[node] = forest.valueCount(head);
  forest.put(node, 0, head);
  for (let mark = 0; mark < MARK_COUNT; mark++) inheritMark(forest, array, node, mark);
  if (isNodeEntry(head)) forest.adopt(nodeOf(head), node);
  forest.setHead(array, node);
  at.update?.(node);
  return nodeEntry(node);
}

/** What is marked in the whole array is below slot 0 of its new head; and all its other slots are free. */
function inheritMark(forest: Forest, array: number, node: number, mark: number): void {
  if (mark === FREE_MARK && tracksFree(forest, array)) {
    addAllMarks(forest, node, mark);
    if (arrayHasMark(forest, array, mark)) return;
    dropMark(forest, node, 0, mark);
    addArrayMark(forest, array, mark);
  } else if (arrayHasMark(forest, array, mark)) addMark(forest, node, 0, mark);
}
