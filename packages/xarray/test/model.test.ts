import { describe, expect, test } from "vitest";
import { NOT_FOUND, NULL_ENTRY, XArray, XArrayCursor } from "../src/index.ts";

/** An entry over indices first … last, with its marks. */
interface Interval {
  readonly first: number;
  readonly last: number;
  entry: number;
  marks: number;
}

/** What an XArray is to its users: entries over aligned intervals that never partly overlap. */
class Model {
  readonly intervals = new Map<number, Interval>();

  at(index: number): Interval | undefined {
    for (const interval of this.intervals.values()) if (interval.first <= index && index <= interval.last) return interval;
    return undefined;
  }
  sorted(): Interval[] {
    return [...this.intervals.values()].sort((a, b) => a.first - b.first);
  }
  storeOrder(index: number, order: number, entry: number): void {
    const size = 2 ** order, first = Math.floor(index / size) * size, last = first + size - 1, here = this.at(first);
    if (here !== undefined && here.last >= last) {
      // Inside a wider entry, or over one of the same width: that one changes.
      if (entry === NULL_ENTRY) this.intervals.delete(here.first);
      else here.entry = entry;
      return;
    }
    let marks = 0;
    for (const interval of this.sorted()) {
      if (interval.last < first || interval.first > last) continue;
      marks |= interval.marks;
      this.intervals.delete(interval.first);
    }
    if (entry !== NULL_ENTRY) this.intervals.set(first, { first, last, entry, marks });
  }
  split(index: number, order: number, entry: number): void {
    const here = this.at(index)!;
    this.intervals.delete(here.first);
    for (let first = here.first; first <= here.last; first += 2 ** order) this.intervals.set(first, { first, last: first + 2 ** order - 1, entry, marks: here.marks });
  }
  next(index: number, mark?: number): Interval | undefined {
    return this.sorted().find(({ last, marks }) => last >= index && (mark === undefined || ((marks >>> mark) & 1) === 1));
  }
}

function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const STEPS = 800;

/** An array and its model, and where a reader paused. */
class Pair {
  readonly xa: XArray;
  readonly model: Model = new Model();
  readonly #cursor: XArrayCursor;
  readonly #chunkShift: number;
  #paused = 0;

  constructor(chunkShift: number) {
    this.xa = new XArray({ chunkShift });
    this.#cursor = XArrayCursor.over(this.xa);
    this.#chunkShift = chunkShift;
  }

  store(index: number, entry: number): void {
    const here = this.model.at(index);
    expect(this.xa.store(index, entry)).toBe(here?.entry ?? NULL_ENTRY);
    if (here === undefined) this.model.storeOrder(index, 0, entry);
    else here.entry = entry;
  }
  erase(index: number): void {
    const here = this.model.at(index);
    expect(this.xa.erase(index)).toBe(here?.entry ?? NULL_ENTRY);
    if (here !== undefined) this.model.intervals.delete(here.first);
  }
  storeOrder(index: number, order: number, entry: number): void {
    this.xa.storeOrder(index, order, entry);
    this.model.storeOrder(index, order, entry);
  }
  mark(index: number, mark: number, isSetting: boolean): void {
    const here = this.model.at(index);
    if (isSetting) this.xa.setMark(index, mark);
    else this.xa.clearMark(index, mark);
    if (here !== undefined) here.marks = isSetting ? here.marks | (1 << mark) : here.marks & ~(1 << mark);
  }
  split(index: number, order: number, entry: number): void {
    const here = this.model.at(index), width = here === undefined ? 0 : here.last - here.first + 1;
    const isPossible = width >= 2 ** order && width < 2 ** (order - (order % this.#chunkShift) + 2 * this.#chunkShift);
    expect(this.xa.split(index, order, entry)).toBe(isPossible);
    if (isPossible) this.model.split(index, order, entry);
  }
  /** A reader goes on where it paused, whatever happened since. */
  read(): void {
    const cursor = this.#cursor, expected = this.model.next(this.#paused);
    cursor.set(this.#paused);
    expect(cursor.find()).toBe(expected?.entry ?? NULL_ENTRY);
    this.#paused = 0;
    if (expected === undefined) return;
    // From inside an entry, past its first slot, a pause goes too far (in the kernel too): so from its start.
    cursor.set(expected.first);
    cursor.find();
    cursor.pause();
    expect(cursor.index).toBe(expected.last + 1);
    this.#paused = Math.min(cursor.index, Number.MAX_SAFE_INTEGER);
  }

  check(index: number, mark: number): void {
    const { xa, model } = this, next = model.next(index);
    xa.checkInvariants();
    expect(xa.find(index)).toBe(next === undefined ? NOT_FOUND : Math.max(next.first, index));
    expect(xa.load(index)).toBe(model.at(index)?.entry ?? NULL_ENTRY);
    expect(xa.getMark(index, mark)).toBe((((model.at(index)?.marks ?? 0) >>> mark) & 1) === 1);
    expect(xa.find(index, undefined, mark) === NOT_FOUND).toBe(model.next(index, mark) === undefined);
  }
  checkAll(): void {
    const rows = this.xa.dump().map(({ index: first, size, entry, marks }) => ({ first, last: first + size - 1, entry, marks })), sorted = this.model.sorted();
    expect(rows).toEqual(sorted);
    expect([...this.xa]).toEqual(sorted.map(({ first, entry }) => [first, entry]));
    for (const mark of [0, 1, 2]) {
      expect([...this.xa.entries(0, undefined, mark)].map(([index]) => index)).toEqual(sorted.filter(({ marks }) => ((marks >>> mark) & 1) === 1).map(({ first }) => first));
    }
  }
}

describe.each([[6, 12], [2, 8], [1, 6]])("With 2^%d slots a node, random operations up to order %d", (chunkShift, maxOrder) => {
  test.each([1, 2, 3])("agree with a map of intervals, seed %d", { timeout: 60_000 }, (seed) => {
    const random = randomOf(seed * 7919 + chunkShift), pair = new Pair(chunkShift);
    for (let step = 0; step < STEPS; step++) {
      const index = random(2 ** (maxOrder + 2)) + (random(20) === 0 ? 2 ** 52 : 0), order = random(maxOrder + 1);
      const entry = random(1000) + 1 + (random(2) === 0 ? 2 ** 30 : 0), mark = random(3);
      const act = random(9);
      if (act === 0) pair.store(index, entry);
      else if (act === 1) pair.erase(index);
      else if (act < 4) pair.storeOrder(index, order, entry);
      else if (act === 4) pair.storeOrder(index, order, NULL_ENTRY);
      else if (act < 7) pair.mark(index, mark, act === 5);
      else if (act === 7) pair.split(index, order, entry);
      else pair.read();
      pair.check(index, mark);
      if (step % 25 === 0) pair.checkAll();
    }
  });
});
