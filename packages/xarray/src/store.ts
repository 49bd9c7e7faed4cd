import { NULL_ENTRY, ZERO_ENTRY, isNodeEntry, isSiblingEntry, nodeOf, siblingEntry } from "./entries.ts";
import type { Forest } from "./forest.ts";
import { createAt, nodesNeeded } from "./grow.ts";
import { initMarksAt } from "./marks.ts";
import { gatherMarks } from "./node-marks.ts";
import { type Position, isNowhere } from "./position.ts";
import { dropEmptyNodes, freeSubtree } from "./shrink.ts";
import { loadAt } from "./walk.ts";

/** Secures the nodes that a store of `entry` at the position may make. May move the columns of nodes. */
export function secureStore(forest: Forest, at: Position, entry: number): boolean {
  return entry === NULL_ENTRY || forest.secure(nodesNeeded(forest, at, entry !== ZERO_ENTRY));
}

/**
 * Puts `entry` into all slots of the position's range, in place of whatever is there. Nodes were secured.
 *
 * A range that ends inside a bigger entry replaces all of that entry, and keeps its width.
 *
 * @returns What was in the first slot: for a range of several slots advisory only, and it may be a node.
 * @kernel xas_store() — lib/xarray.c, v7.3
 */
export function storeAt(forest: Forest, at: Position, entry: number): number {
  const first = entry === NULL_ENTRY ? loadAt(forest, at) : createAt(forest, at, entry !== ZERO_ENTRY);
  if (isNowhere(at)) return first;
  const { node } = at;
  if (node >= 0 && at.shift < forest.shifts[node]!) at.siblings = 0;
  if (first === entry && at.siblings === 0) return first;
  if (node >= 0 && at.siblings > 0) gatherMarks(forest, node, at.offset, at.offset + at.siblings);
  // Marks go first, so that nobody who follows marks meets an empty slot.
  if (entry === NULL_ENTRY) initMarksAt(forest, at);
  if (node < 0) {
    forest.heads[at.array] = entry;
    if (isNodeEntry(first)) freeSubtree(forest, at, nodeOf(first));
  } else replaceSlots(forest, at, entry, first);
  return first;
}

/** Fills the slots of the range, and keeps the counts of the node. */
function replaceSlots(forest: Forest, at: Position, entry: number, first: number): void {
  const { node, offset } = at, end = offset + at.siblings, isUpper = forest.shifts[node]! > 0;
  const newValue = forest.valueCount(entry);
  let count = 0, values = 0;
  let put = entry, here = first, head = first;
  for (let slot = offset; ; ) {
    forest.put(node, slot, put);
    if (isUpper && isNodeEntry(here)) freeSubtree(forest, at, nodeOf(here));
    if (here === NULL_ENTRY) count++;
    if (put === NULL_ENTRY) count--;
    values += newValue - forest.valueCount(head);
    if (++slot > forest.slotMask || (put !== NULL_ENTRY && slot > end)) break;
    if (put !== NULL_ENTRY) put = siblingEntry(offset);
    here = forest.entry(node, slot);
    if (!isSiblingEntry(here)) {
      // Emptying goes on over the siblings of what it empties, even past the end of the range.
      if (put === NULL_ENTRY && slot > end) break;
      head = here;
    }
  }
  if (put !== NULL_ENTRY && newValue !== forest.valueCount(head)) values += (newValue - forest.valueCount(head)) * siblingsAfter(forest, node, end);
  if (count === 0 && values === 0) return;
  forest.counts[node]! += count;
  forest.values[node]! += values;
  at.update?.(node);
  if (count < 0) dropEmptyNodes(forest, at);
}

/**
 * Siblings past the end of the range: they follow the new entry as they followed the old one.
 * @differs The kernel leaves them out, so that its count of values drifts.
 */
function siblingsAfter(forest: Forest, node: number, end: number): number {
  let slot = end + 1;
  while (slot < forest.slotCount && isSiblingEntry(forest.entry(node, slot))) slot++;
  return slot - end - 1;
}
