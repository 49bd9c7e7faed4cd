import type { Schedule, ScheduleStep } from "./schedule.ts";

export interface PrintScheduleOptions {
  /** Locks and references are printed too. Default false: they are folded. */
  readonly isFull?: boolean;
}

/** One line of a printed schedule. */
interface Row {
  readonly number: string;
  readonly thread: string;
  readonly text: string;
  readonly effect: string;
}

/** A column for each thread, and what each step did. Ends with what it came to and the string to replay it. */
export function printSchedule(schedule: Schedule, options: PrintScheduleOptions = {}): string {
  const rows = rowsOf(schedule, options), { threads } = schedule;
  const widths = threads.map((thread) => Math.max(thread.length, ...rows.filter((row) => row.thread === thread).map(({ text }) => text.length)));
  const line = (number: string, cells: readonly string[], effect: string): string => [number.padStart(7), ...cells.map((cell, at) => cell.padEnd(widths[at]!)), effect].join("  ").trimEnd();
  const lines = [line("step", threads, "effect")];
  for (const { number, thread, text, effect } of rows) lines.push(line(number, threads.map((name) => (name === thread ? text : "")), effect));
  return [...lines, ...conclusionOf(schedule)].join("\n");
}

/** The same as a Markdown table, for a page of a debate. */
export function markdownSchedule(schedule: Schedule, options: PrintScheduleOptions = {}): string {
  const { threads } = schedule;
  const lines = [`| step | ${threads.map(cell).join(" | ")} | effect |`, `|---|${threads.map(() => "---|").join("")}---|`];
  for (const { number, thread, text, effect } of rowsOf(schedule, options)) {
    lines.push(`| ${number} | ${threads.map((name) => (name === thread ? cell(text) : "")).join(" | ")} | ${cell(effect)} |`);
  }
  return [...lines, "", ...conclusionOf(schedule).map((line) => line.trim())].join("\n");
}

/** As text: "lock[inode.i_rwsem](0)" is no link. */
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("](", "]\\(");

function conclusionOf({ conclusion, switches, steps, isMinimal, replay }: Schedule): string[] {
  const size = `${counted(switches, "switch", "switches")}, ${counted(steps.length, "step", "steps")}`;
  const minimal = isMinimal ? `${size}; the search proves that none has fewer switches, nor fewer steps with as many` : `${size}; not proved minimal`;
  return [`    =>  ${conclusion}`, `        ${minimal}`, `        replay: ${replay}`];
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

function rowsOf({ steps, cycleStart }: Schedule, { isFull = false }: PrintScheduleOptions): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < steps.length; ) {
    if (at === cycleStart) rows.push({ number: "", thread: "", text: "", effect: "-- from here on for ever --" });
    const fold = isFull ? 0 : foldLength(steps, at, cycleStart);
    rows.push(fold > 1 ? foldedRow(steps, at, fold) : rowOf(steps[at]!, at));
    at += Math.max(1, fold);
  }
  return rows;
}

/** How many steps of bookkeeping of one thread follow each other from `start` on. The last step is never folded. */
function foldLength(steps: readonly ScheduleStep[], start: number, cycleStart: number): number {
  let end = start;
  while (end < steps.length - 1 && steps[end]!.isBookkeeping && steps[end]!.thread === steps[start]!.thread && (end === start || end !== cycleStart)) end++;
  return end - start;
}
const rowOf = ({ thread, text, effects }: ScheduleStep, at: number): Row => ({ number: String(at + 1), thread, text, effect: effects.join(", ") });

function foldedRow(steps: readonly ScheduleStep[], start: number, length: number): Row {
  const names = new Set(steps.slice(start, start + length).map(({ text }) => text.replace(/\(.*$/, "")));
  return { number: `${start + 1}-${start + length}`, thread: steps[start]!.thread, text: `… ${[...names].join(", ")}`, effect: "" };
}
