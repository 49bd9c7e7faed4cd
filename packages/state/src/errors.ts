/** Stable within a major version: match on these, not on messages. */
export type StateErrorCode =
  /** A column was asked for after the slab closed, or twice under one name. */
  | "STATE_SLAB_CLOSED"
  | "STATE_DUPLICATE_COLUMN"
  /** The columns do not fit the slab. */
  | "STATE_SLAB_FULL"
  /** A length, row count or option out of range. */
  | "STATE_BAD_ARGUMENT"
  /** The only thread waits for what no background work can make true. */
  | "STATE_DEADLOCK";

/** A caller's mistake, or a deadlock of the machine. */
export class StateError extends Error {
  override readonly name = "StateError";
  readonly code: StateErrorCode;
  constructor(code: StateErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}
