import { expect, test } from "vitest";
import { NOT_FOUND, ObjectXArray } from "../src/index.ts";

test("Any value is kept in order of its index, and its place is used again", () => {
  const map = new ObjectXArray<unknown>(), symbol = Symbol("s");
  const values: [number, unknown][] = [[0, null], [5, "five"], [2 ** 40, { a: 1 }], [2 ** 53 - 1, symbol], [6, 0], [7, Number.NaN]];
  for (const [index, value] of values) expect(map.store(index, value)).toBe(undefined);
  expect([...map]).toEqual([...values].sort((a, b) => a[0] - b[0]));
  expect(map.size).toBe(6);
  expect(map.store(5, "cinq")).toBe("five");
  expect([map.load(5), map.load(8), map.has(0), map.has(8)]).toEqual(["cinq", undefined, true, false]);
  expect(map.insert(5, 1)).toBe(false);
  expect(map.compareExchange(7, Number.NaN, 8)).toBe(Number.NaN);
  expect(map.load(7)).toBe(8);
  expect(map.erase(2 ** 53 - 1)).toBe(symbol);
  expect(map.store(1, undefined)).toBe(undefined);
  expect([map.find(6), map.findAfter(7), map.findAfter(2 ** 40)]).toEqual([6, 2 ** 40, NOT_FOUND]);
  expect(map.size).toBe(5);
});

test("A wide value takes the place of all that it covers", () => {
  const map = new ObjectXArray<string>();
  for (let index = 60; index < 70; index++) map.store(index, `at ${index}`);
  map.setMark(65, 1);
  map.storeOrder(64, 6, "wide");
  expect(map.size).toBe(5);
  expect([...map].map(([index, value]) => `${index} ${value}`)).toEqual(["60 at 60", "61 at 61", "62 at 62", "63 at 63", "64 wide"]);
  expect([map.load(127), map.getMark(100, 1), map.findAfter(64)]).toEqual(["wide", true, NOT_FOUND]);
  map.storeOrder(70, 1, "narrow");
  expect([map.load(64), map.size]).toEqual(["narrow", 5]);
  expect(map.erase(99)).toBe("narrow");
  map.clear();
  expect([map.size, [...map]]).toEqual([0, []]);
});

test("A bad index throws and leaves no value behind", () => {
  const map = new ObjectXArray<string>();
  expect(() => map.store(-1, "x")).toThrow("XARRAY_INDEX_OUT_OF_RANGE");
  expect(() => map.storeOrder(0, 99, "x")).toThrow("XARRAY_BAD_ORDER");
  expect(map.size).toBe(0);
});
