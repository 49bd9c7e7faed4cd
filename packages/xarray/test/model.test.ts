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

describe.each([[6, 12], [2, 8], [1, 6]])("With 2^%d slots a node, random operations up to order %d", (chunkShift, maxOrder) => {
  test.each([1, 2, 3])("agree with a map of intervals, seed %d", { timeout: 60_000 }, (seed) => {
    const random = randomOf(seed * 7919 + chunkShift), xa = new XArray({ chunkShift }), model = new Model();
    const cursor = XArrayCursor.over(xa);
    let paused = 0;
    const range = 2 ** (maxOrder + 2), place = (): number => random(range) + (random(20) === 0 ? 2 ** 52 : 0);
    for (let step = 0; step < STEPS; step++) {
      const index = place(), entry = random(1000) + 1 + (random(2) === 0 ? 2 ** 30 : 0), mark = random(3), here = model.at(index);
      switch (random(9)) {
        case 0: {
          xa.store(index, entry);
          if (here === undefined) model.storeOrder(index, 0, entry);
          else here.entry = entry;
          break;
        }
        case 1: {
          expect(xa.erase(index)).toBe(here?.entry ?? NULL_ENTRY);
          if (here !== undefined) model.intervals.delete(here.first);
          break;
        }
        case 2:
        case 3: {
          const order = random(maxOrder + 1);
          xa.storeOrder(index, order, entry);
          model.storeOrder(index, order, entry);
          break;
        }
        case 4: {
          const order = random(maxOrder + 1);
          xa.storeOrder(index, order, NULL_ENTRY);
          model.storeOrder(index, order, NULL_ENTRY);
          break;
        }
        case 5: {
          xa.setMark(index, mark);
          if (here !== undefined) here.marks |= 1 << mark;
          break;
        }
        case 6: {
          xa.clearMark(index, mark);
          if (here !== undefined) here.marks &= ~(1 << mark);
          break;
        }
        case 7: {
          const order = random(maxOrder + 1);
          const isDone = xa.split(index, order, entry);
          if (isDone) model.split(index, order, entry);
          else expect(here === undefined || here.last - here.first < 2 ** order || here.last - here.first >= 2 ** (order - (order % chunkShift) + 2 * chunkShift) - 1).toBe(true);
          break;
        }
        default: {
          // A reader that goes on where it paused, whatever happened since.
          cursor.set(paused);
          const found = cursor.find(), expected = model.next(paused);
          expect(found).toBe(expected?.entry ?? NULL_ENTRY);
          if (expected === undefined) paused = 0;
          else {
            // From inside an entry, past its first slot, a pause goes too far (in the kernel too): so from its start.
            if (expected.first < paused) {
              cursor.set(expected.first);
              cursor.find();
            }
            cursor.pause();
            paused = cursor.index > Number.MAX_SAFE_INTEGER ? 0 : cursor.index;
            expect(paused).toBe(expected.last + 1);
          }
        }
      }
      xa.checkInvariants();
      const next = model.next(index), found = xa.find(index);
      expect(found).toBe(next === undefined ? NOT_FOUND : Math.max(next.first, index));
      expect(xa.load(index)).toBe(model.at(index)?.entry ?? NULL_ENTRY);
      expect(xa.getMark(index, mark)).toBe((((model.at(index)?.marks ?? 0) >>> mark) & 1) === 1);
      expect(xa.find(index, undefined, mark) === NOT_FOUND).toBe(model.next(index, mark) === undefined);
      if (step % 25 === 0) {
        const rows = xa.dump().map(({ index: first, size, entry: value, marks }) => ({ first, last: first + size - 1, entry: value, marks }));
        expect(rows).toEqual(model.sorted());
        expect([...xa]).toEqual(model.sorted().map(({ first, entry: value }) => [first, value]));
      }
    }
  });
});
