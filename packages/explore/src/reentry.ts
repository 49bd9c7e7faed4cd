import { type Gate, gateHolder, type LeafOperation, type LeafResult } from "@zeropfn/state";
import { type Call, callText, Control, type Failure, isObject, type Next } from "./control.ts";
import { type Lanes, mixText, mixValue } from "./hash.ts";

/** A thread of a scenario: code that is run again from its beginning whenever something new is to be learnt about it. */
export interface ThreadCode {
  readonly name: string;
  readonly body: () => void;
  /** A daemon may wait for ever: no deadlock and no end waits for it. */
  readonly isDaemon: boolean;
}

export interface ReentryOptions {
  /** Leaves that are not gated, so that the leaves they call are the steps. */
  readonly isSplit: (operation: LeafOperation) => boolean;
  /** Whether `mark` is heard. */
  readonly hasMarks: boolean;
  /** Leaves without a mark after which a thread is given up as endless. */
  readonly maximumLog: number;
  /** What the code between leaves wrote to columns: nothing, if it keeps the rules. Undefined if nothing. */
  readonly strayWrites: () => string | undefined;
}

/** One leaf that is performed in the midst of its thread's code, and what became of it. */
interface Performance {
  readonly control: Control;
  result: LeafResult;
  failure: Failure | undefined;
}

/** Thrown through a thread's code to suspend it. No error: code that swallows it breaks a rule. */
const SUSPENDED: { readonly isSuspension: true } = { isSuspension: true };

/** The failure that a `check` throws, remembered before it is thrown: a `finally` on its way may suspend. */
class CheckFailed extends Error {}

/**
 * Finds what a thread does next, by running its code again: leaves answer from the log, up to the first one that is
 * not in it; that one throws, and is what comes next. Nothing is performed here, so all that changes is a mistake.
 */
export class Reentry implements Gate {
  /** Packages in whose leaves a thread was suspended. */
  readonly packages: Set<string> = new Set();
  /** Names of leaves that hold more than one step may, and were steps. */
  readonly coarseSteps: Set<string> = new Set();
  /** A thread was given up as endless. */
  endless: string | undefined;
  readonly #options: ReentryOptions;
  readonly #marked = new Map<ThreadCode, Map<string, Control>>();
  /** The hash of each thread that has seen nothing: no two threads have equal hashes. */
  readonly #firstLanes = new Map<ThreadCode, Lanes>();
  #thread: ThreadCode | undefined;
  #log: Control[] = [];
  #results: LeafResult[] = [];
  #position = 0;
  #lanes: Lanes = { hashA: 0, hashB: 0 };
  /** Since the mark after the last leaf, if there is one. */
  #mark: string | undefined;
  #next: Next | undefined;
  #known: Control | undefined;
  /** Runs the leaf that is not in the log, instead of noting that it comes next. */
  #performance: Performance | undefined;

  constructor(options: ReentryOptions) {
    this.#options = options;
  }

  /** What `thread` does first. `lanes` tell threads apart. */
  first(thread: ThreadCode, lanes: Lanes): Control {
    this.#log = [];
    this.#results = [];
    this.#firstLanes.set(thread, lanes);
    return this.#run(thread, null, undefined, lanes);
  }

  /** What `thread` does after its leaf at `from` gave `result`. */
  after(thread: ThreadCode, from: Control, result: LeafResult): Control {
    this.#load(from, result);
    return this.#run(thread, from, result, from.lanesAfter(result));
  }

  /**
   * Performs the leaf at `control` in the midst of its thread's code: whatever the code between leaves keeps outside
   * columns (a cursor's position, a scratch record) is as that thread left it, not as another one did.
   */
  perform(thread: ThreadCode, control: Control): LeafResult | Failure {
    if (control.parent === null) this.#log = [];
    else this.#load(control.parent, control.result);
    const performance: Performance = { control, result: undefined, failure: undefined };
    this.#performance = performance;
    const { next } = this.#enter(thread, { hashA: 0, hashB: 0 });
    this.#performance = undefined;
    if (next?.kind === "failed") return next.failure;
    return performance.failure ?? performance.result;
  }

