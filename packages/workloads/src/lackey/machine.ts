import { createMachine, type Machine, type MachineFile, type Process, type Stack } from "@zeropfn/mm";
import { GiB } from "@zeropfn/units";
import { WorkloadsError } from "../errors.ts";
import type { LackeyMachine } from "./target.ts";

const MEMORY_BYTES: number = 4 * GiB;
const FILE_CAPACITY = 4096;

/**
 * A machine for traces of ordinary programs: 4 GiB of memory, which the host gives as it is touched.
 * @throws {WorkloadsError} WORKLOADS_RUN_FAILED: the stack has no private mappings, without which no program starts.
 */
export function lackeyMachine(stack: Stack): Machine {
  const machine = createMachine({ stack, memoryBytes: MEMORY_BYTES, size: { fileCapacity: FILE_CAPACITY } });
  if (!machine.parts.files.hasPrivateMappings) {
    throw new WorkloadsError("WORKLOADS_RUN_FAILED", `stack ${stack.name} has no private mappings, expected one whose files a program can be mapped from: linux-tmpfs`);
  }
  return machine satisfies LackeyMachine<MachineFile, Process>;
}
