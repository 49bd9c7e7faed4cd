import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { faultBenchmark } from "./faults.ts";

export const bench: AnyBenchmark = faultBenchmark("cow", "What does a store to a page that a fork shares cost, a copy of the frame included, beside C?", 2 ** 14);
