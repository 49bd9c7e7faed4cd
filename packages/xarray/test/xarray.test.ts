import { expect, test } from "vitest";
import { XA_FLAGS_ALLOC, XArray, XArrayCursor } from "../src/index.ts";

test("An array of its own grows as it is filled", () => {
  const xa = new XArray({ initialNodes: 1 });
  for (let index = 0; index < 10_000; index += 7) xa.store(index, index + 1);
  xa.checkInvariants();
  expect([...xa]).toEqual(Array.from({ length: Math.ceil(10_000 / 7) }, (_, at) => [at * 7, at * 7 + 1]));
  for (let index = 0; index < 10_000; index += 7) expect(xa.erase(index)).toBe(index + 1);
  expect(xa.isEmpty()).toBe(true);
  expect(xa.arrays.nodesInUse).toBe(0);
});

test("Ids are given out from the lowest", () => {
  const xa = new XArray({ flags: XA_FLAGS_ALLOC });
  expect([xa.alloc(5), xa.alloc(6), xa.alloc(7)]).toEqual([0, 1, 2]);
  xa.erase(1);
  expect(xa.alloc(8)).toBe(1);
  xa.checkInvariants();
});

test("A cursor copies entries in portions: each once, wide ones too, reserved ones not", () => {
  const xa = new XArray(), expected: [number, number][] = [];
  for (let index = 0; index < 1000; index += 3) {
    xa.store(index, index + 1);
    expected.push([index, index + 1]);
  }
  xa.reserve(1);
  xa.storeOrder(2048, 7, 9);
  xa.storeOrder(4096, 2, 8);
  xa.store(4100, 7);
  expected.push([2048, 9], [4096, 8], [4100, 7]);
  for (const size of [1, 2, 3, 64, 65, 1000]) {
    const cursor = XArrayCursor.over(xa), out = new Uint32Array(size), indices: number[] = [], seen: [number, number][] = [];
    for (let count = cursor.extract(out, undefined, size, indices); count > 0; count = cursor.extract(out, undefined, size, indices)) {
      for (let at = 0; at < count; at++) seen.push([indices[at]!, out[at]!]);
    }
    expect(seen).toEqual(expected);
  }
  const part: number[] = [];
  expect(xa.arrays.extract(xa.array, part, 3, 9, undefined, 10)).toBe(3);
  expect(part).toEqual([4, 7, 10]);
});
