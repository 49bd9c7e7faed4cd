import {
  folioMarkAccessed, type Folios, NO_FRAME, PG_active, PG_dirty, PG_locked, PG_mlocked, PG_referenced, PG_swapbacked, PG_uptodate,
} from "@zeropfn/folio";
import type { Tracer } from "@zeropfn/state";
import { EEXIST, EINVAL, ENOMEM, ENOSPC, OK } from "@zeropfn/units";
import { MAX_INDEX } from "@zeropfn/xarray";
import type { PageBytes } from "./page-bytes.ts";
import { NO_INDEX, NO_PAGE, type PageCache } from "./page-cache.ts";
import type { PageMapper } from "./page-mapper.ts";
import type { TmpfsInodes } from "./tmpfs-inodes.ts";

/*
 * What a page is wanted for. Those up to SGP_CACHE keep within the size of the file.
 * @kernel enum sgp_type — include/linux/shmem_fs.h, v6.18
 */
/** To read it: a hole, and a page never written, is no page. */
export const SGP_READ = 0;
/** To map it: a hole gets a page of zeros. */
export const SGP_CACHE = 2;
/** To write it: the writer zeroes what it does not write. */
export const SGP_WRITE = 3;
/** To have it: a new one stays as it is, not uptodate. */
export const SGP_FALLOC = 4;

export interface TmpfsPagesParts {
  readonly folios: Folios;
  readonly cache: PageCache;
  readonly inodes: TmpfsInodes;
  readonly bytes: PageBytes;
  readonly mapper: PageMapper;
  readonly tracer: Tracer;
}

/** How pages of tmpfs files come and go. */
export class TmpfsPages {
  readonly #folios: Folios;
  readonly #cache: PageCache;
  readonly #inodes: TmpfsInodes;
  readonly #bytes: PageBytes;
  readonly #mapper: PageMapper;
  readonly #tracer: Tracer;
  readonly #shmemPages: number;
  readonly #pageSize: number;

  constructor({ folios, cache, inodes, bytes, mapper, tracer }: TmpfsPagesParts) {
    this.#folios = folios;
    this.#cache = cache;
    this.#inodes = inodes;
    this.#bytes = bytes;
    this.#mapper = mapper;
    this.#tracer = tracer;
    this.#shmemPages = tracer.event("nr_shmem");
    this.#pageSize = folios.pageSize;
  }

