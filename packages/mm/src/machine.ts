import { NO_MM, THP_ALWAYS, THP_MADVISE, THP_NEVER } from "@zeropfn/pte-mmu";
import { MAX_PAGE_ORDER } from "@zeropfn/folio";
import { Counters, type ColumnAllocator, reservedColumns, type Tracer } from "@zeropfn/state";
import { MmError } from "./errors.ts";
import { MachineFile } from "./file.ts";
import { defaultMachineSize, type MachineSize } from "./machine-size.ts";
import { type MachineParts, wire } from "./parts.ts";
import { Pipe } from "./pipe.ts";
import { Process } from "./process.ts";
import type { Stack } from "./stack.ts";

/** Replacements for single methods of the machine's parts, and of those that its system calls work with, by "part.method": "mmu.unmapMappingRange", "gather.addFrame". */
// biome-ignore lint/suspicious/noExplicitAny: a method's parameters cannot be named otherwise
export type Overrides = Readonly<Record<string, (...args: any[]) => unknown>>;

/** Which anonymous memory gets huge pages when it is touched: none, that of MADV_HUGEPAGE, or all. @kernel /sys/kernel/mm/transparent_hugepage/enabled */
export type ThpModeName = "never" | "madvise" | "always";
const THP_MODES = { never: THP_NEVER, madvise: THP_MADVISE, always: THP_ALWAYS } as const;

export interface MachineOptions {
  readonly stack: Stack;
  /** Bytes of memory: a multiple of the page size. Host memory is taken for frames touched. */
  readonly memoryBytes: number;
  /** Bytes of persistent memory, where files have their blocks. Default 0. */
  readonly pmemBytes?: number;
  /** Processors. Default 1. */
  readonly cpus?: number;
  /** Where the machine's columns come from. Default: reserved at capacity. An explorer passes a slab. */
  readonly columns?: ColumnAllocator;
  readonly size?: Partial<MachineSize>;
  /** Who is told of events. Default: counters, read through `machine.count`. */
  readonly tracer?: Tracer;
  readonly override?: Overrides;
  /** False: page bytes are not kept, for machines larger than the host. Loads give 0. Default true. */
  readonly hasBytes?: boolean;
  /** Default "never". */
  readonly thp?: ThpModeName;
}

/**
 * A machine wired as `stack` says.
 * @throws {MmError} MM_BAD_OPTION, MM_UNKNOWN_OVERRIDE, and what the mechanisms throw for sizes out of range.
 */
export function createMachine(options: MachineOptions): Machine {
  return new Machine(options);
}

/** Memory, processors, files, and processes that map them. */
export class Machine {
  readonly stack: Stack;
  readonly size: MachineSize;
  /** The mechanisms, for reports and experiments. */
  readonly parts: MachineParts;
  readonly cpus: number;
  readonly #counters: Counters | undefined;
  readonly #files = new Map<string, MachineFile>();

