import { EINVAL, type Status } from "@zeropfn/units";
import type { Machine } from "./machine.ts";

/** An open file. Its size, blocks and pages are the machine's. */
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
    return this.#machine.parts.extents.size(this.id);
  }

  /** @kernel ftruncate(2). @returns OK, EINVAL, EFBIG, ENOSPC. */
  truncate(bytes: number): Status {
    return isOffset(bytes) ? this.#machine.parts.dax.truncate(this.id, bytes) : EINVAL;
  }

  /** Makes a range a hole, size kept. @kernel fallocate(2), FALLOC_FL_PUNCH_HOLE. @returns OK, EINVAL, ENOSPC. */
  punch(offset: number, length: number): Status {
    if (!isOffset(offset) || !isOffset(length) || length === 0) return EINVAL;
    return this.#machine.parts.dax.punch(this.id, offset, length);
  }

  /** Reads up to `out.length` bytes from `offset`: how many there were, or -EINVAL. @kernel pread(2) */
  pread(offset: number, out: Uint8Array): number {
    return isOffset(offset) ? this.#machine.parts.dax.read(this.id, offset, out) : -EINVAL;
  }

  /** Writes `bytes` at `offset`: how many were written, or -EINVAL, -ENOSPC, -EFBIG. @kernel pwrite(2) */
  pwrite(offset: number, bytes: Uint8Array): number {
    return isOffset(offset) ? this.#machine.parts.dax.write(this.id, offset, bytes) : -EINVAL;
  }
}

const isOffset = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
