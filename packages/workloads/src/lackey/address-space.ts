import { EFAULT, ENOMEM, type VirtualAddress } from "@zeropfn/units";
import { WorkloadsError } from "../errors.ts";
import type { LackeyCall } from "./events.ts";
import { runCount } from "./page-runs.ts";
import type { LackeyFile, LackeyMachine, LackeyProcess } from "./target.ts";

/** @kernel PROT_READ … — include/uapi/asm-generic/mman-common.h, v6.18 */
const PROT_READ = 0x1, PROT_WRITE = 0x2, PROT_EXEC = 0x4;
/** @kernel MAP_PRIVATE … — include/uapi/linux/mman.h, include/uapi/asm-generic/mman-common.h, v6.18 */
const MAP_PRIVATE = 0x02, MAP_TYPE = 0x0f, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20, MAP_LOCKED = 0x2000, MAP_POPULATE = 0x8000, MAP_FIXED_NOREPLACE = 0x100000;
/** What is kept of a recorded call's flags. The rest (MAP_STACK, MAP_DENYWRITE, MAP_NORESERVE …) changes no page. */
const KEPT_FLAGS: number = MAP_TYPE + MAP_ANONYMOUS + MAP_LOCKED + MAP_POPULATE;
/** @kernel MREMAP_MAYMOVE, MREMAP_FIXED — include/uapi/linux/mman.h, v6.18 */
const MREMAP_MAYMOVE = 1, MREMAP_FIXED = 2;

/** The file whose pages stand for what was mapped from files before the trace began: page n of it at page n. */
const FORMER_FILE = "[mapped before the trace]";

/** Where a call came out other than valgrind recorded. */
export interface LackeyDifference {
  readonly line: number;
  readonly name: string;
  readonly recorded: number;
  readonly got: number;
}

/** Differences kept with their lines; all are counted. */
const KEPT_DIFFERENCES = 20;

/**
 * The address space of the traced program, built from its own calls. Addresses are those that valgrind recorded: mappings are
 * put there with MAP_FIXED. Calls that failed in the trace are not made. The heap's end is moved by mapping and unmapping,
 * because valgrind, and not the machine, chose where the heap begins.
 *
 * What was mapped before the trace began (program, dynamic linker, stack, vdso) is announced by no call. Such a page is mapped
 * when it is first needed: an access or a recorded mprotect, mremap or madvise meets nothing there. A page that is stored to
 * first becomes anonymous memory, any other a page of a private file mapping; both with all rights. Neighbours merge.
 */
export class TracedSpace<File extends LackeyFile, Process extends LackeyProcess<File>> {
  readonly process: Process;
  readonly #machine: LackeyMachine<File, Process>;
  readonly #trace: string;
  readonly #pageSize: number;
  readonly #files = new Map<string, File>();
  readonly #paths = new Map<number, string>();
  readonly #formerPages = new Set<number>();
  readonly #callCounts = new Map<string, number>();
  readonly #differences: LackeyDifference[] = [];
  #differenceCount = 0;
  #formerFile: File | undefined;
  #brk: number | undefined;

  constructor(machine: LackeyMachine<File, Process>, trace: string) {
    this.#machine = machine;
    this.#trace = trace;
    this.#pageSize = machine.pageSize;
    this.process = machine.createProcess();
  }

