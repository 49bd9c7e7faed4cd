import { growingColumns } from "@zeropfn/state";
import { XA_FLAGS_ALLOC, XA_FLAGS_ALLOC1, XArrayError, XArrays, ZERO_ENTRY } from "../../src/index.ts";
import { PartlyBeyond, cursorOperations } from "./cursor-operations.ts";
import type { LogLine, Tally } from "./log.ts";
import { type Answer, type Stage, normalOperations } from "./normal-operations.ts";
import { BeyondRange, Values, position } from "./values.ts";

const FLAGS: Readonly<Record<string, number>> = { "": 0, ALLOC: XA_FLAGS_ALLOC, ALLOC1: XA_FLAGS_ALLOC1 };
const OPERATIONS = { ...normalOperations, ...cursorOperations };
/** Fields that must agree, where the log has them. */
const COMPARED = ["r", "e", "id", "next", "wrapped", "c"] as const;

/** Replays the logs of random operations, and `cases`: one array, made anew by each `init`. */
export class RandomLog {
  readonly #tally: Tally;
  readonly #isChecking: boolean;
  #mode = "";
  #stage: Stage = newStage(0);
  /** Until the next init: why lines are left out. */
  #leaveOut: string | undefined;

  /** `isChecking`: all invariants after every operation that changes anything. Slow. */
  constructor(tally: Tally, isChecking: boolean) {
    this.#tally = tally;
    this.#isChecking = isChecking;
  }

  take(line: LogLine): void {
    const op = line.op ?? "";
    if (op === "header") this.#mode = String(line["mode"]);
    if (op === "case") this.#leaveOut = undefined;
    if (op === "header" || op === "case") return;
    if (op === "init") this.#init(line);
    this.#tally.operations++;
    if (this.#leaveOut !== undefined) {
      this.#tally.beyond++;
      this.#tally.leftOut.push(`line ${line.n}: ${op}: ${this.#leaveOut}`);
    } else if (op !== "init") this.#compare(op, line);
  }

  #init({ a, phase }: LogLine): void {
    this.#stage = newStage(FLAGS[String(a![0])]!);
    const isRanges = this.#mode === "ranges" || phase === "ranges";
    this.#leaveOut = this.#mode === "top" ? "indices to 2^64-1" : isRanges && this.#mode === "mixed" ? "ranges that partly overlap entries" : undefined;
  }

  #compare(op: string, line: LogLine): void {
    if (line.q === 1) {
      this.#tally.quirks++;
      this.#tally.leftOut.push(`line ${line.n}: ${op}: quirk`);
    }
    let answer: Answer;
    try {
      const ours = this.#answer(op, line);
      if (ours === undefined) return;
      answer = ours;
    } catch (error) {
      if (error instanceof PartlyBeyond) answer = { r: error.answered };
      else if (error instanceof BeyondRange) {
        this.#leaveOut = `${error.message} in this case`;
        this.#tally.beyond++;
        this.#tally.leftOut.push(`line ${line.n}: ${op}: ${error.message}`);
        return;
      } else if (error instanceof XArrayError) return this.#disagree(line, "answer", line.r ?? line.e, error.message);
      else throw new Error(`line ${line.n}: ${JSON.stringify(line).slice(0, 200)}`, { cause: error });
      this.#tally.beyond++;
      this.#tally.leftOut.push(`line ${line.n}: ${op}: the rest ${error.message}`);
      if (line.q !== 1) this.#agree(line, { ...line, r: (line.r as unknown[]).slice(0, error.answered.length) }, answer);
      return;
    }
    if (this.#isChecking) this.#stage.arrays.checkInvariants();
    if (line.q !== 1) this.#agree(line, line, answer);
  }

  #answer(op: string, line: LogLine): Answer | undefined {
    if (op === "dump" || op === "check") return this.#dump(op, line);
    const operation = OPERATIONS[op];
    if (operation === undefined) {
      this.#tally.skipped++;
      this.#tally.leftOut.push(`line ${line.n}: ${op}: unknown operation`);
      return undefined;
    }
    return operation(this.#stage, line.a!, line);
  }

  #dump(op: string, line: LogLine): Answer {
    const { arrays, array, values } = this.#stage;
    const rows = arrays.dump(array).map(({ index, order, entry, marks, size }) => [index, order, entry === ZERO_ENTRY ? "Z" : values.written(entry), marks, ...(size === 2 ** order ? [] : [size])]);
    let marks = 0;
    for (let mark = 0; mark < 3; mark++) if (arrays.marked(array, mark)) marks |= 1 << mark;
    this.#inside(line, "nodes", arrays.nodesInUse);
    this.#inside(line, "height", arrays.height(array));
    if (marks !== line["marks"]) this.#disagree(line, "marks", line["marks"], marks);
    if (op === "dump") return { r: rows };
    const hash = hashOf(rows.map(([index, order, value, bits, ...size]) => `${[index, order, value, bits, ...size].join(",")};`).join(""));
    if (rows.length !== line["count"] || hash !== line["hash"]) this.#disagree(line, "count and hash", [line["count"], line["hash"]], [rows.length, hash]);
    return {};
  }

  #inside(line: LogLine, what: string, ours: number): void {
    if (line[what] === undefined) return;
    this.#tally.insideCompared++;
    if (line[what] === ours) return;
    this.#tally.insideDiffers++;
    this.#tally.leftOut.push(`line ${line.n}: ${what} ${String(line[what])}, here ${ours}`);
  }

  #agree(line: LogLine, theirs: LogLine, ours: Answer): void {
    for (const field of COMPARED) {
      // What a wide store returns is advisory: it may be a node.
      if (field === "r" && line.op === "storeOrder") continue;
      if (!sameAnswer(field === "r" ? positioned(line.op, theirs.r) : theirs[field], ours[field])) return this.#disagree(line, field, theirs[field], ours[field]);
    }
  }

  #disagree(line: LogLine, field: string, theirs: unknown, ours: unknown): void {
    this.#tally.disagreements++;
    this.#tally.reports.push(`line ${line.n}: ${line.op} ${JSON.stringify(line.a ?? [])}: ${field} ${JSON.stringify(theirs)}, here ${JSON.stringify(ours)}`);
  }
}

const newStage = (flags: number): Stage => {
  const arrays = new XArrays(growingColumns());
  return { arrays, array: arrays.createArray(flags), values: new Values() };
};

/** A walk or script with its cursor's indices in our numbers. */
function positioned(op: string | undefined, answer: unknown): unknown {
  if (op === "walk") return (answer as unknown[][]).map(([at, ...others]) => [position(at), ...others]);
  if (op === "script") return (answer as unknown[][]).map(([result, at, place]) => [result, position(at), place]);
  return answer;
}

const sameAnswer = (theirs: unknown, ours: unknown): boolean => JSON.stringify(theirs) === JSON.stringify(ours);

/** FNV-1a, 32 bits. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
