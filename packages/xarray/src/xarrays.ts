import { type ColumnAllocator, leaves } from "@zeropfn/state";
import {
  checkArray, checkEntry, checkEntryOrReserved, checkFilter, checkFlags, checkLimits, checkMark, checkMax, checkOption, checkOrder, checkOwnMark,
  checkPlace, checkRange, checkRealEntry,
} from "./arguments.ts";
import { FREE_MARK, IN_USE, LAST_WRAPPED, ZERO_IS_BUSY } from "./array-flags.ts";
import { BUSY, CANNOT_SPLIT, MAX_ID, NOT_FOUND, NO_MEMORY, OK, XA_PRESENT } from "./constants.ts";
import { NULL_ENTRY, ZERO_ENTRY, isNodeEntry, nodeOf, visible } from "./entries.ts";
import { type DumpedEntry, dumpEntries } from "./dump.ts";
import type { EntryList, IndexList } from "./find.ts";
import { Forest, MARK_COUNT } from "./forest.ts";
import { MAX_INDEX, XA_CHUNK_SHIFT } from "./geometry.ts";
import { takeId, takeIdCyclic } from "./ids.ts";
import { arrayHasMark, clearMarkAt, findMarkOf, initMarksAt, setMarkAt, tracksFree } from "./marks.ts";
import { NOT_HERE, clearMarkInLeaf, eraseInLeaf, findInLeaf, findMarkedInLeaf, getMarkInLeaf, setMarkInLeaf, startInLeaf, storeInLeaf } from "./in-leaf.ts";
import { checkForest } from "./invariants.ts";
import { exchange, extractNormal, findAfterNormal, findNormal, storeNormal } from "./normal.ts";
import { ON_HEAD, Position } from "./position.ts";
import { createRangeAt, nodesForRange, nodesForSlots, storePieces } from "./ranges.ts";
import { freeSubtree } from "./shrink.ts";
import { canSplit, canTrySplit, nodesForSplit, splitAt } from "./split.ts";
import { secureStore, storeAt } from "./store.ts";
import { endOfEntry, lastIndexAt, loadAt, orderAt } from "./walk.ts";

export interface XArraysOptions {
  /** Arrays there may be at once: integer ≥ 1. Default 1. */
  readonly arrayCapacity?: number;
  /** Nodes there may be at once, in all arrays: integer, 1 … 2^24. Default 2^24; address space only, where columns are reserved. */
  readonly nodeCapacity?: number;
  /** Nodes to begin with, where columns may grow. Default 16, or `nodeCapacity` if that is less. */
  readonly initialNodes?: number;
  /** log2 of the slots of a node: integer, 1 … 6. Default 6. */
  readonly chunkShift?: number;
}

/**
 * The nodes that many arrays share, and what may be done to each array in one locked section.
 *
 * An array is a sparse map from indices, 0 … 2^53-1, to entries, 1 … 2^31-1; a row number stands for it. Every method
 * but the getters is atomic for the explorer: what the kernel does under xa_lock. Nothing here allocates objects.
 */
export class XArrays {
  static {
    if (__EXPLORE__) {
      leaves(XArrays, "xarray/xa", {
        createArray: {}, destroyArray: {}, clear: {}, isEmpty: {}, load: {}, store: {}, erase: {}, insert: {}, compareExchange: {}, reserve: {}, release: {},
        storeOrder: {}, storeRange: {}, getOrder: {}, lastIndexOf: {}, split: {}, trySplit: {}, createRange: {}, alloc: {}, allocCyclic: {}, wrapped: {},
        setMark: {}, clearMark: {}, getMark: {}, marked: {}, find: {}, findAfter: {},
      });
    }
  }
  /** The columns, for the rest of this package. @hidden */
  readonly forest: Forest;
  /** Scratch: each method starts it anew. */
  readonly #at: Position = new Position();

  /** @throws {XArrayError} XARRAY_BAD_ARGUMENT */
  constructor(columns: ColumnAllocator, options: XArraysOptions = {}) {
    const { arrayCapacity = 1, nodeCapacity = MAX_NODES, chunkShift = XA_CHUNK_SHIFT } = options;
    const { initialNodes = Math.min(16, nodeCapacity) } = options;
    checkOption("arrayCapacity", arrayCapacity, 1, 2 ** 31);
    checkOption("nodeCapacity", nodeCapacity, 1, MAX_NODES);
    checkOption("initialNodes", initialNodes, 1, nodeCapacity);
    checkOption("chunkShift", chunkShift, 1, XA_CHUNK_SHIFT);
    this.forest = new Forest(columns, { arrayCapacity, nodeCapacity, initialNodes, chunkShift });
  }

