import type { DaxEntryLock, DaxHolePolicy, DaxMapper, DaxTrees } from "@zeropfn/dax-pmem";
import type { Folios } from "@zeropfn/folio";
import type { Mmu } from "@zeropfn/pte-mmu";
import type { Background, ColumnAllocator, Tracer } from "@zeropfn/state";
import type { XArrays } from "@zeropfn/xarray";
import type { FileSystem } from "./file-system.ts";
import type { MachineSize } from "./machine-size.ts";

/** What a factory of a policy may use. A policy that has state of its own takes columns from here. */
export interface StackParts {
  readonly columns: ColumnAllocator;
  readonly background: Background;
  readonly folios: Folios;
  readonly trees: DaxTrees;
  readonly mapper: DaxMapper;
}

/** What a factory of files may use. */
export interface FileSystemParts {
  readonly columns: ColumnAllocator;
  readonly background: Background;
  readonly tracer: Tracer;
  readonly folios: Folios;
  readonly arrays: XArrays;
  readonly mmu: Mmu;
  readonly size: MachineSize;
}

/** Files, and the mechanisms that they are made of, by the names under which `override` finds them. */
export interface WiredFiles<Mechanisms> {
  readonly files: FileSystem;
  readonly mechanisms: Mechanisms;
}

/**
 * A design: a frozen record of factories, one for each seam that has rivals. Make your own by spreading one:
 * `const mine = { ...daxZeroPage, name: "mine", holes: (parts) => new MyHoles(parts) } satisfies Stack;`
 */
export interface Stack {
  /** What reports call it: lower case, words joined by hyphens. */
  readonly name: string;
  /** One line: which kernel or proposal it stands for. */
  readonly summary: string;
  /** What files the machine has. Asked with the stack that it is in, for the policies that only it knows. */
  readonly fileSystem: (parts: FileSystemParts, stack: Stack) => WiredFiles<object>;
  /** DAX: how faults on one page of a file exclude each other. */
  readonly entryLock?: (parts: StackParts) => DaxEntryLock;
  /** DAX: what a load sees where a file has a hole. */
  readonly holes?: (parts: StackParts & { readonly entries: DaxEntryLock }) => DaxHolePolicy;
}
