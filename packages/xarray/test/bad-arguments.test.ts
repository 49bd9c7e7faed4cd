import { expect, test } from "vitest";
import { MAX_ENTRY, MAX_ID, MAX_INDEX, XA_FLAGS_ALLOC, XArray, XArrayCursor, type XArrayErrorCode, XArrays, ZERO_ENTRY } from "../src/index.ts";
import { growingColumns } from "@zeropfn/state";

interface Filled {
  readonly xa: XArray;
  readonly ids: XArray;
  readonly cursor: XArrayCursor;
}

function filled(): Filled {
  const xa = new XArray(), ids = new XArray({ flags: XA_FLAGS_ALLOC });
  for (const index of [0, 1, 70, 5000, MAX_INDEX]) xa.store(index, 7);
  xa.storeOrder(128, 6, 8);
  xa.setMark(70, 1);
  ids.alloc(5);
  return { xa, ids, cursor: XArrayCursor.over(xa, 70) };
}

type Act = (filled: Filled) => unknown;
const rows: [what: string, XArrayErrorCode, Act][] = [];
const row = (code: XArrayErrorCode, what: string, act: Act): unknown => rows.push([what, code, act]);

for (const index of [-1, 0.5, 1e-9, MAX_INDEX + 1, 2 ** 60, NaN, Infinity, -Infinity, -0.5, 70.5]) {
  const calls: Record<string, Act> = {
    load: ({ xa }) => xa.load(index), store: ({ xa }) => xa.store(index, 1), erase: ({ xa }) => xa.erase(index), insert: ({ xa }) => xa.insert(index, 1),
    compareExchange: ({ xa }) => xa.compareExchange(index, 0, 1), reserve: ({ xa }) => xa.reserve(index), release: ({ xa }) => xa.release(index),
    storeOrder: ({ xa }) => xa.storeOrder(index, 1, 1), storeRange: ({ xa }) => xa.storeRange(index, MAX_INDEX, 1), "storeRange last": ({ xa }) => xa.storeRange(0, index, 1),
    getOrder: ({ xa }) => xa.getOrder(index), lastIndexOf: ({ xa }) => xa.lastIndexOf(index), split: ({ xa }) => xa.split(index, 0, 1), trySplit: ({ xa }) => xa.trySplit(index, 0, 1),
    createRange: ({ xa }) => xa.createRange(index, 2), setMark: ({ xa }) => xa.setMark(index, 1), clearMark: ({ xa }) => xa.clearMark(index, 1), getMark: ({ xa }) => xa.getMark(index, 1),
    find: ({ xa }) => xa.find(index), findAfter: ({ xa }) => xa.findAfter(index), "find max": ({ xa }) => xa.find(0, index), extract: ({ xa }) => xa.arrays.extract(0, [], index),
    "cursor set": ({ cursor }) => cursor.set(index), "cursor setOrder": ({ cursor }) => cursor.setOrder(index, 1), "cursor advance": ({ cursor }) => cursor.advance(index),
    "cursor find": ({ cursor }) => cursor.find(index), "new cursor": ({ xa }) => XArrayCursor.over(xa, index),
  };
  for (const [what, act] of Object.entries(calls)) row("XARRAY_INDEX_OUT_OF_RANGE", `${what} at index ${index}`, act);
}
for (const entry of [-1, 0.5, MAX_ENTRY + 1, NaN, 2 ** 53, ZERO_ENTRY]) {
  row("XARRAY_BAD_ENTRY", `store of ${entry}`, ({ xa }) => xa.store(70, entry));
  row("XARRAY_BAD_ENTRY", `store of ${entry} where nothing is`, ({ xa }) => xa.store(71, entry));
  row("XARRAY_BAD_ENTRY", `insert of ${entry}`, ({ xa }) => xa.insert(99, entry));
  row("XARRAY_BAD_ENTRY", `storeOrder of ${entry}`, ({ xa }) => xa.storeOrder(64, 3, entry));
  row("XARRAY_BAD_ENTRY", `storeRange of ${entry}`, ({ xa }) => xa.storeRange(1, 3, entry));
  row("XARRAY_BAD_ENTRY", `alloc of ${entry}`, ({ ids }) => ids.alloc(entry));
  row("XARRAY_BAD_ENTRY", `split into ${entry}`, ({ xa }) => xa.split(128, 3, entry));
  if (entry !== ZERO_ENTRY) {
    row("XARRAY_BAD_ENTRY", `compareExchange to ${entry}`, ({ xa }) => xa.compareExchange(70, 7, entry));
    row("XARRAY_BAD_ENTRY", `compareExchange from ${entry}`, ({ xa }) => xa.compareExchange(70, entry, 1));
    row("XARRAY_BAD_ENTRY", `cursor store of ${entry}`, ({ cursor }) => cursor.store(entry));
  }
}
row("XARRAY_BAD_ENTRY", "split into nothing", ({ xa }) => xa.split(128, 3, 0));
for (const order of [-1, 0.5, 54, NaN, 64]) {
  row("XARRAY_BAD_ORDER", `storeOrder ${order}`, ({ xa }) => xa.storeOrder(0, order, 1));
  row("XARRAY_BAD_ORDER", `createRange ${order}`, ({ xa }) => xa.createRange(0, order));
  row("XARRAY_BAD_ORDER", `split ${order}`, ({ xa }) => xa.split(128, order, 1));
  row("XARRAY_BAD_ORDER", `trySplit ${order}`, ({ xa }) => xa.trySplit(128, order, 1));
  row("XARRAY_BAD_ORDER", `cursor setOrder ${order}`, ({ cursor }) => cursor.setOrder(0, order));
}
for (const mark of [-1, 3, 0.5, NaN]) {
  row("XARRAY_BAD_MARK", `setMark ${mark}`, ({ xa }) => xa.setMark(70, mark));
  row("XARRAY_BAD_MARK", `clearMark ${mark}`, ({ xa }) => xa.clearMark(70, mark));
  row("XARRAY_BAD_MARK", `getMark ${mark}`, ({ xa }) => xa.getMark(70, mark));
  row("XARRAY_BAD_MARK", `marked ${mark}`, ({ xa }) => xa.marked(mark));
  row("XARRAY_BAD_MARK", `find ${mark}`, ({ xa }) => xa.find(0, MAX_INDEX, mark));
  row("XARRAY_BAD_MARK", `cursor findMarked ${mark}`, ({ cursor }) => cursor.findMarked(MAX_INDEX, mark));
  row("XARRAY_BAD_MARK", `cursor setMark ${mark}`, ({ cursor }) => cursor.setMark(mark));
}
row("XARRAY_BAD_MARK", "the free mark of an array of ids", ({ ids }) => ids.setMark(0, 0));
row("XARRAY_INDEX_OUT_OF_RANGE", "a range whose end comes first", ({ xa }) => xa.storeRange(9, 3, 1));
row("XARRAY_NOT_ALLOCATING", "alloc without ids", ({ xa }) => xa.alloc(1));
for (const limit of [-1, 0.5, MAX_ID + 1]) {
  row("XARRAY_BAD_ARGUMENT", `alloc from ${limit}`, ({ ids }) => ids.alloc(1, limit));
  row("XARRAY_BAD_ARGUMENT", `alloc to ${limit}`, ({ ids }) => ids.alloc(1, 0, limit));
  row("XARRAY_BAD_ARGUMENT", `allocCyclic next ${limit}`, ({ ids }) => ids.allocCyclic(1, 0, 9, limit));
}
for (const array of [-1, 1, 0.5, NaN, 2 ** 40]) row("XARRAY_NO_SUCH_ARRAY", `array ${array}`, ({ xa }) => xa.arrays.load(array, 0));
row("XARRAY_BAD_ARGUMENT", "flags", ({ xa }) => xa.arrays.createArray(1));
row("XARRAY_BAD_ARGUMENT", "a node that is not in use", ({ cursor }) => cursor.deleteNode(9999));
for (const [option, value] of [["chunkShift", 0], ["chunkShift", 7], ["nodeCapacity", 0], ["nodeCapacity", 2 ** 25], ["arrayCapacity", 1.5], ["initialNodes", 0]] as const) {
  row("XARRAY_BAD_ARGUMENT", `option ${option} ${value}`, () => new XArrays(growingColumns(), { [option]: value }));
}
row("XARRAY_STALE_CURSOR", "a step on a node that was freed", ({ xa, cursor }) => {
  cursor.load();
  xa.erase(70);
  try {
    return cursor.next();
  } finally {
    xa.store(70, 7);
    xa.setMark(70, 1);
  }
});

test.each(rows)("%s throws %s, and nothing changes", (_what, code, act) => {
  const all = filled(), seen = (): unknown => [all.xa.dump(), all.xa.arrays.nodesInUse, all.ids.dump(), [0, 1, 2].map((mark) => all.xa.marked(mark))];
  const before = seen();
  expect(() => act(all)).toThrow(expect.objectContaining({ name: "XArrayError", code, message: expect.stringContaining(code) }));
  expect(seen()).toEqual(before);
  all.xa.checkInvariants();
  all.ids.checkInvariants();
});
