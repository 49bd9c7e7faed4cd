import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { contentBenchmark } from "./content.ts";
import { hashPeers } from "./peers.ts";

export const bench: AnyBenchmark = contentBenchmark("hash", "memory", await hashPeers());
