/**
 * 64 bits in two lanes that stand for a state: words at places, in any order. Each word is mixed with its place and the
 * lanes collect the mixes by exclusive or, so a changed word costs the same whatever the size of the state.
 * Different seeds give unrelated fingerprints.
 * @differs No cryptographic strength: states are ours, nobody builds collisions on purpose.
 */
export class Fingerprint {
  /** Lanes 0 and 1 as signed 32-bit integers, to keep and to put back. */
  laneA = 0;
  laneB = 0;
  readonly #seedA: number;
  readonly #seedB: number;
  /** Place of the next word that is added. */
  #next = 0;

  constructor(seed: number = 0) {
    this.#seedA = Math.imul(seed + 1, 0x9e3779b1);
    this.#seedB = Math.imul(seed + 1, 0x7feb352d);
  }

  /** Lane 0, unsigned. */
  get a(): number {
    return this.laneA >>> 0;
  }
  /** Lane 1, unsigned. */
  get b(): number {
    return this.laneB >>> 0;
  }

  /** Back to the fingerprint of nothing. */
  reset(): this {
    this.laneA = this.laneB = this.#next = 0;
    return this;
  }

  /** Adds all of `words`, at the places after those added before. */
  add(words: Uint32Array): this {
    for (let at = 0; at < words.length; at++) this.addWord(words[at]!);
    return this;
  }

  /** Adds one 32-bit word, at the place after those added before. */
  addWord(word: number): this {
    this.toggle(this.#next++, word);
    return this;
  }

  /** The word at `place` was `was` and is `now`. */
  change(place: number, was: number, now: number): void {
    this.toggle(place, was);
    this.toggle(place, now);
  }

  /** Adds the 32-bit `word` at `place`, or takes it away if it is there. */
  toggle(place: number, word: number): void {
    // The two lanes join word and place in different ways: what collides before mixing in one does not in the other.
    let a = word ^ Math.imul(place + 1, 0x9e3779b1) ^ this.#seedA;
    a = Math.imul(a ^ (a >>> 16), 0x85ebca6b);
    a = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
    this.laneA ^= a ^ (a >>> 16);
    let b = (word + Math.imul(place + 1, 0x27d4eb2f) + this.#seedB) | 0;
    b = Math.imul(b ^ (b >>> 15), 0x2c1b3c6d);
    b = Math.imul(b ^ (b >>> 12), 0x297a2d39);
    this.laneB ^= b ^ (b >>> 15);
  }
}
