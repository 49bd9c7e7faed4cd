import { type ColumnAllocator, leaves } from "@zeropfn/state";
import { describe, expect, test } from "vitest";
import { compareSearches } from "../src/compare-searches.ts";
import { judge } from "../src/settle.ts";
import { type Scenario, scenarioOf } from "../src/scenario.ts";
import { search, type SearchOptions } from "../src/search.ts";

/** Ways to break the rules of leaves, each in a machine of four words and two threads; thread k is told its number. */
interface Case {
  readonly name: string;
  /** What the strict check says, always on. Undefined: it sees nothing. */
  readonly strict?: RegExp;
  readonly paranoid?: RegExp;
  /** Searched in the opposite order, other states are found. */
  readonly isSeenReversed?: true;
  readonly threads: (columns: ColumnAllocator) => (k: number) => void;
}

class Words {
  static {
    leaves(Words, "rogue/words", { get: {}, put: {} });
  }
  readonly items: Uint32Array;
  readonly count: Uint32Array;
  constructor(columns: ColumnAllocator) {
    this.items = columns.u32("x", 4);
    this.count = columns.u32("count", 1);
  }
  get(at: number): number {
    return this.items[at]!;
  }
  put(at: number, value: number): void {
    this.items[at] = value;
  }
}

class MovingCursor {
  static {
    leaves(MovingCursor, "rogue/cursor", { next: {}, put: {} });
  }
  readonly #items: Uint32Array;
  #at = 0;
  constructor(columns: ColumnAllocator) {
    this.#items = columns.u32("x", 4);
  }
  next(): number {
    return this.#items[this.#at++ & 3]! + this.#at;
  }
  put(at: number, value: number): void {
    this.#items[at] = value;
  }
}

