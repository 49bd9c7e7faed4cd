/** The largest index: 2^53-1. @differs The kernel's is 2^64-1. */
export const MAX_INDEX: number = Number.MAX_SAFE_INTEGER;
/** The largest order: one entry for all indices. */
export const MAX_ORDER = 53;
/** log2 of the slots of a node. @kernel XA_CHUNK_SHIFT — include/linux/xarray.h, v7.3 */
export const XA_CHUNK_SHIFT = 6;

/** Index arithmetic is in doubles, exact to 2^53; 32-bit operators take a digit out at the end only. */
const POWERS: Float64Array = Float64Array.from({ length: 64 }, (_, shift) => 2 ** shift);
const INVERSES: Float64Array = Float64Array.from({ length: 64 }, (_, shift) => 2 ** -shift);

/** 2^shift, shift 0 … 63. */
export const power = (shift: number): number => POWERS[shift]!;
/** The digit of `index` at `shift`: a slot of a node of that shift. ToInt32 drops the fraction and all bits above. */
export const digit = (index: number, shift: number, mask: number): number => (index * INVERSES[shift]!) & mask;
/** `index` without its low `shift` bits. */
export const alignDown = (index: number, shift: number): number => Math.floor(index * INVERSES[shift]!) * POWERS[shift]!;
/** Nonzero if `index` needs a digit above those of a node of `shift`. */
export const above = (index: number, shift: number): number => Math.floor(index * INVERSES[shift]!);
