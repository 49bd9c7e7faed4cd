import type { AccessBatch } from "./accesses.ts";

/** A system call of the traced program, with what valgrind says came of it. */
export interface LackeyCall {
  /** The line on which it begins, from 1. */
  readonly line: number;
  /** Without "sys_": "mmap". "syscall_334" where valgrind knows no name. */
  readonly name: string;
  /**
   * Of mmap, munmap, mprotect, mremap, brk, madvise, close: their arguments, with a file descriptor of -1 for none.
   * Of open and openat: none, see `path`. Of others: empty.
   */
  readonly args: readonly number[];
  /** What open and openat were given. */
  readonly path: string | undefined;
  /** The value, or an errno negated; undefined where none is known: the program ended in it, or it returns nothing. */
  readonly result: number | undefined;
}

/** Who is told what a trace says, in its order. Calls never overlap. */
export interface LackeySink {
  /** The first `count` of `batch`, which is overwritten afterwards. */
  accesses(batch: AccessBatch, count: number): void;
  /** A call that has ended: where valgrind prints its result on a later line, it is told there. */
  call(call: LackeyCall): void;
}
