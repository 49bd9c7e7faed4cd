/**
 * The two smaps blocks of the mail "dax: use common 4k zero page for dax mmap reads" (Ross Zwisler, July 2017), after
 * 1 GiB of reading from a hole: the field names in their order, with the values in kB of the old and the new code.
 */
export const MAIL_SMAPS: readonly (readonly [field: string, cachePage: number, zeroPage: number])[] = [
  ["Size", 1048576, 1048576],
  ["Rss", 1048576, 0],
  ["Pss", 1048576, 0],
  ["Shared_Clean", 0, 0],
  ["Shared_Dirty", 0, 0],
  ["Private_Clean", 1048576, 0],
  ["Private_Dirty", 0, 0],
  ["Referenced", 1048576, 0],
  ["Anonymous", 0, 0],
  ["LazyFree", 0, 0],
  ["AnonHugePages", 0, 0],
  ["ShmemPmdMapped", 0, 0],
  ["Shared_Hugetlb", 0, 0],
  ["Private_Hugetlb", 0, 0],
  ["Swap", 0, 0],
  ["SwapPss", 0, 0],
  ["KernelPageSize", 4, 4],
  ["MMUPageSize", 4, 4],
  ["Locked", 0, 0],
];

/** Size of the mapping in the mail, kB. */
export const MAIL_SIZE_KB = 1048576;
