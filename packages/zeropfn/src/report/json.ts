import type { Latency } from "@zeropfn/workloads";
import { type Comparison, isSameBytes, MAIL_NS, mailRatios, ratiosToFastest } from "./comparison.ts";

/** A comparison for machines: one object, `job` of each stack in fio's shape. Times are ns, sizes bytes; `ratio` compares means with the fastest stack's. */
export function comparisonJson(comparison: Comparison): string {
  const { file, job, results, bare } = comparison;
  const mean = ({ mean }: Latency): number => mean, mail = mailRatios(comparison);
  const first = ratiosToFastest(comparison, "first", mean), warm = ratiosToFastest(comparison, "warm", mean);
  const object = {
    workload: file,
    node: process.version,
    "global options": job.globalOptions,
    stacks: results.map((result, nth) => ({ ...result, ratio: { first: first[nth], warm: warm[nth], mail: mail[nth] ?? null, mailMeanNs: MAIL_NS[result.stack] ?? null } })),
    bareZeroing: bare,
    sameBytes: isSameBytes(comparison),
  };
  return `${JSON.stringify(object, null, 2)}\n`;
}
