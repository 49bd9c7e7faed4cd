import fc from "fast-check";
import { expect, test } from "vitest";
import { addressOf, type ByteOffset, byteOffsetOf, GiB, KiB, MiB, type PageIndex, pageCountOf, pageIndexOf, type VirtualAddress, virtualPageOf } from "../src/index.ts";

/** Offsets up to 2^53-1, with a taste for the neighbours of powers of two, where 32-bit arithmetic would fail. */
const offset = fc.oneof(fc.nat({ max: Number.MAX_SAFE_INTEGER }), fc.tuple(fc.integer({ min: 1, max: 52 }), fc.integer({ min: -1, max: 1 })).map(([power, by]) => 2 ** power + by));
const pageShift = fc.integer({ min: 4, max: 30 });

test("the page that holds an offset begins at or before it, and the next page begins after it", () => {
  fc.assert(
    fc.property(offset, pageShift, (at, shift) => {
      const page = pageIndexOf(at as ByteOffset, shift);
      expect(byteOffsetOf(page, shift)).toBeLessThanOrEqual(at);
      expect(at - byteOffsetOf(page, shift)).toBeLessThan(2 ** shift);
      expect(Number.isInteger(page)).toBe(true);
    }),
  );
});

test("an address and its page agree in the same way", () => {
  fc.assert(
    fc.property(offset, pageShift, (at, shift) => {
      const page = virtualPageOf(at as VirtualAddress, shift);
      expect(addressOf(page, shift)).toBeLessThanOrEqual(at);
      expect(at - addressOf(page, shift)).toBeLessThan(2 ** shift);
    }),
  );
});

test("an offset beyond 2^31 and one beyond 2^32 have pages of their own", () => {
  expect(pageIndexOf((2 ** 31 + 4095) as ByteOffset, 12)).toBe(524_288);
  expect(pageIndexOf((2 ** 32) as ByteOffset, 12)).toBe(1_048_576);
  expect(byteOffsetOf((2 ** 40) as PageIndex, 12)).toBe(2 ** 52);
});

test("bytes touch as many pages as hold them, the last one perhaps in part", () => {
  expect([0, 1, 4095, 4096, 4097].map((bytes) => pageCountOf(bytes, 12))).toEqual([0, 1, 1, 1, 2]);
  fc.assert(fc.property(offset, pageShift, (bytes, shift) => pageCountOf(bytes, shift) === Number((BigInt(bytes) + 2n ** BigInt(shift) - 1n) >> BigInt(shift))));
});

test("the binary units are powers of 1024", () => {
  expect([KiB, MiB, GiB]).toEqual([2 ** 10, 2 ** 20, 2 ** 30]);
});
