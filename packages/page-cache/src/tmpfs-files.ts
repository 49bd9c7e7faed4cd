import { folioMarkAccessed, type Folios, PG_dirty, PG_readahead, PG_uptodate } from "@zeropfn/folio";
import { type Background, type ColumnAllocator, noBackground, noTracer, RwLocks, type Tracer } from "@zeropfn/state";
import {
  EFBIG, EINVAL, ENOMEM, ENXIO, EOPNOTSUPP, type FaultResult, VM_FAULT_LOCKED, VM_FAULT_NOPAGE, VM_FAULT_OOM, VM_FAULT_SIGBUS,
} from "@zeropfn/units";
import { PageCacheError } from "./errors.ts";
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, isFallocateMode, MAX_FILE_BYTES, MAX_HOLE_END, SECTOR_BYTES } from "./layout.ts";
import { PageBytes } from "./page-bytes.ts";
import { NO_INDEX, NO_PAGE, type PageCache } from "./page-cache.ts";
import type { PageFault } from "./page-fault.ts";
import type { PageMapper } from "./page-mapper.ts";
import { seekData, seekHole } from "./seek.ts";
import { TmpfsInodes } from "./tmpfs-inodes.ts";
import { SGP_CACHE, SGP_READ, SGP_WRITE, TmpfsPages } from "./tmpfs-pages.ts";

export interface TmpfsFilesParts {
  readonly folios: Folios;
  readonly cache: PageCache;
  readonly mapper: PageMapper;
}

export interface TmpfsFilesOptions {
  /** Pages that all files together may have, as the mount option "size" says: integer ≥ 0. Default: no limit but the frames. */
  readonly pageCapacity?: number;
  /** What goes on beside the only thread of an ordinary run. Default: nothing. */
  readonly background?: Background;
  /** Told of "nr_shmem": 1 for each page that comes, -1 for each that goes. */
  readonly tracer?: Tracer;
}

/**
 * Files in memory: address spaces without a backing store. They are numbered 0 … `cache.fileCapacity`-1. Read this file
 * from the top: faults, then what a process calls, then what drops pages. Every call is one system call's part for one
 * file; offsets are in bytes, errors are negative statuses, and the number of no file throws `PAGE_CACHE_BAD_FILE`.
 *
 * A page is there or not. One that is there holds bytes if it is uptodate; fallocate() leaves pages that are not.
 *
 * @kernel shmem_aops, shmem_vm_ops, shmem_file_operations — mm/shmem.c, v6.18
 * @differs Folios of one page, no swap.
 */
export class TmpfsFiles {
  /** For the fault skeleton: shared pages may be writable at once, and pages around a fault may be asked for. */
  readonly features: { readonly writeNotify: boolean; readonly faultAround: boolean } = { writeNotify: false, faultAround: true };
  readonly #folios: Folios;
  readonly #cache: PageCache;
  readonly #mapper: PageMapper;
  readonly #inodes: TmpfsInodes;
  readonly #locks: RwLocks;
  readonly #bytes: PageBytes;
  readonly #pages: TmpfsPages;
  readonly #pageSize: number;

  /** @throws {PageCacheError} PAGE_CACHE_BAD_OPTION */
  constructor(columns: ColumnAllocator, { folios, cache, mapper }: TmpfsFilesParts, options: TmpfsFilesOptions = {}) {
    const { pageCapacity = Infinity, background = noBackground, tracer = noTracer } = options, { fileCapacity } = cache;
    if (pageCapacity !== Infinity && !isOffset(pageCapacity)) {
      throw new PageCacheError("PAGE_CACHE_BAD_OPTION", `pageCapacity is ${pageCapacity}, expected an integer ≥ 0`);
    }
    this.#folios = folios;
    this.#cache = cache;
    this.#mapper = mapper;
    this.#inodes = new TmpfsInodes(columns, { fileCapacity, pageCapacity, background });
    this.#locks = new RwLocks(columns, "tmpfs.i_rwsem", fileCapacity, background);
    this.#bytes = new PageBytes(folios);
    this.#pages = new TmpfsPages({ folios, cache, inodes: this.#inodes, bytes: this.#bytes, mapper, tracer });
    this.#pageSize = folios.pageSize;
  }

  // Faults: who maps pages asks

