import { createMachine, type Machine, type MachineFile, type Process, type Stack } from "@zeropfn/mm";
import { GiB } from "@zeropfn/units";
import type { LackeyMachine, LackeyProcess } from "./target.ts";

const MEMORY_BYTES: number = 4 * GiB;
const PMEM_BYTES: number = GiB;
/** @kernel DEFAULT_MAX_MAP_COUNT — include/linux/mm.h, v6.18: 65530 */
const VMA_CAPACITY = 65_530;
const FILE_CAPACITY = 4096;

export type TracedProcess = Process & LackeyProcess<MachineFile>;
export type TracedMachine = Machine & LackeyMachine<MachineFile, TracedProcess>;

/** A machine for traces of ordinary programs: 4 GiB of memory, which the host gives as it is touched, and the kernel's number of areas. */
export const lackeyMachine = (stack: Stack): TracedMachine =>
  createMachine({ stack, memoryBytes: MEMORY_BYTES, pmemBytes: PMEM_BYTES, size: { vmaCapacity: VMA_CAPACITY, fileCapacity: FILE_CAPACITY } }) as unknown as TracedMachine;
