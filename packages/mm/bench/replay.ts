import { createMachine, linuxTmpfs } from "@zeropfn/mm";
import { type AnyBenchmark, type Candidate, defineBenchmark, mix } from "../../../tools/bench/benchmark.ts";
import { hasCompiler, TWIN } from "../../pte-mmu/bench/access-twin.ts";
import { replayInC } from "../../pte-mmu/bench/replay.ts";
import { isStore, type Order, offsetIn, pageIn, readStream, type StreamSize, withStreamFile } from "../../pte-mmu/bench/streams.ts";
import { PAGE, PRIVATE_ANONYMOUS } from "./faults.ts";

/** As the twin has it. */
const TLB = { tlbShift: 10, tlbWays: 4, asidCount: 6 };

/** The accesses of a process, by address: where a page lies in the tables is for it to find out. */
const ours = (order: Order): Candidate<StreamSize> => (size) => {
  const stream = withStreamFile(order, size, readStream), length = size.pages * PAGE;
  const machine = createMachine({ stack: linuxTmpfs, memoryBytes: length + 64 * PAGE, size: TLB }), user = machine.createProcess();
  const address = user.mmap(null, { length, flags: PRIVATE_ANONYMOUS }), content = new Uint8Array(PAGE);
  for (let page = 0; page < size.pages; page++) user.write((address + page * PAGE) as never, content.fill(page));
  return {
    operations: stream.length,
    stateBytes: () => machine.parts.mmu.tables.tableBytes,
    round() {
      let sum = 0;
      for (let nth = 0; nth < stream.length; nth++) {
        const word = stream[nth]!, at = (address + pageIn(word) * PAGE + offsetIn(word)) as never;
        const value = isStore(word) ? user.store8(at, nth & 255) : user.load8(at);
        if (value < 0) throw new Error(`an access to ${at} gets a signal`);
        sum += value;
      }
      return mix(0, sum);
    },
  };
};

/** What an access of a process costs beside C, where every page is mapped; ours is to reach `leastRate` of its rate. */
export const processReplay = (order: Order, real: StreamSize, leastRate: number): AnyBenchmark =>
  defineBenchmark<StreamSize>({
    question: `What does an access of a process cost, a quarter of them stores, pages in ${order} order, beside the same TLB and tables in C?`,
    tiny: { pages: 40, accesses: 500 },
    real,
    candidates: { ours: ours(order), ...(hasCompiler ? { [TWIN]: replayInC(order) } : {}) },
    goals: hasCompiler ? [{ claim: `ours has at least ${leastRate} of the rate of C`, value: (ns) => ns[TWIN]! / ns.ours!, atLeast: leastRate }] : [],
  });