  /** Pages that no call announced. */
  get formerPageCount(): number {
    return this.#formerPages.size;
  }
  /** Runs of neighbours among them. */
  get formerAreaCount(): number {
    return runCount(this.#formerPages);
  }
  /** How often each call was made, by name. */
  get callCounts(): ReadonlyMap<string, number> {
    return this.#callCounts;
  }
  get differenceCount(): number {
    return this.#differenceCount;
  }
  /** The first of them. */
  get differences(): readonly LackeyDifference[] {
    return this.#differences;
  }
  /** Files mapped: each a simulated one of the size that the mappings ask for. Nothing is known of their bytes. */
  get fileCount(): number {
    return this.#files.size;
  }

  /** Repeats a call. @throws {WorkloadsError} WORKLOADS_RUN_FAILED if the machine has no room for a file. */
  call(call: LackeyCall): void {
    this.#callCounts.set(call.name, (this.#callCounts.get(call.name) ?? 0) + 1);
    if (call.result === undefined || call.result < 0) return;
    const got = this.#repeat(call, call.result);
    if (got === undefined || got === call.result) return;
    this.#differenceCount++;
    if (this.#differences.length < KEPT_DIFFERENCES) this.#differences.push({ line: call.line, name: call.name, recorded: call.result, got });
  }

  /** Maps a page that no call announced. False if something is mapped there: then it was not this that an access missed. */
  mapFormerPage(page: number, isStore: boolean): boolean {
    const { process } = this, address = (page * this.#pageSize) as VirtualAddress;
    const file = isStore ? null : this.#grown((this.#formerFile ??= this.#machine.createFile(FORMER_FILE)), FORMER_FILE, address + this.#pageSize);
    const got = process.mmap(file, {
      address,
      length: this.#pageSize,
      protection: PROT_READ + PROT_WRITE + PROT_EXEC,
      flags: MAP_PRIVATE + MAP_FIXED_NOREPLACE + (isStore ? MAP_ANONYMOUS : 0),
      offset: isStore ? 0 : address,
    });
    if (got !== address) return false;
    this.#formerPages.add(page);
    return true;
  }

  /** What the machine answers; undefined for a call that changes no memory. */
  #repeat({ name, args, path, line }: LackeyCall, result: number): number | undefined {
    const { process } = this, [first = 0, second = 0, third = 0] = args, address = first as VirtualAddress;
    switch (name) {
      case "mmap":
        return this.#mmap(args, result, line);
      case "munmap":
        return process.munmap(address, second);
      case "mprotect":
        return this.#onMapped(address, second, () => process.mprotect(address, second, third));
      case "madvise":
        return this.#onMapped(address, second, () => process.madvise(address, second, third));
      case "mremap":
        return this.#onMapped(address, second, () => this.#mremap(args, result));
      case "brk":
        return this.#moveBrk(result);
      case "open":
      case "openat":
        this.#paths.set(result, path!);
        return undefined;
      case "close":
        this.#paths.delete(first);
        return undefined;
      default:
        return undefined;
    }
  }

  #mmap(args: readonly number[], result: number, line: number): number {
    const [, length = 0, protection = 0, recordedFlags = 0, fd = -1, offset = 0] = args, address = result as VirtualAddress;
    const flags = (recordedFlags & KEPT_FLAGS) + MAP_FIXED, isFile = (flags & MAP_ANONYMOUS) === 0;
    // A descriptor that no open gave (inherited, duplicated, a socket's) is a file of its own.
    const file = isFile ? this.#fileOfSize(this.#paths.get(fd) ?? `descriptor ${fd} of line ${line}`, offset + length) : null;
    return this.process.mmap(file, { address, length, protection, flags, offset: isFile ? offset : 0 });
  }

  #mremap([old = 0, oldLength = 0, newLength = 0, flags = 0]: readonly number[], result: number): number {
    const others = flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED), isMove = result !== old;
    return this.process.mremap(old as VirtualAddress, oldLength, newLength, isMove ? others + MREMAP_MAYMOVE + MREMAP_FIXED : others, (isMove ? result : 0) as VirtualAddress);
  }

  /** The first call says where the heap begins. */
  #moveBrk(result: number): number {
    const before = this.#brk ?? result, start = this.#pageUp(before), end = this.#pageUp(result);
    this.#brk = result;
    if (end < start) return this.process.munmap(end as VirtualAddress, start - end) < 0 ? -ENOMEM : result;
    if (end === start) return result;
    const heap = { address: start as VirtualAddress, length: end - start, protection: PROT_READ + PROT_WRITE, flags: MAP_PRIVATE + MAP_ANONYMOUS + MAP_FIXED, offset: 0 };
    return this.process.mmap(null, heap) < 0 ? -ENOMEM : result;
  }

  /** A call that worked when it was recorded had all its pages mapped: where it finds gaps, they were mapped before the trace. */
  #onMapped(address: number, length: number, call: () => number): number {
    const got = call();
    if (got !== -ENOMEM && got !== -EFAULT) return got;
    const end = this.#pageUp(address + length) / this.#pageSize;
    let isChanged = false;
    for (let page = Math.floor(address / this.#pageSize); page < end; page++) if (this.mapFormerPage(page, false)) isChanged = true;
    return isChanged ? call() : got;
  }

  /** The simulated file of that name, at least so large. */
  #fileOfSize(name: string, bytes: number): File {
    const known = this.#files.get(name), file = known ?? this.#machine.createFile(name);
    if (known === undefined) this.#files.set(name, file);
    return this.#grown(file, name, bytes);
  }

  #grown(file: File, name: string, bytes: number): File {
    const status = file.size < bytes ? file.truncate(bytes) : 0;
    if (status !== 0) throw new WorkloadsError("WORKLOADS_RUN_FAILED", `${this.#trace}: file ${name} cannot have ${bytes} bytes, error ${Math.abs(status)}`);
    return file;
  }

  #pageUp(address: number): number {
    return Math.ceil(address / this.#pageSize) * this.#pageSize;
  }
}
