import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { question } from "./question.ts";

export const bench: AnyBenchmark = question("load random", "dense", [{ rival: "Map", ratio: 2 }]);
