/** One operation that a host performed, and what it showed. */
export interface LogRecord {
  /** Its number, as the recorder counted. */
  readonly n: number;
  readonly op: string;
  /** The process. Absent in the older logs, which have one, and in remarks. */
  readonly p?: number;
  /** Numbers as Linux has them; addresses are offsets into the arena. Exact up to 2^53; 2^63 - 4096 and powers of two are exact too. */
  readonly a?: readonly number[];
  /** What the operation showed, and `text` and `mode`, which it was told. */
  readonly [field: string]: unknown;
}

/** A record, and where it stands. */
export interface LogLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly record: LogRecord;
}
