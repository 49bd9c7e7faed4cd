import { EINVAL } from "@zeropfn/units";
import type { Machine } from "./machine.ts";

/** What stat(2) says of a file. */
export interface FileStat {
  /** Bytes. */
  readonly size: number;
  /** Units of 512 bytes. */
  readonly blocks: number;
}

/** @kernel FALLOC_FL_KEEP_SIZE … — include/uapi/linux/falloc.h, v6.18 */
export const FALLOC_FL_KEEP_SIZE = 0x01;
export const FALLOC_FL_PUNCH_HOLE = 0x02;

/** An open file. Its size, blocks and pages are the machine's. Calls answer 0 or more, or an errno negated. */
export class MachineFile {
  readonly name: string;
  /** Its number, in extents, trees and mappings. */
  readonly id: number;
  readonly #machine: Machine;

  /** For the machine. */
  constructor(machine: Machine, id: number, name: string) {
    this.#machine = machine;
    this.id = id;
    this.name = name;
  }

  /** Bytes. */
  get size(): number {
    return this.#machine.parts.files.size(this.id);
  }
  /** @kernel fstat(2) */
  stat(): FileStat {
    const { files } = this.#machine.parts;
    return { size: files.size(this.id), blocks: files.blocks(this.id) };
  }

  /** @kernel ftruncate(2). @returns 0, or -EINVAL, -EFBIG, -ENOSPC. */
  truncate(bytes: number): number {
    return this.#machine.parts.files.truncate(this.id, bytes);
  }
  /** Allocates blocks, or makes a hole: a sum of FALLOC_FL_*. @kernel fallocate(2). @returns 0, or -EINVAL, -EOPNOTSUPP, -EFBIG, -ENOSPC, -ENOMEM. */
  fallocate(mode: number, offset: number, length: number): number {
    return this.#machine.parts.files.fallocate(this.id, mode, offset, length);
  }
  /** Makes a range a hole, size kept. @kernel fallocate(2), FALLOC_FL_PUNCH_HOLE. @returns 0, or -EINVAL, -ENOSPC. */
  punch(offset: number, length: number): number {
    return this.fallocate(FALLOC_FL_PUNCH_HOLE + FALLOC_FL_KEEP_SIZE, offset, length);
  }
  /** Reads up to `out.length` bytes from `offset`: how many there were, or -EINVAL. @kernel pread(2) */
  pread(offset: number, out: Uint8Array): number {
    return isOffset(offset) ? this.#machine.parts.files.read(this.id, offset, out) : -EINVAL;
  }
  /** Writes `bytes` at `offset`: how many were written, or -EINVAL, -ENOSPC, -EFBIG, -ENOMEM. @kernel pwrite(2) */
  pwrite(offset: number, bytes: Uint8Array): number {
    return isOffset(offset) ? this.#machine.parts.files.write(this.id, offset, bytes) : -EINVAL;
  }
  /** Writes dirty pages back. @kernel fsync(2) @returns 0, or -EIO, -ENOSPC. */
  fsync(): number {
    return this.#machine.parts.files.fsync(this.id);
  }
}

const isOffset = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
