import type { Process } from "@zeropfn/mm";
import { SIGBUS, SIGKILL, SIGSEGV, statusName } from "@zeropfn/units";
import type { LogRecord } from "./line.ts";
import type { ReplayWorld } from "./world.ts";

/** What a record holds beside what it was told, field by field. */
export type Outcome = Readonly<Record<string, unknown>>;

/** What an operation is performed on. */
export interface Scene {
  readonly world: ReplayWorld;
  /** The process of the record. */
  readonly process: Process;
  readonly record: LogRecord;
}

/** How an operation is performed. */
export interface Operation {
  /** Names of its arguments. */
  readonly arguments: readonly string[];
  /** Fields of the record that are no outcome, beside n, op, p and a. Default: none. */
  readonly told?: readonly string[];
  /** Performs it: what it showed, or, as a string, why it cannot be performed. */
  perform(scene: Scene, args: readonly number[]): Outcome | string;
}
export type Operations = Readonly<Record<string, Operation>>;

/** `ret`, and `errno` if it is an error: a system call returns 0 or more, or a negative error number. */
export const returned = (result: number): Outcome => (result >= 0 ? { ret: result } : { ret: -1, errno: statusName(-result) });

const SIGNALS: Readonly<Record<number, string>> = { [SIGBUS]: "SIGBUS", [SIGKILL]: "SIGKILL", [SIGSEGV]: "SIGSEGV" };
/** "SIGSEGV" for 11. */
export const signalName = (signal: number): string => SIGNALS[signal] ?? `signal ${signal}`;

/** A CRC-32 as the logs write it: 8 digits. */
export const hex = (crc: number): string => crc.toString(16).padStart(8, "0");
