import { type Background, type ColumnAllocator, leaves, noBackground, waitFor } from "@zeropfn/state";

/** A lock that a writer holds; below it, the number of readers. */
const WRITER = 0xffff_ffff;

/**
 * The two locks of each file: i_rwsem orders write(2), truncate and punch; invalidate_lock keeps faults out while pages
 * are dropped and blocks freed.
 * @kernel inode.i_rwsem, address_space.invalidate_lock — include/linux/fs.h, v6.1
 */
export class InodeLocks {
  static {
    if (__EXPLORE__) {
      leaves(InodeLocks, "dax-pmem/inode", {
        lock: { when: (locks, file) => locks.canLock(file) },
        unlock: {},
        lockShared: { when: (locks, file) => locks.canShare(file) },
        unlockShared: {},
        lockInvalidate: { when: (locks, file) => locks.canInvalidate(file) },
        unlockInvalidate: {},
        lockInvalidateShared: { when: (locks, file) => locks.canShareInvalidate(file) },
        unlockInvalidateShared: {},
      });
    }
  }
  readonly #inode: Uint32Array; // readers, or WRITER
  readonly #invalidate: Uint32Array; // readers, or WRITER
  readonly #background: Background;

  constructor(columns: ColumnAllocator, fileCapacity: number, background: Background = noBackground) {
    this.#inode = columns.u32("inode.i_rwsem", fileCapacity);
    this.#invalidate = columns.u32("inode.invalidate_lock", fileCapacity);
    this.#background = background;
  }

  /** @kernel inode_lock() — include/linux/fs.h, v6.1 */
  lock(file: number): void {
    if (!this.canLock(file)) waitFor(`inode.lock(${file})`, this.#background, () => this.canLock(file));
    this.#inode[file] = WRITER;
  }
  unlock(file: number): void {
    this.#inode[file] = 0;
  }

  /** @kernel inode_lock_shared() — include/linux/fs.h, v6.1 */
  lockShared(file: number): void {
    if (!this.canShare(file)) waitFor(`inode.lockShared(${file})`, this.#background, () => this.canShare(file));
    this.#inode[file]!++;
  }
  unlockShared(file: number): void {
    this.#inode[file]!--;
  }

  /** @kernel filemap_invalidate_lock() — include/linux/fs.h, v6.1 */
  lockInvalidate(file: number): void {
    if (!this.canInvalidate(file)) waitFor(`inode.lockInvalidate(${file})`, this.#background, () => this.canInvalidate(file));
    this.#invalidate[file] = WRITER;
  }
  unlockInvalidate(file: number): void {
    this.#invalidate[file] = 0;
  }

  /** @kernel filemap_invalidate_lock_shared() — include/linux/fs.h, v6.1 */
  lockInvalidateShared(file: number): void {
    if (!this.canShareInvalidate(file)) waitFor(`inode.lockInvalidateShared(${file})`, this.#background, () => this.canShareInvalidate(file));
    this.#invalidate[file]!++;
  }
  unlockInvalidateShared(file: number): void {
    this.#invalidate[file]!--;
  }

  /** For wait conditions. */
  canLock(file: number): boolean {
    return this.#inode[file] === 0;
  }
  /** For wait conditions. */
  canShare(file: number): boolean {
    return this.#inode[file] !== WRITER;
  }
  /** For wait conditions. */
  canInvalidate(file: number): boolean {
    return this.#invalidate[file] === 0;
  }
  /** For wait conditions. */
  canShareInvalidate(file: number): boolean {
    return this.#invalidate[file] !== WRITER;
  }
}
