import { type ColumnAllocator, leaves } from "@zeropfn/state";
import { EFBIG, EINVAL, ENOSPC, OK, pageCountOf, type Status } from "@zeropfn/units";
import { BlockBitmap } from "./block-bitmap.ts";
import { FsExtentsError } from "./errors.ts";
import { ExtentRows } from "./extent-rows.ts";
import { BLOCK_SHIFT, MAX_BLOCK_COUNT, MAX_FILE_BYTES, NO_BLOCK, NO_FILE } from "./layout.ts";

export interface FileExtentsOptions {
  /** Most files at a time: integer ≥ 1. */
  readonly fileCapacity: number;
  /** Most extents of all files together: integer ≥ 1. */
  readonly extentCapacity: number;
  /** Blocks of the device: integer, 0 … 2^32-1. */
  readonly blockCount: number;
  /** log2 of the bytes of a block, which is a page. Default 12. */
  readonly blockShift?: number;
}

/** A run of pages that lie in a run of blocks. */
export interface Extent {
  /** First page of the file. */
  readonly first: number;
  /** Block of that page. */
  readonly block: number;
  /** Pages and blocks, ≥ 1. */
  readonly count: number;
}

/**
 * Files as extents: where the pages of each lie on a device, and which are holes. Neighbours that are contiguous in the
 * file and on the device are one extent.
 *
 * Blocks may lie behind the end of a file; only `truncate` to a smaller or equal size and `punch` free them.
 */
export class FileExtents {
  static {
    if (__EXPLORE__)
      leaves(FileExtents, "fs-extents/extents", {
        createFile: {}, removeFile: {}, freeNumber: {}, size: {}, setSize: {}, truncate: {}, findBlock: {}, allocateBlock: {}, punch: {}, freeNextRun: {}, extentCount: {},
      });
  }
  readonly blockShift: number;
  readonly #sizes: Float64Array; // of a file: bytes + 1, or 0 if the row is free
  readonly #rows: ExtentRows;
  readonly #bitmap: BlockBitmap;

  /** @throws {FsExtentsError} FS_EXTENTS_BAD_ARGUMENT */
  constructor(columns: ColumnAllocator, { fileCapacity, extentCapacity, blockCount, blockShift = BLOCK_SHIFT }: FileExtentsOptions) {
    checkOption("fileCapacity", fileCapacity, 2 ** 31);
    checkOption("extentCapacity", extentCapacity, 2 ** 31);
    checkOption("blockCount", blockCount, MAX_BLOCK_COUNT, 0);
    checkOption("blockShift", blockShift, 30);
    this.blockShift = blockShift;
    this.#sizes = columns.f64("extents.sizes", fileCapacity);
    this.#rows = new ExtentRows(columns, extentCapacity);
    this.#bitmap = new BlockBitmap(columns, blockCount);
  }

  /** A new empty file: the lowest free number, or `NO_FILE`. */
  createFile(): number {
    const file = this.#sizes.indexOf(0);
    if (file < 0) return NO_FILE;
    this.#sizes[file] = 1;
    return file;
  }

  /** Frees the blocks of a file, then its number. */
  removeFile(file: number): void {
    this.punch(file, 0, Infinity);
    this.freeNumber(file);
  }

  /** Frees the number of a file that has no blocks. */
  freeNumber(file: number): void {
    this.#check(file);
    this.#sizes[file] = 0;
  }

  /** Size in bytes. @throws {FsExtentsError} FS_EXTENTS_NO_FILE */
  size(file: number): number {
    this.#check(file);
    return this.#sizes[file]! - 1;
  }

  /**
   * Sets the size and frees nothing.
   *
   * @param bytes New size: integer, 0 … 2^53-2.
   * @returns OK, EINVAL (negative, no integer), EFBIG (too large).
   * @throws {FsExtentsError} FS_EXTENTS_NO_FILE
   * @kernel i_size_write() — include/linux/fs.h, v6.12
   */
  setSize(file: number, bytes: number): Status {
    this.#check(file);
    if (bytes >= MAX_FILE_BYTES) return EFBIG;
    if (!Number.isInteger(bytes) || bytes < 0) return EINVAL;
    this.#sizes[file] = bytes + 1;
    return OK;
  }

