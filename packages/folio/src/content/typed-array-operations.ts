import type { ByteChunks } from "@zeropfn/state";
import type { ContentOperations } from "./content-operations.ts";
import { xxh3 } from "./xxh3.ts";

/** Works everywhere, and where ranges lie in two memories. By words of 4 bytes, never as floats: -0.0 is not zero bytes. */
export function typedArrayOperations(chunks: ByteChunks): ContentOperations {
  return new TypedArrayOperations(chunks.bytes);
}

class TypedArrayOperations implements ContentOperations {
  readonly name = "typed-array";
  /** Each chunk as words; the bytes themselves where a slab placed them off a word's boundary. */
  readonly #words = new Map<Uint8Array, Int32Array | undefined>();
  #lastBytes: Uint8Array | undefined;
  #lastWords: Int32Array | undefined;

  constructor(chunks: readonly Uint8Array[]) {
    for (const bytes of chunks) this.#words.set(bytes, wordsOf(bytes));
  }

  isZero(bytes: Uint8Array, offset: number, length: number): boolean {
    const words = this.#wordsOf(bytes);
    if (words === undefined) {
      for (let at = offset + length - 1; at >= offset; at--) if (bytes[at] !== 0) return false;
      return true;
    }
    const first = offset >>> 2;
    const end = first + (length >>> 2);
    if (words[end - 1] !== 0) return false;
    let at = first;
    for (; at + 8 <= end; at += 8) {
      const some = words[at] | words[at + 1] | words[at + 2] | words[at + 3] | words[at + 4] | words[at + 5] | words[at + 6] | words[at + 7];
      if (some !== 0) return false;
    }
    for (; at < end; at++) if (words[at] !== 0) return false;
    return true;
  }
  equal(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number, length: number): boolean {
    return this.#firstDifference(a, aOffset, b, bOffset, length) === length;
  }
  compare(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number, length: number): number {
    const same = this.#firstDifference(a, aOffset, b, bOffset, length);
    if (same === length) return 0;
    return a[aOffset + same] < b[bOffset + same] ? -1 : 1;
  }
  copy(to: Uint8Array, toOffset: number, from: Uint8Array, fromOffset: number, length: number): void {
    if (to === from) to.copyWithin(toOffset, fromOffset, fromOffset + length);
    else to.set(from.subarray(fromOffset, fromOffset + length), toOffset);
  }
  fill(bytes: Uint8Array, offset: number, length: number, value: number): void {
    bytes.fill(value, offset, offset + length);
  }
  hash(bytes: Uint8Array, offset: number, length: number): number {
    return xxh3(bytes, offset, length);
  }

  /** Equal bytes at the start of the two ranges: 0 … `length`. */
  #firstDifference(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number, length: number): number {
    const aWords = this.#wordsOf(a);
    const bWords = this.#wordsOf(b);
    let same = 0;
    if (aWords !== undefined && bWords !== undefined) {
      const aFirst = aOffset >>> 2;
      const bFirst = bOffset >>> 2;
      const count = length >>> 2;
      let word = 0;
      while (word < count && aWords[aFirst + word] === bWords[bFirst + word]) word++;
      same = word * 4;
    }
    while (same < length && a[aOffset + same] === b[bOffset + same]) same++;
    return same;
  }
  #wordsOf(bytes: Uint8Array): Int32Array | undefined {
    if (bytes !== this.#lastBytes) {
      this.#lastBytes = bytes;
      this.#lastWords = this.#words.get(bytes);
    }
    return this.#lastWords;
  }
}

const wordsOf = (bytes: Uint8Array): Int32Array | undefined =>
  bytes.byteOffset % 4 === 0 && bytes.length % 4 === 0 ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4) : undefined;
