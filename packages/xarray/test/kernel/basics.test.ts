import { describe, expect, test } from "vitest";
import { MAX_INDEX, NULL_ENTRY, RETRY_ENTRY, XA_FLAGS_ALLOC, XArray, XArrayCursor, XArrays, NO_MEMORY, ZERO_ENTRY } from "../../src/index.ts";
import { reservedColumns } from "@zeropfn/state";
import { at, expectEmpty, found, met, storeOrder } from "./entries.ts";

describe("No memory", () => {
  test("is an answer, after which the array is as it was; with memory the same store works", () => {
    const arrays = new XArrays(reservedColumns(), { nodeCapacity: 1 }), array = arrays.createArray();
    expect(arrays.store(array, 0, at(0))).toBe(NULL_ENTRY);
    expect(arrays.erase(array, 0)).toBe(at(0));
    expect(arrays.store(array, 64, at(0))).toBe(NO_MEMORY);
    expect(arrays.store(array, 64, at(1))).toBe(NO_MEMORY);
    expect(arrays.isEmpty(array)).toBe(true);
    expect(arrays.store(array, 1, at(0))).toBe(NULL_ENTRY);
    expect(arrays.store(array, 1, NULL_ENTRY)).toBe(at(0));
    arrays.checkInvariants();
  });
});

describe("A cursor that others outran", () => {
  test("is stale when its node was freed, goes on after a reset, and sees the head grow", () => {
    const xa = new XArray();
    xa.store(0, at(0));
    xa.store(1, at(1));
    const cursor = XArrayCursor.over(xa);
    expect(cursor.find()).toBe(at(0));
    xa.erase(1);
    expect(() => cursor.reload()).toThrow("XARRAY_STALE_CURSOR");
    expect(cursor.retry(NULL_ENTRY)).toBe(false);
    expect(cursor.retry(at(0))).toBe(false);
    cursor.reset();
    expect(cursor.place).toBe("restart");
    expect(cursor.nextEntry()).toBe(at(0));
    expect(cursor.place).toBe("head");
    xa.store(1, at(1));
    expect(cursor.reload()).toBeLessThan(0);
    cursor.reset();
    expect(cursor.nextEntry()).toBe(at(0));
  });

  test("walks over retry entries that somebody stored", () => {
    const xa = new XArray();
    xa.store(0, at(0));
    xa.store(1, at(1));
    const cursor = XArrayCursor.over(xa);
    for (const index of [0, 1]) {
      cursor.set(index);
      cursor.store(RETRY_ENTRY);
    }
    cursor.set(0);
    for (const [index, entry] of met(cursor)) {
      expect(entry).toBe(RETRY_ENTRY);
      cursor.store(at(index));
    }
    expect([...xa]).toEqual([[0, at(0)], [1, at(1)]]);
  });
});

test("Exactly the stored prefix loads, while it grows and while it shrinks", () => {
  const xa = new XArray();
  const check = (first: number, last: number): void => {
    for (let j = 0; j < 1024; j++) if (xa.load(j) !== (j >= first && j < last ? at(j) : NULL_ENTRY)) throw new Error(`load ${j} of ${first} to ${last}`);
  };
  for (let i = 0; i < 1024; i++) {
    check(0, i);
    expect(xa.store(i, at(i))).toBe(NULL_ENTRY);
  }
  for (let i = 0; i < 1024; i++) {
    check(i, 1024);
    expect(xa.erase(i)).toBe(at(i));
  }
  expectEmpty(xa);
});

