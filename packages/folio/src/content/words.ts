/** The 32-bit number in the four bytes from `bytes[at]`, the lowest first: 0 … 2^32-1. By bytes, as a slab places columns anywhere. */
export const loadWordOf = (bytes: Uint8Array, at: number): number => (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;

/** Stores a 32-bit number into the four bytes from `bytes[at]`, the lowest first. */
export function storeWordOf(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
