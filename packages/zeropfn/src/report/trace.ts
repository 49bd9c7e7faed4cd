import type { LackeyReport, LackeySample } from "@zeropfn/workloads/lackey";
import { tableOf, whole } from "./table.ts";

/** What `run` found out. */
export interface TraceRun {
  readonly file: string;
  readonly stack: string;
  readonly summary: string;
  readonly report: Omit<LackeyReport<unknown>, "process">;
}

/** Such a trace has addresses, sizes and calls, but no bytes. */
const NO_VALUES = "Values are not in such a trace: stores write nothing in particular, files have sizes but no known contents, and what the kernel itself copies is not accessed.";

/** A replay for people. */
export function traceText({ file, stack, summary, report }: TraceRun): string {
  const signals = Object.entries(report.signals).map(([signal, count]) => `${whole(count)} accesses ended in signal ${signal}.`);
  const notes = [NO_VALUES, ...signals, ...differences(report)];
  return `${[`${file} on ${stack}: ${summary}`, figures(report), samplesTable(report.samples), callsTable(report.calls), notes.join("\n")].join("\n\n")}\n`;
}

/** The same for machines: one object. Sizes are bytes, `hitRate` is 0 to 1. */
export const traceJson = ({ file, stack, report }: TraceRun): string =>
  `${JSON.stringify({ trace: file, stack, node: process.version, valuesKnown: false, ...report }, null, 2)}\n`;

const kib = (bytes: number): string => `${whole(bytes / 1024)} KiB`;

function figures({ accesses, tlb, faults, samples, residentBytes, tableBytes, preMapped, fileCount }: TraceRun["report"]): string {
  const peak = samples.reduce((most, sample) => Math.max(most, sample.residentBytes), residentBytes);
  return tableOf(["", ""], [
    ["accesses", whole(accesses.total)],
    ["  instruction fetches", whole(accesses.fetches)],
    ["  loads", whole(accesses.loads)],
    ["  stores", whole(accesses.stores)],
    ["  modifies (a load and a store of the same bytes)", whole(accesses.modifies)],
    ["  pages beyond the first of an access", whole(accesses.crossings)],
    ["TLB hit rate", `${(tlb.hitRate * 100).toFixed(4)} %`],
    ["page table walks", whole(tlb.walks)],
    ["faults for a load", whole(faults.read)],
    ["faults for a store", whole(faults.write)],
    ["faults for an instruction", whole(faults.fetch)],
    ["minor faults, as the machine counts", whole(faults.minor)],
    ["major faults, as the machine counts", whole(faults.major)],
    ["resident memory, most seen", kib(peak)],
    ["resident memory, at the end", kib(residentBytes)],
    ["page tables, at the end", kib(tableBytes)],
    ["pre-mapped: areas that no call announced", whole(preMapped.areas)],
    ["pre-mapped: pages", whole(preMapped.pages)],
    ["files mapped", whole(fileCount)],
  ]);
}

const MOST_ROWS = 16;

/** Evenly chosen rows; the working set of those between is the largest of them. */
function samplesTable(samples: readonly LackeySample[]): string {
  const step = Math.max(1, Math.ceil(samples.length / MOST_ROWS)), rows: string[][] = [];
  for (let first = 0; first < samples.length; first += step) {
    const group = samples.slice(first, first + step), last = group.at(-1)!;
    rows.push([whole(last.accesses), kib(last.residentBytes), kib(last.tableBytes), whole(Math.max(...group.map(({ workingSetPages }) => workingSetPages)))]);
  }
  return tableOf(["after accesses", "resident", "page tables", "working set, pages"], rows);
}

const callsTable = (calls: TraceRun["report"]["calls"]): string => tableOf(["system call", "made"], Object.entries(calls).map(([name, count]) => [name, whole(count)]));

function differences({ differenceCount, differences: first }: TraceRun["report"]): string[] {
  if (differenceCount === 0) return ["All calls that change the address space came out as recorded."];
  const lines = first.map(({ line, name, recorded, got }) => `  line ${line}: ${name} gave ${recorded} there and ${got} here`);
  return [`${whole(differenceCount)} calls came out other than recorded; the first:`, ...lines];
}
