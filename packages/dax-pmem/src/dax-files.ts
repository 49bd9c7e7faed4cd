import { noTracer, type Tracer } from "@zeropfn/state";
import { type Access, ENOMEM, ENOSPC, type FaultResult, OK, type Status, VM_FAULT_MAJOR, VM_FAULT_OOM, VM_FAULT_SIGBUS, WRITE } from "@zeropfn/units";
import { daxEntry, daxIsHole } from "./dax-entry.ts";
import type { DaxEntryLock } from "./dax-entry-lock.ts";
import type { DaxExtents } from "./dax-extents.ts";
import type { DaxFault } from "./dax-fault.ts";
import type { DaxHolePolicy } from "./dax-hole-policy.ts";
import type { DaxMapper } from "./dax-mapper.ts";
import { DAX_NO_MEMORY, type DaxTrees, NO_ENTRY, NO_INDEX } from "./dax-trees.ts";
import type { InodeLocks } from "./inode-locks.ts";
import type { PersistentMemory } from "./persistent-memory.ts";

/** Extents say -1 for a hole. */
const HOLE = -1;

export interface DaxFilesParts {
  readonly memory: PersistentMemory;
  readonly trees: DaxTrees;
  readonly locks: InodeLocks;
  readonly entries: DaxEntryLock;
  readonly holes: DaxHolePolicy;
  readonly extents: DaxExtents;
  readonly mapper: DaxMapper;
}

export interface DaxFilesOptions {
  /** log2 of the page and block size. */
  readonly pageShift: number;
  readonly tracer?: Tracer;
}

/**
 * Files on persistent memory, mapped and read without a page cache. A file is a number that the extents gave out; it is
 * also the number of its mapping. Read this file from the top: fault, then write(2), then what drops pages.
 */
export class DaxFiles {
  readonly features: { readonly writeNotify: boolean; readonly faultAround: boolean } = { writeNotify: true, faultAround: false };
  readonly #memory: PersistentMemory;
  readonly #trees: DaxTrees;
  readonly #locks: InodeLocks;
  readonly #entries: DaxEntryLock;
  readonly #holes: DaxHolePolicy;
  readonly #extents: DaxExtents;
  readonly #mapper: DaxMapper;
  readonly #pageSize: number;
  readonly #tracer: Tracer;
  readonly #loadHole: number;

  constructor({ memory, trees, locks, entries, holes, extents, mapper }: DaxFilesParts, { pageShift, tracer = noTracer }: DaxFilesOptions) {
    this.#memory = memory;
    this.#trees = trees;
    this.#locks = locks;
    this.#entries = entries;
    this.#holes = holes;
    this.#extents = extents;
    this.#mapper = mapper;
    this.#pageSize = 2 ** pageShift;
    this.#tracer = tracer;
    this.#loadHole = tracer.event("dax_load_hole");
  }

  /** Makes a page present. Satisfies the fault handler seam of page tables, as do the questions below. @kernel ext4_dax_fault() — fs/ext4/file.c, v6.1 */
  fault({ mapping: file, vma, page, index, access }: DaxFault): FaultResult {
    this.#locks.lockInvalidateShared(file);
    const result = this.#faultShared(file, vma, page, index, access);
    this.#locks.unlockInvalidateShared(file);
    return result;
  }

  /** @kernel dax_iomap_pte_fault() — fs/dax.c, v6.1 */
  #faultShared(file: number, vma: number, page: number, index: number, access: Access): FaultResult {
    if (index * this.#pageSize >= this.#extents.size(file)) return VM_FAULT_SIGBUS;
    const entry = this.#entries.grab(file, index);
    if (entry === DAX_NO_MEMORY) return VM_FAULT_OOM;
    const block = this.#extents.findBlock(file, index);
    let result: FaultResult;
    if (block !== HOLE) result = this.#mapBlock(file, vma, page, index, entry, block, access);
    else if (access === WRITE) result = this.#fillAndMap(file, vma, page, index, entry);
    else {
      this.#tracer.count(this.#loadHole, 1, index);
      result = this.#holes.load(file, index, vma, page, entry);
    }
    this.#entries.release(file, index);
    return result;
  }

