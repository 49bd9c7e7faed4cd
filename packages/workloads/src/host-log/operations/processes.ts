import { type Operations, type Outcome, returned, type Scene } from "../outcome.ts";
import { areaCount } from "./memory-calls.ts";

function fork({ world, process }: Scene, [child]: readonly number[]): Outcome | string {
  if (world.processes.has(child!)) return `process ${child} exists`;
  const forked = process.fork();
  if (typeof forked === "number") return returned(forked);
  world.processes.set(child!, forked);
  return { ret: 0, nv: areaCount(forked) };
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
