/**
 * Two 32-bit lanes over words: 64 bits that stand for a state. Different seeds give unrelated fingerprints.
 * @differs No cryptographic strength: states are ours, nobody builds collisions on purpose.
 */
export class Fingerprint {
  /** Lane 0, unsigned. */
  a = 0;
  /** Lane 1, unsigned. */
  b = 0;
  readonly #seed: number;

  constructor(seed: number = 0) {
    this.#seed = seed;
    this.reset();
  }

  /** Back to the fingerprint of nothing. */
  reset(): this {
    this.a = (0x811c9dc5 ^ Math.imul(this.#seed, 0x9e3779b1)) >>> 0;
    this.b = (0x1b873593 + Math.imul(this.#seed, 0x85ebca6b)) >>> 0;
    return this;
  }

  /** Adds all of `words`. Their number is not part of it: slabs of one machine have one length. */
  add(words: Uint32Array): this {
    let a = this.a | 0, b = this.b | 0;
    for (let at = 0; at < words.length; at++) {
      const word = words[at]!;
      a = Math.imul(a ^ word, 0x01000193);
      a ^= a >>> 15;
      b = Math.imul(b + word, 0xcc9e2d51) ^ (b >>> 17);
    }
    this.a = a >>> 0;
    this.b = b >>> 0;
    return this;
  }

  /** Adds one 32-bit word. */
  addWord(word: number): this {
    const a = Math.imul(this.a ^ word, 0x85ebca6b), b = Math.imul((this.b + word) | 0, 0xc2b2ae35);
    this.a = (a ^ (a >>> 13)) >>> 0;
    this.b = (b ^ (b >>> 16)) >>> 0;
    return this;
  }
}
