/**
 * A DAX entry: what a file's tree says about one page. An integer from 1 to 2^30-1.
 *
 * | bits | name       | meaning                                                   |
 * |------|------------|-----------------------------------------------------------|
 * | 0    | LOCKED     | a fault, or writeback, holds the entry                    |
 * | 1    | PMD        | stands for a huge page                                    |
 * | 2    | ZERO_PAGE  | a hole, mapped to the common zero page                    |
 * | 3    | EMPTY      | nothing yet: made by a fault to hold its place            |
 * | 4    | CACHE_PAGE | a hole, mapped to a page of zeros of its own              |
 * | 5-29 | frame      | number of the frame; 0 for EMPTY                          |
 *
 * @kernel DAX_LOCKED, DAX_PMD, DAX_ZERO_PAGE, DAX_EMPTY, DAX_SHIFT — fs/dax.c, v6.1
 * @differs The frame begins at bit 5, not 4: a page of zeros of its own (kernels before 4.14) was a pointer to a struct
 * page in the same tree; here it is a kind of entry.
 */
export const DAX_LOCKED = 0x01;
export const DAX_PMD = 0x02;
export const DAX_ZERO_PAGE = 0x04;
export const DAX_EMPTY = 0x08;
export const DAX_CACHE_PAGE = 0x10;

const FRAME_UNIT = 32;
/** The highest frame number that an entry can hold. */
export const MAX_DAX_PFN: number = 2 ** 25 - 1;

/** An unlocked entry for frame `pfn` (0 … MAX_DAX_PFN), `kind` a sum of DAX_* bits. @kernel dax_make_entry() — fs/dax.c, v6.1 */
export const daxEntry = (pfn: number, kind: number): number => pfn * FRAME_UNIT + kind;
/** @kernel dax_to_pfn() — fs/dax.c, v6.1 */
export const daxPfn = (entry: number): number => entry >>> 5;
/** @kernel dax_is_locked() — fs/dax.c, v6.1 */
export const daxIsLocked = (entry: number): boolean => (entry & DAX_LOCKED) !== 0;
/** @kernel dax_is_zero_entry() — fs/dax.c, v6.1 */
export const daxIsZeroPage = (entry: number): boolean => (entry & DAX_ZERO_PAGE) !== 0;
/** @kernel dax_is_empty_entry() — fs/dax.c, v6.1 */
export const daxIsEmpty = (entry: number): boolean => (entry & DAX_EMPTY) !== 0;
/** True for a page of zeros of its own. */
export const daxIsCachePage = (entry: number): boolean => (entry & DAX_CACHE_PAGE) !== 0;
/** True if readers were shown zeros that no block holds. */
export const daxIsHole = (entry: number): boolean => (entry & (DAX_ZERO_PAGE | DAX_CACHE_PAGE)) !== 0;
