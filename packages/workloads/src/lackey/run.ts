import { type LackeyReadOptions, readLackey } from "./read.ts";
import { LackeyReplay, type LackeyReplayOptions } from "./replay.ts";
import type { LackeyReport } from "./report.ts";
import type { LackeyFile, LackeyMachine, LackeyProcess } from "./target.ts";

export type LackeyRunOptions = LackeyReadOptions & Omit<LackeyReplayOptions, "file">;

/**
 * Replays a trace file on a machine.
 *
 * @throws {WorkloadsError} WORKLOADS_BAD_LINE, WORKLOADS_BAD_VALUE for a mistake in the trace; WORKLOADS_RUN_FAILED if the machine has no room.
 */
export async function runLackey<File extends LackeyFile, Process extends LackeyProcess<File>>(
  machine: LackeyMachine<File, Process>,
  path: string,
  options: LackeyRunOptions = {},
): Promise<LackeyReport<Process>> {
  const replay = new LackeyReplay(machine, { ...options, file: path });
  await readLackey(path, replay, options);
  return replay.report();
}
