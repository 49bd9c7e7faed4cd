import { type ColumnAllocator, gateHolder, leaves } from "@zeropfn/state";
import { contentOperations } from "./content/choose.ts";
import type { ContentOperations, ContentOperationsFactory } from "./content/content-operations.ts";
import { noBytes, noContent } from "./content/no-content.ts";
import { loadWordOf, storeWordOf } from "./content/words.ts";
import { FolioError } from "./errors.ts";
import { WORD_BYTES } from "./layout.ts";

/** Items of the column of counts. They are no state. */
const ZEROED = 0;
const COPIED = 1;

/** What the bytes of a machine need to know of it. */
export interface PageContentOptions {
  readonly totalFrames: number;
  readonly pageShift: number;
  readonly hasBytes: boolean;
  readonly content: ContentOperationsFactory | undefined;
}

/**
 * The bytes of all frames. A chunk holds whole frames; a machine that fits one chunk has one.
 *
 * Whole-page leaves have a split form: explored without being gated, they go word by word through the word leaves.
 */
export class PageContent {
  static {
    if (__EXPLORE__) {
      leaves(PageContent, "folio/folios", {
        load8: {}, store8: { plain: true }, loadWord: {}, storeWord: { plain: true }, zeroWord: {}, copyWord: {}, isZeroWord: {}, compareWord: {},
        zero: { coarse: true }, copy: { coarse: true }, isZero: { coarse: true }, equal: { coarse: true }, compare: { coarse: true }, hash: {},
      });
    }
  }
  readonly #chunks: readonly Uint8Array<ArrayBuffer>[];
  readonly #chunkShift: number;
  readonly #chunkMask: number;
  readonly #pageShift: number;
  readonly #pageSize: number;
  readonly #words: number;
  readonly #content: ContentOperations;
  readonly #counts: Float64Array<ArrayBuffer>;

  constructor(columns: ColumnAllocator, { totalFrames, pageShift, hasBytes, content = contentOperations }: PageContentOptions) {
    const chunks = hasBytes ? columns.byteChunks("folio.bytes", totalFrames * 2 ** pageShift) : noBytes;
    // Without bytes every frame is in chunk 0, which is empty.
    const chunkShift = hasBytes ? Math.min(31, Math.log2(chunks.chunkBytes) - pageShift) : 31;
    if (chunkShift < 0) throw new FolioError("FOLIO_BAD_OPTION", `pageShift is ${pageShift}, but the allocator's chunks have ${chunks.chunkBytes} bytes`);
    this.#chunks = chunks.bytes;
    this.#chunkShift = chunkShift;
    this.#chunkMask = hasBytes ? 2 ** chunkShift - 1 : 0;
    this.#pageShift = pageShift;
    this.#pageSize = 2 ** pageShift;
    this.#words = this.#pageSize / WORD_BYTES;
    this.#content = hasBytes ? content(chunks) : noContent;
    this.#counts = columns.f64("folio.content", 2, "derived");
  }

  get name(): string {
    return this.#content.name;
  }
  get zeroedBytes(): number {
    return this.#counts[ZEROED];
  }
  get copiedBytes(): number {
    return this.#counts[COPIED];
  }

  // Single bytes: on the way of every simulated load and store, so nothing is checked. `| 0` gives 0 where there are no bytes.

  load8(pfn: number, offset: number): number {
    return this.#chunks[pfn >>> this.#chunkShift][((pfn & this.#chunkMask) << this.#pageShift) + offset] | 0;
  }
  store8(pfn: number, offset: number, value: number): void {
    this.#chunks[pfn >>> this.#chunkShift][((pfn & this.#chunkMask) << this.#pageShift) + offset] = value;
  }

  // Words: the steps of the split forms

