/** The process of one candidate: `FILE CANDIDATE tiny|real`. Prepares it once, and then runs a round whenever it is told to. */
import { pathToFileURL } from "node:url";
import type { AnyBenchmark } from "./benchmark.ts";
import { Random } from "./random.ts";

/** What a round brought. */
export interface Round {
  readonly ns: number;
  readonly hash: number;
  readonly operations: number;
  readonly stateBytes: number | undefined;
}

const [file, name, size] = process.argv.slice(2) as [string, string, "tiny" | "real"];
const { bench } = (await import(pathToFileURL(file).href)) as { bench: AnyBenchmark };
const prepared = bench.candidates[name]!(bench[size], new Random(bench.seed ?? 1));

process.on("message", () => {
  prepared.before?.();
  const start = process.hrtime.bigint();
  const hash = prepared.round();
  const ns = Number(process.hrtime.bigint() - start);
  process.send!({ ns, hash, operations: prepared.operations, stateBytes: prepared.stateBytes?.() } satisfies Round);
});
process.send!("ready");
