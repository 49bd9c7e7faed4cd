import { StateError } from "./errors.ts";

/** What goes on beside the only thread of an ordinary run: writeback, reclaim, a scanner. */
export interface Background {
  /** Does a little of its work. False if there was none to do. */
  run(): boolean;
}

/** Nothing goes on: what a thread waits for will never come. */
export const noBackground: Background = { run: () => false };

/** The background work of one machine: each worker in turn, in the order in which they came. */
export class BackgroundWork implements Background {
  readonly #workers: Background[] = [];
  #next = 0;

  add(worker: Background): void {
    this.#workers.push(worker);
  }

  run(): boolean {
    for (let tries = 0; tries < this.#workers.length; tries++) {
      const worker = this.#workers[this.#next]!;
      this.#next = (this.#next + 1) % this.#workers.length;
      if (worker.run()) return true;
    }
    return false;
  }
}

/**
 * In an ordinary run: lets background work make `isReady` true. Called where a leaf with a wait condition finds it false.
 * While exploring, the wait condition keeps such a leaf from running, so this is never reached.
 *
 * @param what The leaf and what it waits for, for the report: "dax.grab(3): the entry is locked".
 * @throws {StateError} STATE_DEADLOCK if no work is left and it is still false.
 */
export function waitFor(what: string, background: Background, isReady: () => boolean): void {
  while (!isReady()) {
    if (!background.run()) throw new StateError("STATE_DEADLOCK", `${what}, and no background work can change that`);
  }
}
