export { XA_FLAGS_ALLOC, XA_FLAGS_ALLOC1 } from "./array-flags.ts";
export { BUSY, CANNOT_SPLIT, MAX_ID, NO_MEMORY, NOT_FOUND, OK, XA_MARK_0, XA_MARK_1, XA_MARK_2, XA_PRESENT } from "./constants.ts";
export type { DumpedEntry } from "./dump.ts";
export { isValueEntry, MAX_ENTRY, NULL_ENTRY, valueEntry, valueOf, ZERO_ENTRY } from "./entries.ts";
export { XArrayError, type XArrayErrorCode } from "./errors.ts";
export { MAX_INDEX, MAX_ORDER, XA_CHUNK_SHIFT } from "./geometry.ts";
export { XArray, type XArrayOptions } from "./xarray.ts";
export { XArrays, type XArraysOptions } from "./xarrays.ts";
