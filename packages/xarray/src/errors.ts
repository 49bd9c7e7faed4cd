/** Stable within a major version: match on these, not on messages. */
export type XArrayErrorCode =
  /** Negative, fractional, above 2^53-1, or a range whose end comes first (EINVAL). */
  | "XARRAY_INDEX_OUT_OF_RANGE"
  /** Not an integer from 0 to 2^31-1, nor `ZERO_ENTRY` where that is allowed (EINVAL). */
  | "XARRAY_BAD_ENTRY"
  /** Not an integer from 0 to 53, or a split that makes no sense (EINVAL). */
  | "XARRAY_BAD_ORDER"
  /** Not 0, 1 or 2; or mark 0 of an array that uses it for "free". */
  | "XARRAY_BAD_MARK"
  /** No array has this number. */
  | "XARRAY_NO_SUCH_ARRAY"
  /** An option, flag, count or limit out of range. */
  | "XARRAY_BAD_ARGUMENT"
  /** The cursor stands on a node that was freed since. `pause` or `set` it before others change the array. */
  | "XARRAY_STALE_CURSOR"
  /** An array without an allocator of ids was asked for one. */
  | "XARRAY_NOT_ALLOCATING"
  /** There can be no more nodes; only the façades throw this, the pool returns `NO_MEMORY` (ENOMEM). */
  | "XARRAY_NO_MEMORY"
  /** An invariant does not hold: our bug. */
  | "XARRAY_CORRUPT";

/** A caller's mistake. The structure is as it was. */
export class XArrayError extends Error {
  override readonly name = "XArrayError";
  readonly code: XArrayErrorCode;
  constructor(code: XArrayErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}
