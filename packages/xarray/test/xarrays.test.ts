import { growingColumns, reservedColumns, Slab } from "@zeropfn/state";
import { describe, expect, test } from "vitest";
import { NO_MEMORY, NOT_FOUND, XArrays } from "../src/index.ts";

const sources = { reserved: () => reservedColumns(), growing: () => growingColumns(), slab: () => new Slab() };

describe.each(Object.keys(sources) as (keyof typeof sources)[])("arrays on %s columns", (source) => {
  test.each([1, 2, 4, 6])("keep what is stored, with 2^%d slots a node", (chunkShift) => {
    const arrays = new XArrays(sources[source](), { arrayCapacity: 2, nodeCapacity: 200, chunkShift });
    const a = arrays.createArray(), b = arrays.createArray();
    expect(arrays.createArray()).toBe(NO_MEMORY);
    for (const index of [0, 1, 5, 64, 4096, 2 ** 40, 2 ** 53 - 1]) expect(arrays.store(a, index, (index % 1000) + 1)).toBe(0);
    arrays.store(b, 5, 77);
    arrays.checkInvariants();
    for (const index of [0, 1, 5, 64, 4096, 2 ** 40, 2 ** 53 - 1]) expect(arrays.load(a, index)).toBe((index % 1000) + 1);
    expect(arrays.load(a, 2)).toBe(0);
    expect(arrays.find(a, 6)).toBe(64);
    expect(arrays.findAfter(a, 2 ** 40)).toBe(2 ** 53 - 1);
    expect(arrays.findAfter(a, 2 ** 53 - 1)).toBe(NOT_FOUND);
    expect(arrays.erase(a, 2 ** 53 - 1)).toBe((2 ** 53 - 1) % 1000 + 1);
    arrays.checkInvariants();
    arrays.destroyArray(a);
    expect(arrays.load(b, 5)).toBe(77);
    arrays.destroyArray(b);
    expect(arrays.nodesInUse).toBe(0);
    arrays.checkInvariants();
  });
});

test("A store that finds no node changes nothing", () => {
  const arrays = new XArrays(reservedColumns(), { nodeCapacity: 2 }), a = arrays.createArray();
  expect(arrays.store(a, 63, 1)).toBe(0);
  expect(arrays.store(a, 64, 1)).toBe(NO_MEMORY);
  arrays.checkInvariants();
  expect(arrays.nodesInUse).toBe(1);
  expect(arrays.storeOrder(a, 64, 6, 1)).toBe(0);
});