class Cached {
  static {
    leaves(Cached, "rogue/cached", { read: {}, write: {} });
  }
  readonly #items: Uint32Array;
  #key = -1;
  #value = 0;
  constructor(columns: ColumnAllocator) {
    this.#items = columns.u32("x", 2);
  }
  read(at: number): number {
    if (this.#key !== at) {
      this.#key = at;
      this.#value = this.#items[at]!;
    }
    return this.#value;
  }
  write(at: number, value: number): void {
    this.#items[at] = value;
    if (this.#key === at) this.#value = value;
  }
}

class Calling {
  static {
    leaves(Calling, "rogue/calling", { get: {}, put: {}, update: {} });
  }
  readonly #items: Uint32Array;
  constructor(columns: ColumnAllocator) {
    this.#items = columns.u32("x", 2);
  }
  get(at: number): number {
    return this.#items[at]!;
  }
  put(at: number, value: number): void {
    this.#items[at] = value;
  }
  update(at: number, change: (value: number) => number): void {
    this.#items[at] = change(this.#items[at]!);
  }
}

class Pairs {
  static {
    // @ts-expect-error a leaf returns a number, a boolean or nothing
    leaves(Pairs, "rogue/pairs", { pair: {} });
  }
  readonly #items: Uint32Array;
  constructor(columns: ColumnAllocator) {
    this.#items = columns.u32("x", 2);
  }
  pair(): { a: number; b: number } {
    return { a: this.#items[0]!, b: this.#items[1]! };
  }
}

class Mapped {
  static {
    leaves(Mapped, "rogue/map", { put: {}, get: {}, set: {} });
  }
  readonly #items: Uint32Array;
  readonly #values = new Map<number, number>();
  constructor(columns: ColumnAllocator) {
    this.#items = columns.u32("x", 3);
  }
  put(key: number, value: number): void {
    this.#values.set(key, value);
    this.#items[0] = value;
  }
  get(key: number): number {
    return this.#values.get(key) ?? 0;
  }
  set(at: number, value: number): void {
    this.#items[at] = value;
  }
}

/** A cursor whose position is kept outside columns, and moved between leaves only. */
class Seeking {
  static {
    leaves(Seeking, "rogue/seeking", { load: {}, put: {} });
  }
  readonly #items: Uint32Array;
  #at = 0;
  constructor(columns: ColumnAllocator) {
    this.#items = columns.u32("x", 8);
    for (let at = 0; at < 4; at++) this.#items[at] = 10 + at;
  }
  seek(at: number): void {
    this.#at = at;
  }
  load(): number {
    return this.#items[this.#at]!;
  }
  put(at: number, value: number): void {
    this.#items[at] = value;
  }
}

const cases: readonly Case[] = [
  {
    name: "a column written between leaves",
    strict: /columns written outside a leaf \(count\[0\]: 0 -> 1\) after words\.get\(0\)/,
    paranoid: /count\[0\] outside a leaf/,
    threads: (columns) => {
      const words = new Words(columns);
      return (k) => {
        const value = words.get(0);
        words.count[0]!++;
        words.put(1 + k, value);
      };
    },
  },
  {
    // Seen as soon as what is read makes a difference to a leaf: its thread's code is run again in many states.
    name: "a column read between leaves",
    strict: /another path/,
    paranoid: /touched x\[\d\] outside a leaf/,
    threads: (columns) => {
      const words = new Words(columns);
      return (k) => {
        words.get(0);
        words.put(1 + k, words.items[2 - k]! + 1);
      };
    },
  },
  {
    name: "a counter of the code reaches a leaf",
    strict: /another path/,
    paranoid: /another path/,
    isSeenReversed: true,
    threads: (columns) => {
      const words = new Words(columns);
      let count = 0;
      return (k) => {
        const value = words.get(0);
        count++;
        words.put(1 + k, value + count);
        words.get(2);
      };
    },
  },
  {
    name: "a scratch record read before it is written",
    strict: /another path/,
    paranoid: /another path/,
    isSeenReversed: true,
    threads: (columns) => {
      const words = new Words(columns), scratch = { value: 0 };
      return (k) => {
        const old = scratch.value;
        scratch.value = words.get(0) + k + 1;
        words.put(1 + k, old);
        words.get(3);
      };
    },
  },
  {
    name: "a random value reaches a leaf",
    strict: /another path/,
    paranoid: /another path/,
    isSeenReversed: true,
    threads: (columns) => {
      const words = new Words(columns);
      return (k) => {
        words.get(0);
        words.put(1 + k, Math.floor(Math.random() * 2 ** 30));
        words.get(1);
      };
    },
  },
  {
    name: "a catch that swallows the suspension",
    strict: /swallowed its suspension/,
    paranoid: /swallowed its suspension/,
    threads: (columns) => {
      const words = new Words(columns);
      return (k) => {
        try {
          words.put(1 + k, 1);
          words.get(0);
        } catch {
          return;
        }
      };
    },
  },
  {
    name: "a leaf that returns an object",
    strict: /returned an object/,
    paranoid: /returned an object|run twice/,
    threads: (columns) => {
      const pairs = new Pairs(columns);
      return () => void pairs.pair();
    },
  },
  {
    name: "a cursor that is moved inside its leaf",
    paranoid: /run twice/,
    isSeenReversed: true,
    threads: (columns) => {
      const cursor = new MovingCursor(columns);
      return (k) => {
        cursor.next();
        cursor.next();
        cursor.put(k, 1);
      };
    },
  },
  {
    name: "a cache of values in a field",
    isSeenReversed: true,
    threads: (columns) => {
      const cached = new Cached(columns);
      return () => {
        cached.write(0, cached.read(0) + 1);
        cached.read(0);
      };
    },
  },
  {
    name: "state in a Map",
    isSeenReversed: true,
    threads: (columns) => {
      const map = new Mapped(columns);
      return (k) => {
        map.put(0, map.get(0) + 1 + k);
        map.set(1 + k, map.get(0));
      };
    },
  },
  {
    name: "a leaf that calls what its caller passed: no check sees it, a review must",
    threads: (columns) => {
      const calling = new Calling(columns);
      return () => {
        calling.update(0, (value) => {
          calling.put(1, calling.get(1) + 1);
          return value + 1;
        });
      };
    },
  },
  {
    name: "allowed: a counter that no leaf is told",
    threads: (columns) => {
      const words = new Words(columns);
      let count = 0;
      return (k) => {
        const value = words.get(0);
        count += 1;
        words.put(1 + k, value);
      };
    },
  },
  {
    name: "allowed: finally with a leaf",
    threads: (columns) => {
      const words = new Words(columns);
      return (k) => {
        try {
          words.put(1 + k, 1);
          words.get(0);
        } finally {
          words.put(3, k);
        }
      };
    },
  },
  {
    name: "allowed: objects made between leaves",
    threads: (columns) => {
      const words = new Words(columns);
      return (k) => {
        const seen: { value: number }[] = [];
        for (let at = 0; at < 3; at++) seen.push({ value: words.get(at) });
        words.put(1 + k, seen.reduce((sum, { value }) => sum + value, 0) & 1);
      };
    },
  },
  {
    name: "allowed: a scratch record written before it is read",
    threads: (columns) => {
      const words = new Words(columns), scratch = { value: 0 };
      return (k) => {
        scratch.value = words.get(0);
        scratch.value += k;
        const value = scratch.value;
        words.get(1);
        words.put(1 + k, value);
      };
    },
  },
  {
    name: "allowed: a cursor that moves between leaves, though both threads use it",
    threads: (columns) => {
      const cursor = new Seeking(columns);
      return (k) => {
        cursor.seek(k);
        const first = cursor.load();
        cursor.seek(2 + k);
        cursor.put(4 + k, first * 100 + cursor.load());
      };
    },
  },
];

const scenarioFor = ({ name, threads }: Case): Scenario =>
  scenarioOf(name, { claim: "", source: "", expected: "SAFE", reason: "", exercises: ["rogue"] }, (s) => {
    const body = threads(s.columns);
    s.thread("a", () => body(0));
    s.thread("b", () => body(1));
  });

function verdictOf(one: Case, options: SearchOptions = {}): string {
  const scenario = scenarioFor(one);
  const { kind, why } = judge(scenario, search(scenario, options));
  return kind === "SAFE" ? "SAFE" : `${kind}: ${why}`;
}

describe.each(cases)("$name", (one) => {
  test(one.strict === undefined ? "the strict check sees nothing" : "the strict check sees it", () => {
    if (one.strict === undefined) expect(verdictOf(one)).toBe("SAFE");
    else expect(verdictOf(one)).toMatch(one.strict);
  });
  test(one.paranoid === undefined ? "the paranoid check sees nothing" : "the paranoid check sees it", () => {
    if (one.paranoid === undefined) expect(verdictOf(one, { isParanoid: true })).toBe("SAFE");
    else expect(verdictOf(one, { isParanoid: true })).toMatch(one.paranoid);
  });
  test(one.isSeenReversed ? "the opposite order shows it" : "the opposite order changes nothing", () => {
    const isSeen = compareSearches(scenarioFor(one), {}, ["reversed order"]).length > 0 || one.strict?.test(verdictOf(one, { isReversed: true })) === true;
    if (one.isSeenReversed) expect(isSeen).toBe(true);
    else if (one.strict === undefined) expect(isSeen).toBe(false);
  });
});

test("a shared cursor gives each thread what its own position says", () => {
  const one = cases.find(({ name }) => name.startsWith("allowed: a cursor"))!;
  const scenario = scenarioOf("cursor", { claim: "", source: "", expected: "SAFE", reason: "", exercises: ["rogue"] }, (s) => {
    const words: Uint32Array[] = [];
    const body = one.threads({ ...plain(s.columns), u32: (name, length, role) => (words[0] = s.columns.u32(name, length, role)) });
    s.thread("a", () => body(0));
    s.thread("b", () => body(1));
    s.atEnd("1012 and 1113", () => words[0]![4] === 1012 && words[0]![5] === 1113);
  });
  expect(search(scenario).end).toBe("exhausted");
});
const plain = (columns: ColumnAllocator): ColumnAllocator => ({
  u8: (...args) => columns.u8(...args), u16: (...args) => columns.u16(...args), u32: (...args) => columns.u32(...args), f64: (...args) => columns.f64(...args),
  pool: (...args) => columns.pool(...args), byteChunks: (...args) => columns.byteChunks(...args),
});

test("a package that is named and not explored is an error", () => {
  const scenario = scenarioOf("ungated", { claim: "", source: "", expected: "SAFE", reason: "", exercises: ["dax-pmem"] }, (s) => {
    const words = new Words(s.columns);
    s.thread("a", () => words.put(0, 1));
  });
  expect(judge(scenario, search(scenario))).toMatchObject({ kind: "ERROR", why: expect.stringMatching(/no thread was suspended in a leaf of dax-pmem/) });
});
