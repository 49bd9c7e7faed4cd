/**
 * Flags of an array, a byte:
 *
 * | bit | meaning                                                       |
 * |-----|---------------------------------------------------------------|
 * | 0-2 | some entry has mark 0, 1, 2                                   |
 * | 3   | tracks free indices: mark 0 means "free" and NULL reserves    |
 * | 4   | index 0 is not given out                                      |
 * | 5   | the id given out last was 2^32-1                              |
 * | 6   | the last cyclic allocation wrapped                            |
 * | 7   | the row is an array                                           |
 *
 * @kernel XA_FLAGS_TRACK_FREE and its neighbours — include/linux/xarray.h, v7.3
 */
export const TRACKS_FREE: number = 1 << 3;
export const ZERO_IS_BUSY: number = 1 << 4;
export const ALLOC_WRAPPED: number = 1 << 5;
export const LAST_WRAPPED: number = 1 << 6;
export const IN_USE: number = 1 << 7;

/** Mark that means "free" in arrays that give out ids. @kernel XA_FREE_MARK — include/linux/xarray.h, v7.3 */
export const FREE_MARK = 0;

/** Flags for `createArray`: gives out ids from 0. @kernel XA_FLAGS_ALLOC — include/linux/xarray.h, v7.3 */
export const XA_FLAGS_ALLOC: number = TRACKS_FREE | (1 << FREE_MARK);
/** Flags for `createArray`: gives out ids from 1. @kernel XA_FLAGS_ALLOC1 — include/linux/xarray.h, v7.3 */
export const XA_FLAGS_ALLOC1: number = TRACKS_FREE | ZERO_IS_BUSY;
