import type { MachineParts } from "./parts.ts";

/** Both ends of a pipe. Calls answer 0 or more, or an errno negated; where they would wait, -EAGAIN. */
export class Pipe {
  /** Its number. */
  readonly id: number;
  readonly #parts: MachineParts;

  /** For the machine. */
  constructor(parts: MachineParts, id: number) {
    this.#parts = parts;
    this.id = id;
  }

  /** Copies bytes into it: how many there was room for, or -EAGAIN, -ENOMEM. @kernel write(2) */
  write(bytes: Uint8Array): number {
    const done = this.#parts.pipes.write(this.id, bytes);
    if (done > 0) this.#parts.rings.dataArrived(this.id);
    return done;
  }
  /** Takes up to `out.length` bytes out of it: how many, or -EAGAIN. @kernel read(2) */
  read(out: Uint8Array): number {
    return this.#parts.pipes.read(this.id, out);
  }
  /** Closes both ends: what is in it is gone. */
  close(): void {
    this.#parts.pipes.release(this.id);
  }
}
