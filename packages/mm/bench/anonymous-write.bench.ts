import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { faultBenchmark } from "./faults.ts";

export const bench: AnyBenchmark = faultBenchmark("write-fault", "What does the first store to a page of anonymous memory cost, a frame of zeros included, beside C?", 2 ** 14);
