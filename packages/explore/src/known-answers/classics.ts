import { type ColumnAllocator, leaves } from "@zeropfn/state";
import { type Scenario, type ScenarioBuilder, scenarioOf } from "../scenario.ts";
import { type Found, search } from "../search.ts";
import { type Instruction, type Perform, programBody } from "./program.ts";

/** A classic program: what happens in it is known by number. */
export interface ClassicTest {
  readonly name: string;
  readonly words: Readonly<Record<string, number>>;
  readonly threads: readonly { readonly locals: Readonly<Record<string, number>>; readonly code: readonly Instruction[] }[];
  /** Thread and program counter of the steps that are progress. */
  readonly progress?: readonly (readonly [number, number])[];
  readonly states: number;
  readonly transitions: number;
  readonly deadlocks: number;
  readonly terminals: number;
  readonly assertFailures: number;
  readonly liveness: "LIVELOCK" | "PROGRESS" | null;
  readonly verdict: string;
}

/** Runs a classic program: what differs from its known numbers and verdicts, one line for each. */
export function runClassic(test: ClassicTest): string[] {
  const found = search(classicScenario(test), { countsAll: true, looksForLivelock: test.liveness !== null });
  const isLivelock = found.end === "livelock";
  const liveness = test.liveness === null ? null : isLivelock ? "LIVELOCK" : "PROGRESS";
  const verdict = found.failures > 0 ? "assert" : found.deadlocks > 0 ? "deadlock" : isLivelock ? "livelock" : "ok";
  const got = { states: found.states, transitions: found.transitions, deadlocks: found.deadlocks, terminals: found.ends, assertFailures: found.failures, liveness, verdict };
  const lines = Object.entries(got).flatMap(([what, value]) => (value === test[what as keyof typeof got] ? [] : [`${test.name}: ${what} ${value}, expected ${test[what as keyof typeof got]}`]));
  return [...unfinished(test.name, found), ...lines];
}
const unfinished = (name: string, { end, why }: Found): string[] => (end === "exhausted" || end === "livelock" ? [] : [`${name}: ${end}: ${why}`]);

type Relation = "==" | "!=" | "<" | "<=" | ">" | ">=";
const RELATIONS: Readonly<Record<Relation, (a: number, b: number) => boolean>> = {
  "==": (a, b) => a === b, "!=": (a, b) => a !== b, "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b,
};
interface Alternative {
  readonly when?: readonly (readonly [string, Relation, number])[];
  readonly do?: readonly (readonly [string, "=" | "+=", number])[];
  readonly goto?: number;
}

/** Words of shared memory with the instructions of classic programs. */
export class ClassicWords {
  static {
    if (__EXPLORE__) {
      leaves(ClassicWords, "explore/classic", {
        load: {}, store: {}, compareExchange: {}, fetchAdd: {}, unlock: {}, local: {},
        lock: { when: (words, at) => words.load(at) === 0 },
        wait: { when: (words, at, relation, value) => RELATIONS[relation](words.load(at), value) },
        select: { when: (words, thread, pc) => words.alternativesOf(thread, pc).length > 0 },
      });
    }
  }
  readonly #names: readonly string[];
  readonly #values: Float64Array;
  readonly #programs: readonly (readonly Instruction[])[];
  readonly #choose: (count: number) => number;

  constructor(columns: ColumnAllocator, test: ClassicTest, choose: (count: number) => number) {
    this.#names = Object.keys(test.words);
    this.#values = columns.f64("word", this.#names.length);
    this.#values.set(Object.values(test.words));
    this.#programs = test.threads.map(({ code }) => code);
    this.#choose = choose;
  }

