import { type Background, type ColumnAllocator, leaves, noBackground, RwLocks } from "@zeropfn/state";

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
  readonly #inode: RwLocks;
  readonly #invalidate: RwLocks;

  constructor(columns: ColumnAllocator, fileCapacity: number, background: Background = noBackground) {
    this.#inode = new RwLocks(columns, "inode.i_rwsem", fileCapacity, background);
    this.#invalidate = new RwLocks(columns, "inode.invalidate_lock", fileCapacity, background);
  }

  /** @kernel inode_lock() — include/linux/fs.h, v6.1 */
  lock(file: number): void {
    this.#inode.lock(file);
  }
  unlock(file: number): void {
    this.#inode.unlock(file);
  }

  /** @kernel inode_lock_shared() — include/linux/fs.h, v6.1 */
  lockShared(file: number): void {
    this.#inode.lockShared(file);
  }
  unlockShared(file: number): void {
    this.#inode.unlockShared(file);
  }

  /** @kernel filemap_invalidate_lock() — include/linux/fs.h, v6.1 */
  lockInvalidate(file: number): void {
    this.#invalidate.lock(file);
  }
  unlockInvalidate(file: number): void {
    this.#invalidate.unlock(file);
  }

  /** @kernel filemap_invalidate_lock_shared() — include/linux/fs.h, v6.1 */
  lockInvalidateShared(file: number): void {
    this.#invalidate.lockShared(file);
  }
  unlockInvalidateShared(file: number): void {
    this.#invalidate.unlockShared(file);
  }

  /** For wait conditions. */
  canLock(file: number): boolean {
    return this.#inode.canLock(file);
  }
  /** For wait conditions. */
  canShare(file: number): boolean {
    return this.#inode.canShare(file);
  }
  /** For wait conditions. */
  canInvalidate(file: number): boolean {
    return this.#invalidate.canLock(file);
  }
  /** For wait conditions. */
  canShareInvalidate(file: number): boolean {
    return this.#invalidate.canShare(file);
  }
}
