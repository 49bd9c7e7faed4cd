import { RETRY_ENTRY, isNodeEntry, isSiblingEntry, nodeOf, slotOfSibling } from "./entries.ts";
import type { Forest } from "./forest.ts";
import { MAX_INDEX, above, alignDown, digit, power } from "./geometry.ts";
import { ON_HEAD, type Position, isNowhere, leaveTree } from "./position.ts";

/** From the head down to what lies at an index. */

/**
 * What is where the position stands; if it stands nowhere, it goes to the head.
 * @returns The entry there, or `NULL_ENTRY` past the tree.
 * @kernel xas_start() — lib/xarray.c, v7.3
 */
export function beginWalk(forest: Forest, at: Position): number {
  if (!isNowhere(at)) return reload(forest, at);
  const head = forest.head(at.array);
  if (at.index < 0 || at.index > MAX_INDEX) return leaveTree(at);
  if (isNodeEntry(head) ? above(at.index, forest.shifts[nodeOf(head)]!) > forest.slotMask : at.index > 0) return leaveTree(at);
  at.node = ON_HEAD;
  return head;
}

/** @kernel xas_reload() — include/linux/xarray.h, v7.3 */
export function reload(forest: Forest, at: Position): number {
  const { node } = at;
  if (node === ON_HEAD) return forest.head(at.array);
  const offset = digit(at.index, forest.shifts[node]!, forest.slotMask);
  return forest.entry(node, forest.canonical(node, offset));
}

/** One level down: to the slot of `node` for the index, or to the first slot of a wide entry over it. @kernel xas_descend() — lib/xarray.c, v7.3 */
export function descend(forest: Forest, at: Position, node: number): number {
  let offset = digit(at.index, forest.shifts[node]!, forest.slotMask);
  let entry = forest.entry(node, offset);
  while (isSiblingEntry(entry)) {
    offset = slotOfSibling(entry);
    entry = forest.entry(node, offset);
    // Half-made splits of wide entries: the slot that siblings name holds a node.
    if (isNodeEntry(entry)) entry = RETRY_ENTRY;
  }
  at.node = node;
  at.offset = offset;
  return entry;
}

/** The entry at the index, internal ones included. Stops above the nodes of the wanted shift. @kernel xas_load() — lib/xarray.c, v7.3 */
export function loadAt(forest: Forest, at: Position): number {
  let entry = beginWalk(forest, at);
  while (isNodeEntry(entry)) {
    const node = nodeOf(entry), shift = forest.shifts[node]!;
    if (at.shift > shift) break;
    entry = descend(forest, at, node);
    if (shift === 0) break;
  }
  return entry;
}

/** Moves to slot `offset` of the node, which may be one past its last. @kernel xas_move_index() — lib/xarray.c, v7.3 */
export function moveIndex(forest: Forest, at: Position, offset: number): void {
  const shift = forest.shifts[at.node]!;
  at.index = alignDown(at.index, shift + forest.chunkShift) + offset * power(shift);
}

/** The slot of the node in which the index lies. */
export function setOffset(forest: Forest, at: Position): void {
  at.offset = digit(at.index, forest.shifts[at.node]!, forest.slotMask);
}

/** Up, to the slot `beside` places from the one that holds this node. */
export function ascend(forest: Forest, at: Position, beside: number): void {
  at.offset = forest.offsets[at.node]! + beside;
  at.node = forest.parent(at.node);
}

/** How many indices, as a power of two, the entry at the position spans. @kernel xas_get_order() — lib/xarray.c, v7.3 */
export function orderAt(forest: Forest, at: Position): number {
  if (at.node < 0) return 0;
  let order = 0;
  for (let slot = at.offset + 1; slot < forest.slotCount && isSiblingEntry(forest.entry(at.node, slot)); slot = at.offset + (1 << order)) order++;
  return order + forest.shifts[at.node]!;
}

/** Whether the position's index is inside a wide entry, past its first slot. @kernel xas_sibling() — lib/xarray.c, v7.3 */
export function isPastFirstSlot(forest: Forest, at: Position): boolean {
  if (at.node < 0) return false;
  const shift = forest.shifts[at.node]!;
  return at.index - alignDown(at.index, shift + forest.chunkShift) > at.offset * power(shift);
}

/** The slot after the entry in slot `offset`. */
export function endOfEntry(forest: Forest, node: number, offset: number): number {
  let end = offset + 1;
  while (end < forest.slotCount && isSiblingEntry(forest.entry(node, end))) end++;
  return end;
}

/** Last index of the entry at the position. */
export function lastIndexAt(forest: Forest, at: Position): number {
  if (at.node < 0) return at.index;
  const shift = forest.shifts[at.node]!;
  return alignDown(at.index, shift + forest.chunkShift) + endOfEntry(forest, at.node, at.offset) * power(shift) - 1;
}
