import type { ByteChunks } from "@zeropfn/state";

/**
 * Operations on page bytes. `length` bytes from `bytes[offset]`; the caller checks the range.
 *
 * Lengths and offsets are multiples of 4 here, so that a plug-in may go by words. Calls never overlap, and no plug-in
 * keeps `bytes`. `bytes` is one of the chunks that the operations were made for.
 */
export interface ContentOperations {
  /** For reports: "simd", "typed-array". */
  readonly name: string;
  /** True if every byte is 0. Looks at the last word first: data seldom ends in zeros where it begins with them. @kernel swap_zeromap_folio_set() and is_folio_zero_filled() — mm/page_io.c, v6.18 */
  isZero(bytes: Uint8Array, offset: number, length: number): boolean;
  /** True if the two ranges hold the same bytes. @kernel pages_identical() — include/linux/mm.h, v6.18 */
  equal(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number, length: number): boolean;
  /** -1, 0 or 1: the order of the first bytes that differ, unsigned. @kernel memcmp_pages() — mm/util.c, v6.18 */
  compare(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number, length: number): number;
  /** Copies; the ranges are the same or do not overlap. @kernel copy_page() — arch/x86/lib/copy_page_64.S, v6.18 */
  copy(to: Uint8Array, toOffset: number, from: Uint8Array, fromOffset: number, length: number): void;
  /** Sets every byte to `value`: 0 … 255. @kernel clear_page() — arch/x86/include/asm/page_64.h, v6.18 */
  fill(bytes: Uint8Array, offset: number, length: number, value: number): void;
  /**
   * The low 53 bits of XXH3 (64 bits, seed 0) of the range; a range shorter than 256 bytes is hashed as if zeros
   * followed up to 256. @differs The kernel's page hash is XXH64 cut to 32 bits: calc_checksum() — mm/ksm.c, v6.18.
   */
  hash(bytes: Uint8Array, offset: number, length: number): number;
}

/** Makes the operations for the page bytes of one machine. Called once, at its construction. */
export type ContentOperationsFactory = (chunks: ByteChunks) => ContentOperations;
