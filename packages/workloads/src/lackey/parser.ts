import { WorkloadsError } from "../errors.ts";
import { type AccessBatch, BATCH_ACCESSES, FETCH, LOAD, MODIFY, newAccessBatch, STORE } from "./accesses.ts";
import { CallLines } from "./call-lines.ts";
import type { LackeySink } from "./events.ts";

/** No line of a trace is longer, unless it is none. */
const LONGEST_LINE = 2 ** 16;

const NEWLINE = 0x0a, SPACE = 0x20, COMMA = 0x2c, ZERO = 0x30, CAPITAL_I = 0x49;
const NO_KIND = 255, NO_DIGIT = 255;

/** Of the second byte of " L", " S", " M". */
const KINDS: Uint8Array = table({ L: LOAD, S: STORE, M: MODIFY }, NO_KIND);
const HEX: Uint8Array = table(Object.fromEntries([..."0123456789abcdef"].map((digit, value) => [digit, value])), NO_DIGIT);

/** "==4409== Lackey…", "--4409-- warning", "**4409** …", with a time before the process if it was asked for. */
const CHATTER = /^(==|--|\*\*)(?:[0-9:.]+ )?\d+(?::\d+:[\w ]+)?\1?(?: |$|-)/;
const EXPECTED =
  'a line of lackey ("I  0401ab70,3", " L …", " S …", " M …", SYSCALL[…]) or of valgrind itself (==PID== …); --log-file=FILE keeps the program\'s own output out';
const EXPECTED_OF_ONE = "a line of the process that forked alone: record with --child-silent-after-fork=yes";

/**
 * Reads what `valgrind --tool=lackey --trace-mem=yes --trace-syscalls=yes` prints, in pieces of any size. Memory lines
 * are read byte by byte and told in batches; memory in use does not grow with the trace.
 *
 * @throws {WorkloadsError} WORKLOADS_BAD_LINE, WORKLOADS_BAD_VALUE with the line of the first mistake.
 */
export class LackeyParser {
  readonly #file: string;
  readonly #sink: LackeySink;
  readonly #calls: CallLines;
  readonly #batch: AccessBatch = newAccessBatch();
  readonly #decoder = new TextDecoder();
  /** Bytes of a line whose end has not come yet. */
  readonly #rest = new Uint8Array(LONGEST_LINE);
  #restLength = 0;
  #batchCount = 0;
  #accessCount = 0;
  /** Lines that have ended. */
  #lineCount = 0;

  /** @param file Name of the trace, for messages. */
  constructor(file: string, sink: LackeySink) {
    this.#file = file;
    this.#sink = sink;
    this.#calls = new CallLines(file, (call) => {
      this.#flush();
      sink.call(call);
    });
  }

  /** Memory lines read so far. */
  get accessCount(): number {
    return this.#accessCount + this.#batchCount;
  }
  get lineCount(): number {
    return this.#lineCount;
  }

  /** The next piece of the trace. Nothing of it is kept. */
  push(chunk: Uint8Array): void {
    let start = 0;
    if (this.#restLength > 0) {
      start = chunk.indexOf(NEWLINE) + 1;
      this.#keep(start === 0 ? chunk : chunk.subarray(0, start));
      if (start === 0) return;
      this.#takeRest();
    }
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > start) this.#lines(chunk, start, end);
    this.#keep(chunk.subarray(Math.max(end, start)));
  }

  /** The trace has ended. */
  end(): void {
    if (this.#restLength > 0) {
      this.#keep(Uint8Array.of(NEWLINE));
      this.#takeRest();
    }
    this.#calls.end();
    this.#flush();
    if (this.accessCount === 0) throw this.#badLine(Math.max(1, this.#lineCount), "", "memory accesses: record with valgrind --tool=lackey --trace-mem=yes --trace-syscalls=yes");
  }

  #keep(bytes: Uint8Array): void {
    if (this.#restLength + bytes.length > LONGEST_LINE) throw this.#badLine(this.#lineCount + 1, this.#decoder.decode(this.#rest.subarray(0, 100)), EXPECTED);
    this.#rest.set(bytes, this.#restLength);
    this.#restLength += bytes.length;
  }

  #takeRest(): void {
    const length = this.#restLength;
    this.#restLength = 0;
    this.#lines(this.#rest, 0, length);
  }

  /** Whole lines: bytes[end - 1] is a newline, so that no look ahead leaves them. */
  #lines(bytes: Uint8Array, start: number, end: number): void {
    const { kinds, addresses, sizes } = this.#batch;
    for (let at = start; at < end; ) {
      const first = bytes[at]!, kind = first === SPACE ? KINDS[bytes[at + 1]!]! : first === CAPITAL_I && bytes[at + 1] === SPACE ? FETCH : NO_KIND;
      if (kind !== NO_KIND && bytes[at + 2] === SPACE) {
        let next = at + 3, address = 0, size = 0;
        for (let digit = HEX[bytes[next]!]!; digit !== NO_DIGIT; digit = HEX[bytes[++next]!]!) address = address * 16 + digit;
        const isAddress = next > at + 3 && bytes[next] === COMMA && address <= Number.MAX_SAFE_INTEGER;
        if (isAddress) for (let digit = bytes[++next]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++next]! - ZERO) size = size * 10 + digit;
        if (isAddress && bytes[next] === NEWLINE && size > 0 && size < 2 ** 16) {
          const nth = this.#batchCount;
          kinds[nth] = kind;
          addresses[nth] = address;
          sizes[nth] = size;
          this.#batchCount = nth + 1;
          this.#lineCount++;
          at = next + 1;
          if (nth + 1 === BATCH_ACCESSES) this.#flush();
          continue;
        }
      }
      const lineEnd = bytes.indexOf(NEWLINE, at);
      this.#lineCount++;
      this.#otherLine(this.#decoder.decode(bytes.subarray(at, lineEnd)), this.#lineCount);
      at = lineEnd + 1;
    }
  }

  #otherLine(text: string, line: number): void {
    if (!this.#calls.take(text, line) && !CHATTER.test(text)) throw this.#badLine(line, text, this.#calls.hasForked ? EXPECTED_OF_ONE : EXPECTED);
  }

  #flush(): void {
    const count = this.#batchCount;
    if (count === 0) return;
    this.#batchCount = 0;
    this.#accessCount += count;
    this.#sink.accesses(this.#batch, count);
  }

  #badLine(line: number, value: string, expected: string): WorkloadsError {
    return new WorkloadsError("WORKLOADS_BAD_LINE", { file: this.#file, line, key: "line", value, expected });
  }
}

function table(values: Readonly<Record<string, number>>, otherwise: number): Uint8Array {
  const all = new Uint8Array(256).fill(otherwise);
  for (const [character, value] of Object.entries(values)) all[character.charCodeAt(0)] = value;
  return all;
}
