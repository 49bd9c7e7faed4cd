import { DAX_EMPTY, daxEntry } from "../dax-entry.ts";
import type { DaxEntryLock } from "../dax-entry-lock.ts";
import { DAX_NO_MEMORY, type DaxTrees, NO_ENTRY } from "../dax-trees.ts";

/**
 * UNSAFE, shown by scenario 004-D3: nothing keeps a second fault out of a page.
 * @kernel fs/dax.c before ac401cc78242 "dax: New fault locking", v4.7
 */
export class NoEntryLock implements DaxEntryLock {
  readonly name = "none";
  readonly #trees: DaxTrees;

  constructor(trees: DaxTrees) {
    this.#trees = trees;
  }

  grab(file: number, index: number): number {
    const entry = this.#trees.load(file, index);
    if (entry !== NO_ENTRY) return entry;
    const empty = daxEntry(0, DAX_EMPTY);
    return this.#trees.store(file, index, empty) === DAX_NO_MEMORY ? DAX_NO_MEMORY : empty;
  }
  replace(file: number, index: number, entry: number): void {
    this.#trees.store(file, index, entry);
  }
  release(_file: number, _index: number): void {}
  invalidate(file: number, index: number): number {
    return this.#trees.erase(file, index);
  }
}
