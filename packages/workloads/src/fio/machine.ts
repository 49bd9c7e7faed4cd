import { createMachine, type Machine, type Stack } from "@zeropfn/mm";
import { MiB } from "@zeropfn/units";
import type { FioJob } from "./job.ts";

/** Memory beside the pages of the file. */
const SPARE_BYTES: number = 16 * MiB;

/** A machine on which the job can run under any stack: memory for a page for each page of the file, and a device that could hold it. */
export function fioMachine(job: FioJob, stack: Stack): Machine {
  const fileBytes = Math.ceil(job.size / MiB) * MiB;
  return createMachine({ stack, memoryBytes: fileBytes + SPARE_BYTES, pmemBytes: fileBytes });
}
