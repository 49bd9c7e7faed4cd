import { type ColumnAllocator, leaves, mark } from "@zeropfn/state";
import { describe, expect, test } from "vitest";
import { printSchedule } from "../src/print-schedule.ts";
import { printVerdict } from "../src/print-verdict.ts";
import { replay } from "../src/replay.ts";
import { printSampled, sample } from "../src/sample.ts";
import { type Scenario, type ScenarioBuilder, scenarioOf, type ScenarioOptions } from "../src/scenario.ts";
import { search } from "../src/search.ts";
import { scenariosIn } from "../src/scenario-module.ts";
import { explainMutant, settleScenario } from "../src/settle.ts";

class Cell {
  static {
    leaves(Cell, "cells/cell", {
      load: {}, store: {}, unlock: {}, tryLock: {}, fail: {},
      lock: { when: (cell) => cell.load() === 0 },
      both: { coarse: true },
      hidden: {},
    });
  }
  readonly #value: Uint32Array;
  constructor(columns: ColumnAllocator, name: string) {
    this.#value = columns.u32(name, 1);
  }
  load(): number {
    return this.#value[0]!;
  }
  store(value: number): void {
    this.#value[0] = value;
  }
  lock(): void {
    this.#value[0] = 1;
  }
  unlock(): void {
    this.#value[0] = 0;
  }
  tryLock(): boolean {
    if (this.#value[0] === 1) return false;
    this.#value[0] = 1;
    return true;
  }
  /** Two steps in one. */
  both(value: number): void {
    this.store(this.load() + value);
  }
  /** One step, in which nobody can take `both` apart. */
  hidden(): void {
    this.both(1);
  }
  fail(): void {
    throw Object.assign(new Error("the cell is broken"), { code: "CELL_BROKEN" });
  }
}

const about: ScenarioOptions = { claim: "", source: "", expected: "SAFE", reason: "", exercises: ["cells"] };
const scenarioWith = (setUp: (s: ScenarioBuilder) => void, options: Partial<ScenarioOptions> = {}): Scenario => scenarioOf("test-1", { ...about, ...options }, setUp);
const cellsOf = (s: ScenarioBuilder): [Cell, Cell] => [new Cell(s.columns, "a"), new Cell(s.columns, "b")];

/** Two locks, taken in opposite orders. */
const crossed = (s: ScenarioBuilder): void => {
  const [a, b] = cellsOf(s);
  s.thread("one", () => [a.lock(), b.lock(), b.unlock(), a.unlock()]);
  s.thread("two", () => [b.lock(), a.lock(), a.unlock(), b.unlock()]);
};
const lostUpdate = (s: ScenarioBuilder): void => {
  const [a] = cellsOf(s);
  for (const name of ["one", "two"]) s.thread(name, () => a.store(a.load() + 1));
  s.atEnd("both additions count", () => a.load() === 2);
};

describe("deadlocks", () => {
  test("two locks taken in opposite orders: the report says who waits where, by the shortest schedule", () => {
    const verdict = settleScenario(scenarioWith(crossed, { expected: "DEADLOCK" }));
    expect(verdict.verdict).toBe("DEADLOCK");
    expect(printSchedule(verdict.schedule!)).toMatch(/DEADLOCK: one waits at cell\.lock\(\), two waits at cell\.lock\(\)/);
    expect(verdict.schedule).toMatchObject({ switches: 1, isMinimal: true });
  });
  test("a daemon may wait for ever", () => {
    const scenario = scenarioWith((s) => {
      const [a, b] = cellsOf(s);
      b.lock();
      s.thread("one", () => a.store(1));
      s.daemon("worker", () => b.lock());
    });
    expect(search(scenario)).toMatchObject({ end: "exhausted", deadlocks: 0, ends: 1 });
  });
});

describe("loops", () => {
  const spin = (hasMark: boolean, isBroken = false) => (s: ScenarioBuilder): void => {
    const [a] = cellsOf(s);
    s.thread("one", () => {
      for (;;) {
        if (hasMark) mark("again");
        if (a.tryLock()) break;
      }
      if (!isBroken) a.unlock();
    });
    s.thread("two", () => {
      for (;;) {
        if (hasMark) mark("again");
        if (a.tryLock()) break;
      }
      if (!isBroken) a.unlock();
    });
  };
  test("a lock that is tried again and again is no livelock: its holder steps", () => {
    expect(search(scenarioWith(spin(true)), { looksForLivelock: true })).toMatchObject({ end: "exhausted", interleavings: Number.POSITIVE_INFINITY });
  });
  test("a lock that nobody gives back is one, and its schedule shows where it goes round", () => {
    const verdict = settleScenario(scenarioWith(spin(true, true), { expected: "LIVELOCK", looksForLivelock: true }));
    expect(verdict.verdict).toBe("LIVELOCK");
    expect(printSchedule(verdict.schedule!)).toMatch(/from here on for ever[\s\S]*cell\.tryLock\(\) = false/);
  });
  test("a loop without a mark is given up, with the reason", () => {
    const verdict = settleScenario(scenarioWith(spin(false)));
    expect(printVerdict(verdict)).toMatch(/UNKNOWN \(expected SAFE\): (one|two) took 401 steps: a loop that tries again needs a mark/);
  });
  test("a step that makes progress is no part of a livelock", () => {
    const rounds = (makesProgress: boolean): Scenario =>
      scenarioWith((s) => {
        const [a] = cellsOf(s);
        s.thread("one", () => {
          for (;;) {
            mark("round");
            a.store(1);
            if (makesProgress) s.progress();
          }
        });
      });
    expect(search(rounds(true), { looksForLivelock: true }).end).toBe("exhausted");
    expect(search(rounds(false), { looksForLivelock: true }).end).toBe("livelock");
  });
  test("a daemon that goes round after all threads have ended is no livelock", () => {
    const scenario = scenarioWith((s) => {
      const [a, b] = cellsOf(s);
      s.thread("one", () => a.store(1));
      s.daemon("worker", () => {
        for (;;) {
          mark("round");
          b.store(1);
        }
      });
    });
    expect(search(scenario, { looksForLivelock: true }).end).toBe("exhausted");
  });
});

describe("choices", () => {
  test.each([
    ["at the beginning of a thread", (s: ScenarioBuilder, a: Cell) => a.store(1 + s.choose(3))],
    ["between leaves", (s: ScenarioBuilder, a: Cell) => {
      a.load();
      const value = 1 + s.choose(3);
      a.store(value);
    }],
    ["twice in one step", (s: ScenarioBuilder, a: Cell) => {
      a.load();
      a.store(1 + s.choose(2) + s.choose(2));
    }],
  ] as const)("%s: each answer is explored", (_, body) => {
    const seen = new Set<number>();
    let cell: Cell | undefined;
    const scenario = scenarioWith((s) => {
      [cell] = cellsOf(s);
      const a = cell;
      s.thread("one", () => body(s, a));
    });
    search(scenario, { onState: ({ world }) => world.isAtEnd && seen.add(cell!.load()) });
    expect([...seen].sort()).toEqual([1, 2, 3]);
  });
  test("a schedule remembers them, and its string replays", () => {
    const scenario = scenarioWith((s) => {
      const [a] = cellsOf(s);
      s.thread("one", () => {
        a.load();
        const value = s.choose(4);
        a.store(value);
        s.check(value !== 3, "three");
      });
    }, { expected: "UNSAFE" });
    const { schedule } = settleScenario(scenario);
    expect(schedule!.replay).toMatch(/:0~3\.0$/);
    expect(replay(schedule!.replay, [scenario]).conclusion).toBe("VIOLATION: three");
  });
});

describe("verdicts", () => {
  test("a check fails at its point, an error with a code is a complaint of the machine, any other a mistake", () => {
    const thrown = (body: (a: Cell) => void): string => {
      const { verdict, why } = settleScenario(scenarioWith((s) => {
        const [a] = cellsOf(s);
        s.thread("one", () => body(a));
      }));
      return `${verdict}: ${why}`;
    };
    expect(thrown((a) => a.fail())).toMatch(/^UNSAFE: one threw Error: the cell is broken/);
    expect(thrown((a) => {
      a.load();
      (undefined as unknown as Cell).load();
    })).toMatch(/^ERROR: one threw TypeError/);
  });
  test.each([
    ["no goal", (s: ScenarioBuilder) => s.mutant("broken", { override: { "cell.store": () => {} } }), /no goal says/],
    ["a goal that is not reached", (s: ScenarioBuilder) => {
      s.sometimes("never", () => false);
      s.mutant("broken", { override: { "cell.store": () => {} } });
    }, /never reached: "never"/],
    ["no mutant", (s: ScenarioBuilder) => s.sometimes("always", () => true), /no mutant shows/],
    ["a mutant that lives", (s: ScenarioBuilder) => {
      s.sometimes("always", () => true);
      s.mutant("harmless", { override: { "cell.load": () => 0 } });
    }, /no mutant was found out: "harmless" is SAFE/],
  ] as const)("SAFE with %s is VACUOUS", (_, extra, why) => {
    const verdict = settleScenario(scenarioWith((s) => {
      const [a] = cellsOf(s);
      s.thread("one", () => a.store(a.load() + 1));
      extra(s);
    }));
    expect(verdict).toMatchObject({ verdict: "VACUOUS", isAsExpected: false });
    expect(verdict.why).toMatch(why);
  });
  test("a mutant overrides a leaf by name, also where another leaf calls it; an unknown name is refused", () => {
    const scenario = scenarioWith((s) => {
      const [a] = cellsOf(s);
      s.thread("one", () => a.both(1));
      s.atEnd("added", () => a.load() === 1);
    }, { whole: ["cell.both"] });
    const override = { "cell.store": () => {} };
    expect(search(scenario).end).toBe("exhausted");
    expect(search(scenario, { variation: { override } }).end).toBe("failed");
    expect(search(scenario).end).toBe("exhausted");
    expect(() => search(scenario, { variation: { override: { "cell.stoer": () => {} } } })).toThrow(/no leaf is called cell\.stoer/);
  });
  test("coarse leaves are split, unless the scenario says that they stay whole: then the verdict says it", () => {
    const adding = (whole: readonly string[]): Scenario => scenarioWith((s) => {
      const [a] = cellsOf(s);
      for (const name of ["one", "two"]) s.thread(name, () => a.both(1));
      s.sometimes("added", () => a.load() === 2);
      s.atEnd("both count", () => a.load() === 2);
      s.mutant("no store", { override: { "cell.both": () => {} } });
    }, { whole });
    expect(settleScenario(adding([])).verdict).toBe("UNSAFE");
    const verdict = settleScenario(adding(["cell.both"]));
    expect(verdict.verdict).toBe("SAFE");
    expect(printVerdict(verdict)).toMatch(/relies on coarse steps: cell\.both/);
  });
  test("a coarse leaf inside another leaf is named too: nothing can take it apart there", () => {
    const scenario = scenarioWith((s) => {
      const [a] = cellsOf(s);
      s.thread("one", () => a.hidden());
    });
    expect(search(scenario).coarseSteps).toEqual(["cell.both"]);
  });
  test("a limit gives UNKNOWN, and too large a slab is refused with its option", () => {
    expect(settleScenario(scenarioWith(crossed, { maximumStates: 5 })).verdict).toBe("UNKNOWN");
    expect(() => search(scenarioWith((s) => void s.columns.u8("large", 100_000)))).toThrow(/EXPLORE_SLAB_TOO_LARGE.*maximumSlabBytes/);
  });
});

test("a module's scenarios are those it exports, by default or by name", () => {
  const one = scenarioWith(crossed), two = scenarioWith(lostUpdate);
  expect(scenariosIn({ default: [one], two, other: 3 }, "x.ts")).toEqual([one, two]);
  expect(() => scenariosIn({ default: 3 }, "x.ts")).toThrow(/x\.ts: exports no scenario/);
});

describe("schedules", () => {
  test("the shortest has the fewest switches, and leaves out threads that it does not need", () => {
    const { schedule } = settleScenario(scenarioWith((s) => {
      const [a, b] = cellsOf(s);
      s.thread("bystander", () => b.store(1));
      s.thread("one", () => a.store(a.load() + 1));
      s.thread("two", () => a.store(a.load() + 1));
      s.invariant("never two", () => a.load() !== 2);
    }, { expected: "UNSAFE" }));
    expect(schedule).toMatchObject({ switches: 1, isMinimal: true });
    expect(schedule!.steps.map(({ thread }) => thread)).toEqual(["one", "one", "two", "two"]);
  });
  test("a string of a changed model is refused with the reason", () => {
    const scenario = scenarioWith(lostUpdate, { expected: "UNSAFE" });
    const { schedule } = settleScenario(scenario);
    expect(replay(schedule!.replay, [scenario]).conclusion).toMatch(/both additions count/);
    const changed = scenarioWith((s) => {
      const [a] = cellsOf(s);
      for (const name of ["one", "two"]) s.thread(name, () => [a.lock(), a.store(a.load() + 1)]);
    });
    expect(() => replay(schedule!.replay, [changed])).toThrow(/the model changed/);
    expect(() => replay("test-1@zz:0", [scenario])).toThrow(/expected SCENARIO@HASH:MOVES/);
    expect(() => replay("test-1@00000000:0*4.9", [scenario])).toThrow(/the scenario has threads 0 to 1/);
  });
  test("of a mutant it can be asked for, and its string replays the mutant", () => {
    const scenario = scenarioWith((s) => {
      const [a] = cellsOf(s);
      s.thread("one", () => a.store(1));
      s.atEnd("stored", () => a.load() === 1);
      s.mutant("no store", { override: { "cell.store": () => {} } });
    });
    const schedule = explainMutant(scenario, "no store")!;
    expect(schedule.replay).toMatch(/^test-1\/no-store@/);
    expect(replay(schedule.replay, [scenario]).conclusion).toBe("VIOLATION: stored");
    expect(() => explainMutant(scenario, "other")).toThrow(/has no mutant other, expected one of no-store/);
  });
  test("random runs find it too, the same seed by the same run, and draw it together", () => {
    const scenario = scenarioWith(lostUpdate, { expected: "UNSAFE" });
    const first = sample(scenario, { randomSeed: 3 });
    expect(first.failure?.message).toBe("both additions count");
    expect(first.schedule).toMatchObject({ switches: 2, isMinimal: false });
    expect(first.schedule!.conclusion).toMatch(/seed=3/);
    expect(sample(scenario, { randomSeed: 3 })).toEqual(first);
    expect(printSampled(first)).toMatch(/\(seed=3\), \d+ steps: FAILED: both additions count/);
  });
});
