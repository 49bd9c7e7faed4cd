import { FREE_MARK, TRACKS_FREE } from "./array-flags.ts";
import { isNodeEntry, nodeOf } from "./entries.ts";
import { type Forest, MARK_COUNT } from "./forest.ts";
import { addMark, anyMark, dropMark, hasMark } from "./node-marks.ts";
import { type Position, isNowhere } from "./position.ts";
import { beginWalk, descend } from "./walk.ts";

/** Marks of the entry at a position, and of all that lies above it: a slot is marked if anything below it is. */

export const arrayHasMark = (forest: Forest, array: number, mark: number): boolean => ((forest.flags[array]! >>> mark) & 1) === 1;
export function addArrayMark(forest: Forest, array: number, mark: number): void {
  forest.flags[array] = forest.flags[array]! | (1 << mark);
}
export function dropArrayMark(forest: Forest, array: number, mark: number): void {
  forest.flags[array] = forest.flags[array]! & ~(1 << mark);
}
export const tracksFree = (forest: Forest, array: number): boolean => (forest.flags[array]! & TRACKS_FREE) !== 0;

/** @kernel xas_get_mark() — lib/xarray.c, v7.3 */
export function getMarkAt(forest: Forest, at: Position, mark: number): boolean {
  if (isNowhere(at)) return false;
  return at.node < 0 ? arrayHasMark(forest, at.array, mark) : hasMark(forest, at.node, at.offset, mark);
}

/** @kernel xas_set_mark() — lib/xarray.c, v7.3 */
export function setMarkAt(forest: Forest, at: Position, mark: number): void {
  if (!isNowhere(at)) setMarkUpwards(forest, at.array, at.node, at.offset, mark);
}
export function setMarkUpwards(forest: Forest, array: number, from: number, slot: number, mark: number): void {
  let node = from, offset = slot;
  while (node >= 0) {
    // What is above a marked slot is marked already.
    if (!addMark(forest, node, offset, mark)) return;
    offset = forest.offsets[node]!;
    node = forest.parent(node);
  }
  addArrayMark(forest, array, mark);
}

/** @kernel xas_clear_mark() — lib/xarray.c, v7.3 */
export function clearMarkAt(forest: Forest, at: Position, mark: number): void {
  if (!isNowhere(at)) clearMarkUpwards(forest, at.array, at.node, at.offset, mark);
}
export function clearMarkUpwards(forest: Forest, array: number, from: number, slot: number, mark: number): void {
  let node = from, offset = slot;
  while (node >= 0) {
    if (!dropMark(forest, node, offset, mark) || anyMark(forest, node, mark)) return;
    offset = forest.offsets[node]!;
    node = forest.parent(node);
  }
  dropArrayMark(forest, array, mark);
}

/** The marks of an empty slot: none, or "free". @kernel xas_init_marks() — lib/xarray.c, v7.3 */
export function initMarksAt(forest: Forest, at: Position): void {
  for (let mark = 0; mark < MARK_COUNT; mark++) {
    if (mark === FREE_MARK && tracksFree(forest, at.array)) setMarkAt(forest, at, mark);
    else clearMarkAt(forest, at, mark);
  }
}

/** The mark of what lies at the position's index: down only as long as something is marked. @kernel xa_get_mark() — lib/xarray.c, v7.3 */
export function findMarkOf(forest: Forest, at: Position, mark: number): boolean {
  let entry = beginWalk(forest, at);
  while (getMarkAt(forest, at, mark)) {
    if (!isNodeEntry(entry)) return true;
    entry = descend(forest, at, nodeOf(entry));
  }
  return false;
}
