import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ColumnPool, growingColumns, moveColumnsAtEveryOperation, StateError } from "../src/index.ts";

const SPEC = { key: { kind: "u32" }, pair: { kind: "f64", perRow: 2 } } as const;

/** A structure such as a stranger writes: it appends, secures its rows first, and takes its arrays from the pool alone. */
class Log {
  readonly pool: ColumnPool;
  key!: Uint32Array;
  pair!: Float64Array;
  length = 0;
  moves = -1;

  constructor(rows: { initial: number; maximum: number }) {
    this.pool = growingColumns().pool("log", SPEC, rows, ({ key, pair }) => {
      this.key = key;
      this.pair = pair;
      this.moves++;
    });
  }
  append(value: number): boolean {
    if (this.length + 1 > this.pool.readyRows && !this.pool.ensureRows(this.length + 1)) return false;
    this.key[this.length] = value;
    this.pair[this.length * 2] = value + 0.5;
    this.pair[this.length * 2 + 1] = -value;
    this.length++;
    return true;
  }
  all(): number[][] {
    return Array.from({ length: this.length }, (_, row) => [this.key[row]!, this.pair[row * 2]!, this.pair[row * 2 + 1]!]);
  }
}

const rows = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat({ max: 90 })).map(([initial, more]) => ({ initial, maximum: initial + more }));

test("a log over a growing pool holds what a plain array holds, up to its maximum and no further", () => {
  fc.assert(
    fc.property(rows, fc.array(fc.nat({ max: 2 ** 32 - 1 }), { maxLength: 120 }), (limits, values) => {
      const log = new Log(limits), model: number[][] = [];
      for (const value of values) {
        expect(log.append(value)).toBe(model.length < limits.maximum);
        if (model.length < limits.maximum) model.push([value, value + 0.5, -value]);
      }
      expect(log.all()).toEqual(model);
    }),
  );
});

test.each([
  { initial: 0, maximum: 4 },
  { initial: 5, maximum: 4 },
  { initial: 1.5, maximum: 4 },
  { initial: 1, maximum: Number.POSITIVE_INFINITY },
])("a pool of $initial to $maximum rows is refused", (limits) => {
  expect(() => new Log(limits)).toThrow(StateError);
  expect(() => new Log(limits)).toThrow(/STATE_BAD_ARGUMENT: pool log/);
});

describe("in everyday mode", () => {
  beforeEach(() => moveColumnsAtEveryOperation(false));

  test("arrays are replaced rarely: a pool at least doubles", () => {
    const log = new Log({ initial: 1, maximum: 1024 });
    for (let value = 0; value < 1024; value++) log.append(value);
    expect(log.moves).toBeLessThanOrEqual(10);
    expect(log.pool.readyRows).toBe(1024);
  });

  test("rows that are ready need no call", () => {
    const log = new Log({ initial: 4, maximum: 8 });
    expect(log.pool.readyRows).toBe(4);
    const { key } = log;
    log.pool.ensureRows(4);
    expect(log.key).toBe(key);
  });
});

describe("in the mode that moves columns", () => {
  beforeEach(() => moveColumnsAtEveryOperation(true));
  afterEach(() => moveColumnsAtEveryOperation(false));

  test("every operation replaces the arrays, and who kept an old one sees rubbish", () => {
    const log = new Log({ initial: 8, maximum: 8 });
    log.append(1);
    const { key, pair } = log;
    log.append(2);
    expect(log.moves).toBe(2);
    expect(log.key).not.toBe(key);
    expect(key[0]).toBe(0xa5a5_a5a5);
    expect(pair[0]).not.toBe(1.5);
    expect(log.all()).toEqual([
      [1, 1.5, -1],
      [2, 2.5, -2],
    ]);
  });

  test("code that reads a field before the call that replaces it comes out wrong", () => {
    const log = new Log({ initial: 8, maximum: 8 });
    log.append(7);
    const wrong = log.key[log.append(8) ? 0 : 1]; // `log.key` is read first, then `append` moves it
    expect(wrong).not.toBe(7);
    expect(log.key[0]).toBe(7);
  });

  test("a refusal moves nothing", () => {
    const log = new Log({ initial: 1, maximum: 1 });
    log.append(1);
    const { key } = log;
    expect(log.append(2)).toBe(false);
    expect(log.key).toBe(key);
  });
});
