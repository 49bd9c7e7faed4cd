import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { question } from "./question.ts";

export const bench: AnyBenchmark = question("insert in order", "dense", [{ rival: "Map", ratio: 15 }]);
