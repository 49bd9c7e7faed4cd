import type { DaxFiles } from "@zeropfn/dax-pmem";
import type { FileExtents } from "@zeropfn/fs-extents";
import type { FileFault } from "@zeropfn/pte-mmu";
import { EINVAL, EOPNOTSUPP, type FaultResult, type Status } from "@zeropfn/units";
import type { FileSystem } from "./file-system.ts";

/** @kernel FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE — include/uapi/linux/falloc.h, v6.18 */
const PUNCH_HOLE = 0x01 | 0x02;
const SECTOR_BYTES = 512;

/** Files as extents on persistent memory, mapped without a page cache, behind the calls of a machine. */
export class DaxFileSystem implements FileSystem {
  readonly hasPrivateMappings = false;
  readonly features: DaxFiles["features"];
  readonly fault: DaxFiles["fault"];
  readonly #dax: DaxFiles;
  readonly #extents: FileExtents;
  readonly #pageSize: number;

  constructor(dax: DaxFiles, extents: FileExtents, pageSize: number) {
    this.#dax = dax;
    this.#extents = extents;
    this.#pageSize = pageSize;
    this.features = dax.features;
    this.fault = (fault) => dax.fault(fault);
  }

  create(): number {
    const file = this.#extents.createFile();
    return file >= 0 && this.#dax.attach(file) === 0 ? file : -1;
  }
  /** @differs A file stays, empty. */
  release(file: number): void {
    this.#dax.truncate(file, 0);
  }
  size(file: number): number {
    return this.#extents.size(file);
  }
  blocks(file: number): number {
    const pages = Math.ceil(this.size(file) / this.#pageSize);
    let blocks = 0;
    for (let index = 0; index < pages; index++) if (this.#extents.findBlock(file, index) >= 0) blocks++;
    return (blocks * this.#pageSize) / SECTOR_BYTES;
  }
  truncate(file: number, bytes: number): number {
    return isOffset(bytes) ? answerOf(this.#dax.truncate(file, bytes)) : -EINVAL;
  }
  fallocate(file: number, mode: number, offset: number, length: number): number {
    if (!isOffset(offset) || !isOffset(length) || length === 0) return -EINVAL;
    return mode === PUNCH_HOLE ? answerOf(this.#dax.punch(file, offset, length)) : -EOPNOTSUPP;
  }
  read(file: number, offset: number, out: Uint8Array): number {
    return isOffset(offset) ? this.#dax.read(file, offset, out) : -EINVAL;
  }
  write(file: number, offset: number, bytes: Uint8Array): number {
    return isOffset(offset) ? this.#dax.write(file, offset, bytes) : -EINVAL;
  }
  fsync(_file: number): number {
    return this.#dax.sync();
  }

  nextMappable(): boolean {
    return this.#dax.nextMappable();
  }
  pageMkwrite(fault: FileFault): FaultResult {
    return this.#dax.pageMkwrite(fault);
  }
  isCached(mapping: number, index: number): boolean {
    return this.#dax.isCached(mapping, index);
  }
  evict(): boolean {
    return this.#dax.evict();
  }
  punch(mapping: number, firstIndex: number, pageCount: number): number {
    return this.fallocate(mapping, PUNCH_HOLE, firstIndex * this.#pageSize, pageCount * this.#pageSize);
  }
  sync(): number {
    return this.#dax.sync();
  }
}

/** A status as an answer: 0, never -0, or an errno negated. */
const answerOf = (status: Status): number => 0 - status;
const isOffset = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