  /** A write fault on a hole: a zeroed block takes its place. */
  #fillAndMap(file: number, vma: number, page: number, index: number, entry: number): FaultResult {
    const block = this.#allocateZeroed(file, index);
    return block === HOLE ? VM_FAULT_SIGBUS : this.#mapBlock(file, vma, page, index, entry, block, WRITE) | VM_FAULT_MAJOR;
  }

  /**
   * Everyone who was shown zeros loses them before the entry, which we hold, says otherwise: a fault of theirs waits.
   * @kernel dax_insert_entry(), vmf_insert_mixed_mkwrite() — fs/dax.c, mm/memory.c, v6.1
   */
  #mapBlock(file: number, vma: number, page: number, index: number, entry: number, block: number, access: Access): FaultResult {
    const pfn = this.#memory.pfnOf(block), mapped = daxEntry(pfn, 0);
    const wasHole = daxIsHole(entry);
    if (wasHole) this.#mapper.unmapMappingRange(file, index, 1);
    if (entry !== mapped) this.#entries.replace(file, index, mapped);
    if (wasHole) this.#holes.drop(entry);
    if (access === WRITE) this.#trees.setDirty(file, index);
    return this.#mapper.insertPfn(vma, page, pfn, access);
  }

  /** The filesystem zeroes what it allocates, so that nobody sees what the block held before. @kernel ext4_iomap_alloc() — fs/ext4/inode.c, v6.1 */
  #allocateZeroed(file: number, index: number): number {
    const block = this.#extents.allocateBlock(file, index);
    if (block !== HOLE) this.#memory.zero(block);
    return block;
  }

  /** No entry is put in place around a fault: each has its own lock. */
  nextMappable(): boolean {
    return false;
  }
  /** A page becomes writable by a fault like any other: under its lock, and what was a hole gets its block. @kernel ext4_dax_fault(), .pfn_mkwrite — fs/ext4/file.c, v6.1 */
  pageMkwrite(fault: DaxFault): FaultResult {
    return this.fault(fault);
  }
  /** True if the page has an entry: there is no page cache to look into. @kernel mincore_page() — mm/mincore.c, v6.1 */
  isCached(file: number, index: number): boolean {
    return this.#trees.load(file, index) !== NO_ENTRY;
  }
  /** Storage does not go away. */
  evict(): boolean {
    return false;
  }
  /** Bytes are durable as soon as they are stored. */
  sync(): number {
    return 0;
  }

  /** Gives a new file its tree. @returns OK, or ENOMEM. */
  attach(file: number): Status {
    return this.#trees.attach(file) ? OK : ENOMEM;
  }

  /** Reads up to `out.length` bytes from `offset`: how many there were before the end. @kernel dax_iomap_rw() — fs/dax.c, v6.1 */
  read(file: number, offset: number, out: Uint8Array): number {
    this.#locks.lockShared(file);
    const length = this.#readShared(file, offset, out);
    this.#locks.unlockShared(file);
    return length;
  }

  #readShared(file: number, offset: number, out: Uint8Array): number {
    const length = Math.max(0, Math.min(out.length, this.#extents.size(file) - offset));
    for (let done = 0; done < length; ) {
      const { index, start, size } = this.#piece(offset + done, length - done);
      const block = this.#extents.findBlock(file, index);
      if (block === HOLE) out.fill(0, done, done + size);
      else this.#memory.read(block, start, out, done, size);
      done += size;
    }
    return length;
  }

  /** Writes all of `bytes` at `offset`, growing the file: how many were written, or a negative status. @kernel dax_iomap_rw() — fs/dax.c, v6.1 */
  write(file: number, offset: number, bytes: Uint8Array): number {
    this.#locks.lock(file);
    const written = this.#writeLocked(file, offset, bytes);
    this.#locks.unlock(file);
    return written;
  }

  #writeLocked(file: number, offset: number, bytes: Uint8Array): number {
    let done = 0;
    while (done < bytes.length) {
      const { index, start, size } = this.#piece(offset + done, bytes.length - done);
      let block = this.#extents.findBlock(file, index);
      if (block === HOLE) {
        block = this.#allocateZeroed(file, index);
        if (block === HOLE) break;
        this.#dropPage(file, index);
      }
      this.#memory.write(block, start, bytes, done, size);
      done += size;
    }
    if (done > 0 && offset + done > this.#extents.size(file)) {
      const status = this.#extents.setSize(file, offset + done);
      if (status !== OK) return -status;
    }
    return done === 0 && bytes.length > 0 ? -ENOSPC : done;
  }

  /** The entry goes first and the mappings after it: a fault in between finds the block. @kernel invalidate_inode_pages2_range() — mm/truncate.c, v6.1 */
  #dropPage(file: number, index: number): void {
    const entry = this.#entries.invalidate(file, index);
    this.#mapper.unmapMappingRange(file, index, 1);
    if (entry !== NO_ENTRY && daxIsHole(entry)) this.#holes.drop(entry);
  }

  /** Sets the file's size; what lies beyond it is gone. @returns OK, EFBIG, or ENOSPC. @kernel ext4_setattr(), truncate_pagecache() — fs/ext4/inode.c, mm/truncate.c, v6.1 */
  truncate(file: number, bytes: number): Status {
    const locks = this.#locks, extents = this.#extents;
    locks.lock(file);
    locks.lockInvalidate(file);
    const before = extents.size(file);
    let status = extents.setSize(file, bytes);
    if (status === OK && bytes < before) {
      const first = Math.ceil(bytes / this.#pageSize);
      this.#zeroRange(file, bytes, first * this.#pageSize);
      status = this.#dropRange(file, first, Math.ceil(before / this.#pageSize));
    }
    locks.unlockInvalidate(file);
    locks.unlock(file);
    return status;
  }

  /** Makes bytes [offset, offset + length) a hole: whole pages lose their blocks, the rest is zeroed. @returns OK, or ENOSPC. @kernel ext4_punch_hole() — fs/ext4/inode.c, v6.1 */
  punch(file: number, offset: number, length: number): Status {
    const locks = this.#locks, pageSize = this.#pageSize;
    locks.lock(file);
    locks.lockInvalidate(file);
    // The page that holds the end of the file goes as a whole: nothing lies behind it.
    const end = Math.min(offset + length, Math.ceil(this.#extents.size(file) / pageSize) * pageSize);
    const first = Math.ceil(offset / pageSize), last = Math.floor(end / pageSize);
    let status = OK as Status;
    if (first > last) this.#zeroRange(file, offset, end);
    else {
      this.#zeroRange(file, offset, first * pageSize);
      status = this.#dropRange(file, first, last);
      this.#zeroRange(file, last * pageSize, end);
    }
    locks.unlockInvalidate(file);
    locks.unlock(file);
    return status;
  }

  /** Pages [first, end) lose mappings, entries and blocks, in this order. Faults are locked out. */
  #dropRange(file: number, first: number, end: number): Status {
    if (first >= end) return OK;
    this.#mapper.unmapMappingRange(file, first, end - first);
    for (let index = first; ; index++) {
      index = this.#trees.next(file, index, end - 1);
      if (index === NO_INDEX) break;
      const entry = this.#entries.invalidate(file, index);
      if (daxIsHole(entry)) this.#holes.drop(entry);
    }
    return this.#extents.punch(file, first, end - first);
  }

  /** Zeroes bytes [from, end) of one page, if a block holds them. */
  #zeroRange(file: number, from: number, end: number): void {
    if (from >= end) return;
    const index = Math.floor(from / this.#pageSize), block = this.#extents.findBlock(file, index);
    if (block !== HOLE) this.#memory.zeroBytes(block, from - index * this.#pageSize, end - from);
  }

  /** The part of [offset, offset + length) that lies in the first page. */
  #piece(offset: number, length: number): { readonly index: number; readonly start: number; readonly size: number } {
    const index = Math.floor(offset / this.#pageSize), start = offset - index * this.#pageSize;
    return { index, start, size: Math.min(length, this.#pageSize - start) };
  }
}
