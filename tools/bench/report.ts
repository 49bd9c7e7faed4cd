import type { AnyBenchmark, Goal } from "./benchmark.ts";
import type { Rounds } from "./rounds.ts";

/** What was measured of one candidate. */
export interface Measured {
  readonly candidate: string;
  /** Of the fastest round, for one operation: what disturbs a run only ever adds to it. */
  readonly fastestNs: number;
  readonly medianNs: number;
  readonly stateBytes: number | undefined;
  /** Hash of the result of the last round. */
  readonly hash: number;
}

/** Where and when the times were taken. */
export interface Circumstances {
  readonly node: string;
  readonly cpus: number;
  /** Load average of the last minute, before and after. */
  readonly load: readonly [number, number];
}

export function measuredOf(rounds: Rounds): Measured[] {
  return Object.entries(rounds).map(([candidate, all]) => {
    const times = all.map(({ ns, operations }) => ns / operations).sort((a, b) => a - b);
    const last = all.at(-1)!;
    return { candidate, fastestNs: times[0]!, medianNs: times[times.length >> 1]!, stateBytes: last.stateBytes, hash: last.hash };
  });
}

/** The candidates that returned another hash than the first one. Empty if they need not agree. */
export function disagreements(bench: AnyBenchmark, measured: readonly Measured[]): string[] {
  if (bench.mustAgree === false) return [];
  return measured.filter(({ hash }) => hash !== measured[0]!.hash).map(({ candidate }) => candidate);
}

/** "dax-zero-page under 200 ns: met (137)". */
export function judged(goal: Goal, measured: readonly Measured[]): string {
  const value = goal.value(Object.fromEntries(measured.map(({ candidate, fastestNs }) => [candidate, fastestNs])));
  const isMet = value <= (goal.atMost ?? Number.POSITIVE_INFINITY) && value >= (goal.atLeast ?? Number.NEGATIVE_INFINITY);
  return `${goal.claim}: ${isMet ? "met" : "MISSED"} (${shown(value)})`;
}

/** The whole answer to one question, in lines. */
export function reportOf(name: string, bench: AnyBenchmark, size: "tiny" | "real", rounds: Rounds, { node, cpus, load }: Circumstances): string[] {
  const measured = measuredOf(rounds);
  const width = Math.max(9, ...measured.map(({ candidate }) => candidate.length));
  const slowest = Math.max(...measured.map(({ fastestNs }) => fastestNs));
  const rows = measured.map(({ candidate, fastestNs, medianNs, stateBytes, hash }) =>
    row(width, [candidate, shown(fastestNs), shown(medianNs), shown(fastestNs / slowest), stateBytes === undefined ? "" : String(stateBytes), hex(hash)]),
  );
  const other = disagreements(bench, measured);
  return [
    `${name}: ${bench.question}`,
    `  ${size} ${JSON.stringify(bench[size])}, seed ${bench.seed ?? 1}, ${Object.values(rounds)[0]!.length} rounds in turns, a process each`,
    `  Node ${node}, ${cpus} CPUs, load ${load[0].toFixed(2)} before and ${load[1].toFixed(2)} after`,
    row(width, ["candidate", "ns/op", "median", "of slowest", "state bytes", "result"]),
    ...rows,
    ...(bench.goals ?? []).map((goal) => `  goal: ${judged(goal, measured)}`),
    ...(other.length > 0 ? [`  WRONG: another result than ${measured[0]!.candidate}: ${other.join(", ")}`] : []),
  ];
}

const row = (width: number, [first, ...rest]: string[]): string => `  ${first!.padEnd(width)}  ${rest.map((cell) => cell.padStart(12)).join("")}`;

const hex = (hash: number): string => (hash >>> 0).toString(16).padStart(8, "0");

/** Three digits that count: noise hides the others. */
const shown = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
