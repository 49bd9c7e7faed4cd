export type { BlockDevice } from "./direct-io.ts";
export { MmError, type MmErrorCode } from "./errors.ts";
export { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, type FileStat, MachineFile } from "./file.ts";
export type { FileReferences } from "./file-references.ts";
export type { FileSystem } from "./file-system.ts";
export { type DaxMechanisms, daxFileSystem, type TmpfsMechanisms, tmpfsFileSystem } from "./file-systems.ts";
export { createMachine, Machine, type MachineOptions, type Overrides, type ThpModeName } from "./machine.ts";
export { defaultMachineSize, type MachineSize } from "./machine-size.ts";
export { pageInfo, type PageInfo, type PageLetter } from "./page-info.ts";
export type { MachineParts } from "./parts.ts";
export {
  MADV_COLD, MADV_DONTNEED, MADV_FREE, MADV_PAGEOUT, MAP_ANONYMOUS, MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_LOCKED, MAP_NORESERVE, MAP_POPULATE, MAP_PRIVATE, MAP_SHARED, PROT_EXEC, PROT_NONE,
  PROT_READ, PROT_WRITE,
} from "@zeropfn/pte-mmu";
export { Pipe } from "./pipe.ts";
export type { Pipes } from "./pipes.ts";
export { type MmapOptions, Process, type Siginfo } from "./process.ts";
export { areaLine, mappedArea, type MappedArea, mappedAreas } from "./proc/mapped-area.ts";
export type { MappedFile } from "./proc/mapped-file.ts";
export { maps } from "./proc/maps.ts";
export { meminfo, meminfoFields, type Meminfo } from "./proc/meminfo.ts";
export { pagemap, type PagemapEntry, pagemapWord } from "./proc/pagemap.ts";
export { smaps, type SmapsLayout, smapsRollupText } from "./proc/smaps.ts";
export { type SmapsArea, smapsAreaAt, smapsAreas, type SmapsField, smapsFields, type SmapsFields, smapsRollup, type SmapsTotals } from "./proc/smaps-fields.ts";
export { statusFields, type StatusFields, statusLines } from "./proc/status.ts";
export { vmstat, vmstatFields, type Vmstat } from "./proc/vmstat.ts";
export type { Rings } from "./rings.ts";
export type { FileSystemParts, Stack, StackParts, WiredFiles } from "./stack.ts";
export { daxCachePage, daxZeroPage, linuxTmpfs, stacks } from "./stacks.ts";
