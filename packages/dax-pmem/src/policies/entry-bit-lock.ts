import { type Background, leaves, noBackground, waitFor } from "@zeropfn/state";
import { DAX_EMPTY, DAX_LOCKED, daxEntry, daxIsLocked } from "../dax-entry.ts";
import type { DaxEntryLock } from "../dax-entry-lock.ts";
import { DAX_NO_MEMORY, type DaxTrees, NO_ENTRY } from "../dax-trees.ts";

/**
 * The entry's own bit is the lock.
 * @kernel grab_mapping_entry(), dax_unlock_entry() — fs/dax.c, v6.1; since ac401cc78242 "dax: New fault locking", v4.7
 * @differs No table of wait queues: a thread sleeps until the bit is clear, and any of them may be the next.
 */
export class EntryBitLock implements DaxEntryLock {
  static {
    if (__EXPLORE__) {
      leaves(EntryBitLock, "dax-pmem/dax", {
        grab: { when: (lock, file, index) => !lock.isLocked(file, index) },
        replace: {},
        release: {},
        invalidate: { when: (lock, file, index) => !lock.isLocked(file, index) },
      });
    }
  }
  readonly name = "entry bit";
  readonly #trees: DaxTrees;
  readonly #background: Background;

  constructor(trees: DaxTrees, background: Background = noBackground) {
    this.#trees = trees;
    this.#background = background;
  }

  grab(file: number, index: number): number {
    let entry = this.#trees.load(file, index);
    if (daxIsLocked(entry)) {
      this.#waitUntilUnlocked(file, index);
      entry = this.#trees.load(file, index);
    }
    const held = entry === NO_ENTRY ? daxEntry(0, DAX_EMPTY) : entry;
    return this.#trees.store(file, index, held + DAX_LOCKED) === DAX_NO_MEMORY ? DAX_NO_MEMORY : held;
  }

  replace(file: number, index: number, entry: number): void {
    this.#trees.store(file, index, entry + DAX_LOCKED);
  }

  release(file: number, index: number): void {
    this.#trees.store(file, index, this.#trees.load(file, index) - DAX_LOCKED);
  }

  /** @kernel __dax_invalidate_entry() — fs/dax.c, v6.1 */
  invalidate(file: number, index: number): number {
    if (this.isLocked(file, index)) this.#waitUntilUnlocked(file, index);
    return this.#trees.erase(file, index);
  }

  /** For wait conditions. */
  isLocked(file: number, index: number): boolean {
    return daxIsLocked(this.#trees.load(file, index));
  }

  #waitUntilUnlocked(file: number, index: number): void {
    waitFor(`dax entry ${index} of file ${file}: it is locked`, this.#background, () => !this.isLocked(file, index));
  }
}
