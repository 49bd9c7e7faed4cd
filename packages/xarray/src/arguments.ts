import { IN_USE, TRACKS_FREE, XA_FLAGS_ALLOC, XA_FLAGS_ALLOC1 } from "./array-flags.ts";
import { MAX_ID, XA_PRESENT } from "./constants.ts";
import { MAX_ENTRY, NULL_ENTRY, RETRY_ENTRY, ZERO_ENTRY } from "./entries.ts";
import { XArrayError, type XArrayErrorCode } from "./errors.ts";
import { type Forest, MARK_COUNT } from "./forest.ts";
import { MAX_INDEX, MAX_ORDER } from "./geometry.ts";

/** What callers may pass. Each check throws before anything changes. */

function refuse(code: XArrayErrorCode, what: string, value: unknown, expected: string): never {
  throw new XArrayError(code, `${what} ${String(value)}, expected ${expected}`);
}

const isIntegerWithin = (value: number, most: number): boolean => value >= 0 && value <= most && Math.floor(value) === value;

export function checkArray(forest: Forest, array: number): void {
  if ((forest.flags[array]! & IN_USE) === 0) refuse("XARRAY_NO_SUCH_ARRAY", "array", array, "what createArray returned");
}
export function checkIndex(index: number): void {
  if (!isIntegerWithin(index, MAX_INDEX)) refuse("XARRAY_INDEX_OUT_OF_RANGE", "index", index, "an integer from 0 to 2^53-1");
}
export function checkPlace(forest: Forest, array: number, index: number): void {
  checkArray(forest, array);
  checkIndex(index);
}
/** The end of a search: beyond the last index is allowed, and stands for it. */
export function checkMax(max: number): void {
  if (!isIntegerWithin(max, MAX_INDEX)) refuse("XARRAY_INDEX_OUT_OF_RANGE", "max", max, "an integer from 0 to 2^53-1");
}
export function checkRange(first: number, last: number): void {
  checkIndex(first);
  checkIndex(last);
  if (last < first) refuse("XARRAY_INDEX_OUT_OF_RANGE", "last", last, `at least first, ${first}`);
}
export function checkEntry(entry: number): void {
  if (!isIntegerWithin(entry, MAX_ENTRY)) refuse("XARRAY_BAD_ENTRY", "entry", entry, "an integer from 0 to 2^31-1");
}
export function checkEntryOrReserved(entry: number): void {
  if (entry !== ZERO_ENTRY) checkEntry(entry);
}
export function checkStored(entry: number): void {
  if (entry !== ZERO_ENTRY && entry !== RETRY_ENTRY) checkEntry(entry);
}
export function checkRealEntry(entry: number): void {
  checkEntry(entry);
  if (entry === NULL_ENTRY) refuse("XARRAY_BAD_ENTRY", "entry", entry, "an integer from 1 to 2^31-1");
}
export function checkOrder(order: number): void {
  if (!isIntegerWithin(order, MAX_ORDER)) refuse("XARRAY_BAD_ORDER", "order", order, "an integer from 0 to 53");
}
export function checkMark(mark: number): void {
  if (!isIntegerWithin(mark, MARK_COUNT - 1)) refuse("XARRAY_BAD_MARK", "mark", mark, "0, 1 or 2");
}
/** A mark that callers may change: not the one by which an array of ids knows what is free. */
export function checkOwnMark(forest: Forest, array: number, mark: number): void {
  checkMark(mark);
  if (mark === 0 && (forest.flags[array]! & TRACKS_FREE) !== 0) refuse("XARRAY_BAD_MARK", "mark", mark, "1 or 2: in an array that gives out ids mark 0 means free");
}
export function checkFilter(filter: number): void {
  if (filter !== XA_PRESENT && !isIntegerWithin(filter, MARK_COUNT - 1)) refuse("XARRAY_BAD_MARK", "filter", filter, "XA_PRESENT or a mark, 0 to 2");
}
export function checkNode(forest: Forest, node: number): void {
  if (!isIntegerWithin(node, forest.shifts.length - 1) || !forest.isUsed(node)) refuse("XARRAY_BAD_ARGUMENT", "node", node, "a node in use");
}
export function checkLimits(forest: Forest, array: number, min: number, max: number): void {
  if ((forest.flags[array]! & TRACKS_FREE) === 0) refuse("XARRAY_NOT_ALLOCATING", "array", array, "one made with XA_FLAGS_ALLOC or XA_FLAGS_ALLOC1");
  if (!isIntegerWithin(min, MAX_ID)) refuse("XARRAY_BAD_ARGUMENT", "min", min, "an integer from 0 to 2^32-1");
  if (!isIntegerWithin(max, MAX_ID)) refuse("XARRAY_BAD_ARGUMENT", "max", max, "an integer from 0 to 2^32-1");
}
export function checkFlags(flags: number): void {
  if (flags !== 0 && flags !== XA_FLAGS_ALLOC && flags !== XA_FLAGS_ALLOC1) refuse("XARRAY_BAD_ARGUMENT", "flags", flags, "0, XA_FLAGS_ALLOC or XA_FLAGS_ALLOC1");
}
export function checkOption(name: string, value: number, least: number, most: number): void {
  if (!(isIntegerWithin(value, most) && value >= least)) refuse("XARRAY_BAD_ARGUMENT", name, value, `an integer from ${least} to ${most}`);
}
