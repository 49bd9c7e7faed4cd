import { checkArray, checkIndex, checkMark, checkMax, checkNode, checkOption, checkOrder, checkStored } from "./arguments.ts";
import { CANNOT_SPLIT, NO_MEMORY, OK, XA_PRESENT } from "./constants.ts";
import { NULL_ENTRY, RETRY_ENTRY, ZERO_ENTRY } from "./entries.ts";
import { XArrayError } from "./errors.ts";
import { type EntryList, type IndexList, findBeside, findMarkedBeside, findNext, findNextConflict, findNextMarked } from "./find.ts";
import type { Forest } from "./forest.ts";
import { MAX_INDEX, digit, power } from "./geometry.ts";
import { clearMarkAt, getMarkAt, initMarksAt, setMarkAt } from "./marks.ts";
import { extractNormal } from "./normal.ts";
import { type NodeUpdate, ON_HEAD, OUT_OF_BOUNDS, Position, RESTART } from "./position.ts";
import { createRangeAt, nodesForSlots } from "./ranges.ts";
import { canSplit, canTrySplit, nodesForSplit, splitAt } from "./split.ts";
import { pauseAt, stepBack, stepForward } from "./step.ts";
import { secureStore, storeAt } from "./store.ts";
import { loadAt, orderAt, reload } from "./walk.ts";
import type { XArray } from "./xarray.ts";
import type { XArrays } from "./xarrays.ts";

/** Where a cursor stands: on a node's slot, on the head (no node), past the tree, or nowhere until its next step. */
export type CursorPlace = "node" | "head" | "bounds" | "restart";

/**
 * The advanced interface: a place in one array that moves, and does not look for its way again at every step.
 *
 * What it returns may be `ZERO_ENTRY` (reserved), and from `load`, `next` and `prev` also what `isSiblingEntry` knows.
 * It belongs to one locked section: before others change the array, `pause` or `set` it. A cursor whose node was freed
 * throws XARRAY_STALE_CURSOR. For the explorer that section is a leaf of yours; the cursor's own fields are its scratch,
 * so make or `set` it in the leaf.
 *
 * Every method throws `XArrayError` for a bad argument, and has then changed nothing.
 *
 * @kernel XA_STATE() and the xas_ functions — include/linux/xarray.h, lib/xarray.c, v7.3
 * @differs It needs no `xas_nomem`: a store finds all the nodes it needs first, or returns `NO_MEMORY` and has changed
 *   nothing. So it has no error state. Indices do not wrap: after 2^53-1 comes 2^53, before 0 come negative ones, and
 *   nothing is there.
 */
export class XArrayCursor {
  readonly #forest: Forest;
  readonly #at: Position;
  /** What `forest.changes` was when the cursor moved last. */
  #changes = 0;
  readonly #changesNow: Uint32Array;
  /** `next` within a leaf: the slot it will read, and the end of the leaf, as in `slots`; the position follows later. */
  #nextSlot = 0;
  #endSlot = 0;
  /** What `#nextSlot` was when the position was last right. */
  #homeSlot = 0;
  #slots: Uint32Array;

  /** At the aligned range of 2^order indices around `index`. */
  constructor(arrays: XArrays, array: number, index: number = 0, order: number = 0) {
    checkArray(arrays.forest, array);
    this.#forest = arrays.forest;
    this.#changesNow = arrays.forest.changes;
    this.#slots = arrays.forest.slots;
    this.#at = new Position().start(array, 0);
    this.setOrder(index, order);
  }

  /** A cursor over an array with a pool of its own. */
  static over(xarray: XArray, index: number = 0, order: number = 0): XArrayCursor {
    return new XArrayCursor(xarray.arrays, xarray.array, index, order);
  }

  /** 0 … 2^53-1; past the ends 2^53 or negative. */
  get index(): number {
    return this.#at.index + (this.#nextSlot - this.#homeSlot);
  }
  get place(): CursorPlace {
    const { node } = this.#at;
    return node >= 0 ? "node" : node === ON_HEAD ? "head" : node === OUT_OF_BOUNDS ? "bounds" : "restart";
  }
  /** The node under the cursor, for `setUpdate`; negative: none. */
  get node(): number {
    return this.#at.node;
  }

