import type { LeafOperation, LeafResult } from "@zeropfn/state";
import { type Lanes, mixValue } from "./hash.ts";

/** Why a search stops at a step. */
export interface Failure {
  /**
   * `check`: the scenario's claim does not hold. `complaint`: the machine threw an error with a stable code.
   * `rule`: the code breaks a rule of leaves, and no verdict about it is worth anything. `mistake`: any other error.
   * `limit`: a bound was hit, and nobody knows what is behind it.
   */
  readonly kind: "check" | "complaint" | "rule" | "mistake" | "limit";
  readonly message: string;
}

/** A call of a leaf that a thread is about to make. */
export interface Call {
  readonly operation: LeafOperation;
  readonly owner: object;
  readonly args: readonly unknown[];
}

/** What comes after the results that a thread has seen so far. */
export type Next =
  /** A leaf that is a step: the thread waits here to be scheduled. */
  | { readonly kind: "step"; readonly call: Call }
  /** A leaf that runs together with the step before it. */
  | { readonly kind: "silent"; readonly call: Call }
  | { readonly kind: "finished" }
  | { readonly kind: "failed"; readonly failure: Failure };

/**
 * A thread that is suspended is the log of its leaves' results. Logs form a tree: a control is a node of it, and knows
 * what the thread does next. So the thread's code runs once for each log, and not once for each state of the machine.
 */
export class Control implements Lanes {
  readonly kind: Next["kind"];
  /** The leaf to come. */
  readonly call: Call | undefined;
  readonly failure: Failure | undefined;
  readonly hashA: number;
  readonly hashB: number;
  /** The control before, and the result of its leaf that led here. Null at the beginning of a thread. */
  readonly parent: Control | null;
  readonly result: LeafResult;
  /** Leaves since the beginning of the thread or its last mark. */
  readonly length: number;
  /** The leaf can be performed apart from its thread's code: it is given nothing that the code may change. */
  readonly hasPlainArguments: boolean;
  /** How often the leaf was performed both apart from its thread's code and in the midst of it. */
  comparisons = 0;
  readonly #after = new Map<LeafResult, Control>();
  #lastResult: LeafResult = undefined;
  #lastAfter: Control | undefined;

  constructor(next: Next, lanes: Lanes, length: number, parent: Control | null = null, result: LeafResult = undefined) {
    this.kind = next.kind;
    this.call = "call" in next ? next.call : undefined;
    this.hasPlainArguments = this.call === undefined || !this.call.args.some(isObject);
    this.failure = next.kind === "failed" ? next.failure : undefined;
    this.hashA = lanes.hashA;
    this.hashB = lanes.hashB;
    this.length = length;
    this.parent = parent;
    this.result = result;
  }

  /** What the thread comes to if its leaf gives `result`, if that happened before. */
  after(result: LeafResult): Control | undefined {
    if (this.#lastAfter !== undefined && this.#lastResult === result) return this.#lastAfter;
    const known = this.#after.get(result);
    if (known !== undefined) this.#remember(result, known);
    return known;
  }
  setAfter(result: LeafResult, control: Control): void {
    this.#after.set(result, control);
    this.#remember(result, control);
  }
  /** The hash of a thread that has seen `result` here. */
  lanesAfter(result: LeafResult): Lanes {
    return mixValue(this, result);
  }

  #remember(result: LeafResult, control: Control): void {
    this.#lastResult = result;
    this.#lastAfter = control;
  }
}

export const isObject = (value: unknown): boolean => (typeof value === "object" && value !== null) || typeof value === "function";

/** "pte.lock(3)" */
export function callText({ operation, owner, args }: Call): string {
  const label = "label" in owner && typeof owner.label === "string" ? `${operation.name}[${owner.label}]` : operation.name;
  return `${label}(${args.map(valueText).join(", ")})`;
}

/** Numbers above 9 in hexadecimal, as addresses and entries are read. */
export function valueText(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) && value > 9 ? `0x${value.toString(16)}` : String(value);
  return typeof value === "object" && value !== null ? "…" : typeof value === "function" ? "ƒ" : String(value);
}
