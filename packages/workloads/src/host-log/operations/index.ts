import type { ThpModeName } from "@zeropfn/mm";
import type { LogRecord } from "../line.ts";
import type { Operation, Operations, Outcome, Scene } from "../outcome.ts";
import { ACCESSES } from "./accesses.ts";
import { FILES } from "./files.ts";
import { MEMORY_CALLS } from "./memory-calls.ts";
import { PINS } from "./pins.ts";
import { PROCESSES } from "./processes.ts";
import { REPORTS } from "./reports.ts";
import { SLOTS } from "./slots.ts";

/** The mode stays what it is when everything else is made anew. */
function thp({ world, record }: Scene): Outcome | string {
  const mode = THP_MODES.find((name) => name === record.mode);
  if (mode === undefined) return `thp mode ${String(record.mode)}: not known`;
  world.setThp(mode);
  return {};
}
const THP_MODES: readonly ThpModeName[] = ["never", "madvise", "always"];

/** Words about what follows, and modes of the host. */
const REMARKS: Operations = {
  reset: { arguments: [], perform: () => ({}) },
  note: { arguments: [], told: ["text"], perform: () => ({}) },
  thp: { arguments: [], told: ["mode"], perform: thp },
};

const OF_PROCESSES: Operations = { ...MEMORY_CALLS, ...FILES, ...ACCESSES, ...REPORTS, ...PROCESSES, ...PINS };

/** How the operation of a record is performed; undefined if it is not known. `reset` is the runner's, who makes a new machine. */
export function operationOf({ op, p }: LogRecord): Operation | undefined {
  const operations = Object.hasOwn(REMARKS, op) ? REMARKS : p === undefined ? SLOTS : OF_PROCESSES;
  return Object.hasOwn(operations, op) ? operations[op] : undefined;
}
