import { describe, expect, test } from "vitest";
import { CANNOT_SPLIT, MAX_INDEX, NULL_ENTRY, OK, XArray, XArrayCursor, ZERO_ENTRY } from "../../src/index.ts";
import { at, expectEmpty, found, met, storeOrder } from "./entries.ts";

const orders = (count: number, first: number = 0): number[] => Array.from({ length: count }, (_, order) => order + first);

describe("A wide entry", () => {
  test.each([0, 2, 200, 4096])("around %d has the bounds of its order, may be replaced through any index, and goes as a whole", (index) => {
    for (const order of orders(20)) {
      const xa = new XArray(), min = Math.floor(index / 2 ** order) * 2 ** order, max = min + 2 ** order;
      storeOrder(xa, index, order, at(index));
      expect([xa.load(min), xa.load(max - 1), xa.load(max), min === 0 ? 0 : xa.load(min - 1)]).toEqual([at(index), at(index), NULL_ENTRY, NULL_ENTRY]);
      expect(XArrayCursor.over(xa, index).store(at(min))).toBe(at(index));
      expect([xa.load(min), xa.load(max - 1), xa.load(max)]).toEqual([at(min), at(min), NULL_ENTRY]);
      xa.checkInvariants();
      expect(xa.erase(max - 1)).toBe(at(min));
      expectEmpty(xa);
    }
  });

  test("stored as NULL through a cursor inside it empties all of it", () => {
    const xa = new XArray();
    storeOrder(xa, 0, 4, at(0));
    const cursor = XArrayCursor.over(xa, 3);
    expect(cursor.store(NULL_ENTRY)).toBe(at(0));
    expect(cursor.load()).toBe(NULL_ENTRY);
    expectEmpty(xa);
  });

  test("is met once by a walk, also by one that starts inside it", () => {
    for (const order of orders(52)) {
      const xa = new XArray(), start = 2 ** order;
      storeOrder(xa, 0, order, at(0));
      storeOrder(xa, start, order, at(1));
      for (let from = 0; from < start * 2; from += Math.max(1, start / 2 - 1)) {
        const seen = [...met(XArrayCursor.over(xa, Math.floor(from)))].map(([, entry]) => entry);
        expect(seen).toEqual(from < start ? [at(0), at(1)] : [at(1)]);
      }
      xa.clear();
      expectEmpty(xa);
    }
  });

  test("counts its slots and values in its node, as it is widened and narrowed", () => {
    for (const value of [at(0), 1]) {
      const xa = new XArray(), cursor = XArrayCursor.over(xa), isValue = value !== 1;
      const counts = (): [number, number] => {
        cursor.set(0);
        cursor.load();
        return [xa.arrays.slotsInUse(cursor.node), xa.arrays.valuesInUse(cursor.node)];
      };
      storeOrder(xa, 0, 1, value);
      expect(counts()).toEqual([2, isValue ? 2 : 0]);
      storeOrder(xa, 3, 0, at(3));
      expect(counts()).toEqual([3, isValue ? 3 : 1]);
      storeOrder(xa, 0, 2, value);
      expect(counts()).toEqual([4, isValue ? 4 : 0]);
      xa.store(2, 9);
      expect(counts()).toEqual([4, 0]);
      expect(xa.erase(3)).toBe(9);
      expectEmpty(xa);
    }
  });

  test("of any order replaces one of any other, below the whole range", { timeout: 30_000 }, () => {
    for (const first of orders(40)) {
      for (const second of orders(40)) {
        const xa = new XArray();
        storeOrder(xa, 0, first, at(0));
        storeOrder(xa, 0, second, at(1));
        // A narrower one inside keeps the width of what it replaces.
        const width = 2 ** Math.max(first, second);
        expect([xa.load(0), xa.load(width - 1), xa.load(width)]).toEqual([at(1), at(1), NULL_ENTRY]);
        xa.checkInvariants();
        xa.erase(0);
        expectEmpty(xa);
      }
    }
  });

  test("of NULL over everything empties; with the first slot empty the rest is replaced too", () => {
    const xa = new XArray();
    xa.store(1, at(1));
    xa.store(63, at(63));
    xa.store(100, at(100));
    storeOrder(xa, 0, 6, at(0));
    expect([...met(XArrayCursor.over(xa))]).toEqual([[0, at(0)], [100, at(100)]]);
    storeOrder(xa, 0, 53, NULL_ENTRY);
    expectEmpty(xa);
  });
});

