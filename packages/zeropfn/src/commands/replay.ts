import { type Stack, stacks } from "@zeropfn/mm";
import { lineOf, WorkloadsError } from "@zeropfn/workloads";
import { type Disagreement, hostLogMachine, newReplayTally, readHostLog, replayHostLog, type ReplayTally } from "@zeropfn/workloads/host-log";
import { Command, InvalidArgumentError } from "commander";
import { CommandError, EXIT_BAD_ANSWER, EXIT_BAD_INPUT } from "../errors.ts";
import { type ShownReplay, showReplay } from "./replay-progress.ts";

interface ReplayFlags {
  readonly stack?: Stack;
  readonly most: number;
  readonly json?: true;
}

/** One log, replayed. */
interface Replayed {
  readonly log: string;
  readonly tally: ReplayTally;
  /** The first disagreements. */
  readonly first: readonly Disagreement[];
}

const DEFAULT_MOST = 10;

/** `zeropfn replay LOG... --stack NAME [--json] [--most N]` */
export const replayCommand = (): Command =>
  new Command("replay")
    .description("Perform again what a host did, and compare what it showed, field by field.")
    .argument("<logs...>", "logs of operations, plain or gzip (see: examples/host-logs)")
    .option("--stack <name>", "the stack to perform them on (see: zeropfn stacks)", stackNamed)
    .option("--most <count>", "how many disagreements of a log to print", countOf, DEFAULT_MOST)
    .option("--json", "print all of it for machines")
    .action(async (logs: readonly string[], { stack, most, json }: ReplayFlags) => {
      if (stack === undefined) throw new CommandError(EXIT_BAD_INPUT, `replay needs --stack, expected one of ${Object.keys(stacks).join(", ")}`);
      const shown = showReplay(json !== true), all: Replayed[] = [];
      try {
        for (const log of logs) {
          const replayed = await replay(log, stack, most, shown);
          all.push(replayed);
          if (json !== true) process.stdout.write(textOf(replayed, logs.length > 1));
        }
      } finally {
        shown.stop();
      }
      if (json === true) process.stdout.write(`${JSON.stringify(all.map(forMachines), null, 2)}\n`);
      const bad = all.filter(({ tally: { disagreements, skipped } }) => disagreements > 0 || skipped > 0);
      if (bad.length > 0) throw new CommandError(EXIT_BAD_ANSWER, `replay: ${stack.name} is not what was recorded in ${bad.map(({ log }) => log).join(", ")}`);
    });

function stackNamed(name: string): Stack {
  if (!Object.hasOwn(stacks, name)) throw new InvalidArgumentError(`expected one of ${Object.keys(stacks).join(", ")}`);
  return stacks[name]!;
}

function countOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("expected a number from 0");
  return Number(text);
}

async function replay(log: string, stack: Stack, most: number, shown: ShownReplay): Promise<Replayed> {
  const tally = newReplayTally(), first: Disagreement[] = [];
  try {
    const lines = readHostLog(log, { onProgress: shown.next(log) });
    for await (const disagreement of replayHostLog(lines, () => hostLogMachine(stack), tally)) if (first.length < most) first.push(disagreement);
    return { log, tally, first };
  } catch (error) {
    if (error instanceof WorkloadsError && error.mistake !== undefined) throw new CommandError(EXIT_BAD_INPUT, lineOf(error.mistake), { cause: error });
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw error;
    throw new CommandError(EXIT_BAD_INPUT, `${log}: cannot be read (${code}), expected a log of operations, plain or gzip`, { cause: error });
  }
}

/** The first disagreements, why operations were skipped, and how many there were of each. */
function textOf({ log, tally, first }: Replayed, hasName: boolean): string {
  const { operations, disagreements, skipped, skippedBecause } = tally;
  const lines = first.map(disagreementText);
  const why = Array.from(skippedBecause, ([reason, count]) => `${log}: skipped ${count}: ${reason}`);
  return [...lines, ...why, `${hasName ? `${log}: ` : ""}${operations} operations, ${disagreements} disagreements, ${skipped} skipped`, ""].join("\n");
}

/** "log.jsonl:7: n 6, munmap: ret was 0, here -1" */
const disagreementText = ({ file, line, n, op, field, recorded, ours }: Disagreement): string =>
  `${file}:${line}: n ${n}, ${op}: ${field} was ${shownValue(recorded)}, here ${shownValue(ours)}`;

const shownValue = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));

/** What is nothing on one side is null in JSON. */
const forMachines = ({ log, tally: { skippedBecause, ...counts }, first }: Replayed): object => ({
  log,
  ...counts,
  skippedBecause: Object.fromEntries(skippedBecause),
  first: first.map((disagreement) => ({ ...disagreement, recorded: disagreement.recorded ?? null, ours: disagreement.ours ?? null })),
});
