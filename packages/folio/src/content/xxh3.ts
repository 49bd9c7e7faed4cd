/**
 * XXH3, the 64-bit hash by Yann Collet, for ranges above 240 bytes with seed 0, in 32-bit arithmetic.
 * The same function as in the SIMD module, and as in every other implementation: tests compare it with one from npm.
 * Specification: xxHash `doc/xxhash_spec.md`, chapter "XXH3 Algorithm Overview".
 */

/** The default secret: 192 bytes. */
export const SECRET: Uint8Array = bytesOf(
  "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c" +
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364ea" +
    "c5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e",
);

const STRIPE_BYTES = 64;
const SHORTEST = 256;
const STRIPES_PER_BLOCK = 16;
const LAST_SECRET = SECRET.length - STRIPE_BYTES;

/** Eight lanes of 64 bits, low half first: the values they begin with. */
const FIRST_LANES: readonly number[] = [
  0xc2b2ae3d, 0, 0x85ebca87, 0x9e3779b1, 0x27d4eb4f, 0xc2b2ae3d, 0x9e3779f9, 0x165667b1, 0xc2b2ae63, 0x85ebca77, 0x85ebca77, 0, 0x165667c5, 0x27d4eb2f, 0x9e3779b1, 0,
];

/** Written before they are read in every call, so they are no state. */
const lanes = new Uint32Array(16);
const padded = new Uint8Array(SHORTEST);
const wide = new Uint32Array(4);

/** The low 53 bits of XXH3 of `length` bytes from `bytes[offset]`, extended by zeros to 256 bytes if shorter. */
export function xxh3(bytes: Uint8Array, offset: number, length: number): number {
  if (length < SHORTEST) {
    padded.fill(0);
    for (let at = 0; at < length; at++) padded[at] = bytes[offset + at];
    return xxh3(padded, 0, SHORTEST);
  }
  for (let at = 0; at < 16; at++) lanes[at] = FIRST_LANES[at];
  const stripes = Math.floor((length - 1) / STRIPE_BYTES);
  for (let stripe = 0; stripe < stripes; stripe++) {
    const inBlock = stripe % STRIPES_PER_BLOCK;
    accumulate(bytes, offset + stripe * STRIPE_BYTES, inBlock * 8);
    if (inBlock === STRIPES_PER_BLOCK - 1) scramble();
  }
  accumulate(bytes, offset + length - STRIPE_BYTES, LAST_SECRET - 7);
  return finish(length);
}

/** Takes in one stripe: every lane gets its neighbour's data, and the product of the halves of its own under the secret. */
function accumulate(bytes: Uint8Array, at: number, secretAt: number): void {
  for (let lane = 0; lane < 8; lane++) {
    const low = read32(bytes, at + lane * 8);
    const high = read32(bytes, at + lane * 8 + 4);
    add64((lane ^ 1) * 2, low, high);
    const a = (low ^ read32(SECRET, secretAt + lane * 8)) >>> 0;
    const b = (high ^ read32(SECRET, secretAt + lane * 8 + 4)) >>> 0;
    add64(lane * 2, Math.imul(a, b), highOfProduct(a, b));
  }
}

/** Mixes the lanes after each block. */
function scramble(): void {
  for (let lane = 0; lane < 8; lane++) {
    const high = lanes[lane * 2 + 1];
    const low = lanes[lane * 2] ^ (high >>> 15) ^ read32(SECRET, LAST_SECRET + lane * 8);
    const keyed = high ^ read32(SECRET, LAST_SECRET + lane * 8 + 4);
    lanes[lane * 2] = Math.imul(low, 0x9e3779b1);
    lanes[lane * 2 + 1] = highOfProduct(low >>> 0, 0x9e3779b1) + Math.imul(keyed, 0x9e3779b1);
  }
}

/** Folds the lanes into one number. `lanes[0]` and `[1]` hold the sum while it is done, as lane 0 is folded first. */
function finish(length: number): number {
  // length × PRIME64_1, as the sum begins.
  let low = Math.imul(length, 0x85ebca87) >>> 0;
  let high = (highOfProduct(length, 0x85ebca87) + Math.imul(length, 0x9e3779b1)) >>> 0;
  for (let pair = 0; pair < 4; pair++) {
    multiplyPair(pair);
    const sum = low + ((wide[0] ^ wide[2]) >>> 0);
    high = (high + ((wide[1] ^ wide[3]) >>> 0) + (sum > 0xffff_ffff ? 1 : 0)) >>> 0;
    low = sum >>> 0;
  }
  low ^= high >>> 5; // h ^= h >> 37
  low >>>= 0;
  const mixedLow = Math.imul(low, 0x9e3779f9) >>> 0;
  const mixedHigh = (highOfProduct(low, 0x9e3779f9) + Math.imul(low, 0x16566791) + Math.imul(high, 0x9e3779f9)) >>> 0;
  return (mixedHigh & 0x1f_ffff) * 2 ** 32 + ((mixedLow ^ mixedHigh) >>> 0); // h ^= h >> 32, low 53 bits
}

/** The 128-bit product of lanes 2n and 2n+1, each under the secret, into `wide`. */
function multiplyPair(pair: number): void {
  const lane = pair * 4;
  const secretAt = 11 + pair * 16;
  const aLow = (lanes[lane] ^ read32(SECRET, secretAt)) >>> 0;
  const aHigh = (lanes[lane + 1] ^ read32(SECRET, secretAt + 4)) >>> 0;
  const bLow = (lanes[lane + 2] ^ read32(SECRET, secretAt + 8)) >>> 0;
  const bHigh = (lanes[lane + 3] ^ read32(SECRET, secretAt + 12)) >>> 0;
  const word1 = highOfProduct(aLow, bLow) + (Math.imul(aHigh, bLow) >>> 0) + (Math.imul(aLow, bHigh) >>> 0);
  const word2 = highOfProduct(aHigh, bLow) + highOfProduct(aLow, bHigh) + (Math.imul(aHigh, bHigh) >>> 0) + Math.floor(word1 / 2 ** 32);
  wide[0] = Math.imul(aLow, bLow);
  wide[1] = word1;
  wide[2] = word2;
  wide[3] = highOfProduct(aHigh, bHigh) + Math.floor(word2 / 2 ** 32);
}

/** Adds a 64-bit number to the one at `lanes[at]`. */
function add64(at: number, low: number, high: number): void {
  const sum = lanes[at] + (low >>> 0);
  lanes[at] = sum;
  lanes[at + 1] += high + (sum > 0xffff_ffff ? 1 : 0);
}

/** The upper 32 bits of the product of two 32-bit numbers, both 0 … 2^32-1. */
function highOfProduct(a: number, b: number): number {
  const aLow = a & 0xffff, aHigh = a >>> 16, bLow = b & 0xffff, bHigh = b >>> 16;
  const first = aHigh * bLow + ((aLow * bLow) >>> 16);
  const second = aLow * bHigh + (first & 0xffff);
  return aHigh * bHigh + (first >>> 16) + (second >>> 16);
}

const read32 = (bytes: Uint8Array, at: number): number => bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) => Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16));
}
