import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Counters, EventRing, noTracer, reservedColumns, Slab, type Tracer } from "../src/index.ts";

const NAMES = ["pgfault", "pgmajfault", "pgfree", "thp_fault_alloc"];
const event = fc.record({ name: fc.constantFrom(...NAMES), amount: fc.integer({ min: 1, max: 512 }), subject: fc.nat({ max: Number.MAX_SAFE_INTEGER }) });

const report = (tracer: Tracer, all: readonly { name: string; amount: number; subject: number }[]): void => {
  for (const { name, amount, subject } of all) tracer.count(tracer.event(name), amount, subject);
};

test("counters hold the sum of what was counted under each name", () => {
  fc.assert(
    fc.property(fc.array(event), (all) => {
      const counters = new Counters(reservedColumns()), model = new Map<string, number>();
      report(counters, all);
      for (const { name, amount } of all) model.set(name, (model.get(name) ?? 0) + amount);
      expect(counters.all()).toEqual(Object.fromEntries(model));
      for (const name of NAMES) expect(counters.of(name)).toBe(model.get(name) ?? 0);
    }),
  );
});

test("a ring keeps the last events in order, and counts all of them", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), fc.integer({ min: 1, max: 12 }), (all, capacity) => {
      const ring = new EventRing(reservedColumns(), capacity);
      report(ring, all);
      expect(ring.total).toBe(all.length);
      expect(ring.kept()).toEqual(all.slice(-capacity));
    }),
  );
});

describe.each([
  ["counters", (): Tracer => new Counters(reservedColumns())],
  ["a ring", (): Tracer => new EventRing(reservedColumns(), 4)],
])("%s", (_, make) => {
  test("gives one number to one name, and at most 64 of them", () => {
    const tracer = make();
    expect(tracer.event("pgfault")).toBe(tracer.event("pgfault"));
    const numbers = Array.from({ length: 64 }, (_, nth) => tracer.event(nth === 0 ? "pgfault" : `e${nth}`));
    expect(new Set(numbers).size).toBe(64);
    expect(() => tracer.event("one more")).toThrow(/STATE_BAD_ARGUMENT.*one more/);
    expect(tracer.event("e63")).toBe(numbers[63]);
  });
});

test("counts are no part of the machine's state, but go back with it", () => {
  const slab = new Slab(), counters = new Counters(slab), fault = counters.event("pgfault"), snapshot = slab.newSnapshot();
  counters.count(fault, 3, 0);
  expect(slab.equals(snapshot)).toBe(true);
  slab.restore(snapshot);
  expect(counters.of("pgfault")).toBe(0);
});

test("a ring of no events is refused, and the tracer that tells nobody takes everything", () => {
  expect(() => new EventRing(reservedColumns(), 0)).toThrow(/STATE_BAD_ARGUMENT/);
  expect(() => new EventRing(reservedColumns(), 1.5)).toThrow(/STATE_BAD_ARGUMENT/);
  noTracer.count(noTracer.event("anything"), 1, 2);
});
