import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { processReplay } from "./replay.ts";

/** The TLB has every page. */
export const bench: AnyBenchmark = processReplay("hot", { pages: 512, accesses: 4_000_000 }, 0.5);
