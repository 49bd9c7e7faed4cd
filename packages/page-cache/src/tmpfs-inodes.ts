import { type Background, type ColumnAllocator, leaves, waitFor } from "@zeropfn/state";
import { PageCacheError } from "./errors.ts";

export interface TmpfsInodesOptions {
  readonly fileCapacity: number;
  /** Pages that all files together may have: integer ≥ 0, or Infinity. */
  readonly pageCapacity: number;
  readonly background: Background;
}

/**
 * What tmpfs knows of each file: that there is one, its size, and which pages are being punched out of it.
 * @kernel struct shmem_inode_info, struct shmem_falloc — include/linux/shmem_fs.h, mm/shmem.c, v6.18
 */
export class TmpfsInodes {
  static {
    if (__EXPLORE__) {
      leaves(TmpfsInodes, "page-cache/tmpfs", {
        create: {}, free: {}, size: {}, setSize: {}, takePage: {}, givePage: {}, beginPunch: {}, endPunch: {}, isPunched: {},
        waitPunch: { when: (inodes, file, index) => !inodes.isPunched(file, index) },
      });
    }
  }
  readonly #isUsed: Uint8Array<ArrayBuffer>;
  readonly #sizes: Float64Array<ArrayBuffer>; // in bytes
  readonly #punched: Float64Array<ArrayBuffer>; // first page and end, for each file; equal: nothing
  readonly #pages: Uint32Array<ArrayBuffer>; // [0] of all files
  readonly #pageCapacity: number;
  readonly #background: Background;

  constructor(columns: ColumnAllocator, { fileCapacity, pageCapacity, background }: TmpfsInodesOptions) {
    this.#isUsed = columns.u8("tmpfs.inode", fileCapacity);
    this.#sizes = columns.f64("tmpfs.i_size", fileCapacity);
    this.#punched = columns.f64("tmpfs.falloc", fileCapacity * 2);
    this.#pages = columns.u32("tmpfs.used_blocks", 1);
    this.#pageCapacity = pageCapacity;
    this.#background = background;
  }

  /** An empty file, or -1 if there are as many as there may be. @kernel shmem_get_inode() — mm/shmem.c, v6.18 */
  create(): number {
    const file = this.#isUsed.indexOf(0);
    if (file < 0) return -1;
    this.#isUsed[file] = 1;
    this.#sizes[file] = 0;
    return file;
  }
  /** Gives the number of a file back. @kernel shmem_free_inode() — mm/shmem.c, v6.18 */
  free(file: number): void {
    this.#isUsed[file] = 0;
    this.#sizes[file] = 0;
  }
  /** In bytes. @throws {PageCacheError} PAGE_CACHE_BAD_FILE @kernel i_size_read() — include/linux/fs.h, v6.18 */
  size(file: number): number {
    if (this.#isUsed[file] !== 1) throw new PageCacheError("PAGE_CACHE_BAD_FILE", `there is no file ${file}`);
    return this.#sizes[file]!;
  }
  /** @kernel i_size_write() — include/linux/fs.h, v6.18 */
  setSize(file: number, bytes: number): void {
    this.#sizes[file] = bytes;
  }

  /** Counts a page more; false if there may be no more. @kernel shmem_inode_acct_blocks() — mm/shmem.c, v6.18 */
  takePage(): boolean {
    if (this.#pages[0]! >= this.#pageCapacity) return false;
    this.#pages[0]!++;
    return true;
  }
  /** Counts a page less. @kernel shmem_inode_unacct_blocks() — mm/shmem.c, v6.18 */
  givePage(): void {
    this.#pages[0]!--;
  }

  /** From here on faults on pages [first, end) wait. @kernel shmem_fallocate() — mm/shmem.c, v6.18 */
  beginPunch(file: number, first: number, end: number): void {
    this.#punched[file * 2] = first;
    this.#punched[file * 2 + 1] = end;
  }
  /** Lets the faults go on. @kernel shmem_fallocate() — mm/shmem.c, v6.18 */
  endPunch(file: number): void {
    this.beginPunch(file, 0, 0);
  }
  /** True if the page is being punched out. */
  isPunched(file: number, index: number): boolean {
    return index >= this.#punched[file * 2]! && index < this.#punched[file * 2 + 1]!;
  }
  /** Waits until it is not. @throws {StateError} STATE_DEADLOCK @kernel shmem_falloc_wait() — mm/shmem.c, v6.18 */
  waitPunch(file: number, index: number): void {
    if (this.isPunched(file, index)) waitFor(`tmpfs.waitPunch(${file}, ${index})`, this.#background, () => !this.isPunched(file, index));
  }
}
