import { growingColumns } from "@zeropfn/state";
import { CANNOT_SPLIT, isValueEntry, MAX_INDEX, MAX_ORDER, XA_FLAGS_ALLOC, XA_FLAGS_ALLOC1, XArrayCursor, XArrayError, XArrays } from "../../src/index.ts";
import { steps } from "./cursor-operations.ts";
import type { LogLine, Tally } from "./log.ts";
import { type Answer, normalOperations } from "./normal-operations.ts";
import { Values, type Written, index } from "./values.ts";

const FLAGS: Readonly<Record<string, number>> = { "": 0, ALLOC: XA_FLAGS_ALLOC, ALLOC1: XA_FLAGS_ALLOC1 };

/** A cursor of a log, which may be in an error: then it does nothing until it is set. */
interface LogCursor {
  readonly cursor: XArrayCursor;
  error: boolean;
}

/** "__xa_find_after" and "xa_find_after" are `findAfter`. */
const ourName = (name: string): string => name.replace(/^(__)?xas?_/, "").replace(/_(bh|irq)$/, "").replace(/_(.)/g, (_all, letter: string) => letter.toUpperCase());

/** Which arguments are indices, by operation; what is no index is a limit, an entry, an order or a mark. */
const INDICES: Readonly<Record<string, number>> = { XA_STATE: 1, XA_STATE_ORDER: 1, xas_set: 1, xas_set_order: 1, xas_advance: 1, xa_store_range: 2 };
const NO_INDEX = new Set(["xa_alloc", "xa_alloc_cyclic", "xa_marked", "xa_empty", "xa_destroy", "xa_delete_node"]);

/** What has no counterpart here and changes nothing. */
const NO_MEANING = new Set(["init", "initFlags", "setUpdate", "setLru"]);

/** Replays the traces of the kernel's own tests: many arrays and cursors, anew for each call of a test. */
export class KernelTestsLog {
  readonly #tally: Tally;
  readonly #isChecking: boolean;
  #call: LogLine[] = [];
  #name = "";
  #line = 0;
  #firstLine = 0;
  #arrays = new Map<number, { arrays: XArrays; array: number }>();
  #cursors = new Map<number, LogCursor>();
  #values = new Values();

  constructor(tally: Tally, isChecking: boolean) {
    this.#tally = tally;
    this.#isChecking = isChecking;
  }

  take(line: LogLine): void {
    this.#line++;
    if (line["section"] === undefined) {
      this.#call.push(line);
      return;
    }
    this.end();
    this.#name = `${String(line["section"])} call ${String(line["call"])}`;
    this.#call = [];
    this.#firstLine = this.#line + 1;
  }

  /** Plays the call that was read. */
  end(): void {
    const operations = this.#call.filter(({ op }) => op !== undefined);
    this.#tally.operations += operations.length;
    if (this.#call.some(isBeyond)) {
      this.#tally.beyond += operations.length;
      this.#tally.leftOut.push(`line ${this.#firstLine}: ${this.#name}: ${operations.length} operations, as some index is beyond 2^53-1`);
      return;
    }
    this.#arrays = new Map();
    this.#cursors = new Map();
    this.#values = new Values();
    this.#call.forEach((line, at) => this.#play(line, this.#firstLine + at));
  }

  #play(line: LogLine, number: number): void {
    const { op } = line;
    if (op === undefined || line["truncated"] === true || line["end"] === true) return;
    try {
      if (op === "array") this.#declareArray(line["xa"] as number, String(line["flags"]));
      else if (op.startsWith("XA_STATE")) this.#declareCursor(line);
      else this.#compare(line, number, op.startsWith("xas_") ? this.#advanced(op, line) : this.#normal(op, line));
      if (this.#isChecking) for (const { arrays } of this.#arrays.values()) arrays.checkInvariants();
    } catch (cause) {
      if (!(cause instanceof XArrayError)) throw new Error(`line ${number}: ${JSON.stringify(line)}`, { cause });
      this.#tally.disagreements++;
      this.#tally.reports.push(`line ${number}: ${this.#name}: ${JSON.stringify(line)}, here ${cause.message}`);
    }
  }

