import { MAX_DAX_PFN } from "@zeropfn/dax-pmem";
import { Folios, MAX_PAGE_ORDER } from "@zeropfn/folio";
import { Mmu } from "@zeropfn/pte-mmu";
import { type Background, type ColumnAllocator, noBackground, type Tracer } from "@zeropfn/state";
import { XArrays } from "@zeropfn/xarray";
import { MmError } from "./errors.ts";
import { FileReferences } from "./file-references.ts";
import type { FileSystem } from "./file-system.ts";
import type { DaxMechanisms, TmpfsMechanisms } from "./file-systems.ts";
import type { MachineSize } from "./machine-size.ts";
import { Pipes } from "./pipes.ts";
import { Rings } from "./rings.ts";
import type { Stack } from "./stack.ts";

/** The mechanisms of one machine, by the names under which `override` finds them. Which files it has depends on the stack. */
export interface MachineParts extends Partial<DaxMechanisms>, Partial<TmpfsMechanisms> {
  readonly folios: Folios;
  readonly arrays: XArrays;
  readonly mmu: Mmu;
  readonly files: FileSystem;
  readonly references: FileReferences;
  readonly pipes: Pipes;
  readonly rings: Rings;
}

export interface Hardware {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly pmemBytes: number;
  /** False: page bytes are not kept. */
  readonly hasBytes: boolean;
}

/** Builds the mechanisms and satisfies their seams with each other: the whole wiring of a machine. */
export function wire(columns: ColumnAllocator, stack: Stack, { cpus, memoryBytes, pmemBytes, hasBytes }: Hardware, size: MachineSize, tracer: Tracer): MachineParts {
  const { pageShift, processCapacity, fileCapacity } = size, background: Background = noBackground;
  const frameCount = pagesIn("memoryBytes", memoryBytes, pageShift), deviceFrameCount = pagesIn("pmemBytes", pmemBytes, pageShift);
  const folios = new Folios(columns, { frameCount, deviceFrameCount, pageShift, hugeZeroOrder: Math.min(size.tableShift, MAX_PAGE_ORDER), hasBytes, tracer });
  const arrays = new XArrays(columns, { arrayCapacity: fileCapacity, nodeCapacity: size.nodeCapacity, chunkShift: size.chunkShift });
  const references = new FileReferences(columns, fileCapacity, 2 ** pageShift);
  const mmu = new Mmu(columns, folios, { ...size, mmCapacity: processCapacity, mappingCapacity: fileCapacity, cpuCount: cpus, files: references, background, tracer });
  const { files, mechanisms } = stack.fileSystem({ columns, background, tracer, folios, arrays, mmu, size }, stack);
  references.connect(files);
  mmu.connect(files);
  const pipes = new Pipes(columns, folios, { ...size, background }), rings = new Rings(columns, { folios, mmu, pipes }, { ...size, background });
  return { folios, arrays, mmu, files, references, pipes, rings, ...mechanisms };
}

function pagesIn(option: string, bytes: number, pageShift: number): number {
  const pages = bytes / 2 ** pageShift;
  if (!Number.isInteger(pages) || pages < 0 || pages > MAX_DAX_PFN) {
    throw new MmError("MM_BAD_OPTION", `${option} ${bytes}, expected a multiple of the page size ${2 ** pageShift} up to ${MAX_DAX_PFN} pages`);
  }
  return pages;
}
