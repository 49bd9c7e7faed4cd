import { type Latency, percentileName } from "@zeropfn/workloads";
import type { HostUsage, StackResult } from "../measure/protocol.ts";
import { type Comparison, isSameBytes, MAIL_NS, mailRatios, ratiosToFastest } from "./comparison.ts";
import { tableOf, whole } from "./table.ts";

/** A comparison for people. */
export function comparisonText(comparison: Comparison): string {
  const { file, job, results } = comparison;
  const options = Object.entries({ ...job.globalOptions, ...job.jobOptions }).map(([key, value]) => `${key}=${value}`);
  const blocks = results.map(({ stack, summary, smaps }) => `${stack}: ${summary}\n${smaps.text.trimEnd()}`);
  return `${[`${file}: [${job.name}] ${options.join(" ")}`, ...blocks, countsTable(results), timesTable(comparison), verdict(comparison)].join("\n\n")}\n`;
}

const mib = (bytes: number): string => `${whole(bytes / 2 ** 20)} MiB`;
const checksumText = (checksum: number): string => checksum.toString(16).padStart(8, "0");

/** What each stack used: exact counts. */
function countsTable(results: readonly StackResult[]): string {
  const row = (label: string, value: (result: StackResult) => string): string[] => [label, ...results.map(value)];
  return tableOf(["", ...results.map(({ stack }) => stack)], [
    row("frames in use before", ({ frames }) => whole(frames.before)),
    row("frames in use after", ({ frames }) => whole(frames.after)),
    row("tree nodes", ({ tree }) => whole(tree.nodes)),
    row("tree bytes", ({ tree }) => whole(tree.bytes)),
    row("faults", ({ first }) => whole(first.faults)),
    row("bytes zeroed", ({ first }) => whole(first.zeroedBytes)),
    row("checksum (CRC-32)", ({ first }) => checksumText(first.checksum)),
    row("peak memory of its process", ({ host }) => mib(host.peakBytes)),
  ]);
}

/** What a hole fault took, beside the mail's figures and beside nothing but zeroing. Measured, so never twice the same. */
function timesTable(comparison: Comparison): string {
  const { results, bare } = comparison;
  const times = (label: string, pick: (latency: Latency) => number): string[][] =>
    (["first", "warm"] as const).map((pass) => [`${label}, ${pass} pass`, ...[...results.map((result) => result[pass].fault), bare[pass]].map((latency) => whole(pick(latency)))]);
  const percentile = (percent: number) => (latency: Latency): number => latency.percentile[percentileName(percent)]!;
  const ratio = (value: number | undefined): string => (value === undefined ? "" : value.toFixed(2));
  const ratios = (label: string, pick: (latency: Latency) => number): string[][] =>
    (["first", "warm"] as const).map((pass) => [`${label} / the fastest's, ${pass} pass`, ...ratiosToFastest(comparison, pass, pick).map(ratio), ""]);
  const mail = results.map(({ stack }) => MAIL_NS[stack]);
  return tableOf(["hole fault, ns", ...results.map(({ stack }) => stack), "zeroing alone"], [
    ...times("mean", ({ mean }) => mean),
    ...[50, 90, 99].flatMap((percent) => times(`p${percent}`, percentile(percent))),
    ...ratios("mean", ({ mean }) => mean),
    ...ratios("p50", percentile(50)),
    ["the mail's mean (July 2017)", ...mail.map((ns) => (ns === undefined ? "" : whole(ns))), ""],
    ["the mail's mean / the fastest's", ...mailRatios(comparison).map(ratio), ""],
  ]);
}

function verdict(comparison: Comparison): string {
  const { results, bare } = comparison, peak = (name: string, { peakBytes }: HostUsage): string => `${name} ${mib(peakBytes)}`;
  return [
    isSameBytes(comparison) ? `The same bytes from all: CRC-32 ${checksumText(results[0]!.first.checksum)} in both passes.` : "DIFFERENT BYTES: the checksums do not agree.",
    "Faults are timed in batches of 64 loads. First pass: the host gives its memory page by page. Warm pass: the same again after a truncation.",
    `Peak memory: ${[...results.map(({ stack, host }) => peak(stack, host)), peak("zeroing alone", bare.host)].join(", ")}.`,
  ].join("\n");
}
