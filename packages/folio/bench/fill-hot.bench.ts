import type { AnyBenchmark } from "../../../tools/bench/benchmark.ts";
import { contentBenchmark } from "./content.ts";

export const bench: AnyBenchmark = contentBenchmark("zero", "hot");
