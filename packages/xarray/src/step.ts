import { isNodeEntry, nodeOf } from "./entries.ts";
import type { Forest } from "./forest.ts";
import { MAX_INDEX, alignDown, digit, power } from "./geometry.ts";
import { ON_HEAD, OUT_OF_BOUNDS, type Position, RESTART, isNowhere, leaveTree } from "./position.ts";
import { ascend, endOfEntry, loadAt, setOffset } from "./walk.ts";

/** One index forward or back, and standing still while others change the array. */

/**
 * To the next index, whatever is there. From nowhere yet: to the index itself. After 2^53-1 comes 2^53, where walks end.
 * @returns What is in the slot, siblings included.
 * @kernel xas_next(), __xas_next() — lib/xarray.c, v7.3
 */
export function stepForward(forest: Forest, at: Position): number {
  if (at.node === RESTART) return loadAt(forest, at);
  if (at.index >= MAX_INDEX) {
    at.index = MAX_INDEX + 1;
    return leaveTree(at);
  }
  at.index++;
  if (at.node === ON_HEAD) return leaveTree(at);
  if (at.node === OUT_OF_BOUNDS) return loadAt(forest, at);
  if (at.offset !== digit(at.index, forest.shifts[at.node]!, forest.slotMask)) at.offset++;
  while (at.offset === forest.slotCount) {
    ascend(forest, at, 1);
    if (at.node < 0) return leaveTree(at);
  }
  return descendToSlot(forest, at);
}

/**
 * To the index before, whatever is there. Before 0 come negative ones, where nothing is.
 * @kernel xas_prev(), __xas_prev() — lib/xarray.c, v7.3
 */
export function stepBack(forest: Forest, at: Position): number {
  if (at.node === RESTART) return loadAt(forest, at);
  at.index--;
  if (at.node === ON_HEAD || at.index < 0) return leaveTree(at);
  if (at.node === OUT_OF_BOUNDS) return loadAt(forest, at);
  if (at.offset !== digit(at.index, forest.shifts[at.node]!, forest.slotMask)) at.offset--;
  while (at.offset < 0) {
    ascend(forest, at, -1);
    if (at.node < 0) return leaveTree(at);
  }
  return descendToSlot(forest, at);
}

/** Down to the slot of the index; siblings are shown as they are. */
function descendToSlot(forest: Forest, at: Position): number {
  for (;;) {
    const entry = forest.entry(at.node, at.offset);
    if (!isNodeEntry(entry)) return entry;
    at.node = nodeOf(entry);
    setOffset(forest, at);
  }
}

/** Past the entry at the position, and nowhere: so that a walk forward can go on after others changed the array. @kernel xas_pause() — lib/xarray.c, v7.3 */
export function pauseAt(forest: Forest, at: Position): void {
  if (isNowhere(at)) return;
  const { node } = at;
  at.node = RESTART;
  if (node === ON_HEAD) {
    at.index++;
    return;
  }
  const shift = forest.shifts[node]!;
  at.index = alignDown(at.index, shift) + (endOfEntry(forest, node, at.offset) - at.offset) * power(shift);
  if (at.index > MAX_INDEX) leaveTree(at);
}