describe("A cache of wide entries, as a page cache keeps it", () => {
  /** Adds only where nothing is in the way. */
  function add(xa: XArray, index: number, order: number): boolean {
    const cursor = XArrayCursor.over(xa, index, order);
    if (cursor.findConflict() !== NULL_ENTRY) return false;
    cursor.store(at(index));
    return true;
  }
  /** Looks an entry up, and sees that it is still there. */
  function get(xa: XArray, index: number): number {
    const cursor = XArrayCursor.over(xa, index);
    const entry = cursor.load();
    expect(cursor.reload()).toBe(entry);
    return entry;
  }
  function remove(xa: XArray, index: number, order: number): void {
    const cursor = XArrayCursor.over(xa, index, order);
    cursor.store(NULL_ENTRY);
    cursor.initMarks();
  }

  test.each(orders(20))("adds, gets and removes those of order %d at many places, and the holes around stay empty", (order) => {
    const xa = new XArray(), size = 2 ** order;
    for (const start of [0, size, size * 3, size * 7, size * 63, size * 64, size * 65]) {
      expect(add(xa, start, order)).toBe(true);
      expect(add(xa, start + size - 1, 0)).toBe(false);
      for (const index of [start, start + Math.floor(size / 2), start + size - 1]) expect(get(xa, index)).toBe(at(start));
      if (start > 0) expect(get(xa, start - 1)).toBe(NULL_ENTRY);
      expect(get(xa, start + size)).toBe(NULL_ENTRY);
      remove(xa, start, order);
      expectEmpty(xa);
    }
  });
});

describe("The order of an entry", () => {
  test("is the same from each of its indices, by all three ways to ask", () => {
    for (const order of orders(20)) {
      for (const start of [0, 1, 3]) {
        const xa = new XArray(), base = start * 2 ** order, step = Math.max(1, 2 ** order >>> 5);
        expect(xa.getOrder(base)).toBe(0);
        storeOrder(xa, base, order, at(base));
        for (let index = base; index < base + 2 ** order; index += step) {
          const cursor = XArrayCursor.over(xa, index);
          cursor.load();
          const conflict = XArrayCursor.over(xa, index);
          let conflicts = 0;
          for (let entry = conflict.findConflict(); entry !== NULL_ENTRY; entry = conflict.findConflict()) {
            conflicts++;
            expect(conflict.getOrder()).toBe(order);
          }
          expect([xa.getOrder(index), cursor.getOrder(), conflicts]).toEqual([order, order, 1]);
        }
        expect(xa.getOrder(base + 2 ** order)).toBe(0);
      }
    }
  });
});

describe("Conflicts of a range", () => {
  test("are each met once, before one store replaces them all", () => {
    for (const order of orders(20)) {
      const size = 2 ** order;
      for (const [start, present] of [[0, []], [size, [size]], [0, [0, size - 1]], [size * 3, [size * 3, size * 3 + Math.floor(size / 2)]]] as [number, number[]][]) {
        const xa = new XArray(), indices = [...new Set(present)];
        for (const index of indices) xa.store(index, at(index));
        const cursor = XArrayCursor.over(xa, start, order);
        let count = 0;
        for (let entry = cursor.findConflict(); entry !== NULL_ENTRY; entry = cursor.findConflict()) count++;
        expect(count).toBe(indices.length);
        cursor.store(at(start));
        expect([xa.load(start), xa.load(start + size - 1), xa.load(start + size)]).toEqual([at(start), at(start), NULL_ENTRY]);
        xa.erase(start);
        expectEmpty(xa);
      }
    }
  });

  test("of ranges around 63 and 65 straddle leaves", () => {
    for (const [start, order] of [[63, 6], [65, 6], [63, 7], [65, 7]] as const) {
      const xa = new XArray(), base = Math.floor(start / 2 ** order) * 2 ** order;
      xa.store(63, at(63));
      xa.store(65, at(65));
      const cursor = XArrayCursor.over(xa, start, order), seen: number[] = [];
      for (let entry = cursor.findConflict(); entry !== NULL_ENTRY; entry = cursor.findConflict()) seen.push(entry);
      expect(seen).toEqual([63, 65].filter((index) => index >= base && index < base + 2 ** order).map(at));
      cursor.store(at(0));
      expect(xa.getOrder(start)).toBe(order);
    }
  });
});