  /**
   * Sets the size, and frees what lies behind the new end; what is added is a hole. The bytes of the last page behind the
   * new end are the caller's to zero. Whoever maps pages must unmap between the two: that calls `setSize` and `punch`.
   *
   * @returns As `setSize`.
   * @throws {FsExtentsError} FS_EXTENTS_NO_FILE
   * @complexity Several steps: the size, then each extent behind the end.
   * @kernel truncate_setsize(), then the filesystem's truncate — mm/truncate.c, fs/ext4/inode.c, v6.12
   */
  truncate(file: number, bytes: number): Status {
    const was = this.size(file), status = this.setSize(file, bytes);
    return status !== OK || bytes > was ? status : this.punch(file, pageCountOf(bytes, this.blockShift), Infinity);
  }

  /**
   * The block of a page, or `NO_BLOCK` for a hole, and for every page of a file that does not exist. O(log extents).
   * @kernel iomap_begin() answering IOMAP_MAPPED or IOMAP_HOLE — include/linux/iomap.h, v6.12
   */
  findBlock(file: number, index: number): number {
    const rows = this.#rows, row = rows.rowBehind(file, index) - 1;
    if (row < 0 || rows.file[row] !== file || index >= rows.end(row)) return NO_BLOCK;
    return rows.block[row]! + (index - rows.first[row]!);
  }

  /**
   * The block of a page; a hole gets one. Its bytes are whatever they were: the caller zeroes them.
   *
   * @param index Page: integer, 0 … 2^53-1. May lie behind the end of the file.
   * @returns The block, or `NO_BLOCK` if the device or the table of extents is full (ENOSPC); then nothing changed.
   * @throws {FsExtentsError} FS_EXTENTS_NO_FILE, FS_EXTENTS_BAD_ARGUMENT
   */
  allocateBlock(file: number, index: number): number {
    this.#check(file);
    checkPages("index", index);
    const rows = this.#rows, hasRoom = rows.secureRow();
    const next = rows.rowBehind(file, index), before = next - 1;
    const isBehind = before >= 0 && rows.file[before] === file;
    if (isBehind && index < rows.end(before)) return rows.block[before]! + (index - rows.first[before]!);
    const block = this.#bitmap.findFree(this.#goal(isBehind ? before : next, file, index));
    if (block === NO_BLOCK) return NO_BLOCK;
    const joinsBefore = isBehind && rows.end(before) === index && rows.block[before]! + rows.count[before]! === block;
    const joinsNext = next < rows.used && rows.file[next] === file && rows.first[next] === index + 1 && rows.block[next] === block + 1;
    if (!joinsBefore && !joinsNext && !hasRoom) return NO_BLOCK;
    this.#bitmap.take(block);
    if (joinsBefore) {
      rows.count[before]! += joinsNext ? 1 + rows.count[next]! : 1;
      if (joinsNext) rows.remove(next);
    } else if (joinsNext) {
      rows.first[next] = index;
      rows.block[next] = block;
      rows.count[next]! += 1;
    } else rows.insert(next, file, index, block, 1);
    return block;
  }

  /**
   * Makes pages `firstIndex` … `firstIndex + count - 1` holes. The size stays.
   *
   * @param count Pages: integer ≥ 0, or Infinity.
   * @returns OK, or ENOSPC if an extent would become two and the table of extents is full; then nothing changed.
   * @throws {FsExtentsError} FS_EXTENTS_NO_FILE, FS_EXTENTS_BAD_ARGUMENT
   * @complexity One step for each extent that it meets.
   * @kernel xfs_free_file_space() — fs/xfs/xfs_bmap_util.c, v6.12
   */
  punch(file: number, firstIndex: number, count: number): Status {
    checkPages("firstIndex", firstIndex);
    if (count !== Infinity) checkPages("count", count);
    const end = firstIndex + count;
    let at = firstIndex;
    while (at >= 0) at = this.freeNextRun(file, at, end);
    return at === NO_MORE ? OK : ENOSPC;
  }

  /**
   * Frees what the first extent at or after `first` has before `end`.
   *
   * @returns The page behind what was freed; -1 if there was nothing; -2 if it would need one more row than there are.
   */
  freeNextRun(file: number, first: number, end: number): number {
    this.#check(file);
    const rows = this.#rows, hasRoom = rows.secureRow();
    let row = Math.max(0, rows.rowBehind(file, first) - 1);
    if (row < rows.used && (rows.file[row]! < file || (rows.file[row] === file && rows.end(row) <= first))) row++;
    if (row >= rows.used || rows.file[row] !== file || rows.first[row]! >= end) return NO_MORE;
    const from = Math.max(first, rows.first[row]!), to = Math.min(end, rows.end(row));
    const before = from - rows.first[row]!, behind = rows.end(row) - to, block = rows.block[row]!;
    if (from >= to) return NO_MORE;
    if (before > 0 && behind > 0 && !hasRoom) return NO_ROW;
    this.#bitmap.release(block + before, to - from);
    if (before > 0) {
      rows.count[row] = before;
      if (behind > 0) rows.insert(row + 1, file, to, block + before + (to - from), behind);
    } else if (behind > 0) {
      rows.first[row] = to;
      rows.block[row] = block + (to - from);
      rows.count[row] = behind;
    } else rows.remove(row);
    return to;
  }

