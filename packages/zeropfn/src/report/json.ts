import { type Comparison, isSameBytes, MAIL_NS, mailRatios, ratiosToFastest } from "./comparison.ts";

/** A comparison for machines: one object, `job` of each stack in fio's shape. Times are ns, sizes bytes. */
export function comparisonJson(comparison: Comparison): string {
  const { file, job, results, bare } = comparison;
  const first = ratiosToFastest(comparison, "first"), warm = ratiosToFastest(comparison, "warm"), mail = mailRatios(comparison);
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
