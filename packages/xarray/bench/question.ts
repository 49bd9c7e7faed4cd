import { type AnyBenchmark, type Goal, defineBenchmark, mix } from "../../../tools/bench/benchmark.ts";
import { keysOf, type Shape, shuffled } from "./keys.ts";
import { DENSE_ONLY, SUBJECTS } from "./subjects.ts";

/** XArray in at most 1 / `ratio` of the time of `rival`. */
export interface Ratio {
  readonly rival: string;
  readonly ratio: number;
  /** Default "XArray". */
  readonly ours?: string;
}

/** One task on all structures, for the root's benchmarks. `run.ts` has all sizes and shapes in one table. */
export function question(task: string, shape: Shape, ratios: readonly Ratio[]): AnyBenchmark {
  const rivals = Object.entries(SUBJECTS).filter(([name, make]) => task in make().tasks && (shape === "dense" || !DENSE_ONLY.has(name)));
  return defineBenchmark<{ readonly count: number }>({
    question: `What does "${task}" cost, for ${shape} keys?`,
    tiny: { count: 200 },
    real: { count: 100_000 },
    rounds: 5,
    candidates: Object.fromEntries(rivals.map(([name, make]) => [name, ({ count }) => {
      const keys = keysOf(shape, count), order = shuffled(keys), subject = make();
      return { operations: count, before: () => subject.make(keys), round: () => mix(0, subject.tasks[task]!(keys, order) >>> 0) };
    }])),
    goals: ratios.map(({ rival, ratio, ours = "XArray" }): Goal => ({ claim: `${ours} is ${ratio} times as fast as ${rival}`, value: (ns) => ns[rival]! / ns[ours]!, atLeast: ratio })),
  });
}
