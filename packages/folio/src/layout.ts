/**
 * Names no frame: what an allocation answers when there is none.
 * @differs The kernel's allocator answers a null pointer.
 */
export const NO_FRAME = 0xffff_ffff;
/** Names no folio in a list, and no mapping. Frame 0 is the zero page, which is in no list. */
export const NONE = 0;

/** The frame that is zero forever. @kernel empty_zero_page — arch/x86/kernel/head_64.S, v6.12 @differs The kernel's lies in its image; ours is frame 0. */
export const ZERO_PFN = 0;

/** Largest block the allocator hands out: 2^10 frames. @kernel MAX_PAGE_ORDER — include/linux/mmzone.h, v6.12 */
export const MAX_PAGE_ORDER = 10;
/** A huge page, in frames of 4 KiB: 2 MiB. @kernel HPAGE_PMD_ORDER — include/linux/huge_mm.h, v6.12 */
export const HPAGE_PMD_ORDER = 9;

/** What a pin adds to the reference count of a folio of one frame. @kernel GUP_PIN_COUNTING_BIAS — include/linux/mm.h, v6.12 */
export const GUP_PIN_COUNTING_BIAS = 1024;
/** References there may be: beyond it a counter has run away. @kernel folio_ref_zero_or_close_to_overflow() — include/linux/mm.h, v6.12 */
export const REFCOUNT_LIMIT = 0x7fff_ff80;

/*
 * The block column, a byte for each frame:
 *
 *   7        6 … 4        3 … 0
 *   0        kind         order
 *
 * Order counts in the first frame of a block or folio and in its tails: a folio is aligned to its size, so a tail
 * finds its head by clearing `order` bits of its number.
 */
/** The bits that say the kind. */
export const KIND = 0x70;
/** The bits that say the order. */
export const ORDER = 0x0f;
/** Never handed out, inside a free block, or a device frame. A new column is all this. */
export const KIND_NOTHING = 0x00;
/** First frame of an allocated folio. @kernel folio_test_head() — include/linux/page-flags.h, v6.12 */
export const KIND_HEAD = 0x10;
/** Another frame of an allocated folio. @kernel PageTail() — include/linux/page-flags.h, v6.12 */
export const KIND_TAIL = 0x20;
/** First frame of a free block. @kernel PageBuddy() — include/linux/page-flags.h, v6.12 */
export const KIND_FREE = 0x30;
/** The zero page, or a frame of the huge zero page. */
export const KIND_ZERO = 0x40;

/** Bytes of a word: what a step of the word-wise forms moves. @differs The kernel's words have 8; ours fit a number. */
export const WORD_BYTES = 4;

/*
 * The mapping column: whose page a folio is.
 *
 *   0           nobody's
 *   2 n + 1     anonymous memory; n is the number of its anon_vma
 *   2 n + 2     page cache; n is the number of the file
 */
/**
 * What the mapping of a folio says if the folio is anonymous memory of `anonVma`: 0 … 2^31-1.
 * @kernel FOLIO_MAPPING_ANON — include/linux/page-flags.h, v6.18
 */
export const anonMapping = (anonVma: number): number => anonVma * 2 + 1;
/** What the mapping of a folio says if the folio is in the page cache of `file`: 0 … 2^31-2. */
export const fileMapping = (file: number): number => file * 2 + 2;
/** True if the mapping is of anonymous memory. @kernel folio_test_anon() — include/linux/page-flags.h, v6.18 */
export const isAnonMapping = (mapping: number): boolean => (mapping & 1) !== 0;
/** The number that was given to `anonMapping`. */
export const anonVmaOf = (mapping: number): number => (mapping - 1) / 2;
/** The number that was given to `fileMapping`. */
export const fileOf = (mapping: number): number => (mapping - 2) / 2;
