import type { Outcome, Scenario } from "./scenario.ts";
import type { Schedule } from "./schedule.ts";
import type { MemoryModel } from "./store-buffer.ts";

/**
 * `UNKNOWN`: a limit was hit. `VACUOUS`: no claim was broken, but a goal was not reached or no mutant found out, so that
 * it means nothing. `ERROR`: a rule of leaves is broken, or the scenario does not explore what it says.
 */
export type VerdictKind = Outcome | "UNKNOWN" | "VACUOUS" | "ERROR";

export interface MutantVerdict {
  readonly name: string;
  readonly verdict: VerdictKind;
  readonly why: string;
  readonly isKilled: boolean;
  readonly states: number;
}

/** What was settled about one scenario, and how far it holds. */
export interface Verdict {
  readonly scenario: Scenario;
  readonly verdict: VerdictKind;
  /** It came out as its file says. */
  readonly isAsExpected: boolean;
  /** What is wrong; for SAFE, "". */
  readonly why: string;
  readonly states: number;
  readonly transitions: number;
  /** Schedules that the states stand for. Infinity where runs may be endless; NaN unless all states were seen. */
  readonly interleavings: number;
  readonly depth: number;
  readonly slabBytes: number;
  readonly milliseconds: number;
  /** What the verdict holds for: "2 threads", "1 page", "2 CPUs", "SC". */
  readonly bounds: readonly string[];
  /** SC also where TSO was asked for and no plain store took part. */
  readonly memoryModel: MemoryModel;
  /** The probability that two states had one fingerprint, so that one was missed: at most this. */
  readonly missProbability: number;
  readonly goals: readonly { readonly name: string; readonly isReached: boolean }[];
  readonly mutants: readonly MutantVerdict[];
  /** Steps that hold more than one step may: the verdict relies on their being atomic. */
  readonly coarseSteps: readonly string[];
  /** Crash images on which recovery ran. */
  readonly images: number;
  readonly hasBoundedImages: boolean;
  /** How it goes wrong. */
  readonly schedule: Schedule | undefined;
  /** Of all states together: for comparing searches. */
  readonly digest: number;
}

/** At most states² / 2^65, for 64 bits of fingerprint. */
export const missProbability = (states: number): number => (states * states) / 2 ** 65;
