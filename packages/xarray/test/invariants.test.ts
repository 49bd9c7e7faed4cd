import { expect, test } from "vitest";
import { XA_FLAGS_ALLOC, XArray } from "../src/index.ts";
import type { Forest } from "../src/forest.ts";
import { nodeOf, siblingEntry } from "../src/entries.ts";
import { addMark, dropMark } from "../src/node-marks.ts";

function built(): XArray {
  const xa = new XArray();
  for (let index = 0; index < 200; index += 5) xa.store(index, 2 ** 30 + index);
  xa.storeOrder(256, 2, 7);
  xa.setMark(70, 1);
  return xa;
}

type Harm = (forest: Forest, leaf: number, head: number) => unknown;
const harms: Record<string, Harm> = {
  "counts 1 slots": (forest, leaf) => (forest.counts[leaf] = 1),
  "counts 0 values": (forest, leaf) => (forest.values[leaf] = 0),
  "does not know it": (forest, leaf) => (forest.offsets[leaf] = 9),
  "below node": (forest, leaf) => (forest.shifts[leaf] = 6),
  "has a parent": (forest, _leaf, head) => (forest.parents[head] = 1),
  "is a sibling of": (forest, leaf) => forest.put(leaf, 1, siblingEntry(40)),
  "differs from its slot": (forest, leaf) => addMark(forest, leaf, 5, 2),
  "and has mark 0": (forest, leaf) => addMark(forest, leaf, 1, 0),
  "of array 0 differs from its head": (forest) => (forest.flags[0] = forest.flags[0]! & ~2),
  "which is not a leaf of it": (forest, _leaf, head) => {
    forest.leafChunk[0] = 0;
    forest.leafSlot[0] = head << 6;
  },
  "it is at": (forest) => (forest.leafChunk[0] = forest.leafChunk[0]! + 1),
  "is not all 0": (forest) => (forest.shifts[15] = 6),
  "in slot 3": (forest) => forest.put(15, 3, 9),
  "has marks": (forest) => addMark(forest, 15, 3, 1),
  "in slot 9 of node": (forest, leaf, head) => forest.put(head, 9, forest.entry(head, forest.offsets[leaf]!)),
  "is in two places, or free": (forest, leaf) => (forest.used[0] = forest.used[0]! & ~(1 << leaf)),
};

test.each(Object.keys(harms))("Invariants see what is wrong: ...%s", (message) => {
  const xa = built(), { forest } = xa.arrays, head = nodeOf(forest.head(0));
  xa.load(70);
  xa.checkInvariants();
  harms[message]!(forest, nodeOf(forest.entry(head, 0)), head);
  expect(() => xa.checkInvariants()).toThrow(expect.objectContaining({ code: "XARRAY_CORRUPT", message: expect.stringContaining(message) }));
});

test("Invariants see a free mark on an id in use, and none on a free one", () => {
  for (const harm of [addMark, dropMark]) {
    const xa = new XArray({ flags: XA_FLAGS_ALLOC });
    for (let id = 0; id < 3; id++) xa.alloc(1);
    xa.checkInvariants();
    harm(xa.arrays.forest, nodeOf(xa.arrays.forest.head(0)), harm === addMark ? 1 : 9, 0);
    expect(() => xa.checkInvariants()).toThrow("free mark");
  }
});
