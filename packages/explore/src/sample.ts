import type { Failure } from "./control.ts";
import type { Instance } from "./instance.ts";
import { Random } from "./random.ts";
import type { Scenario } from "./scenario.ts";
import { commuted } from "./commute.ts";
import { type Schedule, scheduleOf } from "./schedule.ts";
import { type Move, type SearchOptions, withInstance } from "./search.ts";

export interface SampleOptions extends SearchOptions {
  /** The same seed gives the same runs. Default 1. Not the seed of fingerprints. */
  readonly randomSeed?: number;
  /** Default 1,000. */
  readonly runs?: number;
  /** Steps after which a run is given up. Default 10,000. */
  readonly maximumSteps?: number;
}

/** What random runs met. Nothing is proved by them: a run that fails is a fact, runs that do not fail are none. */
export interface Sampled {
  readonly runs: number;
  /** Runs given up at `maximumSteps`. */
  readonly endlessRuns: number;
  readonly steps: number;
  readonly goals: readonly { readonly name: string; readonly isReached: boolean }[];
  /** The first failure, in whose schedule steps that commute are drawn together. */
  readonly failure: Failure | undefined;
  readonly schedule: Schedule | undefined;
  readonly randomSeed: number;
}

/** Runs a scenario at random: for runs too long to see all of. */
export function sample(scenario: Scenario, options: SampleOptions = {}): Sampled {
  return withInstance(scenario, options, (instance) => new Sampler(instance, options).run());
}

/** "1,000 random runs (seed=1), 30,000 steps: nothing failed, which proves nothing; sometimes: …" */
export function printSampled({ runs, randomSeed, steps, endlessRuns, failure, goals }: Sampled): string {
  const result = failure === undefined ? "nothing failed, which proves nothing" : `FAILED: ${failure.message}`;
  const reached = goals.map(({ name, isReached }) => `${name} ${isReached ? "✓" : "✗"}`).join(", ");
  return [`${runs} random runs (seed=${randomSeed}), ${steps} steps: ${result}`, ...(endlessRuns > 0 ? [`${endlessRuns} runs given up`] : []), ...(reached === "" ? [] : [`sometimes: ${reached}`])].join("; ");
}

class Sampler {
  readonly #instance: Instance;
  readonly #options: SampleOptions;
  readonly #random: Random;
  readonly #isReached: boolean[];
  #steps = 0;
  #endlessRuns = 0;
  #moves: Move[] = [];

  constructor(instance: Instance, options: SampleOptions) {
    this.#instance = instance;
    this.#options = options;
    this.#random = new Random(options.randomSeed ?? 1);
    this.#isReached = instance.goals.map(() => false);
  }

  run(): Sampled {
    const { world } = this.#instance, { runs = 1000, randomSeed = 1 } = this.#options;
    const start = world.save();
    let failure: Failure | undefined, run = 0;
    for (; run < runs && failure === undefined; run++) {
      world.restore(start);
      failure = this.#runOnce();
    }
    const { goals } = this.#instance;
    return {
      runs: run,
      endlessRuns: this.#endlessRuns,
      steps: this.#steps,
      goals: goals.map(({ text }, goal) => ({ name: text, isReached: this.#isReached[goal]! })),
      failure,
      schedule: failure === undefined ? undefined : this.#scheduleOf(failure, start),
      randomSeed,
    };
  }

  #runOnce(): Failure | undefined {
    const { world, goals } = this.#instance, { maximumSteps = 10_000, onState } = this.#options;
    this.#moves = [];
    for (;;) {
      onState?.(this.#instance);
      for (const [goal, { holds }] of goals.entries()) this.#isReached[goal] ||= holds();
      const complaint = this.#instance.complaint();
      if (complaint !== undefined) return complaint;
      const actors = Array.from({ length: world.actorCount }, (_, actor) => actor).filter((actor) => world.isEnabled(actor));
      if (actors.length === 0) return world.isAtEnd ? undefined : { kind: "check", message: `deadlock: ${world.waiting()}` };
      if (this.#moves.length === maximumSteps) {
        this.#endlessRuns++;
        return undefined;
      }
      const failure = this.#stepOne(actors[this.#random.below(actors.length)]!);
      if (failure !== null) return failure;
    }
  }

  /** A random step; each choice in it is made when it is met. */
  #stepOne(actor: number): Failure | null {
    const { world } = this.#instance;
    this.#steps++;
    for (let choices: number[] = []; ; ) {
      world.step(actor, choices);
      if (world.choiceCounts.length <= choices.length) {
        this.#moves.push({ actor, choices });
        return world.failure;
      }
      const next = this.#random.below(world.choiceCounts[choices.length]!);
      world.back();
      choices = [...choices, next];
    }
  }

  #scheduleOf(failure: Failure, start: ReturnType<Instance["world"]["save"]>): Schedule {
    const moves = commuted(this.#instance, start, this.#moves, failure.message);
    this.#instance.world.restore(start);
    return scheduleOf(this.#instance, moves, { conclusion: `VIOLATION: ${failure.message} (seed=${this.#options.randomSeed ?? 1})`, isMinimal: false });
  }
}
