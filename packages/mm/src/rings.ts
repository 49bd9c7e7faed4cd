import type { Folios } from "@zeropfn/folio";
import { FOLL_LONGTERM, FOLL_PIN, FOLL_WRITE, type Mmu } from "@zeropfn/pte-mmu";
import { type Background, type ColumnAllocator, leaves, RwLocks } from "@zeropfn/state";
import { EAGAIN, EBUSY, EFAULT, ENOMEM, ENXIO } from "@zeropfn/units";
import { copyFrames, loadFrame, storeFrame } from "./frame-bytes.ts";
import type { Pipes } from "./pipes.ts";

export interface RingsOptions {
  readonly processCapacity: number;
  /** Pages that one process can register. 0: there are no rings. */
  readonly ringPages: number;
  readonly background: Background;
}

/** What the rings of a machine work with. */
export interface RingsParts {
  readonly folios: Folios;
  readonly mmu: Mmu;
  readonly pipes: Pipes;
}

/** Items of the column of places, for each ring. */
const START = 0; // of the buffer, a user address
const LENGTH = 1; // bytes; 0: none is registered
const REQUEST = 2; // of the request, a user address
const PLACES = 3;
/** Items of the column of counts, for each ring. */
const PINNED = 0; // pages of the buffer
const CHARGED = 1; // what they count as
const WANTED = 2; // bytes of the request
const PIPE = 3; // + 1, of the request; 0: there is none
const IS_DONE = 4; // 1: a request is done, and nobody has asked yet
const RESULT = 5; // of that one: bytes, or 2^32 - errno
const COUNTS = 6;

/**
 * A ring of requests (io_uring) for each process: one buffer of user memory, pinned for as long as it is registered, and one
 * request at a time between it and a pipe. The buffer is the frames that were there when it was registered, whatever the page
 * tables say now.
 *
 * @kernel io_uring/rsrc.c, io_uring/rw.c, v6.18
 * @differs One buffer, one request. What was submitted and waits is done when its pipe gets bytes.
 */
export class Rings {
  static {
    if (__EXPLORE__) {
      // Guarded by the ring's lock, so that these are no steps of their own.
      leaves(Rings, "mm/ring", { place: { silent: true }, setPlace: { silent: true }, number: { silent: true }, setNumber: { silent: true }, frameAt: { silent: true }, setFrame: { silent: true } });
    }
  }
  /** For each ring. @kernel io_ring_ctx::uring_lock — include/linux/io_uring_types.h, v6.18 */
  readonly lock: RwLocks;
  readonly #parts: RingsParts;
  readonly #ringPages: number;
  readonly #rows: number;
  readonly #places: Float64Array;
  readonly #numbers: Uint32Array;
  readonly #frames: Uint32Array;

  constructor(columns: ColumnAllocator, parts: RingsParts, { processCapacity, ringPages, background }: RingsOptions) {
    const rows = ringPages > 0 ? processCapacity : 0;
    this.#parts = parts;
    this.#ringPages = ringPages;
    this.#rows = rows;
    this.lock = new RwLocks(columns, "ring.uring_lock", rows, background);
    this.#places = columns.f64("ring.place", rows * PLACES);
    this.#numbers = columns.u32("ring.number", rows * COUNTS);
    this.#frames = columns.u32("ring.page", rows * ringPages);
  }

