import { createMachine, daxZeroPage, linuxTmpfs, type Machine } from "@zeropfn/mm";
import { type AnyBenchmark, type Candidate, defineBenchmark, mix } from "../../../tools/bench/benchmark.ts";
import { PAGE, PRIVATE_ANONYMOUS } from "./faults.ts";

interface Size {
  readonly pages: number;
}
/** A machine, and a load of a byte of its mapping. */
interface Mapped {
  readonly machine: Machine;
  readonly load: (offset: number) => number;
}

/** Loads a byte of each page of a new machine. The bytes of state are what the host gave it, or its page tables. */
const mapAll = (map: (pages: number) => Mapped, isHostMemory: boolean): Candidate<Size> => ({ pages }) => {
  let held: Mapped | undefined, before = 0, grown = 0;
  return {
    operations: pages,
    before() {
      held = undefined;
      before = process.memoryUsage.rss();
    },
    round() {
      held = map(pages);
      const { load } = held;
      let sum = 0;
      for (let page = 0; page < pages; page++) sum += load(page * PAGE) + 1;
      grown = Math.max(grown, process.memoryUsage.rss() - before);
      return mix(sum, held.machine.framesInUse);
    },
    stateBytes: () => (isHostMemory ? grown : held!.machine.parts.mmu.tables.tableBytes),
  };
};

function daxHole(pages: number): Mapped {
  const machine = createMachine({ stack: daxZeroPage, memoryBytes: pages * PAGE }), user = machine.createProcess();
  const address = user.mmap(machine.createFile("hole", pages * PAGE)) as number;
  return { machine, load: (offset) => user.load8((address + offset) as never) };
}
function anonymous(pages: number): Mapped {
  const machine = createMachine({ stack: linuxTmpfs, memoryBytes: pages * PAGE }), user = machine.createProcess();
  const address = user.mmap(null, { length: pages * PAGE, flags: PRIVATE_ANONYMOUS });
  return { machine, load: (offset) => user.load8((address + offset) as never) };
}

export const bench: AnyBenchmark = defineBenchmark<Size>({
  question: "A machine of 16 GiB maps the zero page 4 million times: what time does a page take, what host memory does all of it, and what page tables?",
  tiny: { pages: 600 },
  real: { pages: 2 ** 22 },
  rounds: 2,
  candidates: {
    "DAX hole, host memory": mapAll(daxHole, true),
    "DAX hole, page tables": mapAll(daxHole, false),
    "anonymous, host memory": mapAll(anonymous, true),
    "anonymous, page tables": mapAll(anonymous, false),
  },
});
