import { createReadStream, openSync, readSync, closeSync } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";

/** One line of a log. Which fields there are depends on `op`. */
export interface LogLine {
  readonly n?: number;
  readonly op?: string;
  readonly a?: readonly unknown[];
  readonly r?: unknown;
  /** Name of the error, instead of `r`. */
  readonly e?: string;
  /** 1: the answer comes from a weakness of the kernel. */
  readonly q?: number;
  readonly [field: string]: unknown;
}

/** Lines of a log, plain or .gz by its first bytes, whatever it is called. */
export async function* readLog(path: string): AsyncGenerator<LogLine> {
  // First, as it throws at once if there is no such file.
  const isPacked = isGzip(path), file = createReadStream(path);
  const text = isPacked ? file.pipe(createGunzip()) : file;
  file.on("error", (error) => text.destroy(error));
  let number = 0;
  for await (const line of createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    if (line.trim() === "") continue;
    try {
      yield JSON.parse(line) as LogLine;
    } catch (cause) {
      throw new Error(`${path}:${number}: not a line of JSON: ${line.slice(0, 80)}`, { cause });
    }
  }
}

function isGzip(path: string): boolean {
  const file = openSync(path, "r"), start = new Uint8Array(2);
  readSync(file, start, 0, 2, 0);
  closeSync(file);
  return start[0] === 0x1f && start[1] === 0x8b;
}

/** What a replay has come to. */
export interface Tally {
  operations: number;
  disagreements: number;
  skipped: number;
  quirks: number;
  beyond: number;
  /** Figures about the inside, which need not agree: nodes and height. */
  insideCompared: number;
  insideDiffers: number;
  /** What disagreed, the first of them, and what was left out and why. */
  readonly reports: string[];
  readonly leftOut: string[];
}

export const newTally = (): Tally => ({
  operations: 0, disagreements: 0, skipped: 0, quirks: 0, beyond: 0, insideCompared: 0, insideDiffers: 0, reports: [], leftOut: [],
});

export const lastLine = ({ operations, disagreements, skipped, quirks, beyond }: Tally): string =>
  `${operations} operations, ${disagreements} disagreements, ${skipped} skipped, ${quirks} quirks, ${beyond} beyond range`;
