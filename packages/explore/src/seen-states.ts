/**
 * The states that a search has seen, as fingerprints of 64 bits, each with a number: 0, 1, 2 … in the order of arrival.
 * Open addressing, half full at most; 20 to 30 bytes a state.
 */
export class SeenStates {
  #mask = (1 << 12) - 1;
  /** Number of the state + 1; 0 where there is none. */
  #slots = new Int32Array(1 << 12);
  #a = new Int32Array(1 << 11);
  #b = new Int32Array(1 << 11);
  size = 0;
  /** True if the last `add` was of a state not seen before. */
  isNew = false;
  /** Of all states together, in whatever order they came: two lanes as one integer below 2^53. */
  get digest(): number {
    return (this.#digestA >>> 0) * 2 ** 21 + (this.#digestB >>> 11);
  }
  #digestA = 0;
  #digestB = 0;

  /** The number of the state with the fingerprint (a, b), two signed 32-bit integers. */
  add(a: number, b: number): number {
    let at = (a ^ Math.imul(b, 0x9e3779b1)) & this.#mask;
    for (let slot = this.#slots[at]!; slot !== 0; slot = this.#slots[(at = (at + 1) & this.#mask)]!) {
      if (this.#a[slot - 1] === a && this.#b[slot - 1] === b) {
        this.isNew = false;
        return slot - 1;
      }
    }
    this.isNew = true;
    this.#slots[at] = this.size + 1;
    this.#a[this.size] = a;
    this.#b[this.size] = b;
    this.#digestA = (this.#digestA + Math.imul(a, 0x85ebca6b) + b) | 0;
    this.#digestB = (this.#digestB + Math.imul(b, 0xc2b2ae35) + a) | 0;
    if (++this.size === this.#a.length) this.#grow();
    return this.size - 1;
  }

  #grow(): void {
    this.#a = doubled(this.#a);
    this.#b = doubled(this.#b);
    this.#slots = new Int32Array(this.#slots.length * 2);
    this.#mask = this.#slots.length - 1;
    for (let state = 0; state < this.size; state++) {
      let at = (this.#a[state]! ^ Math.imul(this.#b[state]!, 0x9e3779b1)) & this.#mask;
      while (this.#slots[at] !== 0) at = (at + 1) & this.#mask;
      this.#slots[at] = state + 1;
    }
  }
}

function doubled(items: Int32Array): Int32Array<ArrayBuffer> {
  const twice = new Int32Array(items.length * 2);
  twice.set(items);
  return twice;
}
