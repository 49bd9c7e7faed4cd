import { closeSync, openSync, readSync } from "node:fs";
import { lineOf, parseFio, WorkloadsError, type FioJob } from "@zeropfn/workloads";
import { CommandError, EXIT_BAD_INPUT } from "../errors.ts";

/** No job file is larger; a device that never ends is noticed. */
const LARGEST_BYTES = 2 ** 20;

export interface Workload {
  readonly file: string;
  readonly text: string;
  readonly job: FioJob;
}

/** Reads a job file. @throws {CommandError} EXIT_BAD_INPUT: it cannot be read, or has a mistake. */
export function readWorkload(file: string): Workload {
  const text = readText(file);
  try {
    return { file, text, job: parseFio(text, file)[0]! };
  } catch (error) {
    if (error instanceof WorkloadsError && error.mistake !== undefined) throw new CommandError(EXIT_BAD_INPUT, lineOf(error.mistake), { cause: error });
    throw error;
  }
}

function readText(file: string): string {
  const unreadable = (why: string): CommandError => new CommandError(EXIT_BAD_INPUT, `${file}: ${why}, expected a readable fio job file of at most 1 MiB`);
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, "r");
    const bytes = Buffer.alloc(LARGEST_BYTES + 1);
    let length = 0;
    for (let read = 1; read > 0 && length < bytes.length; length += read) read = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (length > LARGEST_BYTES) throw unreadable("is larger");
    return bytes.toString("utf8", 0, length);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw unreadable(`cannot be read (${code})`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