  /**
   * Registers a buffer: its pages are made present and writable, and pinned.
   *
   * @returns 0; -EBUSY: there is one; -EFAULT: a page cannot be written; -ENOMEM.
   * @kernel io_sqe_buffer_register(), io_pin_pages() — io_uring/rsrc.c, io_uring/memmap.c, v6.18
   */
  register(mm: number, address: number, length: number): number {
    if (this.#rows === 0) return -ENOMEM;
    this.lock.lock(mm);
    const result = this.number(mm, PINNED) > 0 ? -EBUSY : this.#pin(mm, address, length);
    this.lock.unlock(mm);
    return result;
  }
  #pin(mm: number, address: number, length: number): number {
    const { mmu, folios } = this.#parts, { gup } = mmu.calls, { pageSize } = folios;
    const first = Math.floor(address / pageSize), pages = Math.ceil((address + length) / pageSize) - first;
    if (!(length > 0)) return -EFAULT;
    if (pages > this.#ringPages) return -ENOMEM;
    const frames = new Uint32Array(pages), found = gup.fast(mm, first, pages, FLAGS, frames);
    if (found < pages) {
      for (let nth = 0; nth < found; nth++) gup.release(frames[nth]!, FLAGS);
      return found < 0 ? found : -EFAULT;
    }
    for (let nth = 0; nth < pages; nth++) this.setFrame(mm, nth, frames[nth]!);
    const charged = chargeOf(folios, frames);
    mmu.counters.addPinned(mm, charged);
    this.setPlace(mm, START, address);
    this.setPlace(mm, LENGTH, length);
    this.setNumber(mm, PINNED, pages);
    this.setNumber(mm, CHARGED, charged);
    return 0;
  }

  /** @returns 0, or -ENXIO: no buffer is registered. @kernel io_sqe_buffers_unregister() — io_uring/rsrc.c, v6.18 */
  unregister(mm: number): number {
    if (this.#rows === 0) return -ENXIO;
    this.lock.lock(mm);
    const pages = this.number(mm, PINNED);
    for (let nth = 0; nth < pages; nth++) this.#parts.mmu.calls.gup.release(this.frameAt(mm, nth), FLAGS);
    this.#parts.mmu.counters.addPinned(mm, -this.number(mm, CHARGED));
    this.setPlace(mm, LENGTH, 0);
    this.setNumber(mm, PINNED, 0);
    this.setNumber(mm, CHARGED, 0);
    this.lock.unlock(mm);
    return pages > 0 ? 0 : -ENXIO;
  }

  /**
   * Submits a read of up to `length` bytes from a pipe into the buffer at user address `address`. Without bytes in the pipe it
   * waits for some.
   *
   * @returns 0: `wait` says what became of it. -EBUSY: there is a request already.
   * @kernel IORING_OP_READ_FIXED, io_read() — io_uring/rw.c, v6.18
   */
  submitRead(mm: number, address: number, length: number, pipe: number): number {
    if (this.#rows === 0) return -ENXIO;
    this.lock.lock(mm);
    const isIdle = this.number(mm, PIPE) === 0 && this.number(mm, IS_DONE) === 0;
    if (isIdle) {
      this.setPlace(mm, REQUEST, address);
      this.setNumber(mm, WANTED, length);
      this.setNumber(mm, PIPE, pipe + 1);
      this.#tryRead(mm);
    }
    this.lock.unlock(mm);
    return isIdle ? 0 : -EBUSY;
  }
  /** What became of the last request: bytes, or an errno negated. -EAGAIN: it is not done, or there is none. @kernel io_cqring_wait() — io_uring/io_uring.c, v6.18 */
  wait(mm: number): number {
    if (this.#rows === 0) return -ENXIO;
    this.lock.lock(mm);
    const isDone = this.number(mm, IS_DONE) === 1, result = this.number(mm, RESULT) | 0;
    this.setNumber(mm, IS_DONE, 0);
    this.lock.unlock(mm);
    return isDone ? result : -EAGAIN;
  }

  /** Writes bytes of the buffer to a pipe, and waits for it. @returns Bytes, or -EFAULT, -EAGAIN, -ENOMEM. @kernel IORING_OP_WRITE_FIXED, io_write() — io_uring/rw.c, v6.18 */
  write(mm: number, address: number, length: number, pipe: number): number {
    if (this.#rows === 0) return -ENXIO;
    const bytes = new Uint8Array(Math.max(0, length));
    this.lock.lock(mm);
    const isInside = this.#isInside(mm, address, length);
    if (isInside) this.#transfer(mm, address, bytes, length, loadFrame);
    this.lock.unlock(mm);
    if (!isInside) return -EFAULT;
    const done = this.#parts.pipes.write(pipe, bytes);
    if (done > 0) this.dataArrived(pipe);
    return done;
  }

  /** A pipe got bytes: who waits for them reads them. */
  dataArrived(pipe: number): void {
    for (let mm = 0; mm < this.#rows; mm++) {
      this.lock.lock(mm);
      if (this.number(mm, PIPE) === pipe + 1) this.#tryRead(mm);
      this.lock.unlock(mm);
    }
  }

  /** The process ends: its request is forgotten, its buffer no longer pinned. @kernel io_ring_ctx_free() — io_uring/io_uring.c, v6.18 */
  release(mm: number): void {
    if (this.#rows === 0) return;
    this.unregister(mm);
    this.lock.lock(mm);
    this.setNumber(mm, PIPE, 0);
    this.setNumber(mm, IS_DONE, 0);
    this.lock.unlock(mm);
  }

  /** Does the request, if the pipe has bytes. The bytes are put where the frames are. */
  #tryRead(mm: number): void {
    const address = this.place(mm, REQUEST), wanted = this.number(mm, WANTED), pipe = this.number(mm, PIPE) - 1;
    let result = -EFAULT;
    if (this.#isInside(mm, address, wanted)) {
      const bytes = new Uint8Array(wanted);
      result = this.#parts.pipes.read(pipe, bytes);
      if (result === -EAGAIN) return;
      if (result > 0) this.#transfer(mm, address, bytes, result, storeFrame);
    }
    this.setNumber(mm, PIPE, 0);
    this.setNumber(mm, IS_DONE, 1);
    this.setNumber(mm, RESULT, result >>> 0);
  }

  #isInside(mm: number, address: number, length: number): boolean {
    const start = this.place(mm, START);
    return this.number(mm, PINNED) > 0 && length >= 0 && address >= start && address + length <= start + this.place(mm, LENGTH);
  }
  #transfer(mm: number, address: number, bytes: Uint8Array, length: number, copy: typeof loadFrame): void {
    const { folios } = this.#parts, { pageSize } = folios, first = Math.floor(address / pageSize), offset = address - first * pageSize;
    const from = first - Math.floor(this.place(mm, START) / pageSize), frames = new Uint32Array(Math.ceil((offset + length) / pageSize));
    for (let nth = 0; nth < frames.length; nth++) frames[nth] = this.frameAt(mm, from + nth);
    copyFrames(folios, frames, offset, bytes, 0, length, copy);
  }

  // Steps

  place(mm: number, item: number): number {
    return this.#places[mm * PLACES + item]!;
  }
  setPlace(mm: number, item: number, value: number): void {
    this.#places[mm * PLACES + item] = value;
  }
  number(mm: number, item: number): number {
    return this.#numbers[mm * COUNTS + item]!;
  }
  setNumber(mm: number, item: number, value: number): void {
    this.#numbers[mm * COUNTS + item] = value;
  }
  frameAt(mm: number, nth: number): number {
    return this.#frames[mm * this.#ringPages + nth]!;
  }
  setFrame(mm: number, nth: number, pfn: number): void {
    this.#frames[mm * this.#ringPages + nth] = pfn;
  }
}

const FLAGS = FOLL_PIN | FOLL_WRITE | FOLL_LONGTERM;

/** What pinned pages count as: a large folio as a whole, once. @kernel io_buffer_account_pin() — io_uring/rsrc.c, v6.18 */
function chargeOf(folios: Folios, frames: Uint32Array): number {
  let pages = 0;
  const large = new Set<number>();
  for (const pfn of frames) {
    const order = folios.order(pfn), head = folios.head(pfn);
    if (order === 0) pages++;
    else if (!large.has(head)) {
      large.add(head);
      pages += 2 ** order;
    }
  }
  return pages;
}
