/** The largest size of a file. @kernel MAX_LFS_FILESIZE — include/linux/fs.h, v6.18 @differs The kernel's is 2^63 - 1; offsets here are exact up to this. */
export const MAX_FILE_BYTES: number = Number.MAX_SAFE_INTEGER;
/** Where a hole ends at the latest. Nothing lies beyond `MAX_FILE_BYTES`, so that holes there may be inexact. */
export const MAX_HOLE_END: number = 2 ** 63;
/** What st_blocks counts. @kernel SECTOR_SIZE — include/linux/blk_types.h, v6.18 */
export const SECTOR_BYTES = 512;

/** The size of the file stays. @kernel FALLOC_FL_KEEP_SIZE — include/uapi/linux/falloc.h, v6.18 */
export const FALLOC_FL_KEEP_SIZE = 0x01;
/** Makes a hole. @kernel FALLOC_FL_PUNCH_HOLE — include/uapi/linux/falloc.h, v6.18 */
export const FALLOC_FL_PUNCH_HOLE = 0x02;
/** @kernel FALLOC_FL_COLLAPSE_RANGE — include/uapi/linux/falloc.h, v6.18 */
const FALLOC_FL_COLLAPSE_RANGE = 0x08;
/** @kernel FALLOC_FL_ZERO_RANGE — include/uapi/linux/falloc.h, v6.18 */
const FALLOC_FL_ZERO_RANGE = 0x10;
/** @kernel FALLOC_FL_INSERT_RANGE — include/uapi/linux/falloc.h, v6.18 */
const FALLOC_FL_INSERT_RANGE = 0x20;
/** @kernel FALLOC_FL_UNSHARE_RANGE — include/uapi/linux/falloc.h, v6.18 */
const FALLOC_FL_UNSHARE_RANGE = 0x40;
/** @kernel FALLOC_FL_WRITE_ZEROES — include/uapi/linux/falloc.h, v6.18 */
const FALLOC_FL_WRITE_ZEROES = 0x80;

const MODES: readonly number[] = [
  0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_COLLAPSE_RANGE, FALLOC_FL_INSERT_RANGE, FALLOC_FL_WRITE_ZEROES,
  FALLOC_FL_ZERO_RANGE, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_UNSHARE_RANGE, FALLOC_FL_UNSHARE_RANGE | FALLOC_FL_KEEP_SIZE,
];
/** True if some file system may take the mode of fallocate(2): the combinations that make sense. @kernel vfs_fallocate() — fs/open.c, v6.18 */
export const isFallocateMode = (mode: number): boolean => MODES.includes(mode);
