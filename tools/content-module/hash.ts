import { SECRET } from "../../packages/folio/src/content/xxh3.ts";
import { times } from "./operations.ts";

/**
 * XXH3 (64 bits, seed 0) of a range of at least 256 bytes, in WebAssembly's text format.
 * Four registers hold the eight lanes. The secret is in locals, as the memory holds page bytes and nothing else.
 */

const LAST_SECRET = SECRET.length - 64;
const hex = (at: number, bytes: number): string =>
  Array.from(SECRET.subarray(at, at + bytes), (byte) => byte.toString(16).padStart(2, "0"))
    .reverse()
    .join("");
const word64 = (at: number): string => `(i64.const 0x${hex(at, 8)})`;
const secret128 = (at: number): string => `(v128.const i64x2 0x${hex(at, 8)} 0x${hex(at + 8, 8)})`;

/** The secret from byte 8 × `word` on. A stripe in its block begins one word later than the one before it. */
const key = (word: number): string => `(local.get $key${word})`;
const KEYS = 23;

/** Values that the lanes begin with, two a register. */
const FIRST = [
  "0x00000000c2b2ae3d 0x9e3779b185ebca87",
  "0xc2b2ae3d27d4eb4f 0x165667b19e3779f9",
  "0x85ebca77c2b2ae63 0x0000000085ebca77",
  "0x27d4eb2f165667c5 0x000000009e3779b1",
];

const EVEN = "i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27";
const ODD = "i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31";
const SWAP = "i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7";

/**
 * Takes in the stripe at `$at`. Each lane gets the product of the halves of its data under the secret; data itself goes
 * to the neighbouring lane, which `$dataN` defers: it is added, swapped, when the block ends.
 */
const stripe = (keys: readonly string[]): string =>
  times(2, (half) => {
    const low = half * 2,
      high = half * 2 + 1;
    return `
      (local.set $x (v128.load offset=${low * 16} (local.get $at)))
      (local.set $y (v128.load offset=${high * 16} (local.get $at)))
      (local.set $data${low} (i64x2.add (local.get $data${low}) (local.get $x)))
      (local.set $data${high} (i64x2.add (local.get $data${high}) (local.get $y)))
      (local.set $x (v128.xor (local.get $x) ${keys[low]}))
      (local.set $y (v128.xor (local.get $y) ${keys[high]}))
      (local.set $z (${EVEN} (local.get $x) (local.get $y)))
      (local.set $x (${ODD} (local.get $x) (local.get $y)))
      (local.set $lane${low} (i64x2.add (local.get $lane${low}) (i64x2.extmul_low_i32x4_u (local.get $z) (local.get $x))))
      (local.set $lane${high} (i64x2.add (local.get $lane${high}) (i64x2.extmul_high_i32x4_u (local.get $z) (local.get $x))))`;
  });

/** Adds what `$dataN` deferred. */
const settle = times(
  4,
  (n) => `
      (local.set $lane${n} (i64x2.add (local.get $lane${n}) (${SWAP} (local.get $data${n}) (local.get $data${n}))))
      (local.set $data${n} (v128.const i64x2 0 0))`,
);

/** Mixes the lanes when a block of 16 stripes ends. */
const scramble = times(
  4,
  (n) => `
      (local.set $x (v128.xor (v128.xor (local.get $lane${n}) (i64x2.shr_u (local.get $lane${n}) (i32.const 47))) ${key(16 + n * 2)}))
      (local.set $lane${n} (i64x2.mul (local.get $x) (i64x2.splat (i64.const 0x9e3779b1))))`,
);

const stripesOfBlock = times(
  16,
  (n) => `
      (br_if $last (i32.eqz (local.get $stripes)))
      ${stripe([0, 2, 4, 6].map((word) => key(n + word)))}
      (local.set $at (i32.add (local.get $at) (i32.const 64)))
      (local.set $stripes (i32.sub (local.get $stripes) (i32.const 1)))`,
);

const pairs = times(
  4,
  (n) => `
    (local.set $hash (i64.add (local.get $hash) (call $fold
      (i64.xor (i64x2.extract_lane 0 (local.get $lane${n})) ${word64(11 + n * 16)})
      (i64.xor (i64x2.extract_lane 1 (local.get $lane${n})) ${word64(19 + n * 16)}))))`,
);

/** The low 53 bits, as a number that needs no BigInt. */
const hash = `
(func (export "hash") (param $at i32) (param $length i32) (result f64)
  (local $stripes i32) (local $end i32) (local $hash i64) (local $x v128) (local $y v128) (local $z v128)
  ${times(4, (n) => `(local $lane${n} v128) (local $data${n} v128)`)}
  ${times(KEYS, (word) => `(local $key${word} v128)`)}
  ${times(KEYS, (word) => `(local.set $key${word} ${secret128(word * 8)})`)}
  ${times(4, (n) => `(local.set $lane${n} (v128.const i64x2 ${FIRST[n]}))`)}
  (local.set $end (i32.add (local.get $at) (local.get $length)))
  (local.set $stripes (i32.shr_u (i32.sub (local.get $length) (i32.const 1)) (i32.const 6)))
  (block $last
    (loop $block
      ${stripesOfBlock}
      ${settle}
      ${scramble}
      (br $block)))
  (local.set $at (i32.sub (local.get $end) (i32.const 64)))
  ${stripe([0, 16, 32, 48].map((at) => secret128(LAST_SECRET - 7 + at)))}
  ${settle}
  (local.set $hash (i64.mul (i64.extend_i32_u (local.get $length)) (i64.const 0x9e3779b185ebca87)))
  ${pairs}
  (local.set $hash (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 37))))
  (local.set $hash (i64.mul (local.get $hash) (i64.const 0x165667919e3779f9)))
  (local.set $hash (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 32))))
  (f64.convert_i64_s (i64.and (local.get $hash) (i64.const 0x1fffffffffffff))))`;

/** The two halves of the 128-bit product, xored. WebAssembly has no such product: four of 32 bits make it. */
const fold = `
(func $fold (param $a i64) (param $b i64) (result i64)
  (local $aHigh i64) (local $bHigh i64) (local $low i64) (local $middle i64) (local $other i64)
  (local.set $aHigh (i64.shr_u (local.get $a) (i64.const 32)))
  (local.set $bHigh (i64.shr_u (local.get $b) (i64.const 32)))
  (local.set $a (i64.and (local.get $a) (i64.const 0xffffffff)))
  (local.set $b (i64.and (local.get $b) (i64.const 0xffffffff)))
  (local.set $low (i64.mul (local.get $a) (local.get $b)))
  (local.set $middle (i64.add (i64.mul (local.get $aHigh) (local.get $b)) (i64.shr_u (local.get $low) (i64.const 32))))
  (local.set $other (i64.add (i64.mul (local.get $a) (local.get $bHigh)) (i64.and (local.get $middle) (i64.const 0xffffffff))))
  (i64.xor
    (i64.or (i64.shl (local.get $other) (i64.const 32)) (i64.and (local.get $low) (i64.const 0xffffffff)))
    (i64.add (i64.add (i64.mul (local.get $aHigh) (local.get $bHigh)) (i64.shr_u (local.get $middle) (i64.const 32)))
      (i64.shr_u (local.get $other) (i64.const 32)))))`;

export const hashing: readonly string[] = [fold, hash];
