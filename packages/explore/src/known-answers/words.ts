import { type ColumnAllocator, leaves } from "@zeropfn/state";

/** Words of shared memory with the instructions of litmus tests, and registers to find at the end. */
export class Words {
  static {
    if (__EXPLORE__) {
      leaves(Words, "explore/words", {
        load: {}, store: { plain: true }, local: {}, fence: { fence: true }, exchange: { fence: true }, compareExchange: { fence: true }, fetchAdd: { fence: true }, setRegister: { silent: true },
      });
    }
  }
  readonly #words: Float64Array;
  readonly #registers: Float64Array;

  constructor(columns: ColumnAllocator, initial: readonly number[], registerCount: number) {
    this.#words = columns.f64("word", initial.length);
    this.#words.set(initial);
    this.#registers = columns.f64("register", registerCount);
  }

  load(word: number): number {
    return this.#words[word]!;
  }
  store(word: number, value: number): void {
    this.#words[word] = value;
  }
  /** A step that touches no memory: a move, an addition, a branch. */
  local(): void {}
  fence(): void {}
  exchange(word: number, value: number): number {
    const old = this.#words[word]!;
    this.#words[word] = value;
    return old;
  }
  compareExchange(word: number, expected: number, value: number): number {
    const old = this.#words[word]!;
    if (old === expected) this.#words[word] = value;
    return old;
  }
  fetchAdd(word: number, amount: number): number {
    const old = this.#words[word]!;
    this.#words[word] = old + amount;
    return old;
  }
  setRegister(register: number, value: number): void {
    this.#registers[register] = value;
  }
  /** For outcomes. */
  register(register: number): number {
    return this.#registers[register]!;
  }
}