  #declareArray(xa: number, flags: string): { arrays: XArrays; array: number } {
    const arrays = new XArrays(growingColumns()), declared = { arrays, array: arrays.createArray(FLAGS[flags]!) };
    this.#arrays.set(xa, declared);
    return declared;
  }

  #declareCursor({ s, xa, a }: LogLine): void {
    const { arrays, array } = this.#arrays.get(xa as number) ?? this.#declareArray(xa as number, "");
    const [i, order = 0] = a as [unknown, number?];
    this.#cursors.set(s as number, { cursor: new XArrayCursor(arrays, array, index(i), order), error: false });
  }

  #normal(op: string, line: LogLine): Answer | undefined {
    const name = ourName(op), { arrays, array } = this.#arrays.get(line["xa"] as number)!;
    if (name === "deleteNode") {
      deleteNodeOfValues(arrays, array);
      return {};
    }
    if (NO_MEANING.has(name)) return {};
    const operation = normalOperations[name];
    if (operation === undefined) return undefined;
    const answer = operation({ arrays, array, values: this.#values }, line.a!, line);
    // The form with the lock held returns 1 if the search began anew.
    return name === "allocCyclic" && op.startsWith("__") && answer.e === undefined ? { ...answer, r: answer.wrapped } : answer;
  }

  #advanced(op: string, line: LogLine): Answer | undefined {
    const name = ourName(op), state = this.#cursors.get(line["s"] as number)!, a = line.a!, { cursor } = state;
    if (NO_MEANING.has(name)) return {};
    if (name === "nomem" || name === "destroy") return { r: line.r };
    if (name === "error") return { r: isError(line.r) === state.error ? line.r : state.error ? "an error" : 0 };
    if (name === "setErr") {
      state.error = true;
      return {};
    }
    if (name === "set" || name === "setOrder" || name === "reset") state.error = false;
    if (state.error) return { r: line.r === undefined ? undefined : typeof line.r === "boolean" ? false : null };
    return this.#step(name, state, a, cursor);
  }

  #step(name: string, state: LogCursor, a: readonly unknown[], cursor: XArrayCursor): Answer | undefined {
    const values = this.#values;
    switch (name) {
      case "setOrder": return (cursor.setOrder(index(a[0]), a[1] as number), {});
      case "advance": return (cursor.advance(index(a[0])), {});
      case "findConflict": return { r: values.written(cursor.findConflict()) };
      case "getOrder": return { r: cursor.getOrder() };
      case "createRange": return (cursor.createRange(), {});
      case "retry": return { r: cursor.retry(values.entry(a[0] as Written)) };
      case "reload": return { r: reloaded(cursor, values) };
      // The split that follows makes its nodes.
      case "splitAlloc": return {};
      case "split": return split(state, () => cursor.split(values.entry(a[0] as Written), a[1] as number));
      case "trySplit": return split(state, () => cursor.trySplit(values.entry(a[0] as Written), a[1] as number));
      default: {
        const step = steps[name];
        return step === undefined ? undefined : { r: step(cursor, a, values) };
      }
    }
  }

  #compare(line: LogLine, number: number, answer: Answer | undefined): void {
    if (answer === undefined) {
      this.#tally.skipped++;
      this.#tally.leftOut.push(`line ${number}: ${line.op}: unknown operation`);
      return;
    }
    for (const field of ["r", "e", "id"] as const) {
      const theirs = field === "r" && typeof line.r === "string" && !/^\D/.test(line.r) ? line.r : line[field];
      if (theirs === undefined && field === "r") continue;
      // A cursor's store over a wide range returns anything.
      if (field === "r" && line.op === "xas_store" && theirs === "N") continue;
      if (JSON.stringify(theirs) !== JSON.stringify(answer[field])) {
        this.#tally.disagreements++;
        this.#tally.reports.push(`line ${number}: ${this.#name}: ${JSON.stringify(line)}, here ${JSON.stringify(answer)}`);
        return;
      }
    }
  }
}

function split(state: LogCursor, act: () => number): Answer {
  state.error = act() === CANNOT_SPLIT;
  return {};
}

/** Without a freed node's memory to look into, a cursor on it is stale: the kernel finds the retry entry there. */
function reloaded(cursor: XArrayCursor, values: Values): Written {
  try {
    const entry = values.written(cursor.reload());
    // The head became a node: the test goes on from its start, by writing to the cursor, which no line shows.
    if (entry === "N") cursor.reset();
    return entry;
  } catch (error) {
    if (error instanceof XArrayError && error.code === "XARRAY_STALE_CURSOR") return "R";
    throw error;
  }
}

/** Which error it is, is not compared: only one of them has a counterpart here. */
const isError = (r: unknown): boolean => r !== undefined && r !== null && r !== 0;

/** The test deletes the nodes that hold nothing but values; a line does not say which one. */
function deleteNodeOfValues(arrays: XArrays, array: number): void {
  const cursor = new XArrayCursor(arrays, array);
  for (let entry = cursor.find(); entry !== 0; entry = cursor.find()) {
    const { node } = cursor;
    if (node >= 0 && isValueEntry(entry) && arrays.slotsInUse(node) === arrays.valuesInUse(node)) return cursor.deleteNode(node);
  }
}

function isBeyond({ op, a }: LogLine): boolean {
  if (op === undefined || a === undefined) return false;
  const plain = op.replace(/^__/, "").replace(/_(bh|irq)$/, ""), count = NO_INDEX.has(plain) ? 0 : (INDICES[plain] ?? (plain.startsWith("xa_") ? 1 : 0));
  for (let at = 0; at < count; at++) if (Number(a[at]) > MAX_INDEX) return true;
  if (plain === "XA_STATE_ORDER" || plain === "xas_set_order") return (a[1] as number) > MAX_ORDER || Number(a[0]) + 2 ** (a[1] as number) - 1 > MAX_INDEX;
  return (plain === "xas_split" || plain === "xas_try_split" || plain === "xas_split_alloc") && (a[1] as number) > MAX_ORDER;
}