  #load(from: Control, result: LeafResult): void {
    this.#log = [];
    this.#results = [];
    for (let control: Control | null = from, seen: LeafResult = result; control !== null; seen = control.result, control = control.parent) {
      this.#log.push(control);
      this.#results.push(seen);
    }
    this.#log.reverse();
    this.#results.reverse();
  }

  #run(thread: ThreadCode, from: Control | null, result: LeafResult, lanes: Lanes): Control {
    this.#enter(thread, lanes);
    const strayWrites = this.#options.strayWrites();
    if (strayWrites !== undefined) this.#note(`columns written outside a leaf (${strayWrites}) ${this.#where()}`);
    return this.#known ?? this.#control(from, result);
  }

  /** Runs the code of `thread` from its beginning until it suspends, fails or ends. */
  #enter(thread: ThreadCode, lanes: Lanes): { readonly next: Next | undefined } {
    this.#thread = thread;
    this.#position = 0;
    this.#lanes = lanes;
    this.#mark = this.#next = this.#known = undefined;
    gateHolder.gate = this;
    try {
      thread.body();
      if (this.#next !== undefined) this.#noteSwallowed();
      else if (this.#position < this.#log.length) this.#note("ended earlier when it was run again");
      else this.#next = { kind: "finished" };
    } catch (thrown) {
      if (thrown !== SUSPENDED && !(thrown instanceof CheckFailed)) this.#next = { kind: "failed", failure: failureOf(thread.name, thrown) };
    } finally {
      gateHolder.gate = null;
    }
    return { next: this.#next };
  }

  #control(from: Control | null, result: LeafResult): Control {
    const next = this.#next!;
    const length = this.#mark !== undefined || from === null ? 0 : from.length + 1;
    const lanes = next.kind === "finished" ? mixText(this.#mark === undefined ? this.#firstLanes.get(this.#thread!)! : this.#lanes, "finished") : this.#lanes;
    const control = new Control(next, lanes, length, from, result);
    if (this.#mark !== undefined) this.#marksOf(this.#thread!).set(this.#mark, control);
    if (next.kind === "step") {
      this.packages.add(next.call.operation.package);
      if (next.call.operation.coarse) this.coarseSteps.add(next.call.operation.name);
    }
    if (length > this.#options.maximumLog) this.endless = `${this.#thread!.name} took ${length} steps: a loop that tries again needs a mark`;
    return control;
  }
  #marksOf(thread: ThreadCode): Map<string, Control> {
    let marks = this.#marked.get(thread);
    if (marks === undefined) this.#marked.set(thread, (marks = new Map()));
    return marks;
  }

  // What a thread's code calls while it is run again.

  pass(operation: LeafOperation, owner: object, args: unknown[]): LeafResult {
    if (this.#isSuspended) throw SUSPENDED;
    if (this.#options.isSplit(operation)) return operation.body.apply(owner, args);
    if (this.#position < this.#log.length) {
      const expected = this.#log[this.#position]!.call!, call: Call = { operation, owner, args };
      if (!isSameCall(expected, call)) this.#break(`took another path when it was run again: ${callText(call)} where it was ${callText(expected)}`);
      return this.#results[this.#position++];
    }
    const call: Call = { operation, owner, args };
    this.#next = { kind: operation.silent ? "silent" : "step", call };
    if (this.#performance !== undefined) this.#performNow(this.#performance, call);
    throw SUSPENDED;
  }
  #performNow(performance: Performance, call: Call): void {
    const expected = performance.control.call!;
    if (!isSameCall(expected, call)) this.#break(`took another path when it was run again: ${callText(call)} where it was ${callText(expected)}`);
    gateHolder.inLeaf = true;
    try {
      performance.result = call.operation.body.apply(call.owner, call.args as unknown[]);
    } catch (thrown) {
      performance.failure = failureOf(this.#thread!.name, thrown);
    } finally {
      gateHolder.inLeaf = false;
    }
  }

  mark(label: string, live: readonly (number | boolean)[]): void {
    if (this.#isSuspended) throw SUSPENDED;
    if (!this.#options.hasMarks || this.#position < this.#log.length || this.#performance !== undefined) return;
    this.#mark = `${label} ${live.join(" ")}`;
    this.#known = this.#marksOf(this.#thread!).get(this.#mark);
    if (this.#known !== undefined) {
      this.#next = { kind: "finished" };
      throw SUSPENDED;
    }
    this.#lanes = live.reduce<Lanes>((lanes, value) => mixValue(lanes, value), mixText(this.#firstLanes.get(this.#thread!)!, label));
  }

  check(condition: boolean, message: string): void {
    if (this.#isSuspended) throw SUSPENDED;
    if (condition) return;
    this.#next = { kind: "failed", failure: { kind: "check", message } };
    throw new CheckFailed(message);
  }

  /** Remembers that a rule is broken, and stops the thread. Also for the guard of columns. */
  breakRule(what: string): never {
    return this.#break(`${what} ${this.#where()}`);
  }

  get #isSuspended(): boolean {
    return this.#next !== undefined;
  }
  #break(what: string): never {
    this.#note(what);
    throw new CheckFailed(what);
  }
  #note(what: string): void {
    this.#known = undefined;
    this.#next = { kind: "failed", failure: { kind: "rule", message: `${this.#thread!.name} ${what}` } };
  }
  #noteSwallowed(): void {
    const next = this.#next!;
    if ("call" in next) this.#note(`swallowed its suspension at ${callText(next.call)}: a catch must rethrow what it does not know`);
  }
  /** "after pte.lock(3)" */
  #where(): string {
    const last = this.#log[Math.min(this.#position, this.#log.length) - 1];
    return last?.call === undefined ? "before its first leaf" : `after ${callText(last.call)}`;
  }
}

/** What an error thrown by a thread or one of its leaves stands for. */
export function failureOf(thread: string, thrown: unknown): Failure {
  const code = thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
  const message = thrown instanceof Error ? `${thread} threw ${thrown.name}: ${thrown.message}` : `${thread} threw ${String(thrown)}`;
  return { kind: code === undefined ? "mistake" : code === "EXPLORE_LIMIT" ? "limit" : "complaint", message };
}

/** Arguments that are objects are not compared, nor are owners: code between leaves may make new ones. */
function isSameCall(then: Call, now: Call): boolean {
  if (then.operation !== now.operation || then.args.length !== now.args.length) return false;
  for (let at = 0; at < now.args.length; at++) {
    if (!Object.is(then.args[at], now.args[at]) && !(isObject(then.args[at]) && isObject(now.args[at]))) return false;
  }
  return true;
}