  loadWord(pfn: number, word: number): number {
    return loadWordOf(this.#bytesOf(pfn), this.#offsetOf(pfn) + word * WORD_BYTES);
  }
  storeWord(pfn: number, word: number, value: number): void {
    storeWordOf(this.#bytesOf(pfn), this.#offsetOf(pfn) + word * WORD_BYTES, value);
  }
  zeroWord(pfn: number, word: number): void {
    this.storeWord(pfn, word, 0);
    this.#counts[ZEROED] += WORD_BYTES;
  }
  copyWord(to: number, from: number, word: number): void {
    this.storeWord(to, word, this.loadWord(from, word));
    this.#counts[COPIED] += WORD_BYTES;
  }
  isZeroWord(pfn: number, word: number): boolean {
    return this.loadWord(pfn, word) === 0;
  }
  compareWord(a: number, b: number, word: number): number {
    for (let at = word * WORD_BYTES; at < (word + 1) * WORD_BYTES; at++) {
      const order = Math.sign(this.load8(a, at) - this.load8(b, at));
      if (order !== 0) return order;
    }
    return 0;
  }

  // Whole pages

  zero(pfn: number): void {
    if (__EXPLORE__ && gateHolder.gate !== null) {
      for (let word = 0; word < this.#words; word++) this.zeroWord(pfn, word);
      return;
    }
    this.#content.fill(this.#bytesOf(pfn), this.#offsetOf(pfn), this.#pageSize, 0);
    this.#counts[ZEROED] += this.#pageSize;
  }
  copy(to: number, from: number): void {
    if (__EXPLORE__ && gateHolder.gate !== null) {
      for (let word = 0; word < this.#words; word++) this.copyWord(to, from, word);
      return;
    }
    this.#content.copy(this.#bytesOf(to), this.#offsetOf(to), this.#bytesOf(from), this.#offsetOf(from), this.#pageSize);
    this.#counts[COPIED] += this.#pageSize;
  }
  isZero(pfn: number): boolean {
    if (__EXPLORE__ && gateHolder.gate !== null) {
      if (!this.isZeroWord(pfn, this.#words - 1)) return false; // the last word first, as the kernel does
      for (let word = 0; word < this.#words - 1; word++) if (!this.isZeroWord(pfn, word)) return false;
      return true;
    }
    return this.#content.isZero(this.#bytesOf(pfn), this.#offsetOf(pfn), this.#pageSize);
  }
  equal(a: number, b: number): boolean {
    if (__EXPLORE__ && gateHolder.gate !== null) return this.#compareByWords(a, b) === 0;
    return this.#content.equal(this.#bytesOf(a), this.#offsetOf(a), this.#bytesOf(b), this.#offsetOf(b), this.#pageSize);
  }
  compare(a: number, b: number): number {
    if (__EXPLORE__ && gateHolder.gate !== null) return this.#compareByWords(a, b);
    return this.#content.compare(this.#bytesOf(a), this.#offsetOf(a), this.#bytesOf(b), this.#offsetOf(b), this.#pageSize);
  }
  hash(pfn: number): number {
    return this.#content.hash(this.#bytesOf(pfn), this.#offsetOf(pfn), this.#pageSize);
  }

  // At the edge

  read(pfn: number, offset: number, out: Uint8Array, outOffset: number, length: number): void {
    for (let done = 0; done < length; ) {
      const frame = pfn + Math.floor((offset + done) / this.#pageSize);
      const inPage = (offset + done) % this.#pageSize;
      const part = Math.min(length - done, this.#pageSize - inPage);
      const first = this.#offsetOf(frame) + inPage;
      const source = this.#bytesOf(frame).subarray(first, first + part);
      if (source.length === 0) out.fill(0, outOffset + done, outOffset + done + part);
      else out.set(source, outOffset + done);
      done += part;
    }
  }
  write(pfn: number, offset: number, bytes: Uint8Array, from: number, length: number): void {
    for (let done = 0; done < length; ) {
      const frame = pfn + Math.floor((offset + done) / this.#pageSize);
      const inPage = (offset + done) % this.#pageSize;
      const part = Math.min(length - done, this.#pageSize - inPage);
      const target = this.#bytesOf(frame);
      if (target.length > 0) target.set(bytes.subarray(from + done, from + done + part), this.#offsetOf(frame) + inPage);
      done += part;
    }
  }

  #bytesOf(pfn: number): Uint8Array<ArrayBuffer> {
    return this.#chunks[pfn >>> this.#chunkShift];
  }
  #offsetOf(pfn: number): number {
    return (pfn & this.#chunkMask) << this.#pageShift;
  }
  #compareByWords(a: number, b: number): number {
    for (let word = 0; word < this.#words; word++) {
      const order = this.compareWord(a, b, word);
      if (order !== 0) return order;
    }
    return 0;
  }
}
