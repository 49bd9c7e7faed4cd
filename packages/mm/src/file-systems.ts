import { type DaxEntryLock, DaxFiles, type DaxHolePolicy, DaxTrees, InodeLocks, PersistentMemory } from "@zeropfn/dax-pmem";
import { FileExtents } from "@zeropfn/fs-extents";
import { PageCache, type PageMapper, TmpfsFiles } from "@zeropfn/page-cache";
import { DaxFileSystem } from "./dax-file-system.ts";
import { MmError } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import type { FileSystemParts, Stack, WiredFiles } from "./stack.ts";

/** What files on persistent memory are made of. */
export interface DaxMechanisms {
  readonly extents: FileExtents;
  readonly memory: PersistentMemory;
  readonly trees: DaxTrees;
  readonly locks: InodeLocks;
  readonly entries: DaxEntryLock;
  readonly holes: DaxHolePolicy;
  readonly dax: DaxFiles;
}
/** What files in memory are made of. */
export interface TmpfsMechanisms {
  readonly cache: PageCache;
  readonly tmpfs: TmpfsFiles;
}

/** Files as extents on persistent memory, mapped without a page cache. */
export function daxFileSystem({ columns, background, tracer, folios, arrays, mmu, size }: FileSystemParts, stack: Stack): WiredFiles<DaxMechanisms> {
  const { entryLock, holes: holePolicy } = stack, { pageShift, fileCapacity } = size;
  if (entryLock === undefined || holePolicy === undefined) throw new MmError("MM_BAD_OPTION", `stack ${stack.name}: files on persistent memory need the policies entryLock and holes`);
  const extents = new FileExtents(columns, { fileCapacity, extentCapacity: size.extentCapacity, blockCount: folios.totalFrames - folios.firstDevicePfn, blockShift: pageShift });
  const memory = new PersistentMemory(folios);
  const trees = new DaxTrees(columns, arrays, { fileCapacity });
  const locks = new InodeLocks(columns, fileCapacity, background);
  const forPolicies = { columns, background, folios, trees, mapper: mmu };
  const entries = entryLock(forPolicies);
  const holes = holePolicy({ ...forPolicies, entries });
  const dax = new DaxFiles({ memory, trees, locks, entries, holes, extents, mapper: mmu }, { pageShift, tracer });
  return { files: new DaxFileSystem(dax, extents, 2 ** pageShift), mechanisms: { extents, memory, trees, locks, entries, holes, dax } };
}

/** Files in memory: a page cache without a backing store. */
export function tmpfsFileSystem({ columns, background, tracer, folios, arrays, mmu, size }: FileSystemParts): WiredFiles<TmpfsMechanisms> {
  const cache = new PageCache(columns, { folios, arrays }, { fileCapacity: size.fileCapacity, tracer });
  const tmpfs = new TmpfsFiles(columns, { folios, cache, mapper: mmu satisfies PageMapper }, { background, tracer });
  return { files: Object.assign(tmpfs, { hasPrivateMappings: true }) satisfies FileSystem, mechanisms: { cache, tmpfs } };
}