  constructor({ stack, memoryBytes, pmemBytes = 0, cpus = 1, columns = reservedColumns(), size = {}, tracer, override = {}, hasBytes = true, thp = "never" }: MachineOptions) {
    this.stack = stack;
    this.size = { ...defaultMachineSize, ...size };
    this.cpus = cpus;
    this.#counters = tracer === undefined ? new Counters(columns) : undefined;
    this.parts = wire(columns, stack, { cpus, memoryBytes, pmemBytes, hasBytes }, this.size, tracer ?? this.#counters!);
    this.setThp(thp);
    applyOverrides(this.parts, override);
  }

  /**
   * Says where huge pages are put from now on; those that are there stay.
   * @throws {MmError} MM_BAD_OPTION: no such mode; or huge pages are wanted of a machine whose size has none.
   */
  setThp(mode: ThpModeName): void {
    const { thp } = this.parts.mmu, number = Object.hasOwn(THP_MODES, mode) ? THP_MODES[mode] : undefined;
    if (number === undefined) throw new MmError("MM_BAD_OPTION", `thp ${mode}, expected ${Object.keys(THP_MODES).join(", ")}`);
    if (number !== THP_NEVER && !thp.isSupported) throw new MmError("MM_BAD_OPTION", `thp ${mode} on a machine without huge pages: its size has hugePages false, or one level of tables, or tableShift above ${MAX_PAGE_ORDER}`);
    thp.setMode(number);
  }

  /** Bytes of a page. */
  get pageSize(): number {
    return 2 ** this.size.pageShift;
  }
  /** Frames allocated now. The zero page and persistent memory are not among them. */
  get framesInUse(): number {
    return this.parts.folios.usedFrames;
  }
  /** The most frames that were allocated at one time. */
  get peakFrames(): number {
    return this.parts.folios.peakFrames;
  }
  /** Nodes of the trees of all files. */
  get treeNodes(): number {
    return this.parts.arrays.nodesInUse;
  }
  /** Bytes of those nodes. */
  get treeBytes(): number {
    return this.parts.arrays.nodesInUse * this.parts.arrays.nodeBytes;
  }

  /** How often an event was counted: "pgfault", "pgmajfault", "dax_load_hole". 0 with a tracer of your own. */
  count(event: string): number {
    return this.#counters?.of(event) ?? 0;
  }

  /**
   * Makes an empty file and sets its size: all of it is a hole.
   * @throws {MmError} MM_NO_FILE
   */
  createFile(name: string, sizeBytes: number = 0): MachineFile {
    if (this.#files.has(name)) throw new MmError("MM_NO_FILE", `file ${name} exists`);
    const id = this.parts.files.create();
    if (id < 0) throw new MmError("MM_NO_FILE", `no room for file ${name}: fileCapacity is ${this.size.fileCapacity}`);
    this.parts.references.opened(id);
    const file = new MachineFile(this, id, name);
    this.#files.set(name, file);
    if (sizeBytes > 0) file.truncate(sizeBytes);
    return file;
  }
  /** An empty pipe. @throws {MmError} MM_NO_PIPE @kernel pipe2(2), O_NONBLOCK */
  createPipe(): Pipe {
    const pipe = this.parts.pipes.create();
    if (pipe < 0) throw new MmError("MM_NO_PIPE", `pipeCapacity ${this.size.pipeCapacity} is reached`);
    return new Pipe(this.parts, pipe);
  }
  /** The file mapped under this number. */
  fileOf(id: number): MachineFile | undefined {
    for (const file of this.#files.values()) if (file.id === id) return file;
    return undefined;
  }

  /** True if the file is memory that only areas know of: MAP_SHARED | MAP_ANONYMOUS. */
  isSharedMemory(id: number): boolean {
    return this.parts.references.isShared(id);
  }

  /**
   * A process with an empty address space, whose only thread runs on processor `cpu`.
   * @throws {MmError} MM_NO_PROCESS, MM_BAD_OPTION
   */
  createProcess(cpu: number = 0): Process {
    this.checkedCpu(cpu);
    const mm = this.parts.mmu.mms.allocate();
    if (mm === NO_MM) throw new MmError("MM_NO_PROCESS", `processCapacity ${this.size.processCapacity} is reached`);
    return new Process(this, mm, cpu);
  }
  /** `cpu`, if there is such a processor. @throws {MmError} MM_BAD_OPTION */
  checkedCpu(cpu: number): number {
    if (!Number.isInteger(cpu) || cpu < 0 || cpu >= this.cpus) throw new MmError("MM_BAD_OPTION", `cpu ${cpu}, expected 0 to ${this.cpus - 1}`);
    return cpu;
  }
}

/** An own property of the part hides the method of its class. What system calls work with ("gather", "zap") are parts too. */
function applyOverrides(parts: MachineParts, override: Overrides): void {
  const all = Object.entries({ ...parts.mmu.calls, ...parts }).filter(([, part]) => typeof part === "object");
  const known = Object.fromEntries(all) as unknown as Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;
  for (const [path, value] of Object.entries(override)) {
    const [partName = "", method = ""] = path.split("."), part = known[partName];
    if (part === undefined || typeof part[method] !== "function") {
      throw new MmError("MM_UNKNOWN_OVERRIDE", `${path}, expected PART.METHOD of ${Object.keys(known).join(", ")}`);
    }
    Object.defineProperty(part, method, { value });
  }
}
