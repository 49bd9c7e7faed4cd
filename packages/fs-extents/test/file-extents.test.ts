import { growingColumns, reservedColumns } from "@zeropfn/state";
import { EFBIG, EINVAL, ENOSPC, OK } from "@zeropfn/units";
import { describe, expect, test } from "vitest";
import { extentMapConformance } from "../conformance/index.ts";
import { FileExtents, FsExtentsError, MAX_FILE_BYTES, NO_BLOCK, NO_FILE } from "../src/index.ts";

const make = (options: Partial<ConstructorParameters<typeof FileExtents>[1]> = {}): FileExtents =>
  new FileExtents(growingColumns(), { fileCapacity: 3, extentCapacity: 64, blockCount: 100, ...options });

extentMapConformance({ describe, test }, ({ blockCount, blockBytes }) => new FileExtents(reservedColumns(), { fileCapacity: 2, extentCapacity: blockCount, blockCount, blockShift: Math.log2(blockBytes) }));

const codeOf = (body: () => unknown): string | undefined => {
  try {
    body();
  } catch (error) {
    if (error instanceof FsExtentsError) return error.code;
    throw error;
  }
  return undefined;
};

test("pages allocated in order are one extent, whatever the order of the blocks' numbers across words", () => {
  const files = make(), file = files.createFile();
  for (let page = 0; page < 100; page++) files.allocateBlock(file, page);
  expect(files.extents(file)).toEqual([{ first: 0, block: 0, count: 100 }]);
  expect(files.freeBlocks).toBe(0);
  expect(files.allocateBlock(file, 100)).toBe(NO_BLOCK);
  files.checkInvariants();
});

test("a page that fills the gap between two runs makes them one, in the file and on the device", () => {
  const files = make(), file = files.createFile();
  files.allocateBlock(file, 10);
  files.allocateBlock(file, 12);
  files.allocateBlock(file, 11);
  expect(files.extents(file)).toEqual([{ first: 10, block: 0, count: 3 }]);
});

test("punching the middle of a run leaves two, and filling it again makes one", () => {
  const files = make(), file = files.createFile();
  for (let page = 0; page < 9; page++) files.allocateBlock(file, page);
  expect(files.punch(file, 3, 3)).toBe(OK);
  expect(files.extents(file)).toEqual([{ first: 0, block: 0, count: 3 }, { first: 6, block: 6, count: 3 }]);
  expect(files.freeBlocks).toBe(94);
  for (let page = 3; page < 6; page++) files.allocateBlock(file, page);
  expect(files.extentCount(file)).toBe(1);
  files.checkInvariants();
});

test("a punch over many runs frees what it covers of each", () => {
  const files = make(), file = files.createFile(), other = files.createFile();
  for (let page = 0; page < 20; page++) {
    files.allocateBlock(file, page);
    files.allocateBlock(other, page * 2);
  }
  files.punch(file, 5, 10);
  expect([4, 5, 14, 15].map((page) => files.findBlock(file, page) === NO_BLOCK)).toEqual([false, true, true, false]);
  expect(files.punch(file, 0, Infinity)).toBe(OK);
  expect(files.extentCount(file)).toBe(0);
  expect(files.freeBlocks).toBe(80);
  files.checkInvariants();
});

test("pages beyond 2^32 have blocks as well", () => {
  const files = make(), file = files.createFile(), far = 2 ** 40 + 1;
  const block = files.allocateBlock(file, far);
  expect(files.findBlock(file, far)).toBe(block);
  expect([far - 1, far + 1, far % 2 ** 32].map((page) => files.findBlock(file, page))).toEqual([NO_BLOCK, NO_BLOCK, NO_BLOCK]);
});

test("a size is exact up to its largest, and refused from there on", () => {
  const files = make(), file = files.createFile();
  expect(files.setSize(file, MAX_FILE_BYTES - 1)).toBe(OK);
  expect(files.size(file)).toBe(MAX_FILE_BYTES - 1);
  expect([MAX_FILE_BYTES, 2 ** 60, Infinity].map((size) => files.setSize(file, size))).toEqual([EFBIG, EFBIG, EFBIG]);
  expect([-1, 0.5, Number.NaN].map((size) => files.setSize(file, size))).toEqual([EINVAL, EINVAL, EINVAL]);
  expect(files.size(file)).toBe(MAX_FILE_BYTES - 1);
});

