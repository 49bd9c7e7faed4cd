import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { question } from "./question.ts";

export const bench: AnyBenchmark = question("load random", "random", [{ rival: "Map", ratio: 1 }]);
