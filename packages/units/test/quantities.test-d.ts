/** Checked by the compiler alone: each line under an expectation must not compile, and the others must. */
import { type ByteOffset, byteOffsetOf, type PageIndex, type Pfn, pageIndexOf, type VirtualAddress, virtualPageOf } from "../src/index.ts";

const offset = 8192 as ByteOffset;
const page: PageIndex = pageIndexOf(offset, 12);
const address = 0x7000 as VirtualAddress;
const pfn = 3 as Pfn;

// A quantity is a number, and sums are plain numbers.
export const sum: number = offset + page + pfn;

// @ts-expect-error a page index is no byte offset
export const mixed: ByteOffset = page;
// @ts-expect-error a byte offset is no page index
byteOffsetOf(offset, 12);
// @ts-expect-error nor is a plain number, until someone says so
byteOffsetOf(2, 12);
// @ts-expect-error an address in a process is no position in a file
pageIndexOf(address, 12);
// @ts-expect-error nor the other way round
virtualPageOf(offset, 12);
// @ts-expect-error a frame number is no page index
export const frame: PageIndex = pfn;
// @ts-expect-error a sum has lost its unit
export const next: ByteOffset = offset + 4096;