describe("Marks", () => {
  test.each([0, 1, 2, 63, 64, 65, 1023, 1024, 4095])("of index %d belong to its entry alone", (index) => {
    const xa = new XArray();
    xa.setMark(index, 0);
    expect(xa.getMark(index, 0)).toBe(false);
    xa.store(index, at(index));
    expect(xa.getMark(index, 0)).toBe(false);
    xa.setMark(index, 0);
    expect(xa.getMark(index, 0)).toBe(true);
    expect(xa.getMark(index + 1, 0)).toBe(false);
    expect(xa.getMark(index, 1)).toBe(false);
    xa.erase(index);
    expect(xa.getMark(index, 0)).toBe(false);
    xa.store(index, at(index));
    expect(xa.getMark(index, 0)).toBe(false);
    xa.erase(index);
    expectEmpty(xa);
  });

  test.each(Array.from({ length: 14 }, (_, order) => order))("of what an entry of order %d replaces are joined in it", { timeout: 20_000 }, (order) => {
    const xa = new XArray(), base = 2 ** Math.max(order, 2), next = base + 2 ** order;
    xa.store(base, at(base));
    xa.setMark(base, 1);
    xa.store(base + 1, at(base + 1));
    if (order > 0) xa.setMark(base + 1, 2);
    xa.store(next, at(next));
    xa.setMark(next, 0);
    storeOrder(xa, base, order, at(base));
    for (let i = base; i < next; i += Math.max(1, 2 ** order >>> 4)) {
      expect([xa.getMark(i, 0), xa.getMark(i, 1), xa.getMark(i, 2)]).toEqual([false, true, order > 0]);
    }
    expect(xa.getMark(next, 0)).toBe(true);
    const cursor = XArrayCursor.over(xa);
    expect([...met(cursor)]).toHaveLength(2);
    cursor.set(0);
    let marked = 0;
    for (let entry = cursor.findMarked(MAX_INDEX, 1); entry !== NULL_ENTRY; entry = cursor.nextMarked(MAX_INDEX, 1)) marked++;
    expect(marked).toBe(1);
    xa.checkInvariants();
  });

  test("are counted exactly by a marked walk, and cleared by the first marks of a slot", () => {
    const xa = new XArray();
    xa.store(0, at(0));
    xa.setMark(0, 0);
    const cursor = XArrayCursor.over(xa);
    cursor.load();
    cursor.initMarks();
    expect(xa.getMark(0, 0)).toBe(false);
    for (let index = 3500; index < 4500; index++) {
      xa.store(index, at(index));
      xa.setMark(index, 0);
    }
    cursor.set(0);
    let count = 0;
    for (let entry = cursor.findMarked(MAX_INDEX, 0); entry !== NULL_ENTRY; entry = cursor.nextMarked(MAX_INDEX, 0)) count++;
    expect(count).toBe(1000);
    cursor.set(0);
    for (const _entry of met(cursor)) cursor.initMarks();
    expect(xa.marked(0)).toBe(false);
    for (let index = 3500; index < 4500; index++) expect(xa.getMark(index, 0)).toBe(false);
  });

  test("of a wide entry are found once from an index in its middle", () => {
    const xa = new XArray();
    storeOrder(xa, 64, 2, at(64));
    xa.setMark(64 + 1, 0);
    const cursor = XArrayCursor.over(xa, 64 + 1);
    const seen: number[] = [];
    for (let entry = cursor.findMarked(MAX_INDEX, 0); entry !== NULL_ENTRY; entry = cursor.nextMarked(MAX_INDEX, 0)) seen.push(entry);
    expect(seen).toEqual([at(64)]);
  });
});

describe("Shrinking", () => {
  test("an erase lowers the tree to the head, and the cursor that did it is out of bounds", () => {
    const xa = new XArray();
    xa.store(0, at(0));
    xa.store(1, at(1));
    const cursor = XArrayCursor.over(xa, 1);
    expect(cursor.load()).toBe(at(1));
    cursor.store(NULL_ENTRY);
    expect(cursor.place).toBe("bounds");
    expect(xa.load(1)).toBe(NULL_ENTRY);
    expect(cursor.load()).toBe(NULL_ENTRY);
    expect(xa.arrays.nodesInUse).toBe(0);
  });

  test.each(Array.from({ length: 15 }, (_, order) => order))("an entry at the last index comes and goes over one of order %d, and leaves the tree as it was", (order) => {
    const xa = new XArray();
    storeOrder(xa, 0, order, at(0));
    const before = [xa.arrays.nodesInUse, xa.arrays.height(xa.array)];
    xa.store(MAX_INDEX, at(0));
    expect(xa.load(2 ** order - 1)).toBe(at(0));
    expect(xa.load(2 ** order)).toBe(NULL_ENTRY);
    xa.erase(MAX_INDEX);
    expect([xa.arrays.nodesInUse, xa.arrays.height(xa.array)]).toEqual(before);
    xa.erase(2 ** order - 1);
    expectEmpty(xa);
  });
});

test("Finding and erasing over a moving window yields every entry in order", () => {
  const xa = new XArray();
  for (let i = 0; i < 200; i++) for (let j = i; j < 2 * i + 2; j++) xa.store(j, at(j));
  xa.store(MAX_INDEX, at(MAX_INDEX));
  const seen: number[] = [], cursor = XArrayCursor.over(xa);
  for (const [index, entry] of met(cursor)) {
    expect(entry).toBe(at(index));
    seen.push(index);
    cursor.store(NULL_ENTRY);
  }
  expect(seen).toEqual([...Array.from({ length: 400 }, (_, index) => index), MAX_INDEX]);
  expectEmpty(xa);
});

