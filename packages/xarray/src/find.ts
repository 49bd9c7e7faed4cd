import { FREE_MARK } from "./array-flags.ts";
import { NULL_ENTRY, isNodeEntry, isSiblingEntry, nodeOf, slotOfSibling } from "./entries.ts";
import type { Forest } from "./forest.ts";
import { MAX_INDEX, alignDown, digit, power } from "./geometry.ts";
import { arrayHasMark, tracksFree } from "./marks.ts";
import { nextMark } from "./node-marks.ts";
import { ON_HEAD, OUT_OF_BOUNDS, type Position, RESTART, isNowhere, leaveTree } from "./position.ts";
import { ascend, beginWalk, descend, loadAt, moveIndex, setOffset } from "./walk.ts";

/** Forward to the next entry: any, marked, or in the way of a range. */

/**
 * To the first entry at the position, if it stands nowhere yet, or else after it, up to `max`.
 * @returns The entry, reserved ones included; or `NULL_ENTRY`, and the position is out of bounds or past `max`.
 * @kernel xas_find() — lib/xarray.c, v7.3
 */
export function findNext(forest: Forest, at: Position, max: number): number {
  if (at.node === OUT_OF_BOUNDS) return NULL_ENTRY;
  if (at.index > max || at.index < 0) return leaveTree(at);
  if (at.node === ON_HEAD) {
    at.index = 1;
    return leaveTree(at);
  }
  if (at.node === RESTART) {
    const entry = loadAt(forest, at);
    if (entry !== NULL_ENTRY || at.node < 0) return entry;
  } else if (forest.shifts[at.node] === 0 && at.offset !== digit(at.index, 0, forest.slotMask)) {
    // Begun inside a wide entry: on from the index, not from the entry's first slot.
    at.offset = digit(at.index - 1, 0, forest.slotMask) + 1;
  }
  return scanOn(forest, at, max);
}

/** On from the slot after the position's. It ends on the first slot past `max`, or out of bounds. */
function scanOn(forest: Forest, at: Position, max: number): number {
  const { slotCount, chunkShift } = forest;
  at.offset++;
  moveIndex(forest, at, at.offset);
  for (;;) {
    // The index is where the slot begins, which may be one past the node.
    const { node } = at, shift = forest.shifts[node]!, first = at.index - at.offset * power(shift), { slots } = forest;
    const end = Math.min(slotCount, Math.floor((max - first) / power(shift)) + 1);
    let slot = (node << chunkShift) + at.offset, entry = 0;
    const stop = (node << chunkShift) + end;
    while (slot < stop && ((entry = slots[slot]! | 0) === NULL_ENTRY || isSiblingEntry(entry))) slot++;
    // Beyond `max`, or beyond the node: then the index is that of the slot where it ends.
    at.offset = Math.max(at.offset, slot - (node << chunkShift));
    at.index = first + at.offset * power(shift);
    if (slot >= stop) {
      if (end < slotCount) return at.index > MAX_INDEX ? leaveTree(at) : NULL_ENTRY;
      ascend(forest, at, 1);
      if (at.node < 0) return leaveTree(at);
      if (at.index > max) return at.index > MAX_INDEX ? leaveTree(at) : NULL_ENTRY;
    } else if (isNodeEntry(entry)) {
      at.node = nodeOf(entry);
      at.offset = 0;
    } else return entry;
  }
}

/**
 * Copies entries from the position on into `out`, as the position's leaf has them; reserved ones are left out. The position
 * is then on the last slot that was looked at.
 */
export function copyFromLeaf(forest: Forest, at: Position, max: number, out: EntryList, indices: IndexList | undefined, from: number, count: number): number {
  const { slots } = forest, base = at.node << forest.chunkShift, first = at.index - at.offset;
  const last = Math.min(forest.slotMask, max - first);
  let length = from, offset = at.offset;
  for (; offset <= last && length < count; offset++) {
    const entry = slots[base + offset]! | 0;
    if (entry <= 0) continue;
    if (indices !== undefined) indices[length] = first + offset;
    out[length++] = entry;
  }
  at.offset = offset - 1;
  at.index = first + at.offset;
  return length;
}

/** What entries, and indices, are copied into. */
export type EntryList = Uint32Array | Int32Array | Float64Array | number[];
export type IndexList = Float64Array | number[];

/**
 * To the first entry with `mark` at the position, if it stands nowhere yet, or else after it, up to `max`.
 * @returns The entry (nothing, for a free slot found by the free mark); or `NULL_ENTRY`, and the position stands nowhere:
 *   `RESTART` if there is none up to `max`, out of bounds if the tree ended before.
 * @kernel xas_find_marked() — lib/xarray.c, v7.3
 */
