import { xxh3 as published } from "@node-rs/xxhash";
import { reservedColumns } from "@zeropfn/state";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ContentOperations, simdOperations, typedArrayOperations } from "../src/index.ts";

const PAGE = 4096;
const OUTPUT_BITS = 53;
const chunks = reservedColumns().byteChunks("bytes", 2 ** 16);
const [bytes] = chunks.bytes as [Uint8Array];
const simd = simdOperations(chunks)!;

describe.each<[string, ContentOperations]>([["SIMD", simd], ["typed arrays", typedArrayOperations(chunks)]])("the page hash by %s", (_, content) => {
  test("is the low 53 bits of XXH3 as published, whatever the bytes and the length", () => {
    fc.assert(
      fc.property(fc.integer({ min: 64, max: 300 }), fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(15), (words, pattern, place) => {
        const length = words * 4, offset = place * 4;
        for (let at = 0; at < length; at++) bytes[offset + at] = pattern[at % pattern.length]! + (at >>> 8);
        const expected = published.xxh64(bytes.subarray(offset, offset + length)) & ((1n << 53n) - 1n);
        expect(content.hash(bytes, offset, length)).toBe(Number(expected));
      }),
    );
  });
});

/** The hash of the page at the start of the chunk. */
const hash = (): number => simd.hash(bytes, 0, PAGE);
/** Bit `bit` of a number below 2^53. */
const bitOf = (value: number, bit: number): number => Math.floor(value / 2 ** bit) % 2;

describe("the page hash", () => {
  test("gives 180,000 pages that are nearly alike different numbers", () => {
    const seen = new Set<number>();
    let pages = 0;
    const take = (): void => {
      pages++;
      seen.add(hash());
    };
    bytes.fill(0, 0, PAGE);
    take();
    for (let bit = 0; bit < PAGE * 8; bit++) { // all pages of one bit
      bytes[bit >>> 3] = 1 << (bit & 7);
      take();
      bytes[bit >>> 3] = 0;
    }
    const view = new DataView(bytes.buffer, 0, PAGE);
    for (const at of [0, 1024, PAGE - 4]) { // counters in a page of zeros
      for (let count = 0x100; count < 0x8100; count++) {
        if ((count & (count - 1)) === 0) continue; // of one bit: seen above
        view.setUint32(at, count, true);
        take();
      }
      view.setUint32(at, 0, true);
    }
    for (let value = 1; value < 256; value++) { // two equal bytes anywhere: what sums and xors cannot see
      for (let place = 1; place < 200; place++) {
        bytes[0] = value;
        bytes[place * 20 + 3] = value;
        take();
        bytes[place * 20 + 3] = 0;
      }
    }
    expect(pages).toBeGreaterThan(170_000);
    expect(seen.size).toBe(pages);
  });

  test("spreads pages that count evenly over buckets, by its lowest and by its highest bits", () => {
    const buckets = 1024, samples = 65_536, expected = samples / buckets;
    const lowest = new Uint32Array(buckets), highest = new Uint32Array(buckets);
    bytes.fill(0, 0, PAGE);
    const view = new DataView(bytes.buffer, 0, PAGE);
    for (let count = 0; count < samples; count++) {
      view.setUint32(2048, count, true);
      const value = hash();
      lowest[value % buckets]!++;
      highest[Math.floor(value / 2 ** (OUTPUT_BITS - 10))]!++;
    }
    for (const counts of [lowest, highest]) {
      const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // Of 1023 degrees of freedom: 6 standard deviations around the mean.
      expect(Math.abs(chiSquare - (buckets - 1))).toBeLessThan(6 * Math.sqrt(2 * (buckets - 1)));
    }
  });

  test("changes every bit of its answer half of the times when one bit of the page changes", () => {
    const samples = 4096;
    const flips = new Uint32Array(OUTPUT_BITS);
    for (let at = 0; at < PAGE; at++) bytes[at] = Math.imul(at, 0x9e3779b1) >>> 24;
    const before = hash();
    for (let sample = 0; sample < samples; sample++) {
      const bit = (sample * 8 + (sample % 8)) % (PAGE * 8);
      bytes[bit >>> 3]! ^= 1 << (bit & 7);
      const after = hash();
      bytes[bit >>> 3]! ^= 1 << (bit & 7);
      for (let output = 0; output < OUTPUT_BITS; output++) flips[output]! += bitOf(before, output) ^ bitOf(after, output);
    }
    for (const count of flips) expect(Math.abs(count - samples / 2)).toBeLessThan(6 * Math.sqrt(samples / 4));
  });
});
