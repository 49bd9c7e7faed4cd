/** A number that says what it counts. Costs nothing at run time; string-keyed, so that two installed copies agree. */
export type Unit<Name extends string> = number & { readonly __unit: Name };

/** Page frame number: physical address >> page shift. Integer, 0 … 2^40-1: may pass 2^32, so never `| 0`. */
export type Pfn = Unit<"pfn">;
/** Page of a file or of an address space: offset >> page shift. Integer, 0 … 2^53-1. */
export type PageIndex = Unit<"pageIndex">;
/** Position in a file, in bytes. Integer, 0 … 2^53-1. */
export type ByteOffset = Unit<"byteOffset">;
/** Address in a process, in bytes. Integer, 0 … 2^53-1. @differs The kernel's are 64-bit; user space ends at 2^47 or 2^56, so ours suffice for 4 levels. */
export type VirtualAddress = Unit<"virtualAddress">;

/** 2^10 bytes. */
export const KiB = 1024;
/** 2^20 bytes. */
export const MiB: number = 1024 * 1024;
/** 2^30 bytes. */
export const GiB: number = 1024 * 1024 * 1024;

/** The page that holds `offset`. Division, not `>>`: offsets pass 2^31. */
export const pageIndexOf = (offset: ByteOffset, pageShift: number): PageIndex => Math.floor(offset / 2 ** pageShift) as PageIndex;

/** Where page `index` begins. */
export const byteOffsetOf = (index: PageIndex, pageShift: number): ByteOffset => (index * 2 ** pageShift) as ByteOffset;

/** The pages that `bytes` bytes from a page boundary touch: rounded up. */
export const pageCountOf = (bytes: number, pageShift: number): number => Math.ceil(bytes / 2 ** pageShift);

/** The page of an address space that holds `address`. */
export const virtualPageOf = (address: VirtualAddress, pageShift: number): PageIndex => Math.floor(address / 2 ** pageShift) as PageIndex;

/** Where page `page` of an address space begins. */
export const addressOf = (page: PageIndex, pageShift: number): VirtualAddress => (page * 2 ** pageShift) as VirtualAddress;
