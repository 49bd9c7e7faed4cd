import { FREE_MARK, TRACKS_FREE } from "./array-flags.ts";
import { XA_PRESENT } from "./constants.ts";
import { NULL_ENTRY, isSiblingEntry, isValueEntry } from "./entries.ts";
import type { Forest } from "./forest.ts";
import { clearMarkUpwards, setMarkUpwards } from "./marks.ts";
import { hasMark, nextMark } from "./node-marks.ts";
import type { Position } from "./position.ts";

/**
 * What can be done within the leaf over an index, without a walk: the everyday case of each operation. What these cannot
 * do they leave untouched, for the walk that knows all cases; so they are no second truth about any of them.
 */

/** It takes a walk. No entry, index or mark is this. */
export const NOT_HERE: number = -4;

const ANY_MARK = 0b111;
const isMark = (mark: number): boolean => mark === 0 || mark === 1 || mark === 2;

/** Puts an entry in place of one, or into an empty slot. Returns the old entry, or `NOT_HERE`. */
export function storeInLeaf(forest: Forest, array: number, index: number, entry: number): number {
  const slot = forest.leafSlotOf(array, index);
  if (slot < 0 || (entry | 0) !== entry || entry <= 0) return NOT_HERE;
  const { slots } = forest, old = slots[slot]! | 0;
  if (old > 0 && isValueEntry(old) === isValueEntry(entry)) {
    slots[slot] = entry;
    return old;
  }
  if (old !== NULL_ENTRY || (forest.flags[array]! & TRACKS_FREE) !== 0) return NOT_HERE;
  slots[slot] = entry;
  const node = slot >>> forest.chunkShift;
  forest.counts[node]!++;
  if (isValueEntry(entry)) forest.values[node]!++;
  return NULL_ENTRY;
}

/** Empties a slot without marks in a leaf that stays. Returns the old entry, or `NOT_HERE`. */
export function eraseInLeaf(forest: Forest, array: number, index: number): number {
  const slot = forest.leafSlotOf(array, index);
  if (slot < 0 || (forest.flags[array]! & (TRACKS_FREE | ANY_MARK)) !== 0) return NOT_HERE;
  const { slots } = forest, old = slots[slot]! | 0, node = slot >>> forest.chunkShift;
  if (old === NULL_ENTRY) return old;
  // A head with one entry left may go. The slot after the last of a leaf begins another node, and is no sibling.
  if (old < 0 || forest.counts[node]! < (forest.parents[node] === 0 ? 3 : 2) || isSiblingEntry(slots[slot + 1]! | 0)) return NOT_HERE;
  slots[slot] = NULL_ENTRY;
  forest.counts[node]!--;
  if (isValueEntry(old)) forest.values[node]!--;
  return old;
}

/** The next index with an entry up to `max`, or `NOT_HERE`. */
export function findInLeaf(forest: Forest, array: number, index: number, max: number): number {
  const slot = forest.leafSlotOf(array, index);
  if (slot < 0) return NOT_HERE;
  const { slots } = forest, end = (slot | forest.slotMask) + 1;
  for (let at = slot; at < end; at++) {
    const entry = slots[at]! | 0;
    if (entry === NULL_ENTRY) continue;
    return entry > 0 && index + (at - slot) <= max ? index + (at - slot) : NOT_HERE;
  }
  return NOT_HERE;
}

/** The next index with `mark` up to `max`, or `NOT_HERE`. */
export function findMarkedInLeaf(forest: Forest, array: number, index: number, max: number, mark: number): number {
  const slot = forest.leafSlotOf(array, index);
  if (slot < 0 || (forest.slots[slot]! | 0) < 0 || !isMark(mark)) return NOT_HERE;
  const node = slot >>> forest.chunkShift, offset = slot & forest.slotMask, found = nextMark(forest, node, offset, mark);
  if (found === forest.slotCount || index + (found - offset) > max) return NOT_HERE;
  return (forest.slots[slot + found - offset]! | 0) > 0 ? index + (found - offset) : NOT_HERE;
}

/** 1 or 0: whether the slot has `mark`; or `NOT_HERE`. */
export function getMarkInLeaf(forest: Forest, array: number, index: number, mark: number): number {
  const slot = forest.leafSlotOf(array, index);
  if (slot < 0 || (forest.slots[slot]! | 0) < 0 || !isMark(mark)) return NOT_HERE;
  return hasMark(forest, slot >>> forest.chunkShift, slot & forest.slotMask, mark) ? 1 : 0;
}

/** Sets or clears the mark of an entry of one slot, or the first of many. False: it takes a walk. */
export function setMarkInLeaf(forest: Forest, array: number, index: number, mark: number): boolean {
  const slot = forest.leafSlotOf(array, index);
  if (slot < 0 || (forest.slots[slot]! | 0) <= 0 || !isMark(mark) || (mark === FREE_MARK && (forest.flags[array]! & TRACKS_FREE) !== 0)) return false;
  setMarkUpwards(forest, array, slot >>> forest.chunkShift, slot & forest.slotMask, mark);
  return true;
}
export function clearMarkInLeaf(forest: Forest, array: number, index: number, mark: number): boolean {
  const slot = forest.leafSlotOf(array, index);
  if (slot < 0 || (forest.slots[slot]! | 0) <= 0 || !isMark(mark) || (mark === FREE_MARK && (forest.flags[array]! & TRACKS_FREE) !== 0)) return false;
  clearMarkUpwards(forest, array, slot >>> forest.chunkShift, slot & forest.slotMask, mark);
  return true;
}

/** Before a search that goes beyond the leaf: begins at its slot of the index, which holds nothing that is sought, instead of at the head. */
export function startInLeaf(forest: Forest, at: Position, filter: number): void {
  const slot = forest.leafSlotOf(at.array, at.index);
  if (slot < 0) return;
  const entry = forest.slots[slot]! | 0, node = slot >>> forest.chunkShift, offset = slot & forest.slotMask;
  if (filter === XA_PRESENT ? entry !== NULL_ENTRY : entry < 0 || hasMark(forest, node, offset, filter)) return;
  at.node = node;
  at.offset = offset;
}
