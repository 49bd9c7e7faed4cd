import type { LogRecord } from "../line.ts";
import type { Operation, Operations } from "../outcome.ts";
import { ACCESSES } from "./accesses.ts";
import { FILES } from "./files.ts";
import { MEMORY_CALLS } from "./memory-calls.ts";
import { PINS } from "./pins.ts";
import { PROCESSES } from "./processes.ts";
import { REPORTS } from "./reports.ts";
import { SLOTS } from "./slots.ts";

/** Words about what follows, and modes of the host. */
const REMARKS: Operations = {
  reset: { arguments: [], perform: () => ({}) },
  note: { arguments: [], told: ["text"], perform: () => ({}) },
  thp: { arguments: [], told: ["mode"], perform: () => "transparent huge pages: not modelled" },
};

const OF_PROCESSES: Operations = { ...MEMORY_CALLS, ...FILES, ...ACCESSES, ...REPORTS, ...PROCESSES, ...PINS };

/** How the operation of a record is performed; undefined if it is not known. `reset` is the runner's, who makes a new machine. */
export function operationOf({ op, p }: LogRecord): Operation | undefined {
  const operations = Object.hasOwn(REMARKS, op) ? REMARKS : p === undefined ? SLOTS : OF_PROCESSES;
  return Object.hasOwn(operations, op) ? operations[op] : undefined;
}
