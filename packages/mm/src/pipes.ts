import { type Folios, NO_FRAME } from "@zeropfn/folio";
import { type Background, type ColumnAllocator, leaves, RwLocks } from "@zeropfn/state";
import { EAGAIN, ENOMEM } from "@zeropfn/units";
import { loadFrame, storeFrame } from "./frame-bytes.ts";

export interface PipesOptions {
  /** Pipes that there can be. */
  readonly pipeCapacity: number;
  /** Buffers of each: 16 in the kernel. @kernel PIPE_DEF_BUFFERS — include/linux/pipe_fs_i.h, v6.18 */
  readonly pipeBuffers: number;
  readonly background: Background;
}

/**
 * Pipes, by number: rings of buffers, each a part of a page. Either a page of the pipe's own, or one of user memory, whose bytes
 * are those that it has when they are read.
 *
 * Nobody waits: what would have to, answers -EAGAIN. Nobody closes one end.
 * @kernel pipe_inode_info — include/linux/pipe_fs_i.h, v6.18
 */
export class Pipes {
  static {
    if (__EXPLORE__) {
      leaves(Pipes, "mm/pipe", {
        create: {}, free: {},
        // Guarded by the pipe's lock, so that these are no steps of their own.
        count: { silent: true }, slotOf: { silent: true }, push: { silent: true }, advance: { silent: true }, extend: { silent: true },
        frameAt: { silent: true }, offsetAt: { silent: true }, lengthAt: { silent: true }, isOwnAt: { silent: true },
      });
    }
  }
  /** For each pipe. @kernel pipe_inode_info::mutex — include/linux/pipe_fs_i.h, v6.18 */
  readonly mutex: RwLocks;
  /** Buffers of a pipe. */
  readonly bufferCount: number;
  readonly #folios: Folios;
  readonly #used: Uint8Array;
  readonly #first: Uint32Array; // of a pipe, its oldest buffer: 0 … bufferCount-1
  readonly #counts: Uint32Array; // of a pipe: buffers in use
  readonly #frames: Uint32Array; // of a buffer, and so on
  readonly #offsets: Uint32Array;
  readonly #lengths: Uint32Array;
  readonly #own: Uint8Array; // 1: the pipe's own page, which may be written on. PIPE_BUF_FLAG_CAN_MERGE

  constructor(columns: ColumnAllocator, folios: Folios, { pipeCapacity, pipeBuffers, background }: PipesOptions) {
    const buffers = pipeCapacity * pipeBuffers;
    this.bufferCount = pipeBuffers;
    this.#folios = folios;
    this.mutex = new RwLocks(columns, "pipe.mutex", pipeCapacity, background);
    this.#used = columns.u8("pipe.used", pipeCapacity);
    this.#first = columns.u32("pipe.tail", pipeCapacity);
    this.#counts = columns.u32("pipe.count", pipeCapacity);
    this.#frames = columns.u32("pipe.page", buffers);
    this.#offsets = columns.u32("pipe.offset", buffers);
    this.#lengths = columns.u32("pipe.len", buffers);
    this.#own = columns.u8("pipe.own", buffers);
  }

  /** Drops what is in the pipe, and its number. @kernel free_pipe_info() — fs/pipe.c, v6.18 */
  release(pipe: number): void {
    this.mutex.lock(pipe);
    while (this.count(pipe) > 0) this.#take(pipe, this.lengthAt(this.slotOf(pipe, 0)));
    this.mutex.unlock(pipe);
    this.free(pipe);
  }

