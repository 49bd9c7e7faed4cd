import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { processReplay } from "./replay.ts";

/** 64 MiB: the TLB has no page, the table met last has almost all. */
export const bench: AnyBenchmark = processReplay("sequential", { pages: 2 ** 14, accesses: 4_000_000 }, 0.35);
