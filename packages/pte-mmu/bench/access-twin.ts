import { execFileSync, spawn, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Name of the candidate. */
export const TWIN = "C -O2";

const SOURCE = join(import.meta.dirname, "../../../tools/bench/mmu-twin.c");

/** Whether there is a C compiler here; without it the benchmarks ask the same questions without the twin, and say so. */
export const hasCompiler: boolean = spawnSync("cc", ["--version"]).status === 0;
if (!hasCompiler) console.log("  no cc here: without the C twin");

/** What `mmu-twin.c` can be asked to do: its head says what each is. */
export type TwinWork = "replay" | "read-fault" | "write-fault" | "zero-cow" | "cow" | "fork" | "exit" | "unmap-zero" | "unmap-anon";

/** Sizes of the twin, by the names it takes them under. `stream` is the name of a file, read once before this returns. */
export type TwinSizes = Readonly<Record<string, number | string>>;

/** The C program, built and waiting. A call costs some microseconds: named pipes can be read without the event loop. */
export interface AccessTwin {
  /** Puts back what the last round changed. */
  readonly before: () => void;
  /** Performs a round. @returns Its result: an integer below 2^53. */
  readonly round: () => number;
}

let built: Buffer | undefined;

/** The program, compiled once in a process. Its bytes are kept, and no file: a process that is killed leaves none behind. */
function programIn(folder: string): string {
  const program = join(folder, "twin");
  if (built === undefined) {
    execFileSync("cc", ["-O2", "-o", program, SOURCE]);
    built = readFileSync(program);
  } else writeFileSync(program, built, { mode: 0o700 });
  return program;
}

/** @throws {Error} If the program cannot be built, or ends: it says why on stderr. */
export function accessTwin(work: TwinWork, sizes: TwinSizes): AccessTwin {
  const folder = mkdtempSync(join(tmpdir(), "mmu-twin-"));
  const program = programIn(folder), commands = join(folder, "commands"), answers = join(folder, "answers");
  execFileSync("mkfifo", [commands, answers]);
  const settings = Object.entries(sizes).map(([name, value]) => `${name}=${value}`);
  spawn(program, ["serve", commands, answers, work, ...settings], { stdio: ["ignore", "ignore", "inherit"] }).unref();
  // The program opens both before it does anything else; when it has ended, reading gives no bytes.
  const write = openSync(commands, "w");
  const read = openSync(answers, "r");
  const answer = Buffer.alloc(8);
  const wait = (): number => {
    if (readSync(read, answer, 0, 8, null) !== 8) {
      closeSync(write);
      throw new Error(`the C twin has ended: ${work} ${settings.join(" ")}`);
    }
    return Number(answer.readBigUInt64LE());
  };
  try {
    wait();
  } finally {
    rmSync(folder, { recursive: true }); // the pipes are open, and the program runs or never will
  }
  const ask = (command: string): number => {
    writeSync(write, command);
    return wait();
  };
  return { before: () => void ask("b"), round: () => ask("r") };
}
