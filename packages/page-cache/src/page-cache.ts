import { fileMapping, type Folios, PG_dirty, PG_uptodate } from "@zeropfn/folio";
import { type ColumnAllocator, leaves, noTracer, type Tracer } from "@zeropfn/state";
import { EEXIST, ENOMEM, OK, type Status } from "@zeropfn/units";
import { BUSY, MAX_INDEX, NOT_FOUND, OK as STORED, XA_PRESENT, type XArrays } from "@zeropfn/xarray";
import { PageCacheError } from "./errors.ts";

/** Nothing is cached there. Frame 0 is the zero page, which never is. */
export const NO_PAGE = 0;
/** No further page is cached. */
export const NO_INDEX: number = NOT_FOUND;

export interface PageCacheParts {
  readonly folios: Folios;
  /** An array of these for each file: its options say how many files and pages there may be. */
  readonly arrays: XArrays;
}

export interface PageCacheOptions {
  /** Files, numbered from 0: integer ≥ 1. */
  readonly fileCapacity: number;
  /** Told of "nr_file_pages": 1 for each page that comes, -1 for each that goes. */
  readonly tracer?: Tracer;
}

/**
 * Which page of which file lies in which frame. The number of a file is the number of its mapping.
 *
 * A page that is in the cache has one reference from it, and its folio says which file and page it is. It leaves with its
 * folio locked, so whoever locks a folio and still finds it in the file may rely on that until the lock goes.
 *
 * @kernel struct address_space — include/linux/fs.h, v6.18
 * @differs Folios of one page.
 */
export class PageCache {
  static {
    if (__EXPLORE__) {
      leaves(PageCache, "page-cache/cache", {
        attach: {}, detach: {}, load: {}, next: {}, pageCount: {}, insert: {}, remove: {}, removeUnused: {}, isOf: {},
      });
    }
  }
  /** Files there may be, numbered from 0. */
  readonly fileCapacity: number;
  readonly #folios: Folios;
  readonly #arrays: XArrays;
  readonly #arrayOf: Uint32Array<ArrayBuffer>; // of a file
  readonly #pageCounts: Uint32Array<ArrayBuffer>; // of a file
  readonly #tracer: Tracer;
  readonly #filePages: number;

  /** @throws {PageCacheError} PAGE_CACHE_BAD_OPTION */
  constructor(columns: ColumnAllocator, { folios, arrays }: PageCacheParts, { fileCapacity, tracer = noTracer }: PageCacheOptions) {
    if (!Number.isInteger(fileCapacity) || fileCapacity < 1) {
      throw new PageCacheError("PAGE_CACHE_BAD_OPTION", `fileCapacity is ${fileCapacity}, expected an integer ≥ 1`);
    }
    this.fileCapacity = fileCapacity;
    this.#folios = folios;
    this.#arrays = arrays;
    this.#arrayOf = columns.u32("mapping.i_pages", fileCapacity);
    this.#pageCounts = columns.u32("mapping.nrpages", fileCapacity);
    this.#tracer = tracer;
    this.#filePages = tracer.event("nr_file_pages");
  }

  // The tree of a file. What is done under its xa_lock is one step.

  /** Gives a file an empty tree; false if there is no room for another. @kernel address_space_init_once() — fs/inode.c, v6.18 */
  attach(file: number): boolean {
    const array = this.#arrays.createArray();
    if (array < 0) return false;
    this.#arrayOf[file] = array;
    return true;
  }
  /** Gives the tree back. The file has no page left. @kernel clear_inode() — fs/inode.c, v6.18 */
  detach(file: number): void {
    this.#arrays.destroyArray(this.#arrayOf[file]!);
  }
  /** The frame of a page, or `NO_PAGE`. Nothing keeps it there. @kernel xas_load() — lib/xarray.c, v6.18 */
  load(file: number, index: number): number {
    return this.#arrays.load(this.#arrayOf[file]!, index);
  }
  /** The first page that is cached from `index` to `last`, or `NO_INDEX`. @kernel find_get_entry() — mm/filemap.c, v6.18 */
  next(file: number, index: number, last: number = MAX_INDEX): number {
    return this.#arrays.find(this.#arrayOf[file]!, index, last, XA_PRESENT);
  }
  /** Pages of the file that are cached. @kernel address_space.nrpages — include/linux/fs.h, v6.18 */
  pageCount(file: number): number {
    return this.#pageCounts[file]!;
  }
  /** True if the folio is cached for `file`. Certain while the folio is locked. @kernel folio::mapping — include/linux/mm_types.h, v6.18 */
  isOf(file: number, pfn: number): boolean {
    return this.#folios.mapping(pfn) === fileMapping(file);
  }
  /** One step of `add`: the folio gets its place, and the cache a reference. @returns OK; or EEXIST or ENOMEM, and nothing changed. */
  insert(file: number, index: number, pfn: number): Status {
    const stored = this.#arrays.insert(this.#arrayOf[file]!, index, pfn);
    if (stored !== STORED) return stored === BUSY ? EEXIST : ENOMEM;
    this.#folios.get(pfn);
    this.#folios.setMapping(pfn, fileMapping(file), index);
    this.#pageCounts[file]!++;
    return OK;
  }
  /** One step of `drop`: the folio loses its place. Its reference is the caller's to put. @kernel __filemap_remove_folio() — mm/filemap.c, v6.18 */
  remove(file: number, pfn: number): void {
    const index = this.#folios.index(pfn);
    this.#arrays.erase(this.#arrayOf[file]!, index);
    this.#folios.setMapping(pfn, NO_MAPPING, index);
    this.#pageCounts[file]!--;
  }
  /**
   * One step of `dropUnused`: removes a clean folio to which only the cache and the caller have references; the caller's
   * is left. False, and nothing changed, if it is none.
   *
   * @kernel __remove_mapping() — mm/vmscan.c, v6.18
   */
  removeUnused(file: number, pfn: number): boolean {
    const folios = this.#folios;
    if (!folios.freeze(pfn, 2)) return false;
    const isClean = !folios.testFlag(pfn, PG_dirty);
    if (isClean) this.remove(file, pfn);
    folios.unfreeze(pfn, isClean ? 1 : 2);
    return isClean;
  }

