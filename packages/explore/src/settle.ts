import type { Instance } from "./instance.ts";
import type { Scenario, Variation } from "./scenario.ts";
import { mutantNamed } from "./mutant.ts";
import { type Schedule, scheduleOf } from "./schedule.ts";
import { type Found, type Move, search, type SearchEnd, type SearchOptions, withInstance } from "./search.ts";
import { shortestSchedule, withFewestThreads } from "./shortest.ts";
import { missProbability, type MutantVerdict, type Verdict, type VerdictKind } from "./verdict.ts";

export interface SettleOptions extends SearchOptions {
  /** Mutants are settled too. Default true. Without them a SAFE is not looked at for vacuity. */
  readonly hasMutants?: boolean;
}

/**
 * Settles one scenario: searches all its states, then its mutants'; for what goes wrong, finds the shortest schedule.
 * @throws {ExploreError} if the scenario is no scenario. What is wrong with what it explores is a verdict.
 */
export function settleScenario(scenario: Scenario, options: SettleOptions = {}): Verdict {
  const found = search(scenario, options);
  const { kind, why } = judge(scenario, found);
  const hasMutants = options.hasMutants ?? true;
  const mutants = hasMutants && kind === scenario.options.expected ? found.mutants.map(({ name, variation }) => settleMutant(scenario, name, variation, options)) : [];
  const vacuity = kind === "SAFE" && hasMutants ? vacuityOf(found, mutants) : "";
  const verdict = vacuity === "" ? kind : "VACUOUS";
  return {
    scenario,
    verdict,
    isAsExpected: verdict === scenario.options.expected,
    why: vacuity === "" ? why : vacuity,
    mutants,
    schedule: scheduleFor(scenario, found, kind, options),
    ...measured(scenario, found, options),
  };
}

/** The kind of verdict that a search by itself gives. */
export function judge(scenario: Scenario, found: Found): { readonly kind: VerdictKind; readonly why: string } {
  const { end, failure, why } = found;
  if (end === "limit") return { kind: "UNKNOWN", why };
  if (end === "deadlock") return { kind: "DEADLOCK", why };
  if (end === "livelock") return { kind: "LIVELOCK", why };
  if (end === "failed" && (failure?.kind === "rule" || failure?.kind === "mistake")) return { kind: "ERROR", why: failure.kind === "rule" ? `rule broken: ${why}` : why };
  const missing = scenario.options.exercises.filter((name) => !found.packages.includes(name));
  if (missing.length > 0) return { kind: "ERROR", why: `no thread was suspended in a leaf of ${missing.join(" and ")}: what is said to be explored is not (is its explore build loaded?)` };
  return end === "failed" ? { kind: "UNSAFE", why } : { kind: "SAFE", why: "" };
}

function settleMutant(scenario: Scenario, name: string, variation: Variation, options: SettleOptions): MutantVerdict {
  const found = search(scenario, { ...options, variation });
  const { kind, why } = judge({ ...scenario, options: { ...scenario.options, exercises: [] } }, found);
  return { name, verdict: kind, why, isKilled: kind === "UNSAFE" || kind === "DEADLOCK" || kind === "LIVELOCK", states: found.states };
}

function vacuityOf(found: Found, mutants: readonly MutantVerdict[]): string {
  const missed = found.goals.filter(({ isReached }) => !isReached).map(({ name }) => `"${name}"`);
  if (missed.length > 0) return `never reached: ${missed.join(", ")}`;
  if (found.goals.length === 0) return "no goal says what must be reached";
  if (mutants.length === 0) return "no mutant shows that the claims can be broken";
  return mutants.some(({ isKilled }) => isKilled) ? "" : `no mutant was found out: ${mutants.map(({ name, verdict }) => `"${name}" is ${verdict}`).join(", ")}`;
}

function measured({ options }: Scenario, found: Found, { memoryModel = options.memoryModel ?? "SC" }: SettleOptions): Omit<Verdict, "scenario" | "verdict" | "isAsExpected" | "why" | "mutants" | "schedule"> {
  const { states, transitions, interleavings, depth, slabBytes, milliseconds, goals, coarseSteps, images, hasBoundedImages, digest } = found;
  const model = found.usedBuffers ? memoryModel : "SC";
  const threads = found.threadNames.length;
  const bounds = [`${threads} ${threads === 1 ? "thread" : "threads"}`, ...(options.bounds ?? []), model];
  return { states, transitions, interleavings, depth, slabBytes, milliseconds, goals, coarseSteps, images, hasBoundedImages, digest, bounds, memoryModel: model, missProbability: missProbability(states) };
}

/**
 * The schedule that finds a mutant out. Undefined if none does.
 * @throws {ExploreError} EXPLORE_UNKNOWN_NAME if the scenario has no such mutant.
 */
export function explainMutant(scenario: Scenario, name: string, options: SearchOptions = {}): Schedule | undefined {
  const { variation } = mutantNamed(scenario, name);
  const found = search(scenario, { ...options, variation });
  return scheduleFor(scenario, found, judge(scenario, found).kind, { ...options, variation }, name);
}

/** How it goes wrong, as short as can be proved; as found where the proof would take too long. */
export function scheduleFor(scenario: Scenario, found: Found, kind: VerdictKind, options: SearchOptions, mutant?: string): Schedule | undefined {
  if (found.end === "exhausted" || found.end === "limit" || kind === "ERROR") return undefined;
  return withInstance(scenario, options, (instance) => {
    const start = instance.world.save();
    const { moves, why, isMinimal } = found.end === "livelock" ? { moves: found.path, why: found.why, isMinimal: false } : shortestOf(instance, found);
    instance.world.restore(start);
    const cycleStart = found.livelock?.stem.length ?? -1;
    return scheduleOf(instance, moves, { conclusion: `${CONCLUSIONS[found.end]}: ${why}`, isMinimal, cycleStart, mutant });
  });
}
const CONCLUSIONS: Readonly<Record<SearchEnd, string>> = { exhausted: "SAFE", limit: "UNKNOWN", failed: "VIOLATION", deadlock: "DEADLOCK", livelock: "LIVELOCK" };

function shortestOf(instance: Instance, found: Found): { readonly moves: readonly Move[]; readonly why: string; readonly isMinimal: boolean } {
  const wanted = found.end === "deadlock" ? "deadlock" : "failure";
  const start = instance.world.save();
  const shortest = shortestSchedule(instance, { wanted });
  instance.world.restore(start);
  if (shortest === undefined) return { moves: found.path, why: found.why, isMinimal: false };
  return wanted === "failure" ? withFewestThreads(instance, shortest) : shortest;
}
