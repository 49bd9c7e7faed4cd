import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, openSync, readSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Name of the candidate. */
export const TWIN = "C -O3 -mavx2";

/** Whether there is a C compiler here; without it the benchmarks ask the same questions without the twin, and say so. */
export const hasCompiler: boolean = spawnSync("gcc", ["--version"]).status === 0;
if (!hasCompiler) console.log("  no gcc here: without the C twin");

/**
 * The C program beside this file, compiled and waiting. Each call performs one of its rounds and returns the result.
 * Through named pipes, as they can be read without the event loop: a call costs some microseconds.
 */
export function twin(...work: (string | number)[]): () => number {
  const folder = mkdtempSync(join(tmpdir(), "folio-twin-"));
  const [program, commands, answers] = ["twin", "commands", "answers"].map((name) => join(folder, name)) as [string, string, string];
  execFileSync("gcc", ["-O3", "-mavx2", "-o", program, join(import.meta.dirname, "twin.c")]);
  execFileSync("mkfifo", [commands, answers]);
  spawn(program, [commands, answers, ...work.map(String)], { stdio: ["ignore", "ignore", "inherit"] }).unref();
  const write = openSync(commands, "w");
  const read = openSync(answers, "r");
  const answer = Buffer.alloc(8);
  return () => {
    writeSync(write, "r");
    if (readSync(read, answer, 0, 8, null) !== 8) throw new Error("the C twin has ended");
    return Number(answer.readBigUInt64LE() & 0xffff_ffffn);
  };
}
