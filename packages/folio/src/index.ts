export { BuddyAllocator } from "./buddy-allocator.ts";
export { type ContentOperations, type ContentOperationsFactory } from "./content/content-operations.ts";
export { contentOperations } from "./content/choose.ts";
export { simdOperations } from "./content/simd-operations.ts";
export { typedArrayOperations } from "./content/typed-array-operations.ts";
export { FolioError, type FolioErrorCode } from "./errors.ts";
export { COLUMN_BYTES_PER_FRAME, type FolioColumns } from "./folio-columns.ts";
export { FolioLists, type FolioListsOptions } from "./folio-lists.ts";
export { Folios } from "./folios.ts";
export {
  anonMapping, anonVmaOf, fileMapping, fileOf, GUP_PIN_COUNTING_BIAS, HPAGE_PMD_ORDER, isAnonMapping, MAX_PAGE_ORDER, NO_FRAME, WORD_BYTES,
  ZERO_PFN,
} from "./layout.ts";
export { type FrameSource } from "./frame-source.ts";
export { LimitedFrames, type LimitedFramesOptions } from "./limited-frames.ts";
export { folioMarkAccessed } from "./mark-accessed.ts";
export { type FoliosOptions } from "./machine-memory.ts";
export {
  type PageFlag,
  PG_active, PG_anon_exclusive, PG_arch_1, PG_dirty, PG_dropbehind, PG_head, PG_hwpoison, PG_locked, PG_lru, PG_mlocked, PG_owner_2,
  PG_owner_priv_1, PG_private, PG_private_2, PG_readahead, PG_reclaim, PG_referenced, PG_reserved, PG_swapbacked, PG_swapcache, PG_unevictable,
  PG_uptodate, PG_waiters, PG_workingset, PG_writeback,
} from "./page-flags.ts";
