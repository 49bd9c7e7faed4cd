import type { ColumnAllocator } from "./columns.ts";
import { StateError } from "./errors.ts";
import { leaves } from "./leaves.ts";

/**
 * Where mechanisms report what happens: the one seam for counters and traces. A mechanism asks once for the number of
 * each event it reports, by the kernel's name where the kernel has one ("pgfault"), and reports by number.
 */
export interface Tracer {
  /** The number of the event called `name`. The same name gives the same number. */
  event(name: string): number;
  /** `amount` more of `event`, about `subject`: a frame, slot, index or address. */
  count(event: number, amount: number, subject: number): void;
}

/** Tells nobody. */
export const noTracer: Tracer = { event: () => 0, count: () => {} };

const EVENT_CAPACITY = 64;

/** Counts events by name. The counts are no part of the machine's state. */
export class Counters implements Tracer {
  static {
    if (__EXPLORE__) leaves(Counters, "state/counters", { count: { silent: true } });
  }
  readonly #names: string[] = [];
  readonly #counts: Float64Array;

  constructor(columns: ColumnAllocator) {
    this.#counts = columns.f64("counters", EVENT_CAPACITY, "derived");
  }

  event(name: string): number {
    return numberOf(this.#names, name);
  }
  count(event: number, amount: number, _subject: number): void {
    this.#counts[event]! += amount;
  }
  /** How often `name` was counted; 0 if nobody ever asked for its number. */
  of(name: string): number {
    const event = this.#names.indexOf(name);
    return event < 0 ? 0 : this.#counts[event]!;
  }
  /** All counts, in the order in which the events were first asked for. */
  all(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#names.map((name, event) => [name, this.#counts[event]!]));
  }
}

/** One entry of an `EventRing`. */
export interface TracedEvent {
  readonly name: string;
  readonly amount: number;
  readonly subject: number;
}

/** Counts, and keeps the last events in order. */
export class EventRing implements Tracer {
  static {
    if (__EXPLORE__) leaves(EventRing, "state/ring", { count: { silent: true } });
  }
  readonly #names: string[] = [];
  readonly #rows: Float64Array; // event, amount, subject
  readonly #total: Float64Array; // [0] events ever
  readonly #capacity: number;

  /** @param capacity Events kept: integer ≥ 1. */
  constructor(columns: ColumnAllocator, capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) throw new StateError("STATE_BAD_ARGUMENT", `an event ring of ${capacity} events, expected an integer ≥ 1`);
    this.#capacity = capacity;
    this.#rows = columns.f64("ring.events", capacity * 3, "derived");
    this.#total = columns.f64("ring.total", 1, "derived");
  }

  event(name: string): number {
    return numberOf(this.#names, name);
  }
  count(event: number, amount: number, subject: number): void {
    const at = (this.#total[0]! % this.#capacity) * 3;
    this.#rows[at] = event;
    this.#rows[at + 1] = amount;
    this.#rows[at + 2] = subject;
    this.#total[0]! += 1;
  }
  /** Events ever seen, the forgotten ones included. */
  get total(): number {
    return this.#total[0]!;
  }
  /** The events kept, oldest first. */
  kept(): TracedEvent[] {
    const first = Math.max(0, this.total - this.#capacity);
    return Array.from({ length: this.total - first }, (_, nth) => {
      const at = ((first + nth) % this.#capacity) * 3;
      return { name: this.#names[this.#rows[at]!]!, amount: this.#rows[at + 1]!, subject: this.#rows[at + 2]! };
    });
  }
}

function numberOf(names: string[], name: string): number {
  const known = names.indexOf(name);
  if (known >= 0) return known;
  if (names.length === EVENT_CAPACITY) throw new StateError("STATE_BAD_ARGUMENT", `event ${name}: a tracer knows at most ${EVENT_CAPACITY} events`);
  return names.push(name) - 1;
}
