import {
  MADV_COLD, MADV_DODUMP, MADV_DOFORK, MADV_DONTDUMP, MADV_DONTFORK, MADV_DONTNEED, MADV_DONTNEED_LOCKED, MADV_FREE, MADV_GUARD_INSTALL, MADV_GUARD_REMOVE, MADV_KEEPONFORK, MADV_NORMAL,
  MADV_PAGEOUT, MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_RANDOM, MADV_REMOVE, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_WIPEONFORK, MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE,
  MS_ASYNC, MS_INVALIDATE, PROT_EXEC, PROT_READ, PROT_WRITE,
} from "@zeropfn/pte-mmu";
import {
  type Access, BUS_ADRERR, EACCES, EBUSY, EEXIST, EFAULT, EINVAL, ENOMEM, EXEC, READ, SEGV_ACCERR, SEGV_MAPERR, SIGBUS, SIGSEGV, WRITE,
} from "@zeropfn/units";

/** Bytes of a page. */
export const PAGE = 32;
/** Pages of an address space. */
export const TASK_PAGES = 64;
const MAX_FILE_BYTES: number = 96 * PAGE;
const ALL_RIGHTS: number = PROT_READ + PROT_WRITE + PROT_EXEC;

/** A file is an array of bytes. Those of its last page that lie beyond the end can be mapped, and are kept. */
export class FlatFile {
  readonly bytes: Uint8Array = new Uint8Array(MAX_FILE_BYTES);
  size = 0;

  hasPage(index: number): boolean {
    return index * PAGE < this.size;
  }
  pageBytes(index: number): Uint8Array {
    return this.bytes.subarray(index * PAGE, (index + 1) * PAGE);
  }
  pread(at: number, length: number): Uint8Array {
    return this.bytes.slice(at, Math.max(at, Math.min(at + length, this.size)));
  }
  pwrite(at: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, at);
    if (bytes.length > 0) this.grow(at + bytes.length);
  }
  grow(size: number): void {
    this.size = Math.max(this.size, size);
  }
  punch(at: number, length: number): void {
    this.bytes.fill(0, at, at + length);
  }
  /** All that lies beyond the end is gone. Who has private copies of pages there must be told. */
  truncate(size: number): void {
    if (size <= this.size) this.bytes.fill(0, size);
    this.size = size;
  }
}

/** A page that is mapped. What an area is to the kernel is here said again and again, page by page. */
export interface FlatPage {
  /** A sum of PROT_*. */
  rights: number;
  readonly isShared: boolean;
  /** Shared anonymous memory is a file too. */
  readonly file: FlatFile | null;
  readonly index: number;
  /** A private page's bytes, if they are its own. */
  own: Uint8Array | undefined;
  /** MADV_FREE: its own bytes may be gone, if nobody has written since. */
  mayBeZero: boolean;
  isGuard: boolean;
  isLocked: boolean;
  /** Locked where it is touched: mlock() makes nothing present. */
  isLockedOnFault: boolean;
  isLeftOutByFork: boolean;
  isWipedByFork: boolean;
}

/** First page and end of an area. */
export type Bounds = readonly [first: number, end: number];

/** What comes of an access: undefined, or why it is refused. */
export type Refusal = { readonly signal: number; readonly code: number } | undefined;

export const refused = (signal: number, code: number): Refusal => ({ signal, code });
const NO_BYTES: Uint8Array = new Uint8Array(PAGE);

/**
 * One process's memory as a map of pages. Calls answer as the kernel's do, in pages and negated errnos. Where the kernel may
 * choose (a place, whether a page that MADV_FREE named is gone, where an area ends that alike neighbours may have joined) the
 * model is told what it chose, and says only that it may.
 */
export class FlatProcess {
  readonly pages: Map<number, FlatPage> = new Map();
  heapStart: number;
  heapEnd: number;
  /** True if the machine still has the page that MADV_FREE named. */
  readonly #isKept: (page: number) => boolean;

  constructor(heapPage: number, isKept: (page: number) => boolean) {
    this.heapStart = this.heapEnd = heapPage * PAGE;
    this.#isKept = isKept;
  }

  // Accesses

