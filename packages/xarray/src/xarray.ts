import { growingColumns } from "@zeropfn/state";
import { BUSY, CANNOT_SPLIT, MAX_ID, NO_MEMORY, NOT_FOUND, XA_PRESENT } from "./constants.ts";
import type { DumpedEntry } from "./dump.ts";
import { XArrayError } from "./errors.ts";
import { MAX_INDEX } from "./geometry.ts";
import { XArrays } from "./xarrays.ts";

export interface XArrayOptions {
  /** 0, `XA_FLAGS_ALLOC` or `XA_FLAGS_ALLOC1`. Default 0. */
  readonly flags?: number;
  /** log2 of the slots of a node: integer, 1 … 6. Default 6. */
  readonly chunkShift?: number;
  /** Nodes there may ever be: integer, 1 … 2^24. Default 2^24. */
  readonly nodeCapacity?: number;
  /** Nodes to begin with: integer ≥ 1. Default 16. */
  readonly initialNodes?: number;
}

/**
 * One array with a pool of its own, which grows: an ordered sparse map from integers to integers.
 *
 * Indices are integers, 0 … 2^53-1; entries 1 … 2^31-1, and 0 means nothing. The methods are those of `XArrays`, without
 * the array's number, and throw `XARRAY_NO_MEMORY` where those return `NO_MEMORY`.
 */
export class XArray {
  /** The pool, of which this is the only array unless you make others. */
  readonly arrays: XArrays;
  /** This array's row in it. */
  readonly array: number;

  /** @throws {XArrayError} XARRAY_BAD_ARGUMENT */
  constructor({ flags = 0, ...pool }: XArrayOptions = {}) {
    this.arrays = new XArrays(growingColumns(), { ...pool, arrayCapacity: 1 });
    this.array = this.arrays.createArray(flags);
  }

  /** The entry at `index`, or 0. */
  load(index: number): number {
    return this.arrays.load(this.array, index);
  }
  /** Puts `entry` at `index`; 0 erases. Returns the old entry. */
  store(index: number, entry: number): number {
    return enough(this.arrays.store(this.array, index, entry));
  }
  /** Empties `index`. Returns the old entry. */
  erase(index: number): number {
    return this.arrays.erase(this.array, index);
  }
  /** Stores where nothing is, not even reserved. False if something is. */
  insert(index: number, entry: number): boolean {
    return enough(this.arrays.insert(this.array, index, entry)) !== BUSY;
  }
  /** Stores `entry` if `expected` is there. Returns what was there. */
  compareExchange(index: number, expected: number, entry: number): number {
    return enough(this.arrays.compareExchange(this.array, index, expected, entry));
  }
  /** Makes sure that a store at `index` needs no memory. */
  reserve(index: number): void {
    enough(this.arrays.reserve(this.array, index));
  }
  /** Undoes `reserve`, if nothing was stored. */
  release(index: number): void {
    this.arrays.release(this.array, index);
  }
  /** Puts one entry over the aligned 2^order indices around `index`. */
  storeOrder(index: number, order: number, entry: number): number {
    return enough(this.arrays.storeOrder(this.array, index, order, entry));
  }
  /** Puts `entry` at all indices `first` … `last`, in few wide entries. */
  storeRange(first: number, last: number, entry: number): void {
    enough(this.arrays.storeRange(this.array, first, last, entry));
  }
  /** log2 of how many indices the entry at `index` spans, rounded up; 0 for none. */
  getOrder(index: number): number {
    return this.arrays.getOrder(this.array, index);
  }
  /** Last index of the entry at `index`. */
  lastIndexOf(index: number): number {
    return this.arrays.lastIndexOf(this.array, index);
  }
  /** Splits the entry around `index` into pieces of 2^order indices. False if it cannot be. */
  split(index: number, order: number, entry: number): boolean {
    return enough(this.arrays.split(this.array, index, order, entry)) !== CANNOT_SPLIT;
  }
  /** As `split`, with one new node at most. */
  trySplit(index: number, order: number, entry: number): boolean {
    return enough(this.arrays.trySplit(this.array, index, order, entry)) !== CANNOT_SPLIT;
  }
  /** Makes a slot for each of the 2^order indices around `index`. */
  createRange(index: number, order: number): void {
    enough(this.arrays.createRange(this.array, index, order));
  }
  /** Stores at the lowest free id in [min, max]. Returns the id, or `BUSY`. */
  alloc(entry: number, min: number = 0, max: number = MAX_ID): number {
    return enough(this.arrays.alloc(this.array, entry, min, max));
  }
  /** Stores at the first free id from `next` on, or else from `min` on. Returns the id, or `BUSY`. */
  allocCyclic(entry: number, min: number, max: number, next: number): number {
    return enough(this.arrays.allocCyclic(this.array, entry, min, max, next));
  }
  /** Whether the last `allocCyclic` began anew. */
  get wrapped(): boolean {
    return this.arrays.wrapped(this.array);
  }
  setMark(index: number, mark: number): void {
    this.arrays.setMark(this.array, index, mark);
  }
  clearMark(index: number, mark: number): void {
    this.arrays.clearMark(this.array, index, mark);
  }
  getMark(index: number, mark: number): boolean {
    return this.arrays.getMark(this.array, index, mark);
  }
  /** Whether any entry has `mark`. */
  marked(mark: number): boolean {
    return this.arrays.marked(this.array, mark);
  }
  /** The first index in [index, max] with an entry, or `NOT_FOUND`. */
  find(index: number, max: number = MAX_INDEX, filter: number = XA_PRESENT): number {
    return this.arrays.find(this.array, index, max, filter);
  }
  /** The first index after `index`, and after the entry there, up to `max`; or `NOT_FOUND`. */
  findAfter(index: number, max: number = MAX_INDEX, filter: number = XA_PRESENT): number {
    return this.arrays.findAfter(this.array, index, max, filter);
  }
  isEmpty(): boolean {
    return this.arrays.isEmpty(this.array);
  }
  /** Empties the array. */
  clear(): void {
    this.arrays.clear(this.array);
  }

  /**
   * Each entry in [start, max] once, as [index, entry]; for one that begins before `start`, the index is `start`.
   * The array may be changed meanwhile: what comes later is seen as it is then.
   */
  *entries(start: number = 0, max: number = MAX_INDEX, filter: number = XA_PRESENT): Generator<[index: number, entry: number]> {
    for (let from = start; from <= max; ) {
      const index = this.find(from, max, filter);
      if (index === NOT_FOUND) return;
      const shown = Math.max(index, from), last = this.lastIndexOf(shown);
      yield [shown, this.load(shown)];
      from = last + 1;
    }
  }
  [Symbol.iterator](): Generator<[index: number, entry: number]> {
    return this.entries();
  }

  /** All entries, with their widths and marks. */
  dump(): DumpedEntry[] {
    return this.arrays.dump(this.array);
  }
  /** @throws {XArrayError} XARRAY_CORRUPT */
  checkInvariants(): void {
    this.arrays.checkInvariants();
  }
}

/** What a store returned, unless there was no memory for it. */
function enough(result: number): number {
  if (result === NO_MEMORY) throw new XArrayError("XARRAY_NO_MEMORY", "all nodes of the pool are in use: raise nodeCapacity");
  return result;
}