  /**
   * The page of a file, its folio locked and with a reference for the caller.
   *
   * @param intent SGP_READ, SGP_CACHE, SGP_WRITE or SGP_FALLOC.
   * @returns The frame; `NO_PAGE`: a hole, for SGP_READ; -EINVAL: beyond the end of the file; -ENOMEM; -ENOSPC.
   * @kernel shmem_get_folio_gfp() — mm/shmem.c, v6.18
   */
  get(file: number, index: number, intent: number): number {
    const folios = this.#folios, cache = this.#cache;
    for (;;) {
      if (intent <= SGP_CACHE && this.#isBeyondEnd(file, index)) return -EINVAL;
      const found = cache.findLocked(file, index);
      if (found !== NO_PAGE) {
        if (intent === SGP_WRITE) folioMarkAccessed(folios, found);
        if (folios.testFlag(found, PG_uptodate)) return found;
        if (intent !== SGP_READ) return this.#initialised(file, index, found, intent);
        cache.release(found);
      }
      if (intent === SGP_READ) return NO_PAGE;
      const added = this.#addNew(file, index);
      // Somebody was faster: the page is found now.
      if (added !== -EEXIST) return added < 0 ? added : this.#begun(file, index, added, intent);
    }
  }

  /** A page that was just added. What a write or fallocate() does with it comes later. */
  #begun(file: number, index: number, pfn: number, intent: number): number {
    if (intent === SGP_FALLOC) return pfn;
    if (intent === SGP_WRITE) {
      this.#folios.setFlag(pfn, PG_referenced);
      return pfn;
    }
    this.#zero(pfn);
    if (!this.#isBeyondEnd(file, index)) return pfn;
    this.#forget(file, pfn);
    this.#cache.release(pfn);
    return -EINVAL;
  }
  /** A page of an earlier fallocate(). A second one makes it uptodate, so that it cannot be taken for its own when it fails. */
  #initialised(file: number, index: number, pfn: number, intent: number): number {
    if (intent !== SGP_WRITE) this.#zero(pfn);
    if (intent > SGP_CACHE || !this.#isBeyondEnd(file, index)) return pfn;
    this.#cache.release(pfn);
    return -EINVAL;
  }
  #zero(pfn: number): void {
    this.#folios.zero(pfn);
    this.#folios.setFlag(pfn, PG_uptodate);
  }
  #isBeyondEnd(file: number, index: number): boolean {
    return index * this.#pageSize >= this.#inodes.size(file);
  }

  /**
   * A new folio in the file, locked and with a reference for the caller.
   * @returns Its frame, -EEXIST, -ENOMEM or -ENOSPC. @kernel shmem_alloc_and_add_folio() — mm/shmem.c, v6.18
   */
  #addNew(file: number, index: number): number {
    const folios = this.#folios, pfn = folios.allocate(0);
    if (pfn === NO_FRAME) return -ENOMEM;
    folios.setFlag(pfn, PG_locked);
    folios.setFlag(pfn, PG_swapbacked);
    const status = this.#cache.add(file, index, pfn);
    if (status === OK) {
      if (this.#inodes.takePage()) {
        this.#tracer.count(this.#shmemPages, 1, pfn);
        return pfn;
      }
      this.#cache.drop(file, pfn);
    }
    this.#cache.release(pfn);
    return status === OK ? -ENOSPC : -status;
  }

  /**
   * Removes bytes [start, end) from the file: whole pages go, parts are zeroed.
   *
   * @param end Infinity: all that follow, and pages that come meanwhile too.
   * @kernel shmem_undo_range() — mm/shmem.c, v6.18
   */
  truncateRange(file: number, start: number, end: number): void {
    const first = Math.ceil(start / this.#pageSize), endPage = Math.floor(end / this.#pageSize);
    this.#dropUnlocked(file, first, endPage);
    const head = Math.floor(start / this.#pageSize), tail = Math.floor((end - 1) / this.#pageSize);
    this.#zeroPart(file, head, start, end);
    if (tail !== head && tail !== Infinity) this.#zeroPart(file, tail, start, end);
    this.#dropAll(file, first, endPage);
  }
  /** Those that nobody holds go first, so that few are left to wait for. */
  #dropUnlocked(file: number, first: number, end: number): void {
    const cache = this.#cache, last = lastOf(end);
    for (let index = first; index <= last; index++) {
      index = cache.next(file, index, last);
      if (index === NO_INDEX) return;
      const pfn = cache.tryFindLocked(file, index);
      if (pfn === NO_PAGE) continue;
      this.#drop(file, index, pfn);
      cache.release(pfn);
    }
  }
  /** What is left. To the end of the file, the search begins anew after each: a page may have come in where we were. */
  #dropAll(file: number, first: number, end: number): void {
    const cache = this.#cache, last = lastOf(end);
    for (let index = first; index <= last; index = end === Infinity ? first : index + 1) {
      index = cache.next(file, index, last);
      if (index === NO_INDEX) return;
      const pfn = cache.findLocked(file, index);
      if (pfn === NO_PAGE) continue;
      this.#drop(file, index, pfn);
      cache.release(pfn);
    }
  }
  /**
   * Zeroes what lies in bytes [start, end) of page `index`, if the page is there.
   * @kernel shmem_get_partial_folio(), truncate_inode_partial_folio() — mm/shmem.c, mm/truncate.c, v6.18
   */
  #zeroPart(file: number, index: number, start: number, end: number): void {
    const pfn = this.#cache.findLocked(file, index), pageSize = this.#pageSize, position = index * pageSize;
    if (pfn === NO_PAGE) return;
    const from = Math.max(start - position, 0), to = Math.min(end - position, pageSize);
    this.#folios.setFlag(pfn, PG_dirty);
    if (to - from === pageSize) this.#drop(file, index, pfn);
    else this.#bytes.zero(pfn, from, to);
    this.#cache.release(pfn);
  }
  /** Removes a locked folio. Who mapped it after the range was unmapped loses it here. @kernel truncate_inode_folio() — mm/truncate.c, v6.18 */
  #drop(file: number, index: number, pfn: number): void {
    if (this.#folios.folioMapcount(pfn) > 0) this.#mapper.unmapMappingRange(file, index, 1, false);
    this.#folios.clearFlag(pfn, PG_dirty);
    this.#forget(file, pfn);
  }
  #forget(file: number, pfn: number): void {
    this.#cache.drop(file, pfn);
    this.#uncount(pfn);
  }
  #uncount(pfn: number): void {
    this.#inodes.givePage();
    this.#tracer.count(this.#shmemPages, -1, pfn);
  }

  /**
   * Gives every page [first, end) a folio.
   * @returns 0; or -ENOMEM or -ENOSPC, and those that came with this call are gone again. @kernel shmem_fallocate() — mm/shmem.c, v6.18
   */
  allocateRange(file: number, first: number, end: number): number {
    for (let index = first; index < end; index++) {
      const pfn = this.get(file, index, SGP_FALLOC);
      if (pfn < 0) {
        this.#undoAllocation(file, first, index);
        return pfn;
      }
      // Dirty, so that reclaim does not take it for a page that it may drop.
      this.#folios.setFlag(pfn, PG_dirty);
      this.#cache.release(pfn);
    }
    return 0;
  }
  /** Pages that are not uptodate are those that the failed call added. @kernel shmem_undo_range() — mm/shmem.c, v6.18 */
  #undoAllocation(file: number, first: number, end: number): void {
    const cache = this.#cache;
    for (let index = first; index < end; index++) {
      index = cache.next(file, index, end - 1);
      if (index === NO_INDEX) return;
      const pfn = cache.findLocked(file, index);
      if (pfn === NO_PAGE) continue;
      if (!this.#folios.testFlag(pfn, PG_uptodate)) this.#drop(file, index, pfn);
      cache.release(pfn);
    }
  }

  /**
   * Drops a folio that is unmapped and clean. One that is dirty has no place to go: it becomes active.
   *
   * @returns True if the folio left the file: the caller's reference is the last one.
   * @kernel shrink_folio_list(), shmem_writeout() — mm/vmscan.c, mm/shmem.c, v6.18
   */
  evict(file: number, pfn: number): boolean {
    const folios = this.#folios;
    if (!folios.tryLock(pfn)) return false;
    let hasLeft = false;
    if (this.#cache.isOf(file, pfn) && folios.folioMapcount(pfn) === 0) {
      hasLeft = this.#cache.dropUnused(file, pfn);
      if (hasLeft) this.#uncount(pfn);
      else if (folios.refcount(pfn) === 2 && folios.testFlag(pfn, PG_dirty) && !folios.testFlag(pfn, PG_mlocked)) folios.setFlag(pfn, PG_active);
    }
    folios.unlock(pfn);
    return hasLeft;
  }
}

/** The last page before `end`, which may be Infinity. */
const lastOf = (end: number): number => (end === Infinity ? MAX_INDEX : end - 1);
