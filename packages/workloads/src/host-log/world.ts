import { type Machine, type MachineFile, type MappedArea, mappedAreas, type Pipe, type Process, pageInfo, type PageInfo, type ThpModeName } from "@zeropfn/mm";
import type { VirtualAddress } from "@zeropfn/units";
import { DirectFile } from "./direct-file.ts";
import { ARENA_BYTES, ARENA_START, LOG_PAGE_BYTES, TMPFS_SLOTS } from "./setting.ts";

/** The machine on which a log is replayed, and what the log calls its files and processes. */
export class ReplayWorld {
  readonly machine: Machine;
  /** By slot. */
  readonly files: readonly MachineFile[];
  /** By number. */
  readonly processes: Map<number, Process> = new Map();
  /** What was open with O_DIRECT. */
  readonly directFile: DirectFile = new DirectFile();
  readonly #pipes = new Map<number, Pipe>();

  #thp: ThpModeName | undefined;

  /** @param thp As the log said last; undefined: it said nothing, and was recorded of processes that have no huge pages. */
  constructor(machine: Machine, thp?: ThpModeName) {
    this.machine = machine;
    this.files = Array.from({ length: TMPFS_SLOTS }, (_, slot) => machine.createFile(`slot-${slot}`));
    const first = machine.createProcess();
    this.processes.set(0, first);
    if (thp === undefined) first.setThpDisabled(true);
    else this.setThp(thp);
  }

  get thp(): ThpModeName | undefined {
    return this.#thp;
  }
  setThp(mode: ThpModeName): void {
    this.#thp = mode;
    this.machine.setThp(mode);
    for (const process of this.processes.values()) process.setThpDisabled(false);
  }

  /** The pipe of this number: made when it is first named. */
  pipe(number: number): Pipe {
    const pipe = this.#pipes.get(number) ?? this.machine.createPipe();
    this.#pipes.set(number, pipe);
    return pipe;
  }

  /** What the page at `offset` of the arena shows. */
  page(process: Process, offset: number): PageInfo {
    return pageInfo(process, addressOf(offset));
  }

  /** What `maps` names an area: a slot, "shm" for shared anonymous memory, null for private; undefined for a file that is in no slot. */
  nameOf({ file }: MappedArea): number | "shm" | null | undefined {
    if (file === undefined) return null;
    if (file.path === "/dev/zero (deleted)") return "shm";
    const slot = this.files.findIndex(({ name }) => file.path === `/memfd:${name} (deleted)`);
    return slot < 0 ? undefined : slot;
  }
}

/** The areas of a process that the recorder saw, in order of address. */
export const areasOf = (process: Process): readonly MappedArea[] => mappedAreas(process).filter(isInArena);

/** The address at `offset` of the arena. Beyond 2^53 it is rounded, as the recorded numbers there are round. */
export const addressOf = (offset: number): VirtualAddress => (ARENA_START + offset) as VirtualAddress;

/** True of an area that the recorder saw. */
export const isInArena = ({ start }: { readonly start: number }): boolean => start >= ARENA_START && start < ARENA_START + ARENA_BYTES;

/** The offsets of the pages in which [offset, offset + length) lies. */
export function pageOffsets(offset: number, length: number): number[] {
  const first = Math.floor(offset / LOG_PAGE_BYTES), end = Math.ceil((offset + length) / LOG_PAGE_BYTES);
  return Array.from({ length: end - first }, (_, nth) => (first + nth) * LOG_PAGE_BYTES);
}
