/** Stable within a major version: match on these, not on messages. */
export type MmErrorCode =
  /** A size or count of the machine out of range. */
  | "MM_BAD_OPTION"
  /** `override` names no part, or no method of it. */
  | "MM_UNKNOWN_OVERRIDE"
  /** More processes than `processCapacity`. */
  | "MM_NO_PROCESS"
  /** More files than `fileCapacity`, or two of one name. */
  | "MM_NO_FILE"
  /** More pipes than `pipeCapacity`. */
  | "MM_NO_PIPE";

/** A caller's mistake. What a program under test does wrong is an errno or a signal, not this. */
export class MmError extends Error {
  override readonly name = "MmError";
  readonly code: MmErrorCode;
  constructor(code: MmErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}