  /** A new, empty array; `flags`: 0, `XA_FLAGS_ALLOC` or `XA_FLAGS_ALLOC1`. `NO_MEMORY` if there are `arrayCapacity`. @kernel xa_init_flags() — include/linux/xarray.h, v7.3 */
  createArray(flags: number = 0): number {
    checkFlags(flags);
    const all = this.forest.flags;
    for (let array = 0; array < all.length; array++) {
      if ((all[array]! & IN_USE) !== 0) continue;
      all[array] = flags | IN_USE;
      return array;
    }
    return NO_MEMORY;
  }

  /** Empties an array and gives its row back. */
  destroyArray(array: number): void {
    this.clear(array);
    this.forest.flags[array] = 0;
  }

  /** Empties an array; what its entries stand for is the caller's to free. @kernel xa_destroy() — lib/xarray.c, v7.3 */
  clear(array: number): void {
    checkArray(this.forest, array);
    const { forest } = this, at = this.#at.start(array, 0), head = forest.head(array);
    at.node = ON_HEAD;
    initMarksAt(forest, at);
    if ((forest.flags[array]! & ZERO_IS_BUSY) !== 0) clearMarkAt(forest, at, FREE_MARK);
    if (isNodeEntry(head)) freeSubtree(forest, at, nodeOf(head));
    forest.setHead(array, ON_HEAD);
  }

  /** Whether nothing is there, not even reserved. @kernel xa_empty() — include/linux/xarray.h, v7.3 */
  isEmpty(array: number): boolean {
    checkArray(this.forest, array);
    return this.forest.heads[array] === NULL_ENTRY;
  }

  /** The entry at `index`, or `NULL_ENTRY`. @kernel xa_load() — lib/xarray.c, v7.3 */
  load(array: number, index: number): number {
    const { forest } = this, slot = forest.leafSlotOf(array, index), entry = slot < 0 ? slot : forest.slots[slot]! | 0;
    return entry >= 0 ? entry : this.#loadFromHead(array, index);
  }

  #loadFromHead(array: number, index: number): number {
    checkPlace(this.forest, array, index);
    return visible(loadAt(this.forest, this.#at.start(array, index)));
  }

  /**
   * Puts `entry` at `index`, in place of all of a wide entry there; marks stay. NULL erases; in an array of ids it reserves.
   * @returns The old entry, or `NO_MEMORY`. @kernel xa_store() — lib/xarray.c, v7.3
   */
  store(array: number, index: number, entry: number): number {
    const old = storeInLeaf(this.forest, array, index, entry);
    return old === NOT_HERE ? this.#storeFromHead(array, index, entry) : old;
  }

  #storeFromHead(array: number, index: number, entry: number): number {
    const { forest } = this;
    checkPlace(forest, array, index);
    checkEntry(entry);
    const at = this.#at.start(array, index), old = storeNormal(forest, at, entry);
    return old === NO_MEMORY ? NO_MEMORY : visible(old);
  }

  /** Empties `index`, and all of a wide entry there. Returns the old entry. @kernel xa_erase() — lib/xarray.c, v7.3 */
  erase(array: number, index: number): number {
    const old = eraseInLeaf(this.forest, array, index);
    return old === NOT_HERE ? this.#eraseFromHead(array, index) : old;
  }

