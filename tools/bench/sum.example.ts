import { type AnyBenchmark, defineBenchmark, mix } from "./benchmark.ts";

/** The least that a benchmark can be. The tests of the harness run it. */
export const bench: AnyBenchmark = defineBenchmark({
  question: "Is an array summed faster from its end?",
  tiny: { length: 100 },
  real: { length: 1_000_000 },
  rounds: 2,
  candidates: {
    forwards({ length }, random) {
      const numbers = random.permutation(length);
      return {
        operations: length,
        stateBytes: () => numbers.byteLength,
        round() {
          let sum = 0;
          for (let at = 0; at < length; at++) sum += numbers[at]!;
          return mix(0, sum);
        },
      };
    },
    backwards({ length }, random) {
      const numbers = random.permutation(length);
      return {
        operations: length,
        round() {
          let sum = 0;
          for (let at = length - 1; at >= 0; at--) sum += numbers[at]!;
          return mix(0, sum);
        },
      };
    },
  },
});