test("truncate frees whole pages behind the new end and no other, and refuses what setSize refuses", () => {
  const files = make(), file = files.createFile();
  files.setSize(file, 4 * 4096);
  for (let page = 0; page < 4; page++) files.allocateBlock(file, page);
  expect(files.truncate(file, 4097)).toBe(OK);
  expect(files.extents(file)).toEqual([{ first: 0, block: 0, count: 2 }]);
  expect(files.truncate(file, 4096)).toBe(OK);
  expect(files.extents(file)).toEqual([{ first: 0, block: 0, count: 1 }]);
  expect([files.truncate(file, -1), files.truncate(file, 2 ** 60)]).toEqual([EINVAL, EFBIG]);
  expect([files.size(file), files.freeBlocks]).toEqual([4096, 99]);
});

test("blocks behind the end of the file stay when it grows, and go when it is truncated to the same size", () => {
  const files = make(), file = files.createFile();
  files.truncate(file, 4096);
  files.allocateBlock(file, 9);
  files.truncate(file, 8192);
  expect(files.findBlock(file, 9)).not.toBe(NO_BLOCK);
  files.truncate(file, 8192);
  expect(files.findBlock(file, 9)).toBe(NO_BLOCK);
});

test("a full table of extents refuses a run of its own, but lets runs grow and refuses to split them", () => {
  const files = make({ extentCapacity: 2 }), file = files.createFile();
  for (const page of [0, 1, 2, 20]) files.allocateBlock(file, page);
  expect(files.allocateBlock(file, 10)).toBe(NO_BLOCK);
  expect(files.allocateBlock(file, 3)).toBe(3);
  expect(files.punch(file, 1, 1)).toBe(ENOSPC);
  expect(files.extents(file)).toEqual([{ first: 0, block: 0, count: 4 }, { first: 20, block: 20, count: 1 }]);
  expect(files.punch(file, 2, 18)).toBe(OK);
  files.checkInvariants();
});

test("a device without blocks has files that are all hole", () => {
  const files = make({ blockCount: 0 }), file = files.createFile();
  expect([files.truncate(file, 4096), files.findBlock(file, 0), files.allocateBlock(file, 0), files.freeBlocks]).toEqual([OK, NO_BLOCK, NO_BLOCK, 0]);
  files.checkInvariants();
});

test("a file's number is the lowest free one and comes back with its blocks", () => {
  const files = make();
  expect([1, 2, 3, 4].map(() => files.createFile())).toEqual([0, 1, 2, NO_FILE]);
  files.allocateBlock(1, 7);
  files.removeFile(1);
  expect(files.freeBlocks).toBe(100);
  expect(files.createFile()).toBe(1);
  expect(files.size(1)).toBe(0);
});

test("what names no file, no page or no capacity is the caller's mistake", () => {
  const files = make(), file = files.createFile();
  for (const body of [() => files.size(1), () => files.setSize(-1, 0), () => files.allocateBlock(3, 0), () => files.punch(2, 0, 1), () => files.removeFile(1)]) expect(codeOf(body)).toBe("FS_EXTENTS_NO_FILE");
  for (const body of [() => files.allocateBlock(file, -1), () => files.allocateBlock(file, 0.5), () => files.allocateBlock(file, 2 ** 53), () => files.punch(file, -1, 1), () => files.punch(file, 0, -1), () => make({ blockCount: -1 }), () => make({ fileCapacity: 0 }), () => make({ blockCount: 2 ** 32 }), () => make({ extentCapacity: 1.5 })])
    expect(codeOf(body)).toBe("FS_EXTENTS_BAD_ARGUMENT");
  expect(files.findBlock(7, 0)).toBe(NO_BLOCK);
});

test("a dump names sizes and runs", () => {
  const files = make(), file = files.createFile();
  files.setSize(file, 8192);
  files.allocateBlock(file, 1);
  expect(files.dump()).toBe("0: 8192 bytes, 1+1 at 0\n");
});
