import type { ContentOperations, ContentOperationsFactory } from "../src/index.ts";
import type { ByteChunks } from "@zeropfn/state";
import { same, type TestRunner } from "@zeropfn/state/conformance";

/** Lengths of pages: of a machine to explore, odd ones, and of one that runs. */
const LENGTHS = [8, 16, 60, 64, 128, 192, 256, 320, 1024, 1088, 4096, 16384];
/** Room for two pages and what must not change around them, in each chunk. */
const CHUNK_BYTES = 2 ** 16;

/**
 * The suite for whoever reads and writes page bytes.
 *
 * @param makeChunks Fresh chunks, all 0: two or more, of 64 KiB each, from the kind of allocator that the operations are for.
 */
export function contentOperationsConformance({ describe, test }: TestRunner, factory: ContentOperationsFactory, makeChunks: (byteLength: number) => ByteChunks): void {
  const world = (): { content: ContentOperations; near: Uint8Array; far: Uint8Array } => {
    const chunks = makeChunks(CHUNK_BYTES * 2);
    if (chunks.bytes.length < 2) throw new Error("the suite needs two chunks");
    return { content: factory(chunks), near: chunks.bytes[0]!, far: chunks.bytes[1]! };
  };
  for (const length of LENGTHS) {
    describe(`content operations on ${length} bytes`, () => {
      zeroTests(test, world, length);
      comparisonTests(test, world, length);
      copyTests(test, world, length);
      hashTests(test, world, length);
    });
  }
}

type Test = TestRunner["test"];
type World = () => { content: ContentOperations; near: Uint8Array; far: Uint8Array };

/** Where pages lie in the tests: at the start of a chunk, and at its end. */
const placesOf = (length: number): number[] => [0, CHUNK_BYTES - length];
/** Bytes whose value is decisive: the first, the last, and those at the borders of words and blocks. */
const decisive = (length: number): number[] => [...new Set([0, 1, 3, 4, 7, 15, 16, 63, 64, length / 2, length - 9, length - 4, length - 1])].filter((at) => at >= 0 && at < length);

function zeroTests(test: Test, world: World, length: number): void {
  test("find a page of zeros zero, and no other, wherever its one bit is", () => {
    const { content, near } = world();
    for (const place of placesOf(length)) {
      same(content.isZero(near, place, length), true, `page at ${place}`);
      for (const at of decisive(length)) {
        for (const value of [1, 0x80]) {
          near[place + at] = value;
          same(content.isZero(near, place, length), false, `with ${value} in byte ${at}`);
          near[place + at] = 0;
        }
      }
    }
  });
  test("do not take -0.0 for zero, nor see bytes outside of the page", () => {
    const { content, near } = world();
    near[length + 4] = 1;
    same(content.isZero(near, 0, length), true, "a 1 after the page");
    new DataView(near.buffer, near.byteOffset).setFloat64(0, -0, true);
    same(content.isZero(near, 0, length), false, "-0.0");
  });
  test("fill a page with a byte, and nothing around it", () => {
    const { content, near } = world();
    for (const value of [0xa5, 0, 255]) {
      near.fill(7);
      content.fill(near, 256, length, value);
      same(near.findIndex((byte) => byte !== 7), value === 7 ? -1 : 256, "the first byte changed");
      same(near.subarray(256, 256 + length).every((byte) => byte === value), true, `all bytes are ${value}`);
      same(near[256 + length], 7, "the byte after it");
    }
  });
}

function comparisonTests(test: Test, world: World, length: number): void {
  test("compare pages as unsigned bytes, in one chunk and across two", () => {
    const { content, near, far } = world();
    const a = CHUNK_BYTES - length;
    scatter(near, a, length, 1);
    for (const other of [near, far]) {
      other.set(near.subarray(a, a + length), 0);
      same(content.equal(near, a, other, 0, length), true, "equal pages");
      same(content.compare(near, a, other, 0, length), 0, "order of equal pages");
      for (const at of decisive(length)) {
        const byte = near[a + at]!;
        other[at] = byte ^ 0x80;
        same(content.equal(near, a, other, 0, length), false, `byte ${at} differs`);
        same(content.compare(near, a, other, 0, length), byte < 128 ? -1 : 1, `order by byte ${at}`);
        same(content.compare(other, 0, near, a, length), byte < 128 ? 1 : -1, `the reverse order by byte ${at}`);
        if (at + 1 < length) {
          const later = other[at + 1]!;
          other[at + 1] = byte < 128 ? 0 : 255; // what comes after the first difference does not count
          same(content.compare(near, a, other, 0, length), byte < 128 ? -1 : 1, `the first difference, byte ${at}, decides`);
          other[at + 1] = later;
        }
        other[at] = byte;
      }
    }
    same(content.equal(near, a, near, a, length), true, "a page and itself");
  });
}

function copyTests(test: Test, world: World, length: number): void {
  test("copy a page within a chunk and across two, and nothing around it", () => {
    const { content, near, far } = world();
    const from = CHUNK_BYTES - length;
    scatter(near, from, length, 2);
    for (const to of [near, far]) {
      to.fill(7, 0, length + 512);
      content.copy(to, 256, near, from, length);
      for (let at = 0; at < length; at++) same(to[256 + at], near[from + at], `byte ${at}`);
      same(to[255] === 7 && to[256 + length] === 7, true, "the bytes around it");
    }
    const before = Uint8Array.from(near.subarray(from));
    content.copy(near, from, near, from, length);
    same(before.every((byte, at) => near[from + at] === byte), true, "a page copied onto itself");
  });
}

function hashTests(test: Test, world: World, length: number): void {
  test("hash a page to the same number wherever it lies, below 2^53, and to another when a byte changes", () => {
    const { content, near, far } = world();
    scatter(near, CHUNK_BYTES - length, length, 3);
    const hash = content.hash(near, CHUNK_BYTES - length, length);
    same(Number.isSafeInteger(hash) && hash >= 0, true, `${hash} is an integer below 2^53`);
    far.set(near.subarray(CHUNK_BYTES - length), 64);
    same(content.hash(far, 64, length), hash, "the same page in another chunk");
    for (const at of decisive(length)) {
      far[64 + at]! ^= 1;
      same(content.hash(far, 64, length) === hash, false, `the hash with another byte ${at}`);
      far[64 + at]! ^= 1;
    }
  });
  test("hash as XXH3 does", () => {
    const { content, near } = world();
    const expected = ZERO_HASHES[length];
    if (expected !== undefined) same(content.hash(near, 0, length), expected, "low 53 bits of XXH3_64bits() of zeros");
  });
}

/** Low 53 bits of XXH3 of so many zero bytes, by @node-rs/xxhash 1.7.8. */
const ZERO_HASHES: Readonly<Record<number, number>> = {
  256: 3935915938180749,
  320: 7110410904409078,
  1024: 8749550301837633,
  1088: 7872765915048720,
  4096: 6596937843640762,
  16384: 3945838380819664,
};

/** Bytes without a pattern, from a fixed seed. */
function scatter(bytes: Uint8Array, offset: number, length: number, seed: number): void {
  let x = seed;
  for (let at = 0; at < length; at++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    bytes[offset + at] = x >>> 16;
  }
}
