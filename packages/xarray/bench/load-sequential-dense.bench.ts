import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { question } from "./question.ts";

export const bench: AnyBenchmark = question("load sequential", "dense", [{ ours: "XArray cursor", rival: "Map", ratio: 9 }, { ours: "XArray cursor", rival: "Int32Array", ratio: 0.5 }]);
