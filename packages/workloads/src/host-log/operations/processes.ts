import type { Process } from "@zeropfn/mm";
import { type Operations, type Outcome, returned, type Scene } from "../outcome.ts";
import { areaCount } from "./memory-calls.ts";

/** A child of the process; or an error, negated; or why there can be none. */
export function forked(process: Process & { fork?(): Process | number }): Process | number | string {
  return process.fork === undefined ? "fork: not modelled" : process.fork();
}

function fork({ world, process }: Scene, [child]: readonly number[]): Outcome | string {
  if (world.processes.has(child!)) return `process ${child} exists`;
  const made = forked(process);
  if (typeof made === "string") return made;
  if (typeof made === "number") return returned(made);
  world.processes.set(child!, made);
  return { ret: 0, nv: areaCount(made) };
}

function exit({ world, process, record }: Scene): Outcome {
  process.exit();
  world.processes.delete(record.p!);
  return { ret: 0 };
}

/** Processes come and go. */
export const PROCESSES: Operations = {
  fork: { arguments: ["child"], perform: fork },
  exit: { arguments: [], perform: exit },
};