  /** Extents of one file. */
  extentCount(file: number): number {
    return this.#rows.rowBehind(file, Infinity) - this.#rows.rowBehind(file, -1);
  }

  /** Blocks that no file has. For reports. */
  get freeBlocks(): number {
    return this.#bitmap.freeBlocks;
  }
  get blockCount(): number {
    return this.#bitmap.blockCount;
  }

  /** The extents of a file, in order. For reports and tests: makes objects. */
  extents(file: number): Extent[] {
    const rows = this.#rows, first = rows.rowBehind(file, -1);
    return Array.from({ length: this.extentCount(file) }, (_, nth) => ({ first: rows.first[first + nth]!, block: rows.block[first + nth]!, count: rows.count[first + nth]! }));
  }

  /** All files as text: "0: 8192 bytes, 0+2 at 5". For reports of failures. */
  dump(): string {
    const text = ({ first, block, count }: Extent): string => `${first}+${count} at ${block}`;
    return Array.from(this.#sizes, (size, file) => (size === 0 ? "" : `${file}: ${[`${size - 1} bytes`, ...this.extents(file).map(text)].join(", ")}\n`)).join("");
  }

  /** Rows sorted, apart, merged, of files that exist; each block taken once, and no other is. @throws {FsExtentsError} FS_EXTENTS_CORRUPT */
  checkInvariants(): void {
    const rows = this.#rows, owners = new Set<number>();
    for (let row = 0; row < rows.used; row++) {
      const file = rows.file[row]!, block = rows.block[row]!, count = rows.count[row]!;
      expect((this.#sizes[file] ?? 0) > 0 && count > 0, `row ${row} is of no file, or empty`);
      for (let nth = 0; nth < count; nth++) {
        expect(this.#bitmap.isTaken(block + nth) && !owners.has(block + nth), `block ${block + nth} of row ${row} is free, or has two owners`);
        owners.add(block + nth);
      }
      if (row === 0 || rows.file[row - 1] !== file) {
        expect(row === 0 || rows.file[row - 1]! < file, `row ${row} is not in order`);
        continue;
      }
      expect(rows.end(row - 1) <= rows.first[row]!, `row ${row} overlaps the one before, or is not in order`);
      expect(rows.end(row - 1) < rows.first[row]! || rows.block[row - 1]! + rows.count[row - 1]! !== block, `row ${row} is not merged with the one before`);
    }
    expect(this.freeBlocks === this.blockCount - owners.size, `${this.freeBlocks} free blocks, ${owners.size} of ${this.blockCount} have an owner`);
    for (let block = 0; block < this.blockCount; block++) expect(this.#bitmap.isTaken(block) === owners.has(block), `block ${block} is taken and has no owner`);
  }

  /** The block that continues the extent at `row`, if that is the file's. @kernel ext4_ext_find_goal() — fs/ext4/extents.c, v6.12 */
  #goal(row: number, file: number, index: number): number {
    const rows = this.#rows;
    if (row >= rows.used || rows.file[row] !== file) return 0;
    return Math.max(0, rows.block[row]! + (index - rows.first[row]!));
  }

  #check(file: number): void {
    if (!((this.#sizes[file] ?? 0) > 0)) throw noSuchFile(file);
  }
}

const NO_MORE = -1;
const NO_ROW = -2;

function checkOption(name: string, value: number, maximum: number, minimum: number = 1): void {
  if (!Number.isInteger(value) || value < minimum || value > maximum) {
    throw new FsExtentsError("FS_EXTENTS_BAD_ARGUMENT", `${name} ${value}, expected an integer from ${minimum} to ${maximum}`);
  }
}

function checkPages(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new FsExtentsError("FS_EXTENTS_BAD_ARGUMENT", `${name} ${value}, expected pages: an integer from 0 to 2^53-1`);
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new FsExtentsError("FS_EXTENTS_CORRUPT", what);
}
/** Apart: in a function that runs all the time the text may be put together before it is known to be needed. */
const noSuchFile = (file: number): FsExtentsError => new FsExtentsError("FS_EXTENTS_NO_FILE", `file ${file} does not exist`);
