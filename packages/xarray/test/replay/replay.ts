import { KernelTestsLog } from "./kernel-tests-log.ts";
import { type LogLine, type Tally, newTally, readLog } from "./log.ts";
import { RandomLog } from "./random-log.ts";

/** Replays a log of either format. */
export async function replay(path: string, isChecking: boolean = false): Promise<Tally> {
  const tally = newTally();
  let log: { take(line: LogLine): void; end?(): void } | undefined;
  for await (const line of readLog(path)) {
    log ??= line["section"] === undefined ? new RandomLog(tally, isChecking) : new KernelTestsLog(tally, isChecking);
    log.take(line);
  }
  log?.end?.();
  return tally;
}
