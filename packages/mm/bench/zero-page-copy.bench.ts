import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { faultBenchmark } from "./faults.ts";

export const bench: AnyBenchmark = faultBenchmark("zero-cow", "What does a store to a page that maps the zero page cost, a frame of zeros included, beside C?", 2 ** 14);
