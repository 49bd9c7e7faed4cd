/**
 * What each step changed, so that the search can step back: frames of (place, old value) pairs, then a few numbers.
 * One growing array, so that stepping makes no garbage.
 */
export class UndoLog {
  #items = new Int32Array(1 << 12);
  #length = 0;

  push(item: number): void {
    if (this.#length === this.#items.length) this.#grow();
    this.#items[this.#length++] = item;
  }
  /** The last item, which is taken away. A signed 32-bit integer. */
  pop(): number {
    return this.#items[--this.#length]!;
  }
  clear(): void {
    this.#length = 0;
  }

  #grow(): void {
    const items = new Int32Array(this.#items.length * 2);
    items.set(this.#items);
    this.#items = items;
  }
}
