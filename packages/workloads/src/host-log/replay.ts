import type { Machine } from "@zeropfn/mm";
import { WorkloadsError } from "../errors.ts";
import { firstDifference } from "./compare.ts";
import type { LogLine, LogRecord } from "./line.ts";
import { operationOf } from "./operations/index.ts";
import type { Operation, Outcome } from "./outcome.ts";
import { ReplayWorld } from "./world.ts";

/** A field in which a machine does not show what the host did. */
export interface Disagreement {
  /** Number of the operation in the log. */
  readonly n: number;
  readonly file: string;
  readonly line: number;
  readonly op: string;
  /** Its path in the record, such as "smaps[1].VmFlags"; "thrown" if performing the operation threw. */
  readonly field: string;
  /** What the record has there; undefined if nothing. */
  readonly recorded: unknown;
  /** What the machine shows; undefined if nothing. */
  readonly ours: unknown;
}

/** What a replay has come to. */
export interface ReplayTally {
  /** Lines of the log, with the skipped ones. */
  operations: number;
  /** Fields, one or more of an operation. */
  disagreements: number;
  /** Operations that could not be performed. */
  skipped: number;
  /** How often, by why. */
  readonly skippedBecause: Map<string, number>;
}

export const newReplayTally = (): ReplayTally => ({ operations: 0, disagreements: 0, skipped: 0, skippedBecause: new Map() });

/**
 * Performs every operation of a log on a machine, and compares every field of its record with what the machine shows.
 *
 * @param makeMachine A machine with nothing in it, like the host: for the start, and for each `reset`.
 * @param tally Counts along.
 * @throws {WorkloadsError} WORKLOADS_BAD_VALUE: an operation with more or fewer arguments than it has. And what reading the lines throws.
 */
export async function* replayHostLog(
  lines: AsyncIterable<LogLine> | Iterable<LogLine>,
  makeMachine: () => Machine,
  tally: ReplayTally = newReplayTally(),
): AsyncGenerator<Disagreement, ReplayTally> {
  let world: ReplayWorld | undefined;
  for await (const line of lines) {
    tally.operations++;
    if (world === undefined || line.record.op === "reset") world = new ReplayWorld(makeMachine(), world?.thp);
    const result = perform(world, line);
    if (typeof result === "string") {
      tally.skipped++;
      tally.skippedBecause.set(result, (tally.skippedBecause.get(result) ?? 0) + 1);
    } else {
      tally.disagreements += result.length;
      yield* result;
    }
  }
  return tally;
}

/** The disagreements of one operation; a string says why it cannot be performed. */
function perform(world: ReplayWorld, line: LogLine): readonly Disagreement[] | string {
  const { record } = line, { op, p = 0, a = [] } = record, operation = operationOf(record);
  if (operation === undefined) return `${op}: not known`;
  checkArguments(line, operation, a);
  const process = world.processes.get(p);
  if (process === undefined) return `no process ${p}`;
  const outcome = outcomeOf(() => operation.perform({ world, process, record }, a));
  return typeof outcome === "string" ? outcome : disagreementsOf(line, operation, outcome);
}

function checkArguments({ file, line, record }: LogLine, { arguments: names }: Operation, args: readonly number[]): void {
  if (args.length === names.length) return;
  const expected = `${names.length} arguments of ${record.op}: ${names.join(", ")}`;
  throw new WorkloadsError("WORKLOADS_BAD_VALUE", { file, line, key: "a", value: JSON.stringify(args), expected });
}

/** What was thrown is an outcome too: the replay goes on, and shows what else it breaks. */
function outcomeOf(operate: () => Outcome | string): Outcome | string {
  try {
    return operate();
  } catch (error) {
    return { thrown: String(error) };
  }
}

const TOLD: readonly string[] = ["n", "op", "p", "a"];

function disagreementsOf({ file, line, record }: LogLine, { told = [] }: Operation, outcome: Outcome): Disagreement[] {
  const found: Disagreement[] = [], { n, op } = record;
  for (const field of fieldsOf(record, outcome)) {
    if (TOLD.includes(field) || told.includes(field)) continue;
    const difference = firstDifference(record[field], outcome[field]);
    if (difference === undefined) continue;
    found.push({ n, file, line, op, field: `${field}${difference.path}`, recorded: difference.recorded, ours: difference.ours });
  }
  return found;
}

/** Those of either; after a throw nothing else is worth comparing. */
const fieldsOf = (record: LogRecord, outcome: Outcome): Iterable<string> =>
  "thrown" in outcome ? ["thrown"] : new Set([...Object.keys(record), ...Object.keys(outcome)]);
