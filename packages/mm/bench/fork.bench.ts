import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { faultBenchmark } from "./faults.ts";

export const bench: AnyBenchmark = faultBenchmark("fork", "What does a fork cost for each page with a frame, of 100,000 pages, beside C?", 100_000, { rounds: 5 });
