import { type ColumnAllocator, growingColumns, reservedColumns, Slab } from "@zeropfn/state";
import { OK } from "@zeropfn/units";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FileExtents, type FileExtentsOptions, NO_BLOCK } from "../src/index.ts";

type Step = readonly [kind: "allocate" | "punch" | "truncate" | "remove", file: number, page: number, count: number];

const BLOCK_BYTES = 4096;

/** The model: for each file a `Map` from page to block. It takes over the block numbers that the extents chose. */
type Model = Map<number, number>[];

function step(files: FileExtents, model: Model, [kind, file, page, count]: Step, size: FileExtentsOptions): void {
  const pages = model[file]!;
  const drop = (first: number, end: number): void => [...pages.keys()].filter((at) => at >= first && at < end).forEach((at) => pages.delete(at));
  if (kind === "allocate") {
    const block = files.allocateBlock(file, page);
    if (block !== NO_BLOCK) pages.set(page, block);
    else expect(usedBlocks(model) === size.blockCount || rowsInUse(files, model) === size.extentCapacity).toBe(true);
  } else if (kind === "punch") {
    if (files.punch(file, page, count) === OK) drop(page, page + count);
    else expect(rowsInUse(files, model)).toBe(size.extentCapacity);
  } else if (kind === "truncate") {
    const isShrinking = page * BLOCK_BYTES <= files.size(file);
    expect(files.truncate(file, page * BLOCK_BYTES)).toBe(OK);
    if (isShrinking) drop(page, Infinity);
  } else {
    files.removeFile(file);
    expect(files.createFile()).toBe(file);
    drop(0, Infinity);
  }
}

const usedBlocks = (model: Model): number => model.reduce((sum, pages) => sum + pages.size, 0);
const rowsInUse = (files: FileExtents, model: Model): number => model.reduce((sum, _, file) => sum + files.extentCount(file), 0);

function checkEqual(files: FileExtents, model: Model, pageCount: number): void {
  files.checkInvariants();
  expect(files.freeBlocks).toBe(files.blockCount - usedBlocks(model));
  const blocks = model.flatMap((pages) => [...pages.values()]);
  expect(new Set(blocks).size, "a block with two owners").toBe(blocks.length);
  for (const [file, pages] of model.entries()) for (let page = 0; page < pageCount; page++) expect(files.findBlock(file, page), `file ${file}, page ${page}`).toBe(pages.get(page) ?? NO_BLOCK);
}

/** Random steps on extents in `columns` and on the model find the same block, or hole, for every page after each step. */
function checkModel(columns: () => ColumnAllocator, size: FileExtentsOptions, pageCount: number): void {
  const kinds = fc.constantFrom("allocate", "allocate", "allocate", "punch", "truncate", "remove");
  const steps = fc.array(fc.tuple(kinds, fc.nat(size.fileCapacity - 1), fc.nat(pageCount - 1), fc.nat(pageCount)), { maxLength: 80 });
  fc.assert(
    fc.property(steps, (list: Step[]) => {
      const files = new FileExtents(columns(), size);
      const model: Model = Array.from({ length: size.fileCapacity }, () => new Map<number, number>());
      for (const file of model.keys()) expect(files.createFile()).toBe(file);
      for (const [nth, one] of list.entries()) {
        step(files, model, one, size);
        try {
          checkEqual(files, model, pageCount);
        } catch (error) {
          throw new Error(`step ${nth}, ${one.join(" ")}:\n${files.dump()}`, { cause: error });
        }
      }
    }),
    { numRuns: 300 },
  );
}

test("random operations agree with a map, in columns that grow", () => checkModel(growingColumns, { fileCapacity: 3, extentCapacity: 100, blockCount: 45 }, 20));
test("random operations agree with a map, in reserved columns with few extents", () => checkModel(reservedColumns, { fileCapacity: 2, extentCapacity: 4, blockCount: 64 }, 20));
test("random operations agree with a map, on a slab of two pages", () => checkModel(() => new Slab(), { fileCapacity: 1, extentCapacity: 2, blockCount: 2, blockShift: 12 }, 3));

test("a slab for three pages is small, and equal contents are equal words, whatever came before", () => {
  const make = (): { slab: Slab; files: FileExtents } => {
    const slab = new Slab(), files = new FileExtents(slab, { fileCapacity: 1, extentCapacity: 2, blockCount: 3, blockShift: 4 });
    files.createFile();
    return { slab, files };
  };
  const one = make(), other = make();
  one.files.allocateBlock(0, 0);
  for (const page of [0, 2]) other.files.allocateBlock(0, page);
  other.files.punch(0, 2, 1);
  expect([...other.slab.words]).toEqual([...one.slab.words]);
  expect(one.slab.sizeBytes).toBeLessThanOrEqual(80);
});
