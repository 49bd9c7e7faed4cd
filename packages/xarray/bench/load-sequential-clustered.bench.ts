import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { question } from "./question.ts";

export const bench: AnyBenchmark = question("load sequential", "clustered", [{ ours: "XArray cursor", rival: "Map", ratio: 7 }]);