describe("Finding among wide entries", () => {
  test("the next of the middle of one is its neighbour, and nothing is after the last", () => {
    const xa = new XArray();
    storeOrder(xa, 12, 2, at(12));
    xa.store(16, at(16));
    expect([xa.find(0), xa.load(12)]).toEqual([12, at(12)]);
    expect(xa.findAfter(12)).toBe(16);
    expect(xa.find(13)).toBe(13);
    expect(xa.findAfter(13)).toBe(16);
    expect(xa.findAfter(16)).toBe(-1);
    xa.erase(12);
    xa.erase(16);
    expectEmpty(xa);
  });

  test("erasing each as it is found finds all", () => {
    const xa = new XArray(), expected: number[] = [];
    for (let order = 0; order < 12; order++) {
      storeOrder(xa, 2 ** (order + 1), order, at(order));
      expected.push(2 ** (order + 1));
    }
    const seen: number[] = [];
    for (const [index] of found(xa, 0)) {
      seen.push(index);
      xa.erase(index);
    }
    expect(seen).toEqual(expected);
    expectEmpty(xa);
  });

  test("after a big one that reaches the end there is nothing", () => {
    for (let order = 5; order < 52; order++) {
      const xa = new XArray(), start = 2 ** (order - 4);
      xa.store(0, at(0));
      storeOrder(xa, 2 ** order, order, at(1));
      expect(xa.findAfter(2 ** order + start)).toBe(-1);
      expect(xa.findAfter(0)).toBe(2 ** order);
      xa.clear();
    }
  });
});

describe("Making slots for a range", () => {
  /** Fills a range as a cache that found no conflict does. */
  function storeMany(xa: XArray, index: number, order: number): boolean {
    const cursor = XArrayCursor.over(xa, index, order);
    if (cursor.findConflict() !== NULL_ENTRY) return false;
    expect(cursor.createRange()).toBe(OK);
    for (let i = 0; i < 2 ** order; i++) {
      expect(cursor.store(at(index + i))).toBe(NULL_ENTRY);
      cursor.next();
    }
    return true;
  }

  test("then each is stored without another node, and neighbours stay", () => {
    for (const order of orders(13)) {
      for (const index of [0, 2 ** order, 2 ** order * 3, 2 ** order * 65]) {
        const xa = new XArray();
        expect(storeMany(xa, index, order)).toBe(true);
        expect(storeMany(xa, index, order)).toBe(false);
        for (let i = index; i < index + 2 ** order; i++) expect(xa.erase(i)).toBe(at(i));
        expectEmpty(xa);
      }
    }
  });

  test("next to an entry on either side of a boundary", () => {
    for (const order of orders(11)) {
      const xa = new XArray();
      xa.store(2 ** order, at(2 ** order));
      expect(storeMany(xa, 0, order)).toBe(true);
      expect(xa.load(2 ** order)).toBe(at(2 ** order));
      expect(storeMany(xa, 2 ** order, order)).toBe(false);
      xa.clear();
      expectEmpty(xa);
    }
  });

  test("does nothing beyond the indices, and throws", () => {
    const xa = new XArray(), cursor = XArrayCursor.over(xa);
    cursor.prev();
    cursor.prev();
    expect(() => cursor.createRange()).toThrow("XARRAY_INDEX_OUT_OF_RANGE");
    expectEmpty(xa);
  });

  test("over an entry that is there: all others are made, and it stays", () => {
    for (const order of orders(11)) {
      for (const there of [0, 2 ** order - 1, Math.floor(2 ** order / 2)]) {
        const xa = new XArray();
        xa.store(there, at(there));
        const cursor = XArrayCursor.over(xa, 0, order);
        cursor.createRange();
        for (let i = 0; i < 2 ** order; i++) {
          expect(cursor.store(at(i))).toBe(i === there ? at(i) : NULL_ENTRY);
          cursor.next();
        }
        for (let i = 0; i < 2 ** order; i++) expect(xa.erase(i)).toBe(at(i));
        expectEmpty(xa);
      }
    }
  });

  test("over a wide entry, again and again, changes no entry", () => {
    for (const order of orders(10, 1)) {
      const xa = new XArray();
      storeOrder(xa, 0, order, at(0));
      for (let i = 0; i < 2 ** order + 10; i += 3) {
        xa.createRange(i, order);
        xa.checkInvariants();
        expect([xa.load(0), xa.load(2 ** order - 1)]).toEqual([at(0), at(0)]);
      }
      xa.clear();
      expectEmpty(xa);
    }
  });
});

