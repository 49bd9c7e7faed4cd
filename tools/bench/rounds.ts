import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { AnyBenchmark } from "./benchmark.ts";
import type { Round } from "./candidate-process.ts";

/** The timed rounds of each candidate. */
export type Rounds = Readonly<Record<string, readonly Round[]>>;

const DEFAULT_ROUNDS = 7;

/** How many timed rounds `bench` wants. */
export const roundCountOf = (bench: AnyBenchmark): number => bench.rounds ?? DEFAULT_ROUNDS;

/**
 * Times the candidates of `bench`, a process each, in turns: what slows the machine down for a while slows all of them.
 * The first candidate of a turn is another one each time. The first turn only warms up.
 */
export async function timeRounds(bench: AnyBenchmark, file: string, size: "tiny" | "real"): Promise<Rounds> {
  const names = Object.keys(bench.candidates);
  const processes: ChildProcess[] = [];
  try {
    for (const name of names) processes.push(await started(file, name, size));
    const rounds: Record<string, Round[]> = Object.fromEntries(names.map((name) => [name, []]));
    for (let turn = 0; turn <= roundCountOf(bench); turn++) {
      for (let nth = 0; nth < names.length; nth++) {
        const at = (turn + nth) % names.length;
        const asked = answer(processes[at]!) as Promise<Round>;
        processes[at]!.send("round");
        const round = await asked;
        if (turn > 0) rounds[names[at]!]!.push(round);
      }
    }
    return rounds;
  } finally {
    for (const each of processes) each.kill();
  }
}

async function started(file: string, name: string, size: string): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, "candidate-process.ts"), [file, name, size], { execArgv: ["--import", "tsx"] });
  await answer(child);
  return child;
}

const answer = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the candidate's process ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve(message);
    });
  });
