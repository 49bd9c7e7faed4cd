import { type Background, noBackground, waitFor } from "./background.ts";
import type { ColumnAllocator } from "./columns.ts";
import { StateError } from "./errors.ts";
import { leaves } from "./leaves.ts";

/** What a lock is while a writer holds it; below it, the number of its readers. */
const WRITER = 0xffff_ffff;

/**
 * Locks for readers or one writer, all of one kind: the i_rwsem of each inode, the mmap_lock of each process. A row is a lock.
 *
 * A schedule names the kind beside the step, `rw.lock[inode.i_rwsem](0)`, and the column in the step's effect. A class
 * that has leaves of its own names for its locks may call these inside them.
 *
 * @kernel struct rw_semaphore — include/linux/rwsem.h, v6.18
 * @differs No queue: a writer that waits keeps no reader out, and any of those who wait may be the next.
 */
export class RwLocks {
  static {
    if (__EXPLORE__) {
      leaves(RwLocks, "state/rw", {
        lock: { when: (locks, row) => locks.canLock(row) },
        tryLock: {},
        unlock: {},
        lockShared: { when: (locks, row) => locks.canShare(row) },
        tryLockShared: {},
        unlockShared: {},
        tryUpgrade: {},
        downgrade: {},
      });
    }
  }
  /** The kind of the locks: the name of their column. */
  readonly label: string;
  readonly #holders: Uint32Array<ArrayBuffer>; // readers, or WRITER
  readonly #background: Background;

  /**
   * @param name  The kind of the locks, as the kernel calls it: "inode.i_rwsem". Names the column.
   * @param count Locks: integer ≥ 0.
   */
  constructor(columns: ColumnAllocator, name: string, count: number, background: Background = noBackground) {
    this.label = name;
    this.#holders = columns.u32(name, count);
    this.#background = background;
  }

  /** Waits until nobody holds the lock, and takes it alone. @throws {StateError} STATE_DEADLOCK @kernel down_write() — kernel/locking/rwsem.c, v6.18 */
  lock(row: number): void {
    if (!this.canLock(row)) this.#waitToLock(row);
    this.#holders[row] = WRITER;
  }
  /** Takes the lock alone if nobody holds it. @kernel down_write_trylock() — kernel/locking/rwsem.c, v6.18 */
  tryLock(row: number): boolean {
    if (!this.canLock(row)) return false;
    this.#holders[row] = WRITER;
    return true;
  }
  /** @throws {StateError} STATE_BAD_ARGUMENT if no writer holds the lock. @kernel up_write() — kernel/locking/rwsem.c, v6.18 */
  unlock(row: number): void {
    this.#checkWriter("unlock", row);
    this.#holders[row] = 0;
  }

  /** Waits until no writer holds the lock, and shares it. @throws {StateError} STATE_DEADLOCK @kernel down_read() — kernel/locking/rwsem.c, v6.18 */
  lockShared(row: number): void {
    if (!this.canShare(row)) this.#waitToShare(row);
    this.#holders[row]!++;
  }
  /** Shares the lock if no writer holds it. @kernel down_read_trylock() — kernel/locking/rwsem.c, v6.18 */
  tryLockShared(row: number): boolean {
    if (!this.canShare(row)) return false;
    this.#holders[row]!++;
    return true;
  }
  /** @throws {StateError} STATE_BAD_ARGUMENT if no reader holds the lock. @kernel up_read() — kernel/locking/rwsem.c, v6.18 */
  unlockShared(row: number): void {
    const readers = this.#holders[row];
    if (readers === undefined || readers === 0 || readers === WRITER) throw this.#notHeld("unlockShared", row, "reader");
    this.#holders[row] = readers - 1;
  }
  /** Makes the only reader the writer; false if there are others. @throws {StateError} STATE_BAD_ARGUMENT if no reader holds the lock. @differs The kernel's readers do not become writers. */
  tryUpgrade(row: number): boolean {
    const readers = this.#holders[row];
    if (readers === undefined || readers === 0 || readers === WRITER) throw this.#notHeld("tryUpgrade", row, "reader");
    if (readers > 1) return false;
    this.#holders[row] = WRITER;
    return true;
  }
  /** Makes the writer one of the readers; nobody comes in between. @throws {StateError} STATE_BAD_ARGUMENT if no writer holds the lock. @kernel downgrade_write() — kernel/locking/rwsem.c, v6.18 */
  downgrade(row: number): void {
    this.#checkWriter("downgrade", row);
    this.#holders[row] = 1;
  }

  /** True if nobody holds the lock. For wait conditions. */
  canLock(row: number): boolean {
    return this.#holders[row] === 0;
  }
  /** True if no writer holds the lock. For wait conditions. */
  canShare(row: number): boolean {
    return this.#holders[row] !== WRITER;
  }

  // Apart: a function that makes another one allocates for it whenever it is called.

  #waitToLock(row: number): void {
    waitFor(`${this.label}.lock(${row})`, this.#background, () => this.canLock(row));
  }
  #waitToShare(row: number): void {
    waitFor(`${this.label}.lockShared(${row})`, this.#background, () => this.canShare(row));
  }
  #checkWriter(operation: string, row: number): void {
    if (this.#holders[row] !== WRITER) throw this.#notHeld(operation, row, "writer");
  }
  #notHeld(operation: string, row: number, holder: string): StateError {
    return new StateError("STATE_BAD_ARGUMENT", `${this.label}.${operation}(${row}): no ${holder} holds the lock`);
  }
}
