import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { contentBenchmark } from "./content.ts";
import { zeroPeers } from "./peers.ts";

export const bench: AnyBenchmark = contentBenchmark("isZero", "memory", zeroPeers);
