import type { LeafResult } from "@zeropfn/state";
import { type Call, callText, valueText } from "./control.ts";
import { ExploreError } from "./errors.ts";
import { mixText } from "./hash.ts";
import type { Instance } from "./instance.ts";
import type { Move } from "./search.ts";

/** One step of a schedule, with what it did. */
export interface ScheduleStep {
  readonly actor: number;
  readonly choices: readonly number[];
  readonly thread: string;
  /** "pte.load(0) = 0x67", the silent leaves that ran with it after it. */
  readonly text: string;
  /** "pte.low[0]: 0 -> 0x67" for each item of state that changed. */
  readonly effects: readonly string[];
  /** A lock, an unlock, a reference: folded when printed. */
  readonly isBookkeeping: boolean;
}

/** A schedule as data: printers, JSON and Markdown all start from it. */
export interface Schedule {
  readonly scenario: string;
  /** Name of the mutant, if it is one's. */
  readonly mutant: string | undefined;
  readonly threads: readonly string[];
  readonly steps: readonly ScheduleStep[];
  readonly switches: number;
  /** "VIOLATION: …", "DEADLOCK: …", "LIVELOCK: …". */
  readonly conclusion: string;
  /** Index of the step at which a cycle begins that goes round for ever; -1 if none does. */
  readonly cycleStart: number;
  /** The search proved that no schedule has fewer switches, nor fewer steps with as many. */
  readonly isMinimal: boolean;
  /** For `--replay`. */
  readonly replay: string;
}

export interface ScheduleFacts {
  readonly conclusion: string;
  readonly isMinimal: boolean;
  readonly cycleStart?: number;
  readonly mutant?: string | undefined;
}

/** A mutant's name in a schedule string. */
export const slug = (name: string): string => name.replaceAll(" ", "-");

/** Runs `moves` from the beginning and reports each step. */
export function scheduleOf(instance: Instance, moves: readonly Move[], { conclusion, isMinimal, cycleStart = -1, mutant }: ScheduleFacts): Schedule {
  const { steps, names } = stepsOf(instance, moves);
  const { scenario, world } = instance;
  const model = modelHash(names);
  return {
    scenario: scenario.name,
    mutant,
    threads: world.threads.map(({ name }) => name),
    steps,
    switches: countSwitches(moves, world.threads.length),
    conclusion,
    cycleStart,
    isMinimal,
    replay: `${scenario.name}${mutant === undefined ? "" : `/${slug(mutant)}`}@${model}:${movesText(moves, world.threads.length)}`,
  };
}

/** Steps through `moves`: the report, and the leaves' names for the hash of the model. */
export function stepsOf({ world }: Instance, moves: readonly Move[]): { readonly steps: readonly ScheduleStep[]; readonly names: readonly string[] } {
  const steps: ScheduleStep[] = [], names: string[] = [];
  for (const { actor, choices } of moves) {
    const performed: { call: Call; result: LeafResult }[] = [];
    const before = world.slab.newSnapshot();
    world.slab.save(before);
    if (!world.isEnabled(actor)) throw new ExploreError("EXPLORE_BAD_SCHEDULE", `the model changed: at step ${steps.length + 1}, ${threadName(world, actor)} cannot step`);
    world.onPerformed = (call, result) => performed.push({ call, result });
    world.step(actor, choices);
    world.onPerformed = undefined;
    names.push(...performed.map(({ call }) => call.operation.name));
    steps.push(stepOf(threadName(world, actor), { actor, choices }, performed, world.slab.changesSince(before), actor >= world.threads.length));
  }
  return { steps, names };
}

const threadName = ({ threads }: Instance["world"], actor: number): string => threads[actor % threads.length]?.name ?? `thread ${actor}`;

function stepOf(thread: string, { actor, choices }: Move, performed: readonly { call: Call; result: LeafResult }[], effects: readonly string[], isDrain: boolean): ScheduleStep {
  const shown = performed.filter(({ call }, nth) => nth === 0 || (call.operation.package !== "explore" && !call.operation.silent));
  const text = shown.map(({ call, result }) => (result === undefined ? callText(call) : `${callText(call)} = ${valueText(result)}`)).join(", ");
  const isBookkeeping = !isDrain && shown.every(({ call }) => BOOKKEEPING.test(call.operation.name) || call.operation.package === "explore");
  return { actor, choices, thread, text: isDrain ? `drain ${text}` : text, effects, isBookkeeping };
}

/** Locks and references: what a reader skips at first. The name of one of several owners stands behind: "rw.lockShared[mm.mmap_lock]". */
const BOOKKEEPING = /\.(?:lock\w*|unlock\w*|tryLock\w*|isLocked|get|put|tryGet|addRmap|removeRmap|mapcount|refcount|isZeroPage|rootOf|tableAt|slotOf)(?:\[.*\])?$/;

function countSwitches(moves: readonly Move[], threadCount: number): number {
  const threads = moves.filter(({ actor }) => actor < threadCount).map(({ actor }) => actor);
  return threads.filter((actor, nth) => nth > 0 && actor !== threads[nth - 1]).length;
}

/** Eight hexadecimal digits that stand for the leaves a schedule performs, in order. */
export function modelHash(names: readonly string[]): string {
  const { hashA } = names.reduce((lanes, name) => mixText(lanes, name), { hashA: 7, hashB: 9 });
  return (hashA >>> 0).toString(16).padStart(8, "0");
}

/** "0*3.1~2.d0*2": thread 0 three times, thread 1 with the choice 2, two drains of thread 0. Of 4 threads, actor 4 is d0. */
export function movesText(moves: readonly Move[], threadCount: number): string {
  const parts: { text: string; count: number }[] = [];
  for (const { actor, choices } of moves) {
    const text = (actor < threadCount ? String(actor) : `d${actor - threadCount}`) + choices.map((choice) => `~${choice}`).join("");
    const last = parts.at(-1);
    if (last?.text === text) last.count++;
    else parts.push({ text, count: 1 });
  }
  return parts.map(({ text, count }) => (count === 1 ? text : `${text}*${count}`)).join(".");
}

/** @throws {ExploreError} EXPLORE_BAD_SCHEDULE */
export function parseMoves(text: string, threadCount: number): Move[] {
  return text.split(".").flatMap((part) => {
    const match = /^(d?)(\d+)((?:~\d+)*)(?:\*(\d+))?$/.exec(part);
    if (match === null) throw new ExploreError("EXPLORE_BAD_SCHEDULE", `"${part}", expected a thread number such as 1, 1*8, 1~2 or d0`);
    const [, drain, thread, choices, count] = match;
    if (Number(thread) >= threadCount) throw new ExploreError("EXPLORE_BAD_SCHEDULE", `"${part}": the scenario has threads 0 to ${threadCount - 1}`);
    const move: Move = { actor: Number(thread) + (drain === "d" ? threadCount : 0), choices: choices === "" ? [] : choices!.slice(1).split("~").map(Number) };
    return Array.from({ length: Number(count ?? 1) }, () => move);
  });
}
