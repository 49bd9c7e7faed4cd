import type { ColumnAllocator } from "@zeropfn/state";
import type { CrashRecovery, PersistentMemory } from "./crash.ts";
import type { Ghost } from "./ghost.ts";
import type { MemoryModel } from "./store-buffer.ts";

/** What a scenario may come out as. */
export type Outcome = "SAFE" | "UNSAFE" | "DEADLOCK" | "LIVELOCK";

/** How a mutant differs: a method in another's place. */
export interface Variation {
  /**
   * By name: a leaf ("dax.grab") or a method of a seam ("mmu.unmapMappingRange"). A leaf's replacement is called with
   * its owner as `this`, as an atomic step.
   */
  // biome-ignore lint/suspicious/noExplicitAny: stands in for methods of any parameters
  readonly override?: Readonly<Record<string, (this: any, ...args: any[]) => any>>;
  /** Policies of the stack, for scenarios about a machine. */
  readonly stack?: Readonly<Record<string, unknown>>;
  /** For scenarios that build other parts themselves: passed to their set-up. */
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface ScenarioOptions {
  /** What is claimed, in one sentence that a debater would sign. */
  readonly claim: string;
  /** Where the claim was made: a mail and its sentence, a commit. */
  readonly source: string;
  readonly expected: Outcome;
  /** Why it is expected. */
  readonly reason: string;
  /** Packages, without scope, in whose leaves some thread must be suspended: else the verdict is an error. */
  readonly exercises: readonly string[];
  /** Default "SC". */
  readonly memoryModel?: MemoryModel;
  /** Whether a run that never ends and never calls `progress` is looked for, under weak fairness. Default false. */
  readonly looksForLivelock?: boolean;
  /** Coarse leaves that stay one step; the verdict says so. Default none: all are split. */
  readonly whole?: readonly string[];
  /** Leaves that are taken apart into the leaves they call, beside the coarse ones. */
  readonly split?: readonly string[];
  /** Leaves and methods of seams that the scenario itself replaces, by name. */
  readonly override?: Variation["override"];
  /** What the verdict holds for, in words: "1 page", "2 CPUs". Threads and memory model are added. */
  readonly bounds?: readonly string[];
  /** States after which the search gives up: UNKNOWN. Default 5,000,000. */
  readonly maximumStates?: number;
  /** The most bytes of state columns. Default 64 KiB. */
  readonly maximumSlabBytes?: number;
  /** Name of the scenario that shows what today's kernel does under the same threads and claims. */
  readonly statusQuo?: string;
  /** Name of the scenario in which what is wrong here is repaired. */
  readonly repair?: string;
  /** What was learnt where the outcome is another than one would expect. */
  readonly note?: string;
}

/** What a scenario's set-up puts together: columns with owners, threads, claims, goals and mutants. */
export interface ScenarioBuilder {
  /** Where owners of columns get theirs. */
  readonly columns: ColumnAllocator;
  /** How the mutant that is being built differs; empty for the scenario itself. */
  readonly variation: Variation;
  /** A thread: ordinary synchronous code that calls leaves, directly or through mechanisms. */
  thread(name: string, body: () => void): void;
  /** A thread that may wait for ever, or go round for ever: no deadlock and no end waits for it. */
  daemon(name: string, body: () => void): void;
  /** A number for claims. @see Ghost */
  ghost(name: string, initial?: number): Ghost;
  /** In a thread: what must hold at this point. */
  check(condition: boolean, message: string): void;
  /** In a thread: this step brings it on. Loops without such a step are livelocks. */
  progress(): void;
  /** In a thread or a leaf: one of 0 … `count`-1; each is explored. */
  choose(count: number): number;
  /** What must hold in every state. Reads only. */
  invariant(claim: string, holds: () => boolean): void;
  /** What must hold whenever all threads have ended. Reads only. */
  atEnd(claim: string, holds: () => boolean): void;
  /** A state that must be reached, or SAFE means nothing. Reads only. */
  sometimes(goal: string, isReached: () => boolean): void;
  /** A broken sibling that must be found out, or SAFE means nothing. */
  mutant(name: string, variation: Variation): void;
  /** The machine may crash in any state; `recovery` then runs on each image that persistent memory may be left with. */
  crash(memory: PersistentMemory, recovery: CrashRecovery): void;
}

/** A model and a claim about it. Made by `scenarioOf`, or by `scenario` where a whole machine takes part. */
export interface Scenario {
  readonly name: string;
  readonly options: ScenarioOptions;
  readonly setUp: (builder: ScenarioBuilder) => void;
  /** Names that are no leaf's may be overridden: they are methods of a machine's seams. */
  readonly hasSeams: boolean;
}

/**
 * A scenario over any owners of columns: a structure, a litmus program, a class with leaves of one's own.
 * @param name A seed and a variant: "003-K7".
 */
export const scenarioOf = (name: string, options: ScenarioOptions, setUp: (builder: ScenarioBuilder) => void): Scenario => ({ name, options, setUp, hasSeams: false });
