import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { WorkloadsError, type WorkloadsErrorCode } from "../errors.ts";
import { isBrokenGzip, lookAt } from "../gzip.ts";
import type { LogLine, LogRecord } from "./line.ts";

export interface HostLogReadOptions {
  /** Called after each piece, with how much of the file has been read. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/** No line of a log is longer, in characters; a device that never ends is noticed. */
const LONGEST_LINE = 2 ** 20;

/**
 * Reads a log of operations, plain or gzipped, line by line. Empty lines are left out.
 *
 * @throws {WorkloadsError} WORKLOADS_BAD_LINE, WORKLOADS_MISSING_KEY, WORKLOADS_BAD_VALUE. What the system says of a file that cannot be
 *   read comes as it is.
 */
export async function* readHostLog(path: string, { onProgress = () => {} }: HostLogReadOptions = {}): AsyncGenerator<LogLine> {
  const { isGzip, totalBytes } = await lookAt(path), source = createReadStream(path);
  const chunks: AsyncIterable<Uint8Array> = isGzip ? pipeline(source, createGunzip(), () => {}) : source;
  const text = new TextDecoder();
  let line = 0, rest = "";
  try {
    for await (const chunk of chunks) {
      const whole = (rest + text.decode(chunk, { stream: true })).split("\n");
      rest = whole.pop()!;
      for (const content of whole) {
        line++;
        if (content.trim() !== "") yield { file: path, line, record: parseHostLogLine(content, path, line) };
      }
      if (rest.length > LONGEST_LINE) throw bad("WORKLOADS_BAD_LINE", path, line + 1, "line", rest, `a line of at most ${LONGEST_LINE} characters`);
      onProgress(source.bytesRead, totalBytes);
    }
  } catch (error) {
    if (!isBrokenGzip(error)) throw error;
    throw bad("WORKLOADS_BAD_LINE", path, line + 1, "gzip", String(error.code), "a whole gzip file", error);
  } finally {
    source.destroy();
  }
  if (rest.trim() !== "") yield { file: path, line: ++line, record: parseHostLogLine(rest, path, line) };
}

/**
 * Reads one line of a log.
 *
 * @param file,line Where it stands, for messages.
 * @throws {WorkloadsError} WORKLOADS_BAD_LINE, WORKLOADS_MISSING_KEY, WORKLOADS_BAD_VALUE.
 */
export function parseHostLogLine(text: string, file: string, line: number): LogRecord {
  const record = parsed(text);
  if (record === undefined) throw bad("WORKLOADS_BAD_LINE", file, line, "line", text.trim(), "a JSON object with n, op and what the operation showed");
  for (const [key, { isRequired, isRight, expected }] of Object.entries(KEYS)) {
    const value = record[key];
    if (value === undefined && isRequired) throw bad("WORKLOADS_MISSING_KEY", file, line, key, "", expected);
    if (value !== undefined && !isRight(value)) throw bad("WORKLOADS_BAD_VALUE", file, line, key, JSON.stringify(value), expected);
  }
  return record as unknown as LogRecord;
}

interface Key {
  readonly isRequired: boolean;
  readonly expected: string;
  isRight(value: unknown): boolean;
}
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const KEYS: Readonly<Record<string, Key>> = {
  n: { isRequired: true, expected: "the number of the operation: an integer from 0", isRight: isCount },
  op: { isRequired: true, expected: "the name of an operation", isRight: (value) => typeof value === "string" && value !== "" },
  p: { isRequired: false, expected: "the number of a process: an integer from 0", isRight: isCount },
  a: { isRequired: false, expected: "a list of integers", isRight: (value) => Array.isArray(value) && value.every((each) => Number.isInteger(each)) },
};

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

const bad = (code: WorkloadsErrorCode, file: string, line: number, key: string, value: string, expected: string, cause?: unknown): WorkloadsError =>
  new WorkloadsError(code, { file, line, key, value, expected }, cause === undefined ? {} : { cause });
