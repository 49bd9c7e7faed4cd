import { markdownSchedule, type PrintScheduleOptions } from "./print-schedule.ts";
import { coverage, trust } from "./print-verdict.ts";
import type { Verdict } from "./verdict.ts";

/**
 * The page of a debate: for each scenario the claim, where it was made, the status quo beside it, the verdict, the
 * schedule and the repair. The same verdicts give the same page, byte for byte: it has no durations.
 */
export function printMarkdown(title: string, verdicts: readonly Verdict[], options: PrintScheduleOptions = {}): string {
  const sections = verdicts.map((verdict) => section(verdict, verdicts, options));
  return [`# ${title}`, "", "| scenario | verdict | states |", "|---|---|--:|", ...verdicts.map(tableRow), "", ...sections.flat()].join("\n").trimEnd();
}

const tableRow = ({ scenario, verdict, states }: Verdict): string => `| [${scenario.name}](#${scenario.name.toLowerCase()}) | ${verdict} | ${states} |`;

function section(verdict: Verdict, all: readonly Verdict[], options: PrintScheduleOptions): string[] {
  const { name, options: about } = verdict.scenario;
  const linked = (label: string, to: string | undefined): string[] => (to === undefined ? [] : [`**${label}.** ${reference(to, all)}`, ""]);
  return [
    `## ${name}`, "",
    `**Claim.** ${about.claim}`, "",
    `**Source.** ${about.source}`, "",
    ...linked("Status quo", about.statusQuo),
    `**Verdict.** ${resultOf(verdict)}${[...coverage(verdict).filter((part) => !part.endsWith(" ms")), ...trust(verdict)].map((part) => `; ${part}`).join("")}.`, "",
    `**Why.** ${about.reason}`, "",
    ...(about.note === undefined ? [] : [`**Learnt.** ${about.note}`, ""]),
    ...(verdict.schedule === undefined ? [] : [markdownSchedule(verdict.schedule, options), ""]),
    ...linked("Repair", about.repair),
  ];
}

const resultOf = ({ verdict, why, bounds }: Verdict): string => (verdict === "SAFE" ? `SAFE within: ${bounds.join(", ")}` : `${verdict}: ${why}`);

function reference(name: string, all: readonly Verdict[]): string {
  const other = all.find(({ scenario }) => scenario.name === name);
  return other === undefined ? name : `[${name}](#${name.toLowerCase()}): ${other.verdict}. ${other.scenario.options.claim}`;
}
