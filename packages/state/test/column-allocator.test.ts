import { type ColumnAllocator, growingColumns, reservedColumns, Slab } from "../src/index.ts";
import { columnAllocatorConformance } from "../conformance/index.ts";
import { describe, expect, test } from "vitest";

const runner = { describe, test };
describe("reserved columns", () => columnAllocatorConformance(runner, () => reservedColumns()));
describe("growing columns", () => columnAllocatorConformance(runner, () => growingColumns()));
describe("a slab", () => columnAllocatorConformance(runner, () => new Slab()));
describe("a guarded slab", () => columnAllocatorConformance(runner, () => new Slab({ guard: () => {} })));

/** The names of the tests that `make` fails. */
function failuresOf(make: () => ColumnAllocator): string[] {
  const failed: string[] = [];
  const collect = (name: string, body: () => void): void => {
    try {
      body();
    } catch {
      failed.push(name);
    }
  };
  columnAllocatorConformance({ describe: (_, body) => body(), test: collect }, make);
  return failed;
}

test("the suite finds columns that share their bytes", () => {
  const shared = new ArrayBuffer(4096);
  expect(failuresOf(() => ({ ...reservedColumns(), u32: (_, length) => new Uint32Array(shared, 0, length) }))).toContain("gives columns that do not overlap, in either role");
});
test("the suite finds a pool that forgets its rows when it grows", () => {
  const forgetful: ColumnAllocator = {
    ...reservedColumns(),
    pool: (name, spec, _, adopt) => ({ readyRows: 0, maximumRows: 9, ensureRows: (rows) => rows <= 9 && reservedColumns().pool(name, spec, { initial: rows, maximum: rows }, adopt) !== undefined }),
  };
  expect(failuresOf(() => forgetful)).toContain("grow to their maximum and no further, and keep what they hold");
});
test("the suite finds chunks that are no views of their memories", () => {
  const apart: ColumnAllocator = {
    ...reservedColumns(),
    byteChunks: (name, size) => ({ ...reservedColumns().byteChunks(name, size), memories: [{ buffer: new ArrayBuffer(8) }] }),
  };
  expect(failuresOf(() => apart)).toContain("lie in the memories that they name, one for each chunk");
});
