import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { WorkloadsError } from "../errors.ts";
import { isBrokenGzip, lookAt } from "../gzip.ts";
import type { LackeySink } from "./events.ts";
import { LackeyParser } from "./parser.ts";

export interface LackeyReadOptions {
  /** Called after each piece, with how much of the file has been read. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

const CHUNK_BYTES = 2 ** 20;

/**
 * Reads a trace from a file, plain or gzipped, and tells `sink` what it says.
 *
 * @throws {WorkloadsError} WORKLOADS_BAD_LINE, WORKLOADS_BAD_VALUE. What the system says of a file that cannot be read comes as it is.
 */
export async function readLackey(path: string, sink: LackeySink, { onProgress = () => {} }: LackeyReadOptions = {}): Promise<void> {
  const { isGzip, totalBytes } = await lookAt(path), parser = new LackeyParser(path, sink);
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const chunks = isGzip ? pipeline(source, createGunzip({ chunkSize: CHUNK_BYTES }), () => {}) : source;
  try {
    for await (const chunk of chunks as AsyncIterable<Uint8Array>) {
      parser.push(chunk);
      onProgress(source.bytesRead, totalBytes);
    }
  } catch (error) {
    if (!isBrokenGzip(error)) throw error;
    const mistake = { file: path, line: parser.lineCount + 1, key: "gzip", value: String(error.code), expected: "a whole gzip file" };
    throw new WorkloadsError("WORKLOADS_BAD_LINE", mistake, { cause: error });
  } finally {
    source.destroy();
  }
  parser.end();
}
