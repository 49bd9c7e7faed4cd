import { expect, test } from "vitest";
import { XArray, XA_FLAGS_ALLOC } from "../src/index.ts";

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
