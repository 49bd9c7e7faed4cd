import { same, type TestRunner } from "@zeropfn/state/conformance";
import { EINVAL, OK } from "@zeropfn/units";

/** What a DAX filesystem asks of an extent map. -1 stands for "no block" and "no file". Block = page. */
export interface ExtentMap {
  createFile(): number;
  size(file: number): number;
  /** The size alone. */
  setSize(file: number, bytes: number): number;
  findBlock(file: number, index: number): number;
  allocateBlock(file: number, index: number): number;
  punch(file: number, firstIndex: number, count: number): number;
  readonly freeBlocks: number;
}

/** Sizes of the map that `make` is asked for: two files, and enough extents for every page to be one of its own. */
export interface ExtentMapSize {
  readonly blockCount: number;
  readonly blockBytes: number;
}

const BLOCKS = 16;
const BLOCK_BYTES = 4096;

/**
 * The suite for whatever keeps the extents of files for `dax-pmem`.
 *
 * @param make Makes a fresh map: an empty device of `blockCount` blocks.
 */
export function extentMapConformance({ describe, test }: TestRunner, make: (size: ExtentMapSize) => ExtentMap): void {
  const fresh = (): ExtentMap => make({ blockCount: BLOCKS, blockBytes: BLOCK_BYTES });

  describe("extent map", () => {
    test("a file that was only truncated is all hole and takes no block", () => {
      const map = fresh(), file = map.createFile();
      same(map.setSize(file, 8 * BLOCK_BYTES), OK);
      same(map.size(file), 8 * BLOCK_BYTES);
      for (let page = 0; page < 8; page++) same(map.findBlock(file, page), -1);
      same(map.freeBlocks, BLOCKS);
    });
    test("a page keeps the block it got, and its neighbours stay holes", () => {
      const map = fresh(), file = map.createFile();
      const block = map.allocateBlock(file, 5);
      within(block);
      same(map.findBlock(file, 5), block);
      same(map.allocateBlock(file, 5), block);
      same(map.findBlock(file, 4), -1);
      same(map.findBlock(file, 6), -1);
      same(map.freeBlocks, BLOCKS - 1);
    });
    test("no two pages share a block, in one file or in two", () => {
      const map = fresh(), files = [map.createFile(), map.createFile()], seen = new Set<number>();
      for (let page = 0; page < BLOCKS / 2; page++) for (const file of files) seen.add(map.allocateBlock(file, page * 3));
      same(seen.size, BLOCKS);
      same(map.freeBlocks, 0);
    });
    test("a full device says so and changes nothing", () => {
      const map = fresh(), file = map.createFile();
      for (let page = 0; page < BLOCKS; page++) map.allocateBlock(file, page);
      same(map.allocateBlock(file, BLOCKS), -1);
      same(map.findBlock(file, BLOCKS), -1);
      same(map.freeBlocks, 0);
    });
    test("punch makes holes of its pages alone, and the blocks can be had again", () => {
      const map = fresh(), file = map.createFile();
      const blocks = Array.from({ length: 8 }, (_, page) => map.allocateBlock(file, page));
      same(map.punch(file, 2, 3), OK);
      for (let page = 0; page < 8; page++) same(map.findBlock(file, page), page >= 2 && page < 5 ? -1 : blocks[page]!);
      same(map.freeBlocks, BLOCKS - 5);
      same(map.punch(file, 2, 3), OK);
      same(map.freeBlocks, BLOCKS - 5);
      const other = map.createFile();
      for (let page = 0; page < BLOCKS - 5; page++) within(map.allocateBlock(other, page));
      same(map.freeBlocks, 0);
    });
    test("a new size frees nothing: whoever maps pages unmaps them first, then punches", () => {
      const map = fresh(), file = map.createFile();
      map.setSize(file, 4 * BLOCK_BYTES);
      const block = map.allocateBlock(file, 3);
      same(map.setSize(file, BLOCK_BYTES), OK);
      same(map.size(file), BLOCK_BYTES);
      same(map.findBlock(file, 3), block);
      same(map.punch(file, 1, 1000), OK);
      same(map.findBlock(file, 3), -1);
      same(map.freeBlocks, BLOCKS);
    });
    test("a size that cannot be is refused and changes nothing", () => {
      const map = fresh(), file = map.createFile();
      map.setSize(file, BLOCK_BYTES);
      same(map.setSize(file, -1), EINVAL);
      same(map.size(file), BLOCK_BYTES);
    });
    test("files do not see each other", () => {
      const map = fresh(), one = map.createFile(), other = map.createFile();
      map.setSize(one, BLOCK_BYTES);
      map.allocateBlock(one, 0);
      same(map.size(other), 0);
      same(map.findBlock(other, 0), -1);
      same(map.punch(other, 0, 100), OK);
      within(map.findBlock(one, 0));
    });
  });
}

function within(block: number): void {
  if (!Number.isInteger(block) || block < 0 || block >= BLOCKS) throw new Error(`block ${block}, expected 0 to ${BLOCKS - 1}`);
}
