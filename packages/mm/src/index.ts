export { MmError, type MmErrorCode } from "./errors.ts";
export { MachineFile } from "./file.ts";
export { createMachine, Machine, type MachineOptions, type Overrides } from "./machine.ts";
export { defaultMachineSize, type MachineSize } from "./machine-size.ts";
export type { MachineParts } from "./parts.ts";
export { MAP_PRIVATE, MAP_SHARED, type MmapOptions, Process, PROT_EXEC, PROT_NONE, PROT_READ, PROT_WRITE } from "./process.ts";
export { smaps, type SmapsField, smapsFields, type SmapsFields } from "./smaps.ts";
export type { Stack, StackParts } from "./stack.ts";
export { daxCachePage, daxZeroPage, stacks } from "./stacks.ts";
