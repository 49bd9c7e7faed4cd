import { printSchedule, type PrintScheduleOptions } from "./print-schedule.ts";
import type { Verdict } from "./verdict.ts";

/** One line: what came out, and how far it holds. Never more than the search covered. */
export function printVerdict(verdict: Verdict): string {
  const { scenario, why } = verdict;
  const unexpected = verdict.isAsExpected ? "" : ` (expected ${scenario.options.expected})`;
  const result = verdict.verdict === "SAFE" ? `SAFE within: ${verdict.bounds.join(", ")}` : `${verdict.verdict}${unexpected}: ${why}`;
  return `${scenario.name.padEnd(8)} ${[result, ...coverage(verdict), ...trust(verdict)].join("; ")}`;
}

/** How much was looked at. */
export function coverage({ states, transitions, interleavings, images, hasBoundedImages, verdict, missProbability, bounds, milliseconds }: Verdict): string[] {
  const counted = verdict === "SAFE" || verdict === "VACUOUS" ? `${grouped(states)} states, ${grouped(transitions)} transitions = ${interleavingsText(interleavings)}` : `${grouped(states)} states seen`;
  return [
    ...(verdict === "SAFE" ? [] : [`looked at: ${bounds.join(", ")}`]),
    counted,
    ...(images > 0 ? [`${grouped(images)} crash images${hasBoundedImages ? " (not all: bounded)" : ""}`] : []),
    ...(verdict === "SAFE" ? [`P(miss) < ${missProbability.toExponential(0)}`] : []),
    `${Math.ceil(milliseconds)} ms`,
  ];
}

/** Why a SAFE means something: goals, mutants, and the steps that it relies on. */
export function trust({ goals, mutants, coarseSteps, verdict }: Verdict): string[] {
  if (verdict !== "SAFE" && verdict !== "VACUOUS") return coarseText(coarseSteps);
  return [
    `sometimes: ${goals.map(({ name, isReached }) => `${name} ${isReached ? "✓" : "✗"}`).join(", ") || "none"}`,
    `mutants killed ${mutants.filter(({ isKilled }) => isKilled).length}/${mutants.length}`,
    ...coarseText(coarseSteps),
  ];
}
const coarseText = (steps: readonly string[]): string[] => (steps.length === 0 ? [] : [`relies on coarse steps: ${steps.join(", ")}`]);

function interleavingsText(count: number): string {
  if (count === Number.POSITIVE_INFINITY) return "interleavings without end";
  return `${count < 1e6 ? grouped(count) : count.toExponential(1)} interleavings`;
}

/** "1,064" */
const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ",");

export interface PrintVerdictsOptions extends PrintScheduleOptions {
  /** Schedules are printed under what goes wrong. Default true. */
  readonly hasSchedules?: boolean;
}

/** A line for each verdict, the schedules of what goes wrong, and a summary. */
export function printVerdicts(verdicts: readonly Verdict[], options: PrintVerdictsOptions = {}): string {
  const { hasSchedules = true } = options;
  const lines = verdicts.flatMap((verdict) => [printVerdict(verdict), ...(hasSchedules && verdict.schedule !== undefined ? ["", printSchedule(verdict.schedule, options), ""] : [])]);
  return [...lines, summary(verdicts)].join("\n");
}

/** "4 scenarios: 2 SAFE, 2 UNSAFE; all as expected" */
export function summary(verdicts: readonly Verdict[]): string {
  const counts = new Map<string, number>();
  for (const { verdict } of verdicts) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  const unexpected = verdicts.filter(({ isAsExpected }) => !isAsExpected).map(({ scenario }) => scenario.name);
  const scenarios = `${verdicts.length} ${verdicts.length === 1 ? "scenario" : "scenarios"}`;
  return `${scenarios}: ${[...counts].map(([verdict, count]) => `${count} ${verdict}`).join(", ")}; ${unexpected.length === 0 ? "all as expected" : `NOT as expected: ${unexpected.join(", ")}`}`;
}

/** 0 if all came out as their files say, else 1: what the command exits with. */
export const exitCodeOf = (verdicts: readonly Verdict[]): 0 | 1 => (verdicts.every(({ isAsExpected }) => isAsExpected) ? 0 : 1);
