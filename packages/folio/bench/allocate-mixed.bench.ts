import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { allocationBenchmark } from "./allocation.ts";

export const bench: AnyBenchmark = allocationBenchmark(true);
