/** Stable within a major version: match on these, not on messages. */
export type FsExtentsErrorCode =
  /** An option or an argument out of range. */
  | "FS_EXTENTS_BAD_ARGUMENT"
  /** The number names no file. The kernel would say EBADF. */
  | "FS_EXTENTS_NO_FILE"
  /** The columns contradict each other: our bug. */
  | "FS_EXTENTS_CORRUPT";

/** A caller's mistake, or a broken invariant. A full device is no error: see the statuses. */
export class FsExtentsError extends Error {
  override readonly name = "FsExtentsError";
  readonly code: FsExtentsErrorCode;
  constructor(code: FsExtentsErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}