  wordNamed(name: string): number {
    return this.#names.indexOf(name);
  }
  load(at: number): number {
    return this.#values[at]!;
  }
  store(at: number, value: number): void {
    this.#values[at] = value;
  }
  /** 1 if it stored, else 0. */
  compareExchange(at: number, expected: number, value: number): number {
    if (this.#values[at] !== expected) return 0;
    this.#values[at] = value;
    return 1;
  }
  fetchAdd(at: number, amount: number): number {
    const old = this.#values[at]!;
    this.#values[at] = old + amount;
    return old;
  }
  lock(at: number): void {
    this.#values[at] = 1;
  }
  unlock(at: number): void {
    this.#values[at] = 0;
  }
  wait(_at: number, _relation: Relation, _value: number): void {}
  local(): void {}
  /** Takes one of the alternatives that hold; the search takes each. Gives the next program counter. */
  select(thread: number, pc: number): number {
    const holding = this.alternativesOf(thread, pc);
    const taken = holding[holding.length === 1 ? 0 : this.#choose(holding.length)]!;
    for (const [name, how, value] of taken.do ?? []) {
      const at = this.wordNamed(name);
      this.#values[at] = how === "=" ? value : this.#values[at]! + value;
    }
    return taken.goto ?? pc + 1;
  }

  /** For the wait condition. */
  alternativesOf(thread: number, pc: number): readonly Alternative[] {
    const [, alternatives] = this.#programs[thread]![pc]! as unknown as [string, readonly Alternative[]];
    return alternatives.filter(({ when = [] }) => when.every(([name, relation, value]) => RELATIONS[relation](this.#values[this.wordNamed(name)]!, value)));
  }
}

export function classicScenario(test: ClassicTest): Scenario {
  return scenarioOf(test.name, { claim: "", source: "", expected: "SAFE", reason: "", exercises: [] }, (s) => {
    const words = new ClassicWords(s.columns, test, s.choose);
    for (const [thread, { locals, code }] of test.threads.entries()) {
      const progress = new Set((test.progress ?? []).filter(([of]) => of === thread).map(([, pc]) => pc));
      const perform = performer(words, s, thread);
      s.thread(`P${thread}`, programBody(code, locals, (instruction, pc, own) => {
        const next = perform(instruction, pc, own);
        if (progress.has(pc)) s.progress();
        return next;
      }));
    }
  });
}

type Value = number | string | readonly [string, number];

function performer(words: ClassicWords, s: ScenarioBuilder, thread: number): Perform {
  return (instruction, pc, locals) => {
    const value = (operand: Value): number => (typeof operand === "number" ? operand : typeof operand === "string" ? locals[operand]! : locals[operand[0]]! + operand[1]);
    const address = (operand: unknown): number => words.wordNamed(Array.isArray(operand) ? `${operand[0]}${value(operand[1] as Value)}` : (operand as string));
    const set = (local: unknown, result: number): number => {
      if (local !== null) locals[local as string] = result;
      return pc + 1;
    };
    // biome-ignore lint/suspicious/noConfusingVoidType: it takes what a call without a result gives
    const after = (_: void): number => pc + 1;
    const step = (result: number): number => {
      words.local();
      return result;
    };
    const [name, a, b, c, d] = instruction as [string, unknown, Value, Value, Value];
    switch (name) {
      case "load": return set(a, words.load(address(b)));
      case "store": return after(words.store(address(a), value(b)));
      case "cas": return set(a, words.compareExchange(address(b), value(c), value(d)));
      case "fadd": return set(a, words.fetchAdd(address(b), value(c)));
      case "lock": return after(words.lock(address(a)));
      case "unlock": return after(words.unlock(address(a)));
      case "wait": return after(words.wait(address(a), b as Relation, value(c)));
      case "set": return set(a, step(value(b)));
      case "addl": return set(a, step(locals[a as string]! + value(b)));
      case "modl": return set(a, step(locals[a as string]! % value(b)));
      case "br": return step(RELATIONS[b as Relation](value(a as Value), value(c)) ? (d as number) : pc + 1);
      case "jmp": return step(a as number);
      case "nop": return step(pc + 1);
      case "assert": {
        words.local();
        s.check(RELATIONS[b as Relation](value(a as Value), value(c)), `assertion at ${pc} of thread ${thread}`);
        return pc + 1;
      }
      case "select": return words.select(thread, pc);
      default: throw new Error(`unknown instruction ${name}`);
    }
  };
}
