import { type ColumnAllocator, leaves } from "@zeropfn/state";

/**
 * A number that a scenario remembers for its claims: no part of the machine. Writing happens together with the step
 * before it, so what it records and the record are one; reading is a step of its own, since time may pass after it.
 */
export class Ghost {
  static {
    if (__EXPLORE__) leaves(Ghost, "explore/ghost", { get: {}, set: { silent: true }, add: { silent: true } });
  }
  readonly label: string;
  readonly #value: Float64Array;

  /** @param initial Integer from -2^53 to 2^53. */
  constructor(columns: ColumnAllocator, label: string, initial: number = 0) {
    this.label = label;
    this.#value = columns.f64(`ghost.${label}`, 1);
    this.#value[0] = initial;
  }

  get(): number {
    return this.#value[0]!;
  }
  set(value: number): void {
    this.#value[0] = value;
  }
  add(amount: number): void {
    this.#value[0]! += amount;
  }
}