test("A stored range has its ends, no neighbours, and goes when it is erased: all below 128, at six places", { timeout: 60_000 }, () => {
  for (const place of [0, 2 ** 12 - 64, 2 ** 20, 2 ** 32, 2 ** 40 + 63, 2 ** 53 - 256]) {
    const xa = new XArray();
    for (let i = 0; i < 128; i++) {
      for (let j = i; j < 128; j++) {
        const first = place + i, last = place + j;
        xa.storeRange(first, last, at(j));
        const ends = [xa.load(first), xa.load(last), first === 0 ? 0 : xa.load(first - 1), xa.load(last + 1)];
        if (ends[0] !== at(j) || ends[1] !== at(j) || ends[2] !== 0 || ends[3] !== 0) throw new Error(`range ${first} to ${last}: ${ends}`);
        xa.storeRange(first, last, NULL_ENTRY);
        if (!xa.isEmpty()) throw new Error(`range ${first} to ${last} is not empty`);
      }
    }
    expectEmpty(xa);
  }
});

describe("Splitting", () => {
  test("gives pieces of the new order with the content and the marks, for all orders that may be", () => {
    for (const order of orders(11, 1)) {
      for (const pieces of orders(order)) {
        for (const index of [0, 2 ** order, 3 * 2 ** order]) {
          const xa = new XArray();
          storeOrder(xa, index, order, at(index));
          xa.setMark(index, 1);
          const cursor = XArrayCursor.over(xa, index, pieces);
          expect(cursor.split(7, order)).toBe(OK);
          xa.checkInvariants();
          expect([...met(XArrayCursor.over(xa))]).toEqual(Array.from({ length: 2 ** (order - pieces) }, (_, i) => [index + i * 2 ** pieces, 7]));
          for (let i = 0; i < 2 ** order; i += 2 ** pieces) {
            expect([xa.getOrder(index + i), xa.getMark(index + i, 1), xa.getMark(index + i, 0)]).toEqual([pieces, true, false]);
          }
          for (let i = 0; i < 2 ** order; i += 2 ** pieces) expect(xa.store(index + i, at(i))).toBe(7);
          xa.clear();
          expectEmpty(xa);
        }
      }
    }
  });

  test("with at most one new node is done, or refused, exactly as the rule says", () => {
    for (const order of orders(17, 1)) {
      for (const pieces of orders(order)) {
        const xa = new XArray();
        storeOrder(xa, 0, order, at(0));
        xa.setMark(0, 2);
        const before = xa.dump(), needsNode = pieces < order - (order % 6);
        const isPossible = !needsNode || (order % 6 === 0 && pieces % 6 === 5);
        expect(XArrayCursor.over(xa, 0, pieces).trySplit(7, order)).toBe(isPossible ? OK : CANNOT_SPLIT);
        xa.checkInvariants();
        if (isPossible) expect(xa.dump().every(({ entry, marks }) => entry === 7 && marks === 4)).toBe(true);
        else expect(xa.dump()).toEqual(before);
      }
    }
  });

  test("by two levels at once is refused", () => {
    const xa = new XArray();
    storeOrder(xa, 0, 12, at(0));
    expect(xa.split(0, 5, 7)).toBe(false);
    expect(xa.split(0, 6, 7)).toBe(true);
    expect(xa.split(MAX_INDEX, 0, 7)).toBe(false);
  });
});

test("A reserved entry may be wide", () => {
  const xa = new XArray();
  storeOrder(xa, 8, 3, ZERO_ENTRY);
  expect([xa.load(9), xa.getOrder(9), xa.insert(15, 1)]).toEqual([NULL_ENTRY, 3, false]);
  xa.release(9);
  expectEmpty(xa);
});
