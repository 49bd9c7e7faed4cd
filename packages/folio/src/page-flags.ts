/**
 * A flag of a folio: the number of its bit, 0 … 31.
 * @kernel pageflags — include/linux/page-flags.h, v6.18
 */
export type PageFlag = number;

/** Held by one thread. */
export const PG_locked = 0;
/** Being written to its device. */
export const PG_writeback = 1;
/** Accessed since reclaim last looked. */
export const PG_referenced = 2;
/** Its bytes are valid. */
export const PG_uptodate = 3;
/** Its bytes are newer than those of its device. */
export const PG_dirty = 4;
/** In a list of reclaim. */
export const PG_lru = 5;
/** Has tails. Answered from the block column. */
export const PG_head = 6;
/** Somebody waits for its lock or its writeback. */
export const PG_waiters = 7;
/** In an active list of reclaim. */
export const PG_active = 8;
/** Was active when it was last evicted. */
export const PG_workingset = 9;
/** For its owner's use. */
export const PG_owner_priv_1 = 10;
/** For its owner's use. */
export const PG_owner_2 = 11;
/** For the architecture's use. */
export const PG_arch_1 = 12;
/** Not for the allocator: never freed. */
export const PG_reserved = 13;
/** Its owner keeps data for it. */
export const PG_private = 14;
/** Its owner keeps more data for it. */
export const PG_private_2 = 15;
/** To be reclaimed as soon as its writeback ends. */
export const PG_reclaim = 16;
/** Backed by memory or swap, not by a file. */
export const PG_swapbacked = 17;
/** Not to be reclaimed. */
export const PG_unevictable = 18;
/** To be dropped from the page cache as soon as its writeback ends. */
export const PG_dropbehind = 19;
/** Locked by mlock(). */
export const PG_mlocked = 20;
/** Its memory failed. A flag of each page, not of the folio. */
export const PG_hwpoison = 21;

/** The read that fills it belongs to readahead. Shares a bit with PG_reclaim. */
export const PG_readahead: PageFlag = PG_reclaim;
/** In the swap cache. Shares a bit with PG_owner_priv_1. */
export const PG_swapcache: PageFlag = PG_owner_priv_1;
/** Mapped by one process only. A flag of each page, not of the folio. Shares a bit with PG_owner_2. */
export const PG_anon_exclusive: PageFlag = PG_owner_2;

/** Flags that each page of a folio has for itself. */
export const FLAGS_OF_PAGES: number = (1 << PG_anon_exclusive) | (1 << PG_hwpoison);
/**
 * What must not be set in a folio whose last reference goes.
 * @kernel PAGE_FLAGS_CHECK_AT_FREE — include/linux/page-flags.h, v6.18
 * @differs The kernel's has PG_active, PG_unevictable and PG_mlocked, which it clears itself on the way there (`__page_cache_release()`, `free_pages_prepare()`).
 */
export const FLAGS_CHECKED_AT_FREE: number =
  (1 << PG_lru) | (1 << PG_locked) | (1 << PG_private) | (1 << PG_private_2) | (1 << PG_writeback) | (1 << PG_reserved);