  access(page: number, access: Access): Refusal {
    const it = this.pages.get(page);
    if (it === undefined) return refused(SIGSEGV, SEGV_MAPERR);
    if ((it.rights & (access === WRITE ? PROT_WRITE : access === EXEC ? PROT_EXEC : ALL_RIGHTS)) === 0) return refused(SIGSEGV, SEGV_ACCERR);
    if (it.isGuard) return refused(SIGSEGV, SEGV_MAPERR);
    this.#settle(page, it);
    if (it.own === undefined && it.file !== null && !it.file.hasPage(it.index)) return refused(SIGBUS, BUS_ADRERR);
    if (access === WRITE && !it.isShared) {
      it.own ??= this.bytesOf(it).slice();
      it.mayBeZero = false;
    }
    return undefined;
  }
  /** What a page holds: shown, not touched. */
  bytesOf({ own, file, index }: FlatPage): Uint8Array {
    return own ?? file?.pageBytes(index) ?? NO_BYTES;
  }
  load(address: number): number | Refusal {
    const page = Math.floor(address / PAGE);
    return this.access(page, READ) ?? this.bytesOf(this.pages.get(page)!)[address % PAGE];
  }
  store(address: number, value: number): Refusal {
    const page = Math.floor(address / PAGE), refusal = this.access(page, WRITE);
    if (refusal === undefined) this.bytesOf(this.pages.get(page)!)[address % PAGE] = value;
    return refusal;
  }
  #settle(page: number, it: FlatPage): void {
    if (!it.mayBeZero || this.#isKept(page)) return;
    it.own = undefined;
    it.mayBeZero = false;
  }

  // Calls