  // What takes more than one step

  /**
   * The page, with a reference for the caller: or `NO_PAGE`. Takes no lock: a frame that was freed, or became another
   * page meanwhile, is let go again. Each turn of the loop says that somebody else has removed a page, so it ends.
   *
   * @kernel filemap_get_entry() — mm/filemap.c, v6.18
   */
  find(file: number, index: number): number {
    for (;;) {
      const pfn = this.load(file, index);
      if (pfn === NO_PAGE) return NO_PAGE;
      if (!this.#folios.tryGet(pfn)) continue;
      if (this.load(file, index) === pfn) return pfn;
      this.#folios.put(pfn);
    }
  }
  /**
   * The page, locked and with a reference for the caller, or `NO_PAGE`. One that was removed while we waited is looked for again.
   * @kernel __filemap_get_folio() with FGP_LOCK — mm/filemap.c, v6.18
   */
  findLocked(file: number, index: number): number {
    for (;;) {
      const pfn = this.find(file, index);
      if (pfn === NO_PAGE) return NO_PAGE;
      this.#folios.lock(pfn);
      if (this.isOf(file, pfn)) return pfn;
      this.release(pfn);
    }
  }
  /** True if the page is in memory and its bytes are valid. @kernel filemap_get_incore_folio(), mincore_page() — mm/swap_state.c, mm/mincore.c, v6.18 */
  isUptodate(file: number, index: number): boolean {
    const pfn = this.find(file, index);
    if (pfn === NO_PAGE) return false;
    const isUptodate = this.#folios.testFlag(pfn, PG_uptodate);
    this.#folios.put(pfn);
    return isUptodate;
  }
  /** As `findLocked`, but `NO_PAGE` if somebody holds the lock. @kernel find_lock_entries() — mm/filemap.c, v6.18 */
  tryFindLocked(file: number, index: number): number {
    const pfn = this.find(file, index);
    if (pfn === NO_PAGE) return NO_PAGE;
    if (!this.#folios.tryLock(pfn)) this.#folios.put(pfn);
    else if (this.isOf(file, pfn)) return pfn;
    else this.release(pfn);
    return NO_PAGE;
  }
  /** Lets go of what `findLocked` gave: the lock, then the reference. */
  release(pfn: number): void {
    this.#folios.unlock(pfn);
    this.#folios.put(pfn);
  }
  /**
   * Puts a folio into the cache. The caller holds its lock.
   * @returns OK; or EEXIST or ENOMEM, and nothing changed. @kernel __filemap_add_folio() — mm/filemap.c, v6.18
   */
  add(file: number, index: number, pfn: number): Status {
    const status = this.insert(file, index, pfn);
    if (status === OK) this.#tracer.count(this.#filePages, 1, pfn);
    return status;
  }
  /** Takes a folio out of the cache. The caller holds its lock and a reference; nobody maps it. @kernel filemap_remove_folio() — mm/filemap.c, v6.18 */
  drop(file: number, pfn: number): void {
    this.remove(file, pfn);
    this.#tracer.count(this.#filePages, -1, pfn);
    this.#folios.put(pfn);
  }
  /** As `drop`, if the folio is clean and only the cache and the caller have references. False if not. @kernel __remove_mapping() — mm/vmscan.c, v6.18 */
  dropUnused(file: number, pfn: number): boolean {
    if (!this.removeUnused(file, pfn)) return false;
    this.#tracer.count(this.#filePages, -1, pfn);
    return true;
  }
}

/** The folio is nobody's page. */
const NO_MAPPING = 0;
