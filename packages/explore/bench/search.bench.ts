import { type Found, type Scenario, scenario, scenarioOf, search, TINY } from "@zeropfn/explore/explore";
import { daxZeroPage } from "@zeropfn/mm/explore";
import { type ColumnAllocator, leaves, mark } from "@zeropfn/state/explore";
import { type AnyBenchmark, defineBenchmark } from "../../../tools/bench/benchmark.ts";

interface Size {
  readonly readers: number;
  readonly rounds: number;
  readonly padding: number;
}

const about = { claim: "", source: "", reason: "", expected: "SAFE" } as const;

/** Readers of a hole, each in a process of its own, and one who fills it: the shipped fault code. */
const crowd = ({ readers, rounds }: Size): Scenario =>
  scenario("crowd", { ...about, stack: daxZeroPage, exercises: ["dax-pmem"], size: { ...TINY, cpus: readers + 1, processCapacity: readers + 1, vmaCapacity: readers + 1, tableCapacity: readers + 1 } }, (s) => {
    const file = s.file(1), stored = s.ghost("stored");
    for (let reader = 0; reader < readers; reader++) {
      const process = s.process(), address = process.mmap(file);
      s.thread(`reader${reader}`, () => {
        for (let round = 0; round < rounds; round++) {
          mark("load", round);
          const wasStored = stored.get();
          s.check(process.load8(address) >= wasStored, "stale");
        }
      });
    }
    const process = s.process(), address = process.mmap(file);
    s.thread("writer", () => {
      process.store8(address, 1);
      stored.set(1);
    });
  });

/** Words in a slab of so many bytes. */
class Counters {
  static {
    leaves(Counters, "bench/counters", { add: {}, load: {} });
  }
  readonly #items: Uint32Array;
  constructor(columns: ColumnAllocator, bytes: number) {
    this.#items = columns.u32("items", bytes / 4);
  }
  add(at: number, amount: number): void {
    this.#items[at]! += amount;
  }
  load(at: number): number {
    return this.#items[at]!;
  }
}

/** Three threads that count: all that is measured is the engine. */
const counting = ({ rounds, padding }: Size): Scenario =>
  scenarioOf("counting", { ...about, exercises: ["bench"] }, (s) => {
    const counters = new Counters(s.columns, padding);
    for (let thread = 0; thread < 3; thread++) {
      s.thread(`t${thread}`, () => {
        for (let round = 0; round < rounds; round++) {
          mark("round", round);
          counters.add(thread, 1);
          counters.load((thread + 1) % 3);
        }
      });
    }
  });

const searching = (make: (size: Size) => Scenario) => (size: Size) => {
  const made = make(size), { states } = search(made);
  let found: Found | undefined;
  return {
    operations: states,
    round(): number {
      found = search(made);
      return found.digest % 2 ** 32;
    },
    stateBytes: () => found!.slabBytes,
  };
};

export const bench: AnyBenchmark = defineBenchmark<Size>({
  question: "How many states a second does a search see, with strict checks, on one core? (ns for one operation = for one state)",
  tiny: { readers: 1, rounds: 2, padding: 64 },
  real: { readers: 2, rounds: 4, padding: 400 },
  rounds: 3,
  mustAgree: false,
  candidates: {
    "shipped fault code": searching(crowd),
    "engine alone, 400 bytes": searching((size) => counting({ ...size, rounds: size.padding < 100 ? 2 : 20 })),
  },
  goals: [
    { claim: "at least 200,000 states a second on shipped code", value: (ns) => 1e9 / ns["shipped fault code"]!, atLeast: 200_000 },
    { claim: "500,000 states a second", value: (ns) => 1e9 / ns["shipped fault code"]!, atLeast: 500_000 },
  ],
});