  /** @param got Where the kernel put it, unless `isFixed`. */
  mmap(first: number, pages: number, it: FlatPage, how: { readonly isFixed: boolean; readonly isNoReplace: boolean; readonly populates: boolean }, got: number): number {
    if (how.isFixed && first + pages > TASK_PAGES) return -ENOMEM;
    if (how.isNoReplace && !this.isFree(first, pages)) return -EEXIST;
    const place = how.isFixed ? first : this.#placed(first, pages, got);
    if (place < 0) return place;
    for (let nth = 0; nth < pages; nth++) this.pages.set(place + nth, { ...it, index: it.index + nth });
    if (how.populates || it.isLocked) this.#populate(place, pages);
    return place;
  }
  munmap(first: number, pages: number): number {
    if (first + pages > TASK_PAGES || pages === 0) return -EINVAL;
    for (let page = first; page < first + pages; page++) this.pages.delete(page);
    return 0;
  }
  mprotect(first: number, pages: number, rights: number): number {
    return this.#each(first, pages, (page, it) => {
      const isCopied = it.isLocked && !it.isShared && (it.rights & PROT_WRITE) === 0 && (rights & PROT_WRITE) !== 0;
      it.rights = rights;
      if (isCopied) this.#populate(page, 1);
      return 0;
    });
  }
  mlock(first: number, pages: number, isOnFault: boolean): number {
    const locked = this.#each(first, pages, (_page, it) => {
      it.isLocked = true;
      it.isLockedOnFault = isOnFault;
      return 0;
    });
    return locked < 0 ? locked : this.#each(first, pages, (page) => (this.#populateOne(page) ? 0 : -ENOMEM));
  }
  munlock(first: number, pages: number): number {
    return this.#each(first, pages, (_page, it) => {
      it.isLocked = it.isLockedOnFault = false;
      return 0;
    });
  }
  madvise(first: number, pages: number, advice: number): number {
    if (advice === MADV_POPULATE_READ || advice === MADV_POPULATE_WRITE) return this.#each(first, pages, (page, it) => this.#populateFor(page, it, advice));
    return this.#eachMapped(first, pages, (page, it) => this.#advise(page, it, advice));
  }
  msync(first: number, pages: number, flags: number): number {
    if (flags === MS_ASYNC) return this.#each(first, pages, () => 0);
    return this.#eachMapped(first, pages, (_page, it) => ((flags & MS_INVALIDATE) !== 0 && it.isLocked ? -EBUSY : 0));
  }
  mincore(first: number, pages: number): number {
    return first + pages > TASK_PAGES ? -ENOMEM : this.#each(first, pages, () => 0);
  }
  /** In bytes. */
  brk(wanted: number): number {
    const before = Math.ceil(this.heapEnd / PAGE), after = Math.ceil(wanted / PAGE);
    if (wanted < this.heapStart) return this.heapEnd;
    if (after > before && (after > TASK_PAGES || !this.isFree(before, after + 1 - before))) return this.heapEnd;
    if (after < before) this.munmap(after, before - after);
    for (let page = before; page < after; page++) this.pages.set(page, privatePage(PROT_READ + PROT_WRITE));
    this.heapEnd = wanted;
    return wanted;
  }
  /**
   * @param areas What the kernel takes for areas now.
   * @param got Where the kernel put it, if it was free to choose.
   */
  mremap(first: number, oldPages: number, newPages: number, flags: number, target: number, areas: readonly Bounds[], got: number): number {
    const isFixed = (flags & MREMAP_FIXED) !== 0, isPlaced = (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0;
    if (isPlaced) {
      if (target + newPages > TASK_PAGES || ((flags & MREMAP_DONTUNMAP) !== 0 && oldPages !== newPages)) return -EINVAL;
      if (first + oldPages > target && target + newPages > first) return -EINVAL;
    }
    const it = this.pages.get(first), area = areas.find(([start, end]) => start <= first && first < end);
    if (it === undefined || area === undefined) return -EFAULT;
    if (isFixed && oldPages === newPages) return this.#moveAll(first, oldPages, target, flags);
    if (isPlaced || newPages > oldPages) {
      if (oldPages === 0 && !it.isShared) return -EINVAL;
      if (Math.min(oldPages, newPages) > area[1] - first) return -EFAULT;
    }
    if (isFixed) {
      this.munmap(target, newPages);
      if (!this.pages.has(first)) return -EFAULT;
    }
    if (newPages < oldPages) {
      if (first + oldPages > TASK_PAGES) return -EINVAL;
      this.munmap(first + newPages, oldPages - newPages);
    }
    if (!isPlaced && newPages <= oldPages) return first;
    const growth = newPages - oldPages, canGrow = !isPlaced && first + oldPages === area[1] && area[1] + growth <= TASK_PAGES && this.isFree(area[1], growth);
    if (!isPlaced && !canGrow && (flags & MREMAP_MAYMOVE) === 0) return -ENOMEM;
    const place = canGrow ? first : isFixed ? target : this.#placed(isPlaced ? target : 0, newPages, got);
    if (place < 0) return place;
    if (!canGrow) this.#move(first, Math.min(oldPages, newPages), place, flags);
    for (let nth = oldPages; nth < newPages; nth++) this.pages.set(place + nth, { ...it, index: it.index + nth, own: undefined, mayBeZero: false, isGuard: false });
    if (growth > 0 && it.isLocked) this.#populate(place + oldPages, growth);
    return place;
  }
  /** What a child gets. */
  fork(isKept: (page: number) => boolean): FlatProcess {
    const child = new FlatProcess(0, isKept);
    child.heapStart = this.heapStart;
    child.heapEnd = this.heapEnd;
    for (const [page, it] of this.pages) {
      if (it.isLeftOutByFork) continue;
      const unlocked = { ...it, isLocked: false, isLockedOnFault: false };
      child.pages.set(page, it.isWipedByFork ? { ...unlocked, own: undefined, mayBeZero: false, isGuard: false } : { ...unlocked, own: it.own?.slice() });
    }
    return child;
  }
  /** The file has ended before page `index`. */
  fileEndsAt(file: FlatFile, index: number): void {
    for (const it of this.pages.values()) if (it.file === file && it.index >= index) forget(it);
  }
  isFree(first: number, pages: number): boolean {
    for (let page = first; page < first + pages; page++) if (this.pages.has(page)) return false;
    return true;
  }

  /** Page by page, to the first hole. */
  #each(first: number, pages: number, visit: (page: number, it: FlatPage) => number): number {
    for (let page = first; page < first + pages; page++) {
      const it = this.pages.get(page), result = it === undefined ? -ENOMEM : visit(page, it);
      if (result < 0) return result;
    }
    return 0;
  }
  /** Page by page, with the holes passed over. */
  #eachMapped(first: number, pages: number, visit: (page: number, it: FlatPage) => number): number {
    let holes = 0;
    for (let page = first; page < first + pages; page++) {
      const it = this.pages.get(page);
      if (it === undefined) holes = -ENOMEM;
      const result = it === undefined ? 0 : visit(page, it);
      if (result < 0) return result;
    }
    return holes;
  }
  /** The hint, if it can be had; else anywhere but in page 0; else nowhere. */
  #placed(hint: number, pages: number, got: number): number {
    if (hint > 0 && hint + pages <= TASK_PAGES && this.isFree(hint, pages)) return hint;
    if (got > 0 && got + pages <= TASK_PAGES && this.isFree(got, pages)) return got;
    for (let page = 1; page + pages <= TASK_PAGES; page++) if (this.isFree(page, pages)) return page;
    return -ENOMEM;
  }

  #advise(page: number, it: FlatPage, advice: number): number {
    switch (advice) {
      case MADV_DONTNEED:
      case MADV_DONTNEED_LOCKED:
        if (it.isLocked && advice === MADV_DONTNEED) return -EINVAL;
        forget(it);
        return 0;
      case MADV_FREE:
        if (it.file !== null || it.isLocked) return -EINVAL;
        this.#settle(page, it);
        it.mayBeZero = it.own !== undefined;
        return 0;
      case MADV_COLD:
      case MADV_PAGEOUT:
        return it.isLocked ? -EINVAL : 0;
      case MADV_REMOVE:
        if (it.isLocked || it.file === null) return -EINVAL;
        if (!it.isShared) return -EACCES;
        it.file.punch(it.index * PAGE, PAGE);
        return 0;
      case MADV_GUARD_INSTALL:
        if (it.isLocked) return -EINVAL;
        forget(it);
        it.isGuard = true;
        return 0;
      case MADV_GUARD_REMOVE:
        it.isGuard = false;
        return 0;
      case MADV_DONTFORK:
      case MADV_DOFORK:
        it.isLeftOutByFork = advice === MADV_DONTFORK;
        return 0;
      case MADV_WIPEONFORK:
        if (it.file !== null || it.isShared) return -EINVAL;
        it.isWipedByFork = true;
        return 0;
      case MADV_KEEPONFORK:
        it.isWipedByFork = false;
        return 0;
      default: // how it will be used, which changes no byte
        return 0;
    }
  }

  #populate(first: number, pages: number): void {
    for (let page = first; page < first + pages; page++) this.#populateOne(page);
  }
  /** As an access of the area's kind would: private pages that can be written are. Anonymous pages are zeros, present or not. */
  #populateOne(page: number): boolean {
    const it = this.pages.get(page)!;
    if (it.isLockedOnFault) return true;
    return it.rights !== 0 && this.#touch(page, it, (it.rights & PROT_WRITE) !== 0 && !it.isShared);
  }
  #populateFor(page: number, it: FlatPage, advice: number): number {
    const isWrite = advice === MADV_POPULATE_WRITE;
    if ((it.rights & (isWrite ? PROT_WRITE : PROT_READ)) === 0) return -EINVAL;
    return this.#touch(page, it, isWrite && !it.isShared) ? 0 : -EFAULT;
  }
  #touch(page: number, it: FlatPage, isCopied: boolean): boolean {
    if (it.isGuard) return false;
    this.#settle(page, it);
    if (it.own === undefined && it.file !== null && !it.file.hasPage(it.index)) return false;
    if (isCopied && it.file !== null) it.own ??= this.bytesOf(it).slice();
    return true;
  }

  /** Area by area: where the source has a hole, the target stays as it is. */
  #moveAll(first: number, pages: number, target: number, flags: number): number {
    for (let nth = 0; nth < pages; nth++) {
      if (!this.pages.has(first + nth)) continue;
      this.pages.delete(target + nth);
      this.#move(first + nth, 1, target + nth, flags);
    }
    return target;
  }
  #move(first: number, pages: number, target: number, flags: number): void {
    for (let nth = 0; nth < pages; nth++) {
      const it = this.pages.get(first + nth)!;
      this.pages.set(target + nth, it);
      if ((flags & MREMAP_DONTUNMAP) !== 0) this.pages.set(first + nth, { ...it, own: undefined, mayBeZero: false, isGuard: false });
      else this.pages.delete(first + nth);
    }
  }
}

/** Advice that `FlatProcess.madvise` knows. */
export const ADVICE: readonly number[] = [
  MADV_DONTNEED, MADV_DONTNEED, MADV_FREE, MADV_FREE, MADV_PAGEOUT, MADV_PAGEOUT, MADV_COLD, MADV_REMOVE, MADV_DONTNEED_LOCKED, MADV_GUARD_INSTALL, MADV_GUARD_REMOVE, MADV_POPULATE_READ,
  MADV_POPULATE_WRITE, MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_DONTDUMP, MADV_DODUMP,
];

export const privatePage = (rights: number): FlatPage => flatPage(rights, false, null, 0);
export const flatPage = (rights: number, isShared: boolean, file: FlatFile | null, index: number): FlatPage => ({
  rights, isShared, file, index, own: undefined, mayBeZero: false, isGuard: false, isLocked: false, isLockedOnFault: false, isLeftOutByFork: false, isWipedByFork: false,
});

/** Its own bytes are gone, guard or not. */
function forget(it: FlatPage): void {
  it.own = undefined;
  it.mayBeZero = false;
}
