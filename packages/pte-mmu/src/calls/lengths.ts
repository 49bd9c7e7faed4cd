/** Values of an unsigned long. */
const WORD = 2 ** 64;

/** True if `address`, in bytes, is where a page begins. */
export const isAligned = (address: number, pageSize: number): boolean => address % pageSize === 0;

/** The page of an aligned address. Negative addresses are those of the upper half. */
export const pageOf = (address: number, pageSize: number): number => (address < 0 ? address + WORD : address) / pageSize;

/**
 * Pages of `length` bytes, rounded up as an unsigned long: a negative number stands for one close to 2^64, and one that would
 * round up to 2^64 gives 0.
 * @kernel PAGE_ALIGN() — include/linux/mm.h, v6.18
 */
export function pagesOf(length: number, pageSize: number): number {
  if (length >= 0) return length > WORD - pageSize ? 0 : Math.ceil(length / pageSize);
  return length > -pageSize ? 0 : WORD / pageSize + Math.ceil(length / pageSize);
}

/** Pages that an unsigned long can tell apart: sums of page numbers wrap around there. */
export const pagesOfWord = (pageSize: number): number => WORD / pageSize;

/** One past the last page of a range, or -1 if that wraps around. */
export function endOf(firstPage: number, pageCount: number, pageSize: number): number {
  const end = firstPage + pageCount;
  return end >= WORD / pageSize ? -1 : end;
}
