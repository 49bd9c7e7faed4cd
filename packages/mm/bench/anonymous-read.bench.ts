import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { faultBenchmark } from "./faults.ts";

export const bench: AnyBenchmark = faultBenchmark("read-fault", "What does the first load from a page of anonymous memory cost, which maps the zero page, beside C?", 2 ** 16);
