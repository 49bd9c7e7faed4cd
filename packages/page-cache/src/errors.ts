/** Stable within a major version: match on these, not on messages. */
export type PageCacheErrorCode =
  /** An option of a constructor out of range. */
  | "PAGE_CACHE_BAD_OPTION"
  /** A number that stands for no file. EBADF. */
  | "PAGE_CACHE_BAD_FILE";

/** A caller's mistake. Nothing has changed. */
export class PageCacheError extends Error {
  override readonly name = "PageCacheError";
  readonly code: PageCacheErrorCode;
  constructor(code: PageCacheErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}
