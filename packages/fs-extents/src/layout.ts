/** No block: the page is a hole, or the device is full. Not a block number. */
export const NO_BLOCK = -1;
/** No file: all rows of the file table are taken. */
export const NO_FILE = -1;
/** log2 of the bytes of a block where nothing else is said. A block is a page. @kernel PAGE_SHIFT — arch/x86/include/asm/page_types.h, v6.12 */
export const BLOCK_SHIFT = 12;
/** Largest size of a file, in bytes. @differs The kernel's s_maxbytes is up to 2^63-1; a size here is an exact double. */
export const MAX_FILE_BYTES: number = Number.MAX_SAFE_INTEGER;
/** Most blocks of a device: 16 TiB of 4 KiB blocks. @differs A block number is a 32-bit column; the kernel's sector_t has 64 bits. */
export const MAX_BLOCK_COUNT = 0xffff_ffff;
