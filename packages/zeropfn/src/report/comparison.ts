import type { FioJob, Latency } from "@zeropfn/workloads";
import type { BareResult, StackResult } from "../measure/protocol.ts";

/** What `compare` found out. */
export interface Comparison {
  readonly file: string;
  readonly job: FioJob;
  readonly results: readonly StackResult[];
  readonly bare: BareResult;
}

/** True if all passes on all stacks returned the same bytes. */
export const isSameBytes = ({ results }: Comparison): boolean => new Set(results.flatMap(({ first, warm }) => [first.checksum, warm.checksum])).size <= 1;

/** Mean latency of dax_load_hole() that the mail of July 2017 reports for each design, ns, and its ratio. */
export const MAIL_NS: Readonly<Record<string, number>> = { "dax-cache-page": 3400, "dax-zero-page": 800 };

/** How many times as long as the fastest stack each takes for a fault. */
export function ratiosToFastest({ results }: Comparison, pass: "first" | "warm", pick: (latency: Latency) => number): number[] {
  const times = results.map((result) => pick(result[pass].fault)), fastest = Math.min(...times);
  return times.map((time) => time / fastest);
}

/** The same for the mail's figures; undefined where it has none. */
export function mailRatios({ results }: Comparison): (number | undefined)[] {
  const known = results.map(({ stack }) => MAIL_NS[stack]), fastest = Math.min(...known.filter((ns) => ns !== undefined));
  return known.map((ns) => (ns === undefined ? undefined : ns / fastest));
}
