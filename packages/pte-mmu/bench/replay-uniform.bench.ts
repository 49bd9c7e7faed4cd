import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { replayBenchmark } from "./replay.ts";

/** 256 MiB: the TLB has one page of sixteen, and each walk is of four levels. */
export const bench: AnyBenchmark = replayBenchmark("uniform", { pages: 2 ** 16, accesses: 4_000_000 }, 0.35);
