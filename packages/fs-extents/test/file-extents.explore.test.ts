import { EXPLORE, type Gate, gateHolder, Slab } from "@zeropfn/state";
import { afterEach, expect, test } from "vitest";
import { FileExtents, NO_BLOCK } from "../src/index.ts";

const SPLIT = new Set(["extents.truncate", "extents.punch", "extents.removeFile"]);

/** Performs each leaf at once and notes its name; those of `SPLIT` are no leaves. */
function performing(names: string[]): Gate {
  return {
    pass(operation, owner, args) {
      if (SPLIT.has(operation.name)) return operation.body.apply(owner, args);
      names.push(operation.name);
      gateHolder.inLeaf = true;
      try {
        return operation.body.apply(owner, args);
      } finally {
        gateHolder.inLeaf = false;
      }
    },
    mark() {},
  };
}

afterEach(() => {
  gateHolder.gate = null;
});

test("the split forms touch columns in leaves only: the size first, then one step for each extent", () => {
  expect(EXPLORE).toBe(true);
  let isBuilding = true;
  const touched: string[] = [];
  const slab = new Slab({ guard: (name) => void (isBuilding || gateHolder.inLeaf || touched.push(name)) });
  const files = new FileExtents(slab, { fileCapacity: 1, extentCapacity: 4, blockCount: 8 });
  files.createFile();
  for (const page of [0, 2, 4]) files.allocateBlock(0, page);
  files.setSize(0, 8 * 4096);
  const names: string[] = [];
  isBuilding = false;
  gateHolder.gate = performing(names);

  files.truncate(0, 4096);
  expect(names).toEqual(["extents.size", "extents.setSize", "extents.freeNextRun", "extents.freeNextRun", "extents.freeNextRun"]);
  files.removeFile(0);
  expect(files.findBlock(0, 0)).toBe(NO_BLOCK);
  expect(touched).toEqual([]);
});
