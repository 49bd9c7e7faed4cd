import { WorkloadsError } from "../errors.ts";
import type { LackeyCall } from "./events.ts";

/** "SYSCALL[4409,1](12) sys_brk ( 0x0 ) --> [pre-success] Success(0x4035000) ": process, thread, number, the rest. */
const CALL = /^SYSCALL\[(\d+),(\d+)\]\(\s*(\d+)\) ?(.*)$/;
const LATER_RESULT = /^\.\.\. \[async\] --> /;
/** The name, and what stands between its brackets, before any result. */
const NAMED = /^(?:sys_)?([a-z][a-z0-9_]*) ?\(/;
const IS_UNKNOWN = /^unimplemented \(/;
const IS_FORK = /clone\(fork\)|^sys_v?fork /;
const RESULT = /(?: --> \[pre-(?:success|fail)\]|\[sync\] -->) (Success|Failure|NoWriteResult)(?:\(0x([0-9a-f]+)\))? ?$/;
const BARE_RESULT = /^(Success|Failure|NoWriteResult)(?:\(0x([0-9a-f]+)\))? ?$/;
const IS_WAITING = / --> \[async\] \.\.\. ?$/;
/** What valgrind prints behind a result that has a line of its own. */
const RESULT_LINE = /^ --> \[pre-(?:success|fail)\] /;

const NUMBER = "(?:0x[0-9a-f]+|[0-9]+)";
const numbers = (least: number, most: number): RegExp => new RegExp(`^\\( (${NUMBER}(?:, ${NUMBER}){${least - 1},${most - 1}}) \\)`);

/** The calls whose arguments matter, as valgrind prints them. */
const SHAPES: ReadonlyMap<string, { readonly pattern: RegExp; readonly expected: string }> = new Map([
  ["mmap", { pattern: numbers(6, 6), expected: "( start, length, prot, flags, fd, offset )" }],
  ["munmap", { pattern: numbers(2, 2), expected: "( start, length )" }],
  ["mprotect", { pattern: numbers(3, 3), expected: "( start, length, prot )" }],
  ["mremap", { pattern: numbers(4, 5), expected: "( start, length, length, flags ) or ( start, length, length, flags, start )" }],
  ["brk", { pattern: numbers(1, 1), expected: "( end )" }],
  ["madvise", { pattern: numbers(3, 3), expected: "( start, length, advice )" }],
  ["close", { pattern: numbers(1, 1), expected: "( fd )" }],
]);
/** Greedy: a path may hold brackets, commas and arrows. */
const PATHS: ReadonlyMap<string, RegExp> = new Map([
  ["openat", /^\( [0-9]+, 0x[0-9a-f]+\((.*)\), [0-9]+(?:, [0-9]+)? \)/],
  ["open", /^\( 0x[0-9a-f]+\((.*)\), [0-9]+(?:, [0-9]+)? \)/],
]);

type Unanswered = Omit<LackeyCall, "result">;

/** Puts the lines of --trace-syscalls together: one call may take two, with others between them. */
export class CallLines {
  readonly #file: string;
  readonly #emit: (call: LackeyCall) => void;
  /** Calls that wait, by thread. */
  readonly #waiting = new Map<string, Unanswered>();
  /** A call whose result, if any, is the next line. */
  #open: Unanswered | undefined;
  #pid: string | undefined;
  #hasForked = false;

  constructor(file: string, emit: (call: LackeyCall) => void) {
    this.#file = file;
    this.#emit = emit;
  }

  /** True if the program made a second process: what that one prints may lie between the letters of the first's lines. */
  get hasForked(): boolean {
    return this.#hasForked;
  }

  /** True if the line was one of a call. @throws {WorkloadsError} WORKLOADS_BAD_LINE, WORKLOADS_BAD_VALUE */
  take(text: string, line: number): boolean {
    if (RESULT_LINE.test(text)) {
      const call = this.#open;
      if (call === undefined) return false;
      this.#open = undefined;
      this.#emit({ ...call, result: this.#result(text.replace(RESULT_LINE, ""), line) });
      return true;
    }
    const [, pid, thread, number, body] = CALL.exec(text) ?? [];
    if (pid === undefined) return false;
    this.#checkProcess(pid, line);
    this.#endOpen();
    if (IS_FORK.test(body!)) this.#hasForked = true;
    if (LATER_RESULT.test(body!)) this.#endWaiting(thread!, body!, line);
    else this.#begin(thread!, number!, body!, line);
    return true;
  }

  /** The trace has ended: calls without a result are told now. */
  end(): void {
    this.#endOpen();
    for (const call of this.#waiting.values()) this.#emit({ ...call, result: undefined });
    this.#waiting.clear();
  }

  #begin(thread: string, number: string, body: string, line: number): void {
    const call = this.#callOf(number, body, line), result = RESULT.exec(body);
    if (result !== null) this.#emit({ ...call, result: valueOf(result[1]!, result[2]) });
    else if (IS_WAITING.test(body)) this.#waiting.set(thread, call);
    else this.#open = call;
  }

  #endOpen(): void {
    const call = this.#open;
    this.#open = undefined;
    if (call !== undefined) this.#emit({ ...call, result: undefined });
  }

  #endWaiting(thread: string, body: string, line: number): void {
    const call = this.#waiting.get(thread);
    if (call === undefined) throw this.#bad(line, `thread ${thread}`, body, "the call whose result this is on an earlier line");
    this.#waiting.delete(thread);
    this.#emit({ ...call, result: this.#result(body.replace(LATER_RESULT, ""), line) });
  }

  #result(text: string, line: number): number | undefined {
    const match = BARE_RESULT.exec(text);
    if (match === null) throw this.#bad(line, "result", text, "Success(0x…), Failure(0x…) or NoWriteResult");
    return valueOf(match[1]!, match[2]);
  }

  #callOf(number: string, body: string, line: number): Unanswered {
    const name = (IS_UNKNOWN.test(body) ? undefined : NAMED.exec(body)?.[1]) ?? `syscall_${number}`, shape = SHAPES.get(name), pathPattern = PATHS.get(name);
    if (shape === undefined && pathPattern === undefined) return { line, name, args: [], path: undefined };
    const text = body.slice(body.indexOf("(")), match = (shape?.pattern ?? pathPattern!).exec(text);
    if (match === null) throw this.#bad(line, name, text, shape?.expected ?? "a directory, 0x…(path), flags and a mode if any");
    if (shape === undefined) return { line, name, args: [], path: match[1]! };
    const args = match[1]!.split(", ").map(Number), unsafe = args.find((value) => !Number.isSafeInteger(value));
    if (unsafe !== undefined) throw this.#bad(line, name, match[1]!, "numbers below 2^53");
    // A descriptor is an int, and printed as if it had no sign.
    if (name === "mmap" && args[4]! >= 2 ** 31) args[4]! -= 2 ** 32;
    return { line, name, args, path: undefined };
  }

  #checkProcess(pid: string, line: number): void {
    this.#pid ??= pid;
    if (pid === this.#pid) return;
    throw this.#bad(line, "process", pid, `one process, ${this.#pid}: record with --child-silent-after-fork=yes and without --trace-children=yes`);
  }

  #bad(line: number, key: string, value: string, expected: string): WorkloadsError {
    return new WorkloadsError("WORKLOADS_BAD_VALUE", { file: this.#file, line, key, value, expected });
  }
}

const valueOf = (kind: string, hex: string | undefined): number | undefined =>
  hex === undefined ? undefined : kind === "Failure" ? -Number.parseInt(hex, 16) : Number.parseInt(hex, 16);