  /** To one index; the walk begins anew. @kernel xas_set() — include/linux/xarray.h, v7.3 */
  set(index: number): void {
    checkIndex(index);
    this.#standStill();
    this.#at.set(index);
  }
  /** To the aligned range of 2^order indices around `index`. @kernel xas_set_order() — include/linux/xarray.h, v7.3 */
  setOrder(index: number, order: number): void {
    checkIndex(index);
    checkOrder(order);
    this.#standStill();
    this.#at.setOrder(index, order, this.#forest.chunkShift);
  }
  /** The walk begins anew at the same range. @kernel xas_reset() — include/linux/xarray.h, v7.3 */
  reset(): void {
    this.#catchUp();
    this.#at.node = RESTART;
  }
  /** To `index`, which lies in the entry or node under the cursor, without a walk. @kernel xas_advance() — include/linux/xarray.h, v7.3 */
  advance(index: number): void {
    checkIndex(index);
    const at = this.#settled();
    at.index = index;
    at.offset = at.node >= 0 ? digit(index, this.#forest.shifts[at.node]!, this.#forest.slotMask) : 0;
  }

  /** The entry at the index. @kernel xas_load() — lib/xarray.c, v7.3 */
  load(): number {
    return loadAt(this.#forest, this.#settled());
  }
  /** The entry under the cursor, read again; it must stand on a node or the head. @kernel xas_reload() — include/linux/xarray.h, v7.3 */
  reload(): number {
    const at = this.#settled();
    return at.node < ON_HEAD ? NULL_ENTRY : reload(this.#forest, at);
  }

  /**
   * Puts `entry` into all of the range: an entry, NULL, `ZERO_ENTRY` or `RETRY_ENTRY`.
   * @returns What was in the first slot (of a wide range: advisory, and `isNodeEntry` may know it); or `NO_MEMORY`.
   * @kernel xas_store() — lib/xarray.c, v7.3
   */
  store(entry: number): number {
    checkStored(entry);
    const at = this.#settled();
    if (entry !== NULL_ENTRY) checkIndex(at.index);
    if (!secureStore(this.#forest, at, entry)) return NO_MEMORY;
    const old = storeAt(this.#forest, at, entry);
    this.#changes = this.#forest.changes[0]! | 0;
    return old;
  }

  /** To the next index, whatever is there. @kernel xas_next() — include/linux/xarray.h, v7.3 */
  next(): number {
    const slot = this.#nextSlot;
    if (slot >= this.#endSlot || (this.#changesNow[0]! | 0) !== this.#changes) return this.#nextSlow();
    this.#nextSlot = slot + 1;
    return this.#slots[slot]! | 0;
  }
  #nextSlow(): number {
    const entry = stepForward(this.#forest, this.#settled());
    this.#lookAhead();
    return entry;
  }
  /** From here to the end of the leaf the next slot is the next index; unless the walk began inside a wide entry. */
  #lookAhead(): void {
    const at = this.#at, forest = this.#forest, { node, offset } = at;
    if (node < 0 || forest.shifts[node] !== 0 || offset !== digit(at.index, 0, forest.slotMask)) return;
    const slot = (node << forest.chunkShift) + offset;
    this.#slots = forest.slots;
    this.#nextSlot = this.#homeSlot = slot + 1;
    this.#endSlot = slot + 1 + Math.min(forest.slotMask - offset, MAX_INDEX - at.index);
  }
  /** To the index before, whatever is there. @kernel xas_prev() — include/linux/xarray.h, v7.3 */
  prev(): number {
    return stepBack(this.#forest, this.#settled());
  }

  /**
   * To the first entry at the index, if the cursor stands nowhere yet, or else after it, up to `max`. NULL: there is none.
   * @kernel xas_find() — lib/xarray.c, v7.3
   */
  find(max: number = MAX_INDEX): number {
    checkMax(max);
    return findNext(this.#forest, this.#settled(), max);
  }
  /** As `find`, quicker from one entry to its neighbour. @kernel xas_next_entry() — include/linux/xarray.h, v7.3 */
  nextEntry(max: number = MAX_INDEX): number {
    const slot = this.#nextSlot;
    if (slot < this.#endSlot && max === MAX_INDEX && (this.#changesNow[0]! | 0) === this.#changes) {
      const entry = this.#slots[slot]! | 0;
      if (entry > 0) {
        this.#nextSlot = slot + 1;
        return entry;
      }
    }
    return this.#nextEntrySlow(max);
  }
  #nextEntrySlow(max: number): number {
    checkMax(max);
    const entry = findBeside(this.#forest, this.#settled(), max);
    if (entry !== NULL_ENTRY) this.#lookAhead();
    return entry;
  }
  /**
   * Copies up to `count` entries into `out`, in order, reserved ones left out, and stands on the last: the fast way to scan.
   * @param indices If given, receives the index of each.
   * @returns How many; fewer than `count` at the end.
   */
  extract(out: EntryList, max: number = MAX_INDEX, count: number = out.length, indices?: IndexList): number {
    checkMax(max);
    checkOption("count", count, 0, 2 ** 32);
    return extractNormal(this.#forest, this.#settled(), out, max, XA_PRESENT, count, indices);
  }
  /** As `find`, for entries with `mark`. @kernel xas_find_marked() — lib/xarray.c, v7.3 */
  findMarked(max: number, mark: number): number {
    checkMax(max);
    checkMark(mark);
    return findNextMarked(this.#forest, this.#settled(), max, mark);
  }
  /** As `findMarked`, quicker from one entry to its neighbour. @kernel xas_next_marked() — include/linux/xarray.h, v7.3 */
  nextMarked(max: number, mark: number): number {
    checkMax(max);
    checkMark(mark);
    return findMarkedBeside(this.#forest, this.#settled(), max, mark);
  }
  /** To the next entry that overlaps the range: each once, also a wider one. NULL: no more, and the cursor may store. @kernel xas_find_conflict() — lib/xarray.c, v7.3 */
  findConflict(): number {
    return findNextConflict(this.#forest, this.#settled());
  }
  /** Past the entry under the cursor, and nowhere: others may change the array. @kernel xas_pause() — lib/xarray.c, v7.3 */
  pause(): void {
    pauseAt(this.#forest, this.#settled());
  }
  /** Whether to go on to the next entry, as `entry` is a reserved or a retry one; for the latter the walk begins anew. @kernel xas_retry() — include/linux/xarray.h, v7.3 */
  retry(entry: number): boolean {
    if (entry === RETRY_ENTRY) this.reset();
    return entry === ZERO_ENTRY || entry === RETRY_ENTRY;
  }

  getMark(mark: number): boolean {
    checkMark(mark);
    return getMarkAt(this.#forest, this.#settled(), mark);
  }
  setMark(mark: number): void {
    checkMark(mark);
    setMarkAt(this.#forest, this.#settled(), mark);
  }
  clearMark(mark: number): void {
    checkMark(mark);
    clearMarkAt(this.#forest, this.#settled(), mark);
  }
  /** The marks of an empty slot. @kernel xas_init_marks() — lib/xarray.c, v7.3 */
  initMarks(): void {
    initMarksAt(this.#forest, this.#settled());
  }
  /** log2 of how many indices the entry under the cursor spans, rounded up. @kernel xas_get_order() — lib/xarray.c, v7.3 */
  getOrder(): number {
    return orderAt(this.#forest, this.#settled());
  }

  /** Makes a slot for each index of the range, then stands at its first index alone. `OK` or `NO_MEMORY`. @kernel xas_create_range() — lib/xarray.c, v7.3 */
  createRange(): number {
    const at = this.#settled();
    checkIndex(at.index);
    if (!this.#forest.secure(nodesForSlots(this.#forest, at))) return NO_MEMORY;
    createRangeAt(this.#forest, at);
    return OK;
  }
  /**
   * Splits the entry at the index, of `order`, into pieces of the cursor's own order; all get `entry` and the old marks.
   * @returns `OK`, `CANNOT_SPLIT` if two levels would be passed, or `NO_MEMORY`. @kernel xas_split() — lib/xarray.c, v7.3
   */
  split(entry: number, order: number): number {
    return this.#split(entry, order, canSplit);
  }
  /** As `split`, with one new node at most; else `CANNOT_SPLIT`. @kernel xas_try_split() — lib/xarray.c, v7.3 */
  trySplit(entry: number, order: number): number {
    return this.#split(entry, order, canTrySplit);
  }
  #split(entry: number, order: number, isPossible: (forest: Forest, at: Position, order: number) => boolean): number {
    checkStored(entry);
    checkOrder(order);
    const at = this.#settled(), forest = this.#forest;
    if (!isPossible(forest, at, order)) return CANNOT_SPLIT;
    if (!forest.secure(nodesForSplit(forest, at, order))) return NO_MEMORY;
    splitAt(forest, at, entry, order);
    return OK;
  }

  /**
   * Empties a node of this array, as `setUpdate` told of it: whatever is below it goes.
   * @throws {XArrayError} XARRAY_BAD_ARGUMENT if no such node is in use. @kernel xa_delete_node() — lib/xarray.c, v7.3
   */
  deleteNode(node: number): void {
    const forest = this.#forest, at = this.#at;
    checkNode(forest, node);
    this.#standStill();
    const parent = forest.parent(node), offset = forest.offsets[node]!, shift = forest.shifts[node]! + forest.chunkShift;
    at.set(0);
    at.index = offset * power(shift);
    at.node = parent;
    at.offset = offset;
    at.shift = shift;
    storeAt(forest, at, NULL_ENTRY);
    at.set(0);
    this.#changes = forest.changes[0]! | 0;
  }

  /** `update` is told of each node whose counts this cursor changes; null: nobody. @kernel xas_set_update() — include/linux/xarray.h, v7.3 */
  setUpdate(update: NodeUpdate | null): void {
    this.#at.update = update;
  }

  /** `next` begins anew, with how far it went, or without. */
  #catchUp(): void {
    const ahead = this.#nextSlot - this.#homeSlot;
    this.#at.index += ahead;
    this.#at.offset += ahead;
    this.#standStill();
  }
  #standStill(): void {
    this.#nextSlot = 0;
    this.#endSlot = 0;
    this.#homeSlot = 0;
  }
  /** The position, unless its node is gone. */
  #settled(): Position {
    if (this.#endSlot > 0) this.#catchUp();
    const at = this.#at, now = this.#forest.changes[0]! | 0;
    if (now !== this.#changes) {
      if (at.node >= 0 && this.#forest.stamps[at.node]! > this.#changes) {
        throw new XArrayError("XARRAY_STALE_CURSOR", `the node under the cursor at index ${at.index} was freed since it moved`);
      }
      this.#changes = now;
    }
    return at;
  }
}
