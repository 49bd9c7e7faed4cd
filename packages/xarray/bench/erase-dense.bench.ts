import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { question } from "./question.ts";

export const bench: AnyBenchmark = question("erase random", "dense", [{ rival: "sorted-btree", ratio: 7 }]);
