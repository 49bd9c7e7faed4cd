import type { Random } from "./random.ts";

/** A candidate, made ready to be timed. */
export interface Prepared {
  /** Operations that one round performs: times are given for each. */
  readonly operations: number;
  /** Puts back what the last round changed. Not timed. */
  readonly before?: () => void;
  /** Performs all operations and returns a hash of what came out, made with `mix`: an integer. */
  readonly round: () => number;
  /** Bytes of state that it holds after the last round. Printed beside the time, which they may have bought. */
  readonly stateBytes?: () => number;
}

/** Makes one candidate ready. The same parameters and the same random numbers must give the same hashes. */
export type Candidate<Parameters> = (parameters: Parameters, random: Random) => Prepared;

/** What we hope to find. Printed as met or MISSED, and never a failure: machines differ. */
export interface Goal {
  readonly claim: string;
  /** The number the claim is about, from the fastest time of each candidate in ns for one operation. */
  readonly value: (ns: Readonly<Record<string, number>>) => number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/**
 * One question, asked with numbers. A file `packages/<name>/bench/<what>.bench.ts` exports it as `bench` and imports the
 * package by its name, so that what is timed is what is published.
 */
export interface Benchmark<Parameters = never> {
  readonly question: string;
  /** Runs in the tests, in milliseconds, so that the benchmark cannot rot. */
  readonly tiny: Parameters;
  readonly real: Parameters;
  /** Of the random numbers. Default 1. */
  readonly seed?: number;
  /** Timed rounds of each candidate, after one that only warms up. Default 7. */
  readonly rounds?: number;
  /** Whether all candidates compute the same thing and so must return the same hash. Default true. */
  readonly mustAgree?: boolean;
  readonly candidates: Readonly<Record<string, Candidate<Parameters>>>;
  readonly goals?: readonly Goal[];
}

/** A benchmark whose parameters only it knows: what the runner handles. */
export type AnyBenchmark = Benchmark<unknown>;

/** Says that `benchmark` is one, with its types checked. */
export const defineBenchmark = <Parameters>(benchmark: Benchmark<Parameters>): AnyBenchmark => benchmark as AnyBenchmark;

/** Takes one more number, an integer below 2^53, into a hash that began as 0. */
export function mix(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ (value >>> 0) ^ Math.imul((value / 0x1_0000_0000) | 0, 0x9e3779b1), 0x01000193);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
