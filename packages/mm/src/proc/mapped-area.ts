import { NO_MAPPING, VM_EXEC, VM_GROWSDOWN, VM_MAYSHARE, VM_READ, VM_SHARED, type VmFlags, VM_WRITE } from "@zeropfn/pte-mmu";
import type { Process } from "../process.ts";
import { type MappedFile, mappedFile } from "./mapped-file.ts";

/** What one line of /proc/PID/maps says. */
export interface MappedArea {
  /** Address of its first byte. */
  readonly start: number;
  /** Address behind its last byte. */
  readonly end: number;
  /** A sum of VM_*. */
  readonly flags: VmFlags;
  /** Byte of the file that `start` shows; 0 without a file. */
  readonly offset: number;
  /** The file; undefined for private anonymous memory. */
  readonly file: MappedFile | undefined;
  /** What stands in the last column: the file's path, "[heap]", "[stack]", or nothing. */
  readonly name: string;
}

/**
 * The area in row `vma`.
 * @kernel get_vma_name(), vma_is_initial_heap(), vma_is_initial_stack() — fs/proc/task_mmu.c, include/linux/mm.h, v6.18
 * @differs Nobody starts a process with a stack: what grows downwards is called one.
 */
export function mappedArea(process: Process, vma: number): MappedArea {
  const { machine } = process, { mms, vmas } = machine.parts.mmu, { pageSize } = machine;
  const start = vmas.firstPageOf(vma) * pageSize, end = vmas.endPageOf(vma) * pageSize, flags = vmas.flagsOf(vma), mapping = vmas.mappingOf(vma);
  const file = mapping === NO_MAPPING ? undefined : mappedFile(machine, mapping);
  const isHeap = start < mms.heapEnd(process.mm) && end > mms.heapStart(process.mm);
  const name = file?.path ?? (isHeap ? "[heap]" : (flags & VM_GROWSDOWN) !== 0 ? "[stack]" : "");
  return { start, end, flags, offset: file === undefined ? 0 : vmas.pageIndexOf(vma) * pageSize, file, name };
}

/** All areas of a process, in order of address. */
export function mappedAreas(process: Process): MappedArea[] {
  return Array.from(process.machine.parts.mmu.vmas.of(process.mm), (vma) => mappedArea(process, vma));
}

/** Where names begin. @kernel show_vma_header_prefix(), seq_setwidth(), seq_pad() — fs/proc/task_mmu.c, fs/seq_file.c, v6.18 */
const NAME_COLUMN = 73;

/**
 * The area as a line of maps, which is also the header of its block in smaps:
 * "7e0000020000-7e0000024000 rw-s 00001000 00:01 1025                       /memfd:data (deleted)".
 * Without a name it ends in a space.
 * @kernel show_map_vma() — fs/proc/task_mmu.c, v6.18
 */
export function areaLine({ start, end, flags, offset, file, name }: MappedArea): string {
  const place = `${hex(start)}-${hex(end)} ${rightsOf(flags)} ${hex(offset)} ${file?.device ?? "00:00"} ${file?.inode ?? 0} `;
  return `${name === "" ? place : `${place.padEnd(NAME_COLUMN - 1)} ${escaped(name)}`}\n`;
}

/** "rw-s" */
const rightsOf = (flags: VmFlags): string =>
  ((flags & VM_READ) === 0 ? "-" : "r") + ((flags & VM_WRITE) === 0 ? "-" : "w") + ((flags & VM_EXEC) === 0 ? "-" : "x") +
  ((flags & (VM_MAYSHARE | VM_SHARED)) === 0 ? "p" : "s");

const hex = (value: number): string => value.toString(16).padStart(8, "0");

/** A line ends at its newline, so a newline of the name is written in octal. @kernel seq_path() — fs/seq_file.c, v6.18 */
const escaped = (name: string): string => name.replaceAll("\n", "\\012");
