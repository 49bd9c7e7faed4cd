import { type DaxEntryLock, DaxFiles, type DaxHolePolicy, DaxTrees, InodeLocks, MAX_DAX_PFN, PersistentMemory } from "@zeropfn/dax-pmem";
import { Folios } from "@zeropfn/folio";
import { FileExtents } from "@zeropfn/fs-extents";
import { Mmu } from "@zeropfn/pte-mmu";
import { type Background, type ColumnAllocator, noBackground, type Tracer } from "@zeropfn/state";
import { XArrays } from "@zeropfn/xarray";
import { MmError } from "./errors.ts";
import type { MachineSize } from "./machine-size.ts";
import type { Stack } from "./stack.ts";

/** The mechanisms of one machine, by the names under which `override` finds them. */
export interface MachineParts {
  readonly folios: Folios;
  readonly arrays: XArrays;
  readonly mmu: Mmu;
  readonly extents: FileExtents;
  readonly memory: PersistentMemory;
  readonly trees: DaxTrees;
  readonly locks: InodeLocks;
  readonly entries: DaxEntryLock;
  readonly holes: DaxHolePolicy;
  readonly dax: DaxFiles;
}

export interface Hardware {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly pmemBytes: number;
}

/** Builds the mechanisms and satisfies their seams with each other: the whole wiring of a machine. */
export function wire(columns: ColumnAllocator, stack: Stack, { cpus, memoryBytes, pmemBytes }: Hardware, size: MachineSize, tracer: Tracer): MachineParts {
  const { pageShift, processCapacity, fileCapacity } = size, background: Background = noBackground;
  const frameCount = pagesIn("memoryBytes", memoryBytes, pageShift), deviceFrameCount = pagesIn("pmemBytes", pmemBytes, pageShift);
  const folios = new Folios(columns, { frameCount, deviceFrameCount, pageShift, tracer });
  const arrays = new XArrays(columns, { arrayCapacity: fileCapacity, nodeCapacity: size.nodeCapacity, chunkShift: size.chunkShift });
  const mmu = new Mmu(columns, folios, { ...size, mmCapacity: processCapacity, mappingCapacity: fileCapacity, cpuCount: cpus, background, tracer });
  const extents = new FileExtents(columns, { fileCapacity, extentCapacity: size.extentCapacity, blockCount: deviceFrameCount, blockShift: pageShift });
  const memory = new PersistentMemory(folios);
  const trees = new DaxTrees(columns, arrays, { fileCapacity });
  const locks = new InodeLocks(columns, fileCapacity, background);
  const forPolicies = { columns, background, folios, trees, mapper: mmu };
  const entries = stack.entryLock(forPolicies);
  const holes = stack.holes({ ...forPolicies, entries });
  const dax = new DaxFiles({ memory, trees, locks, entries, holes, extents, mapper: mmu }, { pageShift, tracer });
  mmu.connect(dax);
  return { folios, arrays, mmu, extents, memory, trees, locks, entries, holes, dax };
}

function pagesIn(option: string, bytes: number, pageShift: number): number {
  const pages = bytes / 2 ** pageShift;
  if (!Number.isInteger(pages) || pages < 0 || pages > MAX_DAX_PFN) {
    throw new MmError("MM_BAD_OPTION", `${option} ${bytes}, expected a multiple of the page size ${2 ** pageShift} up to ${MAX_DAX_PFN} pages`);
  }
  return pages;
}
