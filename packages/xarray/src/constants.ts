/** No such index. A miss is not an error. */
export const NOT_FOUND: number = -1;
/** There is no node left for it; nothing has changed. No index, entry or id is negative. (ENOMEM) */
export const NO_MEMORY: number = -1;
/** It is done. */
export const OK = 0;
/** Something is there already, or no id is free. (EBUSY) */
export const BUSY: number = -2;
/** The split would need more nodes than one. (EINVAL) */
export const CANNOT_SPLIT: number = -3;

/** Filter of searches: any entry. @kernel XA_PRESENT — include/linux/xarray.h, v7.3 */
export const XA_PRESENT = 8;
export const XA_MARK_0 = 0;
export const XA_MARK_1 = 1;
export const XA_MARK_2 = 2;

/** The largest id that is given out. @kernel xa_limit_32b — include/linux/xarray.h, v7.3 */
export const MAX_ID = 0xffff_ffff;