  #eraseFromHead(array: number, index: number): number {
    checkPlace(this.forest, array, index);
    return visible(storeAt(this.forest, this.#at.start(array, index), NULL_ENTRY));
  }

  /** Stores where nothing is, not even reserved; NULL reserves. Returns `OK`, `BUSY` or `NO_MEMORY`. @kernel xa_insert() — include/linux/xarray.h, v7.3 */
  insert(array: number, index: number, entry: number): number {
    checkPlace(this.forest, array, index);
    checkEntry(entry);
    const old = exchange(this.forest, this.#at.start(array, index), NULL_ENTRY, entry === NULL_ENTRY ? ZERO_ENTRY : entry);
    return old === NULL_ENTRY ? OK : old === NO_MEMORY ? NO_MEMORY : BUSY;
  }

  /**
   * Stores `entry` if `expected` is at `index`. A reserved index is `ZERO_ENTRY` here, and not NULL.
   * @returns What was there (reserved: NULL), or `NO_MEMORY`. @kernel xa_cmpxchg() — include/linux/xarray.h, v7.3
   */
  compareExchange(array: number, index: number, expected: number, entry: number): number {
    checkPlace(this.forest, array, index);
    checkEntryOrReserved(expected);
    checkEntryOrReserved(entry);
    const old = exchange(this.forest, this.#at.start(array, index), expected, entry);
    return old === NO_MEMORY ? NO_MEMORY : visible(old);
  }

  /** Makes sure that a store at `index` needs no node. `OK` (also if something is there) or `NO_MEMORY`. @kernel xa_reserve() — include/linux/xarray.h, v7.3 */
  reserve(array: number, index: number): number {
    checkPlace(this.forest, array, index);
    const old = exchange(this.forest, this.#at.start(array, index), NULL_ENTRY, ZERO_ENTRY);
    return old === NO_MEMORY ? NO_MEMORY : OK;
  }

  /** Undoes `reserve`, if nothing was stored. @kernel xa_release() — include/linux/xarray.h, v7.3 */
  release(array: number, index: number): void {
    checkPlace(this.forest, array, index);
    exchange(this.forest, this.#at.start(array, index), ZERO_ENTRY, NULL_ENTRY);
  }

  /**
   * Puts one entry over the 2^order indices around `index`, aligned; what is there goes, its marks are joined. Inside a
   * wider entry it replaces that one and keeps its width.
   * @returns What was at the first index, or `NULL_ENTRY` if many were there; or `NO_MEMORY`.
   */
  storeOrder(array: number, index: number, order: number, entry: number): number {
    const { forest } = this;
    checkPlace(forest, array, index);
    checkOrder(order);
    checkEntry(entry);
    const at = this.#at.start(array, index).setOrder(index, order, forest.chunkShift);
    if (!secureStore(forest, at, entry)) return NO_MEMORY;
    const old = storeAt(forest, at, entry);
    if (entry !== NULL_ENTRY && tracksFree(forest, array)) clearMarkAt(forest, at, FREE_MARK);
    return visible(old);
  }

  /** Puts `entry` at all indices `first` … `last`, in few wide entries. `OK` or `NO_MEMORY`. @kernel xa_store_range() — lib/xarray.c, v7.3 */
  storeRange(array: number, first: number, last: number, entry: number): number {
    const { forest } = this;
    checkArray(forest, array);
    checkRange(first, last);
    checkEntry(entry);
    const at = this.#at.start(array, first);
    if (entry !== NULL_ENTRY && !forest.secure(nodesForRange(forest, at, first, last))) return NO_MEMORY;
    storePieces(forest, at, first, last, entry);
    return OK;
  }

  /** log2 of how many indices the entry at `index` spans, rounded up; 0 for none. @kernel xa_get_order() — lib/xarray.c, v7.3 */
  getOrder(array: number, index: number): number {
    checkPlace(this.forest, array, index);
    const at = this.#at.start(array, index);
    return loadAt(this.forest, at) === NULL_ENTRY ? 0 : orderAt(this.forest, at);
  }

  /** Last index of the entry at `index`; `index` itself if nothing is there. */
  lastIndexOf(array: number, index: number): number {
    checkPlace(this.forest, array, index);
    const at = this.#at.start(array, index);
    return loadAt(this.forest, at) === NULL_ENTRY ? index : lastIndexAt(this.forest, at);
  }

  /**
   * Splits the entry around `index` into pieces of 2^order indices; all get `entry` and the old marks.
   * @returns `OK`; `CANNOT_SPLIT` if two levels would be passed, or nothing wide enough is there; `NO_MEMORY`.
   * @kernel xas_split() — lib/xarray.c, v7.3
   */
  split(array: number, index: number, order: number, entry: number): number {
    return this.#split(array, index, order, entry, canSplit);
  }
  /** As `split`, with one new node at most; else `CANNOT_SPLIT`. @kernel xas_try_split() — lib/xarray.c, v7.3 */
  trySplit(array: number, index: number, order: number, entry: number): number {
    return this.#split(array, index, order, entry, canTrySplit);
  }
  #split(array: number, index: number, order: number, entry: number, isPossible: typeof canSplit): number {
    const { forest } = this;
    checkPlace(forest, array, index);
    checkOrder(order);
    checkRealEntry(entry);
    const at = this.#at.start(array, index), old = loadAt(forest, at) === NULL_ENTRY ? NONE : orderAt(forest, at);
    // Of an entry whose slots are no power of two there are no equal pieces.
    if (order > old || at.node < 0 || endOfEntry(forest, at.node, at.offset) - at.offset !== 1 << (old - forest.shifts[at.node]!)) return CANNOT_SPLIT;
    at.setOrder(index, order, forest.chunkShift);
    if (!isPossible(forest, at, old)) return CANNOT_SPLIT;
    if (!forest.secure(nodesForSplit(forest, at, old))) return NO_MEMORY;
    splitAt(forest, at, entry, old);
    return OK;
  }

  /** Makes a slot for each of the 2^order indices around `index`, so that stores there need no node. `OK` or `NO_MEMORY`. @kernel xas_create_range() — lib/xarray.c, v7.3 */
  createRange(array: number, index: number, order: number): number {
    const { forest } = this;
    checkPlace(forest, array, index);
    checkOrder(order);
    const at = this.#at.start(array, index).setOrder(index, order, forest.chunkShift);
    if (!forest.secure(nodesForSlots(forest, at))) return NO_MEMORY;
    createRangeAt(forest, at);
    return OK;
  }

  /** Stores at the lowest free id in [min, max]; NULL reserves it. Returns the id, `BUSY` or `NO_MEMORY`. @kernel xa_alloc() — include/linux/xarray.h, v7.3 */
  alloc(array: number, entry: number, min: number = 0, max: number = MAX_ID): number {
    checkArray(this.forest, array);
    checkEntry(entry);
    checkLimits(this.forest, array, min, max);
    return takeId(this.forest, this.#at, array, entry, min, max);
  }

  /**
   * Stores at the first free id from `next` to `max`, or else from `min`. The caller's next `next` is (id + 1) mod 2^32.
   * @returns The id, `BUSY` or `NO_MEMORY`. `wrapped` tells whether the search began anew.
   * @kernel __xa_alloc_cyclic() — lib/xarray.c, v7.3
   */
  allocCyclic(array: number, entry: number, min: number, max: number, next: number): number {
    checkArray(this.forest, array);
    checkEntry(entry);
    checkLimits(this.forest, array, min, max);
    checkOption("next", next, 0, MAX_ID);
    return takeIdCyclic(this.forest, this.#at, array, entry, min, max, next);
  }

  /** Whether the last `allocCyclic` of this array began anew at its lowest id. */
  wrapped(array: number): boolean {
    checkArray(this.forest, array);
    return (this.forest.flags[array]! & LAST_WRAPPED) !== 0;
  }

  /** Marks the entry at `index`, all of it; nothing happens where nothing is. `mark`: 0, 1 or 2. @kernel xa_set_mark() — lib/xarray.c, v7.3 */
  setMark(array: number, index: number, mark: number): void {
    if (setMarkInLeaf(this.forest, array, index, mark)) return;
    checkPlace(this.forest, array, index);
    checkOwnMark(this.forest, array, mark);
    const at = this.#at.start(array, index);
    if (loadAt(this.forest, at) !== NULL_ENTRY) setMarkAt(this.forest, at, mark);
  }

  /** @kernel xa_clear_mark() — lib/xarray.c, v7.3 */
  clearMark(array: number, index: number, mark: number): void {
    if (clearMarkInLeaf(this.forest, array, index, mark)) return;
    checkPlace(this.forest, array, index);
    checkOwnMark(this.forest, array, mark);
    const at = this.#at.start(array, index);
    if (loadAt(this.forest, at) !== NULL_ENTRY) clearMarkAt(this.forest, at, mark);
  }

  /** @kernel xa_get_mark() — lib/xarray.c, v7.3 */
  getMark(array: number, index: number, mark: number): boolean {
    const here = getMarkInLeaf(this.forest, array, index, mark);
    return here === NOT_HERE ? this.#getMarkFromHead(array, index, mark) : here === 1;
  }
  #getMarkFromHead(array: number, index: number, mark: number): boolean {
    checkPlace(this.forest, array, index);
    checkMark(mark);
    return findMarkOf(this.forest, this.#at.start(array, index), mark);
  }

  /** Whether any entry has `mark`. @kernel xa_marked() — include/linux/xarray.h, v7.3 */
  marked(array: number, mark: number): boolean {
    checkArray(this.forest, array);
    checkMark(mark);
    return arrayHasMark(this.forest, array, mark);
  }

  /**
   * The first index in [index, max] with an entry, or `NOT_FOUND`. `filter`: `XA_PRESENT`, or a mark.
   * From inside a wide entry: `index` itself; with a mark it may be the entry's first index, below `index`.
   * @kernel xa_find() — lib/xarray.c, v7.3
   */
  find(array: number, index: number, max: number = MAX_INDEX, filter: number = XA_PRESENT): number {
    checkMax(max);
    const near = this.#findNear(array, index, max, filter);
    if (near !== NOT_HERE) return near;
    this.#checkSearch(array, index, max, filter);
    const at = this.#startSearch(array, index, filter);
    return findNormal(this.forest, at, max, filter) === NULL_ENTRY ? NOT_FOUND : at.index;
  }
  #findNear(array: number, index: number, max: number, filter: number): number {
    return filter === XA_PRESENT ? findInLeaf(this.forest, array, index, max) : findMarkedInLeaf(this.forest, array, index, max, filter);
  }
  #startSearch(array: number, index: number, filter: number): Position {
    const at = this.#at.start(array, index);
    startInLeaf(this.forest, at, filter);
    return at;
  }

  /**
   * The first index after `index`, and after the entry there, up to `max`; or `NOT_FOUND`.
   * With a mark it finds the entry at `index` again if that has siblings (the kernel's answer too): go on from its end.
   * @kernel xa_find_after() — lib/xarray.c, v7.3
   */
  findAfter(array: number, index: number, max: number = MAX_INDEX, filter: number = XA_PRESENT): number {
    checkMax(max);
    const near = index >= 0 ? this.#findNear(array, index + 1, max, filter) : NOT_HERE;
    if (near !== NOT_HERE) return near;
    this.#checkSearch(array, index, max, filter);
    if (index === MAX_INDEX) return NOT_FOUND;
    const at = this.#startSearch(array, index + 1, filter);
    return findAfterNormal(this.forest, at, max, filter) === NULL_ENTRY ? NOT_FOUND : at.index;
  }

  /**
   * Copies up to `count` entries of [start, max] into `out`, in order, reserved ones left out: the fast way to scan.
   * Fills arrays, so it is not for the explorer.
   *
   * @param indices If given, receives the index of each. To go on, start after the `lastIndexOf` the last one.
   * @returns How many. @kernel xa_extract() — lib/xarray.c, v7.3
   */
  extract(array: number, out: EntryList, start: number, max: number = MAX_INDEX, filter: number = XA_PRESENT, count: number = out.length, indices?: IndexList): number {
    this.#checkSearch(array, start, max, filter);
    checkOption("count", count, 0, 2 ** 32);
    return extractNormal(this.forest, this.#at.start(array, start), out, max, filter, count, indices);
  }

  #checkSearch(array: number, index: number, max: number, filter: number): void {
    checkPlace(this.forest, array, index);
    checkMax(max);
    checkFilter(filter);
  }

  /** Checks all arrays and nodes. For tests: it visits everything. @throws {XArrayError} XARRAY_CORRUPT */
  checkInvariants(): void {
    checkForest(this.forest);
  }
  /** All entries of an array, in order. For people and tests. */
  dump(array: number): DumpedEntry[] {
    checkArray(this.forest, array);
    return dumpEntries(this.forest, array);
  }
  /** Slots of `node` that hold anything, siblings included: for `NodeUpdate`. */
  slotsInUse(node: number): number {
    return this.forest.counts[node]!;
  }
  /** Slots of `node` that hold a value, or the sibling of one. */
  valuesInUse(node: number): number {
    return this.forest.values[node]!;
  }
  /** Levels of nodes; 0: none. */
  height(array: number): number {
    const head = this.forest.head(array);
    return isNodeEntry(head) ? this.forest.shifts[nodeOf(head)]! / this.forest.chunkShift + 1 : 0;
  }
  /** Nodes in use, of all arrays. */
  get nodesInUse(): number {
    return this.forest.nodesInUse;
  }
  /** Bytes of one node in all columns. @differs 576 in the kernel, whose slots are 64 bits wide. */
  get nodeBytes(): number {
    return this.forest.slotCount * 4 + MARK_COUNT * this.forest.markWords * 4 + NODE_OVERHEAD_BYTES;
  }
}

/** No order: nothing is there. */
const NONE = -1;
/** Slot numbers of all nodes stay below 2^30. */
const MAX_NODES = 2 ** 24;
/** parents, offsets, shifts, counts, values, used, full, stamps. */
const NODE_OVERHEAD_BYTES = 4 + 4 + 12;