test("An insert touches its own index alone: small ones, powers of two and one less, the last", () => {
  const xa = new XArray(), indices = new Set<number>([MAX_INDEX]);
  for (let i = 0; i < 1024; i++) indices.add(i);
  for (let power = 10; power < 53; power++) indices.add(2 ** power).add(2 ** power - 1);
  for (const index of indices) {
    expect(xa.insert(index, at(index))).toBe(true);
    expect(xa.insert(index, at(index))).toBe(false);
    if (index > 0) expect(xa.load(index - 1)).toBe(NULL_ENTRY);
    if (index < MAX_INDEX) expect(xa.load(index + 1)).toBe(NULL_ENTRY);
    expect(xa.erase(index)).toBe(at(index));
    expect(xa.load(index)).toBe(NULL_ENTRY);
    expectEmpty(xa);
  }
});

describe("Compare and exchange", () => {
  const [FIVE, SIX, LOTS] = [5, 6, 77];
  test("stores where the expected entry is, nothing included, and else returns what is there", () => {
    const xa = new XArray();
    expect(xa.store(12345678, at(12345678))).toBe(NULL_ENTRY);
    expect(xa.insert(12345678, 1)).toBe(false);
    expect(xa.compareExchange(12345678, SIX, FIVE)).toBe(at(12345678));
    expect(xa.compareExchange(12345678, at(12345678), FIVE)).toBe(at(12345678));
    expect(xa.compareExchange(12345678, FIVE, LOTS)).toBe(FIVE);
    expect(xa.compareExchange(5, FIVE, NULL_ENTRY)).toBe(NULL_ENTRY);
    expect(xa.compareExchange(5, NULL_ENTRY, FIVE)).toBe(NULL_ENTRY);
    expect(xa.insert(5, FIVE)).toBe(false);
    expect(xa.compareExchange(5, FIVE, NULL_ENTRY)).toBe(FIVE);
    expect(xa.erase(12345678)).toBe(LOTS);
    expect(xa.erase(5)).toBe(NULL_ENTRY);
    expectEmpty(xa);
  });

  test("with NULL drops all of a wide entry, and its neighbour stays", () => {
    const xa = new XArray();
    storeOrder(xa, 0x2000, 3, FIVE);
    xa.store(0x2008, SIX);
    for (let index = 0x2000; index < 0x2008; index++) expect([xa.load(index), xa.getOrder(index)]).toEqual([FIVE, 3]);
    expect(xa.load(0x2008)).toBe(SIX);
    expect(xa.getOrder(0x2008)).toBe(0);
    expect(xa.compareExchange(0x2003, FIVE, NULL_ENTRY)).toBe(FIVE);
    for (let index = 0x2000; index < 0x2008; index++) expect([xa.load(index), xa.getOrder(index)]).toEqual([NULL_ENTRY, 0]);
    expect(xa.load(0x2008)).toBe(SIX);
    storeOrder(xa, 0, 53, NULL_ENTRY);
    expectEmpty(xa);
  });
});

describe.each([["a plain array", 0], ["an array of ids", XA_FLAGS_ALLOC]] as const)("Reserving in %s", (_name, flags) => {
  const at12 = at(12345678);
  const make = (): XArray => new XArray({ flags });
  test("makes it not empty, loads nothing, and is undone by release and erase", () => {
    const xa = make();
    xa.reserve(12345678);
    expect(xa.isEmpty()).toBe(false);
    expect(xa.load(12345678)).toBe(NULL_ENTRY);
    xa.release(12345678);
    expectEmpty(xa);
    xa.reserve(12345678);
    expect(xa.erase(12345678)).toBe(NULL_ENTRY);
    expectEmpty(xa);
  });

  test("ends with a store, which release leaves alone", () => {
    const xa = make();
    xa.reserve(12345678);
    expect(xa.store(12345678, at12)).toBe(NULL_ENTRY);
    xa.release(12345678);
    expect(xa.erase(12345678)).toBe(at12);
    expectEmpty(xa);
  });

  test("is seen by an exchange that expects it, and keeps inserts out", () => {
    const xa = make();
    xa.reserve(12345678);
    expect(xa.compareExchange(12345678, ZERO_ENTRY, at12)).toBe(NULL_ENTRY);
    xa.release(12345678);
    expect(xa.erase(12345678)).toBe(at12);
    xa.reserve(12345678);
    expect(xa.insert(12345678, at12)).toBe(false);
    xa.release(12345678);
    expect(xa.insert(12345678, at12)).toBe(true);
    expect(xa.erase(12345678)).toBe(at12);
    expectEmpty(xa);
  });

  test("is skipped by walks, and by the search for an id until it is released", () => {
    const xa = make();
    xa.store(5, at(5));
    xa.reserve(6);
    xa.store(7, at(7));
    expect([...found(xa, 0)]).toEqual([[5, at(5)], [7, at(7)]]);
    if (flags !== 0) {
      expect(xa.alloc(at(8), 5, 10)).toBe(8);
      xa.release(6);
      expect(xa.alloc(at(6), 5, 10)).toBe(6);
    }
    xa.clear();
    expectEmpty(xa);
  });
});
