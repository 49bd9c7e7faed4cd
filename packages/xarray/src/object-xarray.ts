import { MAX_INDEX } from "./geometry.ts";
import { XArray, type XArrayOptions } from "./xarray.ts";
import { NOT_FOUND, XA_PRESENT } from "./constants.ts";
import { NULL_ENTRY } from "./entries.ts";

/**
 * An ordered sparse map from integers to JavaScript values of any kind but `undefined`, which means nothing.
 *
 * The array holds the number of a value's place in a list; one entry, one place, also for a wide entry. Places of values
 * that went are used again. For general use: it keeps state in JavaScript objects, so it is not for what is explored.
 */
export class ObjectXArray<T> {
  /** Entries are places in the list of values, plus 1. Change it through this class only. */
  readonly xarray: XArray;
  readonly #values: (T | undefined)[] = [];
  /** Places that are free. */
  readonly #free: number[] = [];

  /** @throws {XArrayError} XARRAY_BAD_ARGUMENT */
  constructor(options: Omit<XArrayOptions, "flags"> = {}) {
    this.xarray = new XArray(options);
  }

  /** How many values there are. */
  get size(): number {
    return this.#values.length - this.#free.length;
  }
  /** The value at `index`: integer, 0 … 2^53-1. */
  load(index: number): T | undefined {
    return this.#valueOf(this.xarray.load(index));
  }
  has(index: number): boolean {
    return this.xarray.load(index) !== NULL_ENTRY;
  }
  /** Puts `value` at `index`, in place of all of a wide one there; `undefined` erases. Returns the old value. */
  store(index: number, value: T | undefined): T | undefined {
    if (value === undefined) return this.erase(index);
    const place = this.xarray.load(index);
    if (place !== NULL_ENTRY) {
      const old = this.#values[place - 1];
      this.#values[place - 1] = value;
      return old;
    }
    this.#add(value, (entry) => this.xarray.store(index, entry));
    return undefined;
  }
  /** Puts one value over the aligned 2^order indices around `index`, in place of all that is there. */
  storeOrder(index: number, order: number, value: T): void {
    // What the range covers is looked up before it is gone.
    this.xarray.getOrder(index);
    const gone = new Set<number>(), size = 2 ** order, first = Math.floor(index / size) * size;
    for (const [, entry] of this.xarray.entries(first, Math.min(first + size - 1, MAX_INDEX))) gone.add(entry);
    this.#add(value, (entry) => this.xarray.storeOrder(index, order, entry));
    for (const entry of gone) this.#drop(entry);
  }
  /** Stores where nothing is. False if something is. */
  insert(index: number, value: T): boolean {
    if (this.has(index)) return false;
    this.store(index, value);
    return true;
  }
  /** Stores `value` if `expected` is there, by `Object.is`. Returns what was there. */
  compareExchange(index: number, expected: T | undefined, value: T | undefined): T | undefined {
    const old = this.load(index);
    if (Object.is(old, expected)) this.store(index, value);
    return old;
  }
  /** Empties `index`, and all of a wide value there. Returns the old value. */
  erase(index: number): T | undefined {
    const entry = this.xarray.erase(index), old = this.#valueOf(entry);
    if (entry !== NULL_ENTRY) this.#drop(entry);
    return old;
  }
  clear(): void {
    this.xarray.clear();
    this.#values.length = 0;
    this.#free.length = 0;
  }
  setMark(index: number, mark: number): void {
    this.xarray.setMark(index, mark);
  }
  clearMark(index: number, mark: number): void {
    this.xarray.clearMark(index, mark);
  }
  getMark(index: number, mark: number): boolean {
    return this.xarray.getMark(index, mark);
  }
  /** The first index in [index, max] with a value, or `NOT_FOUND`. */
  find(index: number, max: number = MAX_INDEX, filter: number = XA_PRESENT): number {
    return this.xarray.find(index, max, filter);
  }
  /** The first index after `index`, and after the value there; or `NOT_FOUND`. */
  findAfter(index: number, max: number = MAX_INDEX, filter: number = XA_PRESENT): number {
    const last = this.xarray.lastIndexOf(index);
    return last >= max ? NOT_FOUND : this.xarray.find(last + 1, max, filter);
  }
  /** Each value in [start, max] once, in order. */
  *entries(start: number = 0, max: number = MAX_INDEX, filter: number = XA_PRESENT): Generator<[index: number, value: T]> {
    for (const [index, entry] of this.xarray.entries(start, max, filter)) yield [index, this.#values[entry - 1] as T];
  }
  [Symbol.iterator](): Generator<[index: number, value: T]> {
    return this.entries();
  }

  #valueOf(entry: number): T | undefined {
    return entry === NULL_ENTRY ? undefined : this.#values[entry - 1];
  }
  #add(value: T, store: (entry: number) => void): void {
    // The place is taken after the store, which may throw.
    const place = this.#free.at(-1) ?? this.#values.length;
    store(place + 1);
    this.#free.pop();
    this.#values[place] = value;
  }
  #drop(entry: number): void {
    this.#values[entry - 1] = undefined;
    this.#free.push(entry - 1);
  }
}
