import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { question } from "./question.ts";

export const bench: AnyBenchmark = question("next after", "dense", [{ rival: "sorted-btree", ratio: 7 }]);
