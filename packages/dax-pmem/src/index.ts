export {
  DAX_CACHE_PAGE,
  DAX_EMPTY,
  DAX_LOCKED,
  DAX_PMD,
  DAX_ZERO_PAGE,
  daxEntry,
  daxIsCachePage,
  daxIsEmpty,
  daxIsHole,
  daxIsLocked,
  daxIsZeroPage,
  daxPfn,
  MAX_DAX_PFN,
} from "./dax-entry.ts";
export type { DaxEntryLock } from "./dax-entry-lock.ts";
export type { DaxExtents } from "./dax-extents.ts";
export type { DaxFault } from "./dax-fault.ts";
export { DaxFiles, type DaxFilesOptions, type DaxFilesParts } from "./dax-files.ts";
export type { DaxHolePolicy } from "./dax-hole-policy.ts";
export type { DaxMapper } from "./dax-mapper.ts";
export { DAX_NO_MEMORY, DaxTrees, type DaxTreesOptions, NO_ENTRY, NO_INDEX } from "./dax-trees.ts";
export { InodeLocks } from "./inode-locks.ts";
export { PersistentMemory } from "./persistent-memory.ts";
export { CachePageHoles } from "./policies/cache-page-holes.ts";
export { EntryBitLock } from "./policies/entry-bit-lock.ts";
export { NoEntryLock } from "./policies/no-entry-lock.ts";
export { ZeroPageHoles } from "./policies/zero-page-holes.ts";
