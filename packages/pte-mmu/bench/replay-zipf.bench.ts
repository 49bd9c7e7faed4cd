import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { replayBenchmark } from "./replay.ts";

/** 256 MiB: hits and walks mixed, as programs have them. */
export const bench: AnyBenchmark = replayBenchmark("zipf", { pages: 2 ** 16, accesses: 4_000_000 }, 0.35);