  /**
   * The page of a fault. A hole gets a page of zeros, for a private mapping too: its copy comes on top.
   *
   * @returns VM_FAULT_LOCKED: `fault.pfn` is uptodate, its folio locked and with a reference for the caller.
   *   VM_FAULT_NOPAGE: it was being punched out, try again. VM_FAULT_SIGBUS: beyond the end, or the files have all the
   *   pages that they may. VM_FAULT_OOM.
   * @kernel shmem_fault() — mm/shmem.c, v6.18
   */
  fault(fault: PageFault): FaultResult {
    const { mapping: file, index } = fault;
    if (this.#inodes.isPunched(file, index)) {
      this.#inodes.waitPunch(file, index);
      return VM_FAULT_NOPAGE;
    }
    const pfn = this.#pages.get(file, index, SGP_CACHE);
    if (pfn < 0) return pfn === -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
    fault.pfn = pfn;
    return VM_FAULT_LOCKED;
  }
  /**
   * Fault-around: the first page from `fault.index` to `lastIndex` that can be mapped without waiting: uptodate, not
   * locked, before the end of the file.
   *
   * @returns True: `fault.index` and `fault.pfn` say which; its folio is locked, with a reference for the caller.
   * @kernel next_uptodate_folio() — mm/filemap.c, v6.18
   */
  nextMappable(fault: PageFault, lastIndex: number): boolean {
    const cache = this.#cache, file = fault.mapping;
    for (let index = fault.index; index <= lastIndex; index++) {
      index = cache.next(file, index, lastIndex);
      if (index === NO_INDEX) return false;
      const pfn = cache.tryFindLocked(file, index);
      if (pfn === NO_PAGE) continue;
      if (this.#isReady(pfn) && index * this.#pageSize < this.#inodes.size(file)) {
        fault.index = index;
        fault.pfn = pfn;
        return true;
      }
      cache.release(pfn);
    }
    return false;
  }
  #isReady(pfn: number): boolean {
    return this.#folios.testFlag(pfn, PG_uptodate) && !this.#folios.testFlag(pfn, PG_readahead);
  }
  /** Never asked: see `features`. Goes on with the page, locked. */
  pageMkwrite(fault: PageFault): FaultResult {
    this.#folios.lock(fault.pfn);
    return VM_FAULT_LOCKED;
  }
  /** True if the page is in memory and uptodate: for mincore(). */
  isCached(file: number, index: number): boolean {
    return this.#cache.isUptodate(file, index);
  }
  /** Drops an unmapped, clean folio to which the caller has a reference. @returns True if it left the file. @kernel reclaim_pages() — mm/vmscan.c, v6.18 */
  evict(file: number, pfn: number): boolean {
    return this.#pages.evict(file, pfn);
  }
  /** Makes pages [firstIndex, firstIndex + pageCount) a hole. @returns 0, -EINVAL or -EFBIG. @kernel madvise_remove() — mm/madvise.c, v6.18 */
  punch(file: number, firstIndex: number, pageCount: number): number {
    return this.fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, firstIndex * this.#pageSize, pageCount * this.#pageSize);
  }

  // Calls of a process

  /** A new, empty file. @returns Its number, or -1 if there is no room for one. @kernel memfd_create(2); shmem_file_setup() — mm/shmem.c, v6.18 */
  create(): number {
    const file = this.#inodes.create();
    if (file < 0 || this.#cache.attach(file)) return file;
    this.#inodes.free(file);
    return -1;
  }
  /** In bytes. */
  size(file: number): number {
    return this.#inodes.size(file);
  }
  /** What stat(2) says in st_blocks, in units of 512 bytes: pages that are there, whatever they hold. @kernel shmem_getattr() — mm/shmem.c, v6.18 */
  blocks(file: number): number {
    return (this.#cache.pageCount(file) * this.#pageSize) / SECTOR_BYTES;
  }

  /** Reads up to `out.length` bytes. Takes no lock. @returns How many there were before the end, or -EINVAL. @kernel shmem_file_read_iter() — mm/shmem.c, v6.18 */
  read(file: number, offset: number, out: Uint8Array): number {
    if (!isOffset(offset)) return -EINVAL;
    for (let done = 0; ; ) {
      const position = offset + done, pfn = this.#pages.get(file, Math.floor(position / this.#pageSize), SGP_READ);
      if (pfn < 0) return done;
      if (pfn !== NO_PAGE) this.#folios.unlock(pfn);
      // Asked again: nothing keeps a truncate out.
      const rest = this.#inodes.size(file) - position, length = Math.min(this.#partLength(position, out.length - done), rest);
      if (rest > 0) this.#readPart(pfn, position % this.#pageSize, out, done, length);
      if (pfn !== NO_PAGE) this.#folios.put(pfn);
      done += Math.max(length, 0);
      if (length <= 0 || done === out.length) return done;
    }
  }
  /** The beginning of a page counts as a use of it; what follows belongs to the same one. */
  #readPart(pfn: number, start: number, out: Uint8Array, at: number, length: number): void {
    if (pfn === NO_PAGE) out.fill(0, at, at + length);
    else {
      if (start === 0) folioMarkAccessed(this.#folios, pfn);
      this.#bytes.read(pfn, start, out, at, length);
    }
  }

  /**
   * Writes `bytes`, growing the file.
   *
   * @returns How many were written: fewer if pages ran out. If none could be, -ENOMEM, -ENOSPC, -EINVAL or -EFBIG.
   * @kernel shmem_file_write_iter(), generic_perform_write() — mm/shmem.c, mm/filemap.c, v6.18
   */
  write(file: number, offset: number, bytes: Uint8Array): number {
    if (!isOffset(offset)) return -EINVAL;
    this.#locks.lock(file);
    const written = this.#writeLocked(file, offset, bytes);
    this.#locks.unlock(file);
    return written;
  }
  #writeLocked(file: number, offset: number, bytes: Uint8Array): number {
    if (bytes.length > 0 && offset >= MAX_FILE_BYTES) return -EFBIG;
    const end = Math.min(bytes.length, MAX_FILE_BYTES - offset);
    let done = 0;
    while (done < end) {
      const position = offset + done, length = this.#partLength(position, end - done);
      const pfn = this.#pages.get(file, Math.floor(position / this.#pageSize), SGP_WRITE);
      if (pfn < 0) return done > 0 ? done : pfn;
      this.#bytes.write(pfn, position % this.#pageSize, bytes, done, length);
      done += length;
      if (offset + done > this.#inodes.size(file)) this.#inodes.setSize(file, offset + done);
      this.#finishWrite(pfn, position % this.#pageSize, length);
    }
    return done;
  }
  /** @kernel shmem_write_end() — mm/shmem.c, v6.18 */
  #finishWrite(pfn: number, start: number, length: number): void {
    const folios = this.#folios;
    if (!folios.testFlag(pfn, PG_uptodate)) {
      this.#bytes.zero(pfn, 0, start);
      this.#bytes.zero(pfn, start + length, this.#pageSize);
      folios.setFlag(pfn, PG_uptodate);
    }
    folios.setFlag(pfn, PG_dirty);
    this.#cache.release(pfn);
  }
  /** Bytes of [position, position + length) that lie in its first page. */
  #partLength(position: number, length: number): number {
    return Math.min(length, this.#pageSize - (position % this.#pageSize));
  }

  /** There is no device to write to. @kernel noop_fsync() — fs/libfs.c, v6.18 */
  fsync(_file: number): number {
    return 0;
  }
  /** As `fsync`, of pages [firstIndex, firstIndex + pageCount): for msync(). */
  sync(_file: number, _firstIndex: number, _pageCount: number): number {
    return 0;
  }
  /** The first byte from `offset` on that lies in a page with bytes. @returns -ENXIO if there is none. @kernel shmem_file_llseek() — mm/shmem.c, v6.18 */
  seekData(file: number, offset: number): number {
    return this.#seek(file, offset, seekData);
  }
  /** The first byte from `offset` on that lies in none, or the end of the file. @returns -ENXIO beyond it. @kernel shmem_file_llseek() — mm/shmem.c, v6.18 */
  seekHole(file: number, offset: number): number {
    return this.#seek(file, offset, seekHole);
  }
  #seek(file: number, offset: number, search: typeof seekData): number {
    if (!isOffset(offset)) return -ENXIO;
    this.#locks.lock(file);
    const found = search(this.#cache, file, offset, this.#inodes.size(file), this.#pageSize);
    this.#locks.unlock(file);
    return found;
  }

  // What drops pages

  /**
   * Sets the size. What lies beyond it is gone, private copies included; the rest of the last page is zeroed, if it is
   * there. Growth touches no page: bytes that were stored beyond the end appear.
   *
   * @returns 0, -EINVAL or -EFBIG.
   * @kernel shmem_setattr() — mm/shmem.c, v6.18
   */
  truncate(file: number, bytes: number): number {
    if (!isOffset(bytes)) return -EINVAL;
    if (bytes > MAX_FILE_BYTES) return -EFBIG;
    this.#locks.lock(file);
    const before = this.#inodes.size(file);
    this.#inodes.setSize(file, bytes);
    if (bytes <= before) this.#shrink(file, before, bytes);
    this.#locks.unlock(file);
    return 0;
  }
  /** Unmapped twice: before, so that no folio is found mapped one by one; after, for private copies that were made meanwhile. */
  #shrink(file: number, before: number, bytes: number): void {
    const first = Math.ceil(bytes / this.#pageSize), isUnmapped = before > first * this.#pageSize;
    if (isUnmapped) this.#mapper.unmapMappingRange(file, first, Infinity, true);
    this.#pages.truncateRange(file, bytes, Infinity);
    if (isUnmapped) this.#mapper.unmapMappingRange(file, first, Infinity, true);
  }

  /**
   * Allocates pages (mode 0; `FALLOC_FL_KEEP_SIZE`: without growing the file), or makes a hole
   * (`FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE`), which leaves private copies alone.
   *
   * @returns 0, or -EINVAL, -EOPNOTSUPP, -EFBIG, and nothing changed; or -ENOMEM or -ENOSPC, and no page more than before.
   * @kernel vfs_fallocate(), shmem_fallocate() — fs/open.c, mm/shmem.c, v6.18
   */
  fallocate(file: number, mode: number, offset: number, length: number): number {
    if (!isOffset(offset) || !isOffset(length) || length === 0) return -EINVAL;
    if (!isFallocateMode(mode)) return -EOPNOTSUPP;
    const end = offset + length;
    const isHole = (mode & FALLOC_FL_PUNCH_HOLE) !== 0;
    if (end > MAX_FILE_BYTES && !(isHole && end < MAX_HOLE_END)) return -EFBIG;
    if ((mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)) !== 0) return -EOPNOTSUPP;
    this.#locks.lock(file);
    const status = isHole ? this.#punch(file, Math.min(offset, MAX_FILE_BYTES), Math.min(end, MAX_FILE_BYTES)) : this.#allocate(file, mode, offset, end);
    this.#locks.unlock(file);
    return status;
  }
  #allocate(file: number, mode: number, offset: number, end: number): number {
    const before = this.#inodes.size(file);
    const status = this.#pages.allocateRange(file, Math.floor(offset / this.#pageSize), Math.ceil(end / this.#pageSize));
    if (status === 0 && (mode & FALLOC_FL_KEEP_SIZE) === 0 && end > before) this.#inodes.setSize(file, end);
    return status;
  }
  /**
   * Faults on the whole pages wait until they are gone: otherwise they could fill the hole as fast as it is made. A hole
   * that ends within the first page unmaps what follows, to the end of the file: the kernel takes the end of its whole
   * pages, -1, for a large number. Private copies stay, and what was unmapped is found again at the next fault.
   */
  #punch(file: number, offset: number, end: number): number {
    const first = Math.ceil(offset / this.#pageSize), endPage = Math.floor(end / this.#pageSize);
    this.#inodes.beginPunch(file, first, endPage);
    if (first < endPage) this.#mapper.unmapMappingRange(file, first, endPage - first, false);
    else if (endPage === 0) this.#mapper.unmapMappingRange(file, first, Infinity, false);
    this.#pages.truncateRange(file, offset, end);
    this.#inodes.endPunch(file);
    return 0;
  }

  /** Nobody has the file open or mapped any more: its pages are freed, its number may be given again. @kernel shmem_evict_inode() — mm/shmem.c, v6.18 */
  release(file: number): void {
    this.#inodes.size(file); // throws if there is no such file
    this.#inodes.setSize(file, 0);
    this.#pages.truncateRange(file, 0, Infinity);
    this.#cache.detach(file);
    this.#inodes.free(file);
  }
}

/** A number of bytes that a call may be given. */
const isOffset = (bytes: number): boolean => Number.isInteger(bytes) && bytes >= 0;
