import { FREE_MARK } from "./array-flags.ts";
import { XA_PRESENT } from "./constants.ts";
import { NULL_ENTRY, ZERO_ENTRY } from "./entries.ts";
import { type EntryList, type IndexList, copyFromLeaf, findMarkedBeside, findNext, findNextMarked } from "./find.ts";
import type { Forest } from "./forest.ts";
import { digit } from "./geometry.ts";
import { clearMarkAt, tracksFree } from "./marks.ts";
import { type Position, isNowhere } from "./position.ts";
import { secureStore, storeAt } from "./store.ts";
import { isPastFirstSlot, loadAt } from "./walk.ts";

/** What the normal interface does at a position that stands nowhere yet. -1 from a store: no memory, nothing changed. */
const NONE_LEFT = -1;

/** Stores, in an array of ids NULL as reserved; what was stored is not free. @kernel __xa_store() — lib/xarray.c, v7.3 */
export function storeNormal(forest: Forest, at: Position, entry: number): number {
  const isTracking = tracksFree(forest, at.array), put = isTracking && entry === NULL_ENTRY ? ZERO_ENTRY : entry;
  if (!secureStore(forest, at, put)) return NONE_LEFT;
  const old = storeAt(forest, at, put);
  if (isTracking) clearMarkAt(forest, at, FREE_MARK);
  return old;
}

/** Stores `entry` if `expected` is there. Returns what was there, reserved shown as such. @kernel __xa_cmpxchg() — lib/xarray.c, v7.3 */
export function exchange(forest: Forest, at: Position, expected: number, entry: number): number {
  const old = loadAt(forest, at);
  if (old !== expected) return old;
  if (!secureStore(forest, at, entry)) return NONE_LEFT;
  storeAt(forest, at, entry);
  if (old === NULL_ENTRY && entry !== NULL_ENTRY && tracksFree(forest, at.array)) clearMarkAt(forest, at, FREE_MARK);
  return old;
}

/** To the first entry in [position, max] that is not merely reserved. @kernel xa_find() — lib/xarray.c, v7.3 */
export function findNormal(forest: Forest, at: Position, max: number, filter: number): number {
  let entry: number;
  do entry = filter === XA_PRESENT ? findNext(forest, at, max) : findNextMarked(forest, at, max, filter);
  while (entry < 0);
  return entry;
}

/** As `findNormal`, but not to the entry that begins before the position. @kernel xa_find_after() — lib/xarray.c, v7.3 */
export function findAfterNormal(forest: Forest, at: Position, max: number, filter: number): number {
  for (;;) {
    const entry = filter === XA_PRESENT ? findNext(forest, at, max) : findNextMarked(forest, at, max, filter);
    if (isNowhere(at)) return NULL_ENTRY;
    if (!isPastFirstSlot(forest, at) && entry >= 0) return entry;
  }
}

/** Copies entries from the position on. Within a leaf it looks at one slot after the other. @kernel xa_extract() — lib/xarray.c, v7.3 */
export function extractNormal(forest: Forest, at: Position, out: EntryList, max: number, filter: number, count: number, indices?: IndexList): number {
  const isAll = filter === XA_PRESENT;
  let length = 0;
  if (count === 0) return length;
  for (let entry = isAll ? findNext(forest, at, max) : findNextMarked(forest, at, max, filter); entry !== NULL_ENTRY; ) {
    if (isAll && at.node >= 0 && forest.shifts[at.node] === 0 && at.offset === digit(at.index, 0, forest.slotMask)) {
      length = copyFromLeaf(forest, at, max, out, indices, length, count);
    } else if (entry > 0) {
      if (indices !== undefined) indices[length] = at.index;
      out[length++] = entry;
    }
    if (length >= count) break;
    entry = isAll ? findNext(forest, at, max) : findMarkedBeside(forest, at, max, filter);
  }
  return length;
}