export function findNextMarked(forest: Forest, at: Position, max: number, mark: number): number {
  if (at.index > max) return giveUp(at);
  if (at.index < 0) return leaveTree(at);
  if (at.node === ON_HEAD) {
    at.index = 1;
    return at.index > max ? giveUp(at) : leaveTree(at);
  }
  let isPast = true;
  if (at.node < 0) {
    isPast = false;
    const head = forest.head(at.array);
    at.node = ON_HEAD;
    if (at.index > forest.reach(head)) return leaveTree(at);
    if (!isNodeEntry(head)) {
      if (arrayHasMark(forest, at.array, mark)) return head;
      at.index = 1;
      return at.index > max ? giveUp(at) : leaveTree(at);
    }
    at.node = nodeOf(head);
    setOffset(forest, at);
  }
  return scanMarked(forest, at, max, mark, isPast);
}

function giveUp(at: Position): 0 {
  if (at.index > MAX_INDEX) return leaveTree(at);
  at.node = RESTART;
  return NULL_ENTRY;
}

function scanMarked(forest: Forest, at: Position, max: number, mark: number, isPast: boolean): number {
  const emptyCounts = mark === FREE_MARK && tracksFree(forest, at.array);
  let skip = isPast;
  while (at.index <= max) {
    if (at.offset >= forest.slotCount) {
      ascend(forest, at, 1);
      if (at.node < 0) break;
      skip = false;
      continue;
    }
    if (!skip) {
      const here = forest.entry(at.node, at.offset);
      if (isSiblingEntry(here)) {
        at.offset = slotOfSibling(here);
        moveIndex(forest, at, at.offset);
      }
    }
    const offset = nextMark(forest, at.node, skip ? at.offset + 1 : at.offset, mark);
    if (offset > at.offset) {
      skip = false;
      moveIndex(forest, at, offset);
      if (at.index > max) return giveUp(at);
      at.offset = offset;
      if (offset === forest.slotCount) continue;
    }
    const entry = forest.entry(at.node, offset);
    if (!isNodeEntry(entry)) {
      if (entry === NULL_ENTRY ? emptyCounts : !isSiblingEntry(entry)) return entry;
      continue;
    }
    at.node = nodeOf(entry);
    setOffset(forest, at);
  }
  return at.index > max ? giveUp(at) : leaveTree(at);
}

/** As `findNext`, quickly to what lies beside the position in its leaf. @kernel xas_next_entry() — include/linux/xarray.h, v7.3 */
export function findBeside(forest: Forest, at: Position, max: number): number {
  const { node } = at, { slotMask } = forest;
  if (node < 0 || forest.shifts[node]! > 0 || at.offset !== digit(at.index, 0, slotMask)) return findNext(forest, at, max);
  for (;;) {
    if (at.index >= max || at.offset === slotMask) return findNext(forest, at, max);
    const entry = forest.entry(node, at.offset + 1);
    if (entry < 0) return findNext(forest, at, max);
    at.offset++;
    at.index++;
    if (entry !== NULL_ENTRY) return entry;
  }
}

/** As `findNextMarked`, quickly to what lies beside the position in its leaf. @kernel xas_next_marked() — include/linux/xarray.h, v7.3 */
export function findMarkedBeside(forest: Forest, at: Position, max: number, mark: number): number {
  const { node } = at;
  if (node < 0 || forest.shifts[node]! > 0) return findNextMarked(forest, at, max, mark);
  const offset = nextMark(forest, node, at.offset + 1, mark);
  at.index = alignDown(at.index, forest.chunkShift) + offset;
  at.offset = offset;
  if (at.index > max) return at.index > MAX_INDEX ? leaveTree(at) : NULL_ENTRY;
  if (offset === forest.slotCount) return findNextMarked(forest, at, max, mark);
  const entry = forest.entry(node, offset);
  return entry === NULL_ENTRY ? findNextMarked(forest, at, max, mark) : entry;
}

/**
 * To the next entry that overlaps the position's range: each once, reserved ones included, a wider one too.
 * @returns The entry, or `NULL_ENTRY`: then the position is back on the range's first slot.
 * @kernel xas_find_conflict() — lib/xarray.c, v7.3
 */
export function findNextConflict(forest: Forest, at: Position): number {
  if (at.node === ON_HEAD) return NULL_ENTRY;
  if (isNowhere(at)) {
    let entry = beginWalk(forest, at);
    if (entry === NULL_ENTRY) return entry;
    while (isNodeEntry(entry)) entry = descend(forest, at, nodeOf(entry));
    if (entry !== NULL_ENTRY) return entry;
  }
  if (forest.shifts[at.node]! > at.shift) return NULL_ENTRY;
  for (;;) {
    if (forest.shifts[at.node] === at.shift) {
      if ((at.offset & at.siblings) === at.siblings) break;
    } else if (at.offset === forest.slotMask) {
      ascend(forest, at, 0);
      if (at.node < 0) break;
      continue;
    }
    let entry = forest.entry(at.node, ++at.offset);
    if (isSiblingEntry(entry)) continue;
    while (isNodeEntry(entry)) {
      at.node = nodeOf(entry);
      at.offset = 0;
      entry = forest.entry(at.node, 0);
    }
    if (entry !== NULL_ENTRY) return entry;
  }
  at.offset -= at.siblings;
  return NULL_ENTRY;
}
