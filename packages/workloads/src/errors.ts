/** Stable within a major version: match on these, not on messages. */
export type WorkloadsErrorCode =
  /** A line that is no section, no `key=value` and no comment, or stands where it may not. */
  | "WORKLOADS_BAD_LINE"
  | "WORKLOADS_UNSUPPORTED_KEY"
  /** A key twice in one section. */
  | "WORKLOADS_REPEATED_KEY"
  /** A value that does not parse, is out of range or is not supported. */
  | "WORKLOADS_BAD_VALUE"
  /** A key without which the job would be another one. */
  | "WORKLOADS_MISSING_KEY"
  /** The machine could not do what the job asks: no memory, a signal. */
  | "WORKLOADS_RUN_FAILED";

/** Where in an input a mistake is. */
export interface InputMistake {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly key: string;
  /** As it stands in the input; "" if there is none. */
  readonly value: string;
  /** What would have been right. */
  readonly expected: string;
}

/** A mistake in an input, or a run that could not go on. The message is one line. */
export class WorkloadsError extends Error {
  override readonly name = "WorkloadsError";
  readonly code: WorkloadsErrorCode;
  /** Undefined for WORKLOADS_RUN_FAILED. */
  readonly mistake: InputMistake | undefined;
  constructor(code: WorkloadsErrorCode, what: string | InputMistake, options?: ErrorOptions) {
    super(`${code}: ${typeof what === "string" ? what : lineOf(what)}`, options);
    this.code = code;
    this.mistake = typeof what === "string" ? undefined : what;
  }
}

/** "job.fio:3: size "1Q": expected …" */
export const lineOf = ({ file, line, key, value, expected }: InputMistake): string => `${shown(file)}:${line}: ${shown(key)} ${JSON.stringify(shown(value))}: expected ${expected}`;

const LONGEST_SHOWN = 60;

/** Short, and without what would move a terminal's cursor. */
function shown(text: string): string {
  const printable = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\u{fffd}");
  return printable.length > LONGEST_SHOWN ? `${printable.slice(0, LONGEST_SHOWN)}…` : printable;
}
