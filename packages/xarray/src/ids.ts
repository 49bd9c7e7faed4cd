import { ALLOC_WRAPPED, FREE_MARK, LAST_WRAPPED } from "./array-flags.ts";
import { BUSY, MAX_ID, NO_MEMORY } from "./constants.ts";
import { NULL_ENTRY, ZERO_ENTRY } from "./entries.ts";
import { findNextMarked } from "./find.ts";
import type { Forest } from "./forest.ts";
import { clearMarkAt } from "./marks.ts";
import { type Position, RESTART } from "./position.ts";
import { secureStore, storeAt } from "./store.ts";

/** Giving out ids: the lowest index with the free mark. */

/**
 * Takes the lowest free id in [min, max].
 * @returns The id, `BUSY` or `NO_MEMORY`.
 * @kernel __xa_alloc() — lib/xarray.c, v7.3
 */
export function takeId(forest: Forest, at: Position, array: number, entry: number, min: number, max: number): number {
  const put = entry === NULL_ENTRY ? ZERO_ENTRY : entry;
  at.start(array, min);
  findNextMarked(forest, at, max, FREE_MARK);
  if (at.node === RESTART) return BUSY;
  const id = at.index;
  if (!secureStore(forest, at, put)) return NO_MEMORY;
  storeAt(forest, at, put);
  clearMarkAt(forest, at, FREE_MARK);
  return id;
}

/**
 * Takes the first free id from `next` on, or else from `min` on.
 * @kernel __xa_alloc_cyclic() — lib/xarray.c, v7.3
 */
export function takeIdCyclic(forest: Forest, at: Position, array: number, entry: number, min: number, max: number, next: number): number {
  const from = Math.max(min, next);
  let id = takeId(forest, at, array, entry, from, max), wrapped = false;
  let flags = forest.flags[array]! & ~LAST_WRAPPED;
  if (id >= 0 && (flags & ALLOC_WRAPPED) !== 0) {
    // The id before was the last of all, so that this search began anew.
    flags &= ~ALLOC_WRAPPED;
    wrapped = true;
  } else if (id < 0 && from > min) {
    id = takeId(forest, at, array, entry, min, max);
    wrapped = id >= 0;
    flags = forest.flags[array]! & ~LAST_WRAPPED;
  }
  if (id === MAX_ID) flags |= ALLOC_WRAPPED;
  forest.flags[array] = wrapped ? flags | LAST_WRAPPED : flags;
  return id;
}
