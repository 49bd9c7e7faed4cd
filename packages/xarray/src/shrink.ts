import { FREE_MARK, ZERO_IS_BUSY } from "./array-flags.ts";
import { NULL_ENTRY, ZERO_ENTRY, isNodeEntry, nodeOf } from "./entries.ts";
import type { Forest } from "./forest.ts";
import { dropArrayMark, tracksFree } from "./marks.ts";
import { dropAllMarks, hasMark } from "./node-marks.ts";
import { ON_HEAD, OUT_OF_BOUNDS, type Position } from "./position.ts";

/** Giving nodes back: those that became empty, heads that hold one thing in slot 0, and whole subtrees. */

/** Frees the node of the position if it holds nothing, and so upwards; then lowers the tree. @kernel xas_delete_node() — lib/xarray.c, v7.3 */
export function dropEmptyNodes(forest: Forest, at: Position): void {
  let { node } = at;
  while (forest.counts[node] === 0) {
    const parent = forest.parent(node);
    at.node = parent;
    at.offset = forest.offsets[node]!;
    dropAllMarks(forest, node);
    forest.free(at.array, node);
    if (parent === ON_HEAD) {
      forest.setHead(at.array, ON_HEAD);
      at.node = OUT_OF_BOUNDS;
      return;
    }
    forest.put(parent, at.offset, NULL_ENTRY);
    forest.counts[parent]!--;
    node = parent;
    at.update?.(node);
  }
  if (forest.parent(node) === ON_HEAD) lowerHead(forest, at);
}

/** As long as the head holds one thing, in its slot 0, that thing becomes the head. @kernel xas_shrink() — lib/xarray.c, v7.3 */
function lowerHead(forest: Forest, at: Position): void {
  let { node } = at;
  const { array } = at;
  while (forest.counts[node] === 1) {
    let entry = forest.entry(node, 0);
    // A wide entry needs the node, for its width.
    if (entry === NULL_ENTRY || (!isNodeEntry(entry) && forest.shifts[node]! > 0)) return;
    if (entry === ZERO_ENTRY && (forest.flags[array]! & ZERO_IS_BUSY) !== 0) entry = NULL_ENTRY;
    if (tracksFree(forest, array) && !hasMark(forest, node, 0, FREE_MARK)) dropArrayMark(forest, array, FREE_MARK);
    at.node = OUT_OF_BOUNDS;
    forest.heads[array] = entry;
    forest.put(node, 0, NULL_ENTRY);
    dropAllMarks(forest, node);
    forest.counts[node] = 0;
    forest.values[node] = 0;
    at.update?.(node);
    forest.free(array, node);
    if (!isNodeEntry(entry)) return;
    node = nodeOf(entry);
    forest.adopt(node, ON_HEAD);
  }
}

/** Frees a node and all below it. Nothing points to it any more. @kernel xas_free_nodes() — lib/xarray.c, v7.3 */
export function freeSubtree(forest: Forest, at: Position, top: number): void {
  let node = top, offset = 0;
  for (;;) {
    const child = offset < forest.slotCount ? forest.entry(node, offset) : NULL_ENTRY;
    if (isNodeEntry(child)) {
      // Its slot is emptied now, as its parent is read once more when it is done.
      forest.put(node, offset, NULL_ENTRY);
      node = nodeOf(child);
      offset = 0;
    } else if (offset < forest.slotCount) forest.put(node, offset++, NULL_ENTRY);
    else {
      const parent = forest.parent(node);
      offset = forest.offsets[node]! + 1;
      forest.counts[node] = 0;
      forest.values[node] = 0;
      at.update?.(node);
      dropAllMarks(forest, node);
      forest.free(at.array, node);
      if (node === top) return;
      node = parent;
    }
  }
}

