import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { areasBenchmark } from "./areas.ts";

export const bench: AnyBenchmark = areasBenchmark(1_000);
