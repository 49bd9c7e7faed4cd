import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { faultBenchmark } from "./faults.ts";

export const bench: AnyBenchmark = faultBenchmark("unmap-anon", "What does munmap cost for each page, of 1 GiB of anonymous pages, beside C?", 2 ** 18, { rounds: 3 });
