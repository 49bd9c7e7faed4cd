/** Stable within a major version: match on these, not on messages. */
export type FolioErrorCode =
  /** An option of a constructor out of range. */
  | "FOLIO_BAD_OPTION"
  /** An order below 0, above the machine's, or not below that of the folio to split. EINVAL. */
  | "FOLIO_BAD_ORDER"
  /** No such frame, or a frame of the wrong kind for the operation. EINVAL. */
  | "FOLIO_BAD_FRAME"
  /** A reference taken on or dropped from a folio that has none: freed twice, used after free, or frozen. */
  | "FOLIO_NOT_REFERENCED"
  /** A reference dropped that belongs to a pin: the folio would be freed under a device that writes to it. */
  | "FOLIO_PINNED"
  /** A pin dropped that nobody holds. */
  | "FOLIO_NOT_PINNED"
  /** More references than a counter holds. */
  | "FOLIO_REFCOUNT_OVERFLOW"
  /** The last reference dropped while a page is mapped, locked, on a list or under writeback. */
  | "FOLIO_BUSY"
  /** A mapping removed that was not added. */
  | "FOLIO_NOT_MAPPED"
  /** A block freed into, or taken from, a list that it cannot be in: only without the allocator's lock. */
  | "FOLIO_BAD_BLOCK"
  /** The zone's columns contradict each other: a bug, found by `checkInvariants`. */
  | "FOLIO_INVARIANT";

/** A caller's mistake. Nothing has changed. */
export class FolioError extends Error {
  override readonly name = "FolioError";
  readonly code: FolioErrorCode;
  constructor(code: FolioErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}
