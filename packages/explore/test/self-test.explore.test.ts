import { type ColumnAllocator, leaves } from "@zeropfn/state";
import { expect, test } from "vitest";
import { Random } from "../src/random.ts";
import { sample } from "../src/sample.ts";
import { type Scenario, scenarioOf } from "../src/scenario.ts";
import { search, withInstance } from "../src/search.ts";
import { shortestSchedule } from "../src/shortest.ts";

type Instruction = readonly ["load", number] | readonly ["store", number, number] | readonly ["add", number] | readonly ["lock"] | readonly ["unlock"];
type Program = readonly (readonly Instruction[])[];

const WORDS = 2;

class Machine {
  static {
    leaves(Machine, "self-test/machine", {
      load: {}, store: {}, add: {}, unlock: {},
      lock: { when: (machine) => machine.items[WORDS] === 0 },
    });
  }
  readonly items: Uint32Array;
  readonly sums: Uint32Array;
  constructor(columns: ColumnAllocator, threads: number) {
    this.items = columns.u32("x", WORDS + 1);
    this.sums = columns.u32("sum", threads);
  }
  load(at: number, thread: number): number {
    this.sums[thread] = this.sums[thread]! * 7 + this.items[at]!;
    return this.items[at]!;
  }
  store(at: number, value: number): void {
    this.items[at] = value;
  }
  add(at: number): number {
    return this.items[at]!++;
  }
  lock(): void {
    this.items[WORDS] = 1;
  }
  unlock(): void {
    this.items[WORDS] = 0;
  }
  get text(): string {
    return [...this.items, ...this.sums].join(" ");
  }
}

function randomProgram(random: Random): Program {
  return Array.from({ length: 2 + random.below(2) }, () => {
    const code: Instruction[] = Array.from({ length: 1 + random.below(3) }, () => {
      const at = random.below(WORDS);
      return ([["load", at], ["store", at, 1 + random.below(3)], ["add", at]] as const)[random.below(3)]!;
    });
    return random.below(3) === 0 ? [["lock"], ...code, ["unlock"]] : code;
  });
}

function scenarioFor(program: Program, adopt: (machine: Machine) => void): Scenario {
  return scenarioOf("random", { claim: "", source: "", expected: "SAFE", reason: "", exercises: ["self-test"] }, (s) => {
    const machine = new Machine(s.columns, program.length);
    adopt(machine);
    for (const [thread, code] of program.entries()) {
      s.thread(`t${thread}`, () => {
        let last = 0;
        for (const instruction of code) {
          if (instruction[0] === "load") last = machine.load(instruction[1], thread);
          else if (instruction[0] === "store") machine.store(instruction[1], instruction[2] + last);
          else if (instruction[0] === "add") last = machine.add(instruction[1]);
          else machine[instruction[0]]();
        }
      });
    }
  });
}

/** All final states, by running every schedule from the beginning in an interpreter that shares nothing with the engine. */
function enumerate(program: Program, onState: (items: readonly number[], schedule: readonly number[]) => void = () => {}): Set<string> {
  const outcomes = new Set<string>();
  const visit = (items: readonly number[], sums: readonly number[], pcs: readonly number[], lasts: readonly number[], schedule: readonly number[] = []): void => {
    onState(items, schedule);
    if (pcs.every((pc, thread) => pc === program[thread]!.length)) outcomes.add([...items, ...sums].join(" "));
    for (const [thread, pc] of pcs.entries()) {
      const instruction = program[thread]![pc];
      if (instruction === undefined || (instruction[0] === "lock" && items[WORDS] !== 0)) continue;
      const now = [...items], sumsNow = [...sums], lastsNow = [...lasts];
      if (instruction[0] === "load") {
        lastsNow[thread] = now[instruction[1]]!;
        sumsNow[thread] = (sums[thread]! * 7 + lastsNow[thread]!) >>> 0;
      } else if (instruction[0] === "store") now[instruction[1]] = instruction[2] + lasts[thread]!;
      else if (instruction[0] === "add") lastsNow[thread] = now[instruction[1]]!++;
      else now[WORDS] = instruction[0] === "lock" ? 1 : 0;
      visit(now, sumsNow, pcs.with(thread, pc + 1), lastsNow, [...schedule, thread]);
    }
  };
  visit([0, 0, 0], program.map(() => 0), program.map(() => 0), program.map(() => 0));
  return outcomes;
}

function searched(program: Program): Set<string> {
  const outcomes = new Set<string>();
  let machine: Machine | undefined;
  search(scenarioFor(program, (made) => (machine = made)), { onState: ({ world }) => world.isAtEnd && outcomes.add(machine!.text) });
  return outcomes;
}
function sampled(program: Program, randomSeed: number): Set<string> {
  const outcomes = new Set<string>();
  let machine: Machine | undefined;
  sample(scenarioFor(program, (made) => (machine = made)), { runs: 20, randomSeed, onState: ({ world }) => world.isAtEnd && outcomes.add(machine!.text) });
  return outcomes;
}

test("on 1,500 random programs the search ends in the states that naive enumeration ends in, and the sampler in no others", () => {
  const random = new Random(20);
  let outcomeCount = 0;
  for (let nth = 0; nth < 1500; nth++) {
    const program = randomProgram(random);
    const expected = enumerate(program);
    outcomeCount += expected.size;
    expect(searched(program), JSON.stringify(program)).toEqual(expected);
    for (const outcome of sampled(program, nth)) expect(expected, JSON.stringify(program)).toContain(outcome);
  }
  expect(outcomeCount).toBeGreaterThan(5000);
}, 240_000);

test("on 300 random programs no schedule has fewer switches than the shortest, nor fewer steps with as many", () => {
  const random = new Random(5);
  let violations = 0;
  for (let nth = 0; nth < 300; nth++) {
    const program = randomProgram(random), bad = 2 + random.below(3);
    const costs: number[] = [];
    enumerate(program, (items, schedule) => {
      if (items[0] === bad) costs.push(schedule.filter((thread, at) => at > 0 && thread !== schedule[at - 1]).length * 1000 + schedule.length);
    });
    let machine: Machine | undefined;
    const plain = scenarioFor(program, (made) => (machine = made));
    const scenario: Scenario = { ...plain, setUp: (s) => [plain.setUp(s), s.invariant("never bad", () => machine!.items[0] !== bad)] };
    const found = withInstance(scenario, {}, (instance) => shortestSchedule(instance, { wanted: "failure" }));
    expect(found === undefined ? undefined : found.switches * 1000 + found.moves.length, JSON.stringify(program)).toBe(costs.length === 0 ? undefined : Math.min(...costs));
    if (found !== undefined) violations++;
  }
  expect(violations).toBeGreaterThan(50);
});

test("stepping back brings back the state, whatever was stepped", () => {
  const random = new Random(7);
  for (let nth = 0; nth < 200; nth++) {
    withInstance(scenarioFor(randomProgram(random), () => {}), {}, ({ world }) => {
      const prints: string[] = [];
      const print = (): string => [...world.slab.words, world.fingerprint.a, world.fingerprint.b, ...world.controls.map(({ hashA }) => hashA)].join(" ");
      for (;;) {
        const actors = world.threads.map((_, thread) => thread).filter((thread) => world.isEnabled(thread));
        if (actors.length === 0) break;
        prints.push(print());
        world.step(actors[random.below(actors.length)]!);
      }
      for (const expected of prints.reverse()) {
        world.back();
        expect(print()).toBe(expected);
      }
    });
  }
});