  /**
   * Copies bytes into pages of the pipe's own: as many as there is room for.
   *
   * @returns How many; if there was room for none, -EAGAIN or -ENOMEM.
   * @kernel anon_pipe_write() — fs/pipe.c, v6.18
   */
  write(pipe: number, bytes: Uint8Array): number {
    this.mutex.lock(pipe);
    const done = this.#writeLocked(pipe, bytes);
    this.mutex.unlock(pipe);
    return done;
  }
  #writeLocked(pipe: number, bytes: Uint8Array): number {
    const folios = this.#folios, { pageSize } = folios;
    let done = this.#writeOn(pipe, bytes, bytes.length % pageSize);
    while (done < bytes.length) {
      if (this.count(pipe) === this.bufferCount) return done > 0 ? done : -EAGAIN;
      const pfn = folios.allocate(0), size = Math.min(pageSize, bytes.length - done);
      if (pfn === NO_FRAME) return done > 0 ? done : -ENOMEM;
      storeFrame(folios, pfn, 0, bytes, done, size);
      this.push(pipe, pfn, 0, size, true);
      done += size;
    }
    return done;
  }
  /** What fills no page goes behind what was written last, if it fits there: `length` bytes, or none. */
  #writeOn(pipe: number, bytes: Uint8Array, length: number): number {
    const count = this.count(pipe);
    if (length === 0 || count === 0) return 0;
    const last = this.slotOf(pipe, count - 1), end = this.offsetAt(last) + this.lengthAt(last);
    if (!this.isOwnAt(last) || end + length > this.#folios.pageSize) return 0;
    storeFrame(this.#folios, this.frameAt(last), end, bytes, 0, length);
    this.extend(last, length);
    return length;
  }

  /** Takes up to `out.length` bytes out. @returns How many, or -EAGAIN: there are none. @kernel anon_pipe_read() — fs/pipe.c, v6.18 */
  read(pipe: number, out: Uint8Array): number {
    this.mutex.lock(pipe);
    const done = this.#readLocked(pipe, out);
    this.mutex.unlock(pipe);
    return done;
  }
  #readLocked(pipe: number, out: Uint8Array): number {
    if (this.count(pipe) === 0) return -EAGAIN;
    let done = 0;
    while (done < out.length && this.count(pipe) > 0) {
      const slot = this.slotOf(pipe, 0), size = Math.min(this.lengthAt(slot), out.length - done);
      loadFrame(this.#folios, this.frameAt(slot), this.offsetAt(slot), out, done, size);
      this.#take(pipe, size);
      done += size;
    }
    return done;
  }

  /** `length` bytes of the oldest buffer are gone. With the last its page goes. @kernel generic_pipe_buf_release() — fs/pipe.c, v6.18 @differs The kernel keeps two pages of its own for what is written next. */
  #take(pipe: number, length: number): void {
    const pfn = this.frameAt(this.slotOf(pipe, 0));
    if (this.advance(pipe, length)) this.#folios.put(pfn);
  }

  /** Puts a part of a page in, with the caller's reference, who has the lock. False if all buffers are in use. @kernel add_to_pipe() — fs/splice.c, v6.18 */
  add(pipe: number, pfn: number, offset: number, length: number): boolean {
    if (this.count(pipe) === this.bufferCount) return false;
    this.push(pipe, pfn, offset, length, false);
    return true;
  }

  // Steps

  /** An empty pipe's number, or -1. @kernel alloc_pipe_info() — fs/pipe.c, v6.18 */
  create(): number {
    const pipe = this.#used.indexOf(0);
    if (pipe >= 0) this.#used[pipe] = 1;
    return pipe;
  }
  free(pipe: number): void {
    this.#used[pipe] = 0;
    this.#first[pipe] = 0;
  }
  /** Buffers in use. */
  count(pipe: number): number {
    return this.#counts[pipe]!;
  }
  /** Row of the `nth` buffer, the oldest first. */
  slotOf(pipe: number, nth: number): number {
    return pipe * this.bufferCount + ((this.#first[pipe]! + nth) % this.bufferCount);
  }
  push(pipe: number, pfn: number, offset: number, length: number, isOwn: boolean): void {
    const slot = this.slotOf(pipe, this.#counts[pipe]!++);
    this.#frames[slot] = pfn;
    this.#offsets[slot] = offset;
    this.#lengths[slot] = length;
    this.#own[slot] = isOwn ? 1 : 0;
  }
  /** Goes on by `length` bytes in the oldest buffer; true if it is empty now, and no buffer any more. */
  advance(pipe: number, length: number): boolean {
    const slot = this.slotOf(pipe, 0);
    this.#offsets[slot]! += length;
    this.#lengths[slot]! -= length;
    if (this.#lengths[slot] !== 0) return false;
    this.#first[pipe] = (this.#first[pipe]! + 1) % this.bufferCount;
    this.#counts[pipe]!--;
    return true;
  }
  extend(slot: number, length: number): void {
    this.#lengths[slot]! += length;
  }
  frameAt(slot: number): number {
    return this.#frames[slot]!;
  }
  offsetAt(slot: number): number {
    return this.#offsets[slot]!;
  }
  lengthAt(slot: number): number {
    return this.#lengths[slot]!;
  }
  isOwnAt(slot: number): boolean {
    return this.#own[slot] === 1;
  }
}
