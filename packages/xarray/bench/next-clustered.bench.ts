import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { question } from "./question.ts";

export const bench: AnyBenchmark = question("next after", "clustered", [{ rival: "sorted-btree", ratio: 2 }]);
