/** Stable within a major version: match on these, not on messages. */
export type ExploreErrorCode =
  /** The ordinary build, whose leaves cannot be suspended, was asked to explore. */
  | "EXPLORE_ORDINARY_BUILD"
  /** A scenario says what cannot be: no threads, a name twice, an option out of range. */
  | "EXPLORE_BAD_SCENARIO"
  /** A leaf, method or scenario that nobody has. */
  | "EXPLORE_UNKNOWN_NAME"
  /** A schedule string that cannot be read, or that belongs to another state of the model. */
  | "EXPLORE_BAD_SCHEDULE"
  /** The columns of a scenario do not fit the slab it may have. */
  | "EXPLORE_SLAB_TOO_LARGE"
  /** A bound of a scenario's own parts was hit: a search that meets it is UNKNOWN. */
  | "EXPLORE_LIMIT"
  /** A file of known answers that cannot be read. */
  | "EXPLORE_BAD_FILE";

/** A mistake in how the explorer is used. What a search finds is a verdict, never an error. */
export class ExploreError extends Error {
  override readonly name = "ExploreError";
  readonly code: ExploreErrorCode;
  constructor(code: ExploreErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}
