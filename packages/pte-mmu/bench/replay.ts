import { Folios } from "@zeropfn/folio";
import { Mmu, NO_MAPPING, VM_READ, VM_WRITE } from "@zeropfn/pte-mmu";
import { reservedColumns } from "@zeropfn/state";
import { WRITE } from "@zeropfn/units";
import { type AnyBenchmark, type Candidate, defineBenchmark, mix } from "../../../tools/bench/benchmark.ts";
import { accessTwin, hasCompiler, TWIN } from "./access-twin.ts";
import { isStore, type Order, offsetIn, pageIn, readStream, type StreamSize, withStreamFile } from "./streams.ts";

/** What both sides have of a TLB: 4096 entries, that is 16 MiB. */
const TLB = { cpuCount: 1, tlbShift: 10, tlbWays: 4, asidCount: 6 };
const TLB_OF_TWIN = { "tlb-shift": TLB.tlbShift, "tlb-ways": TLB.tlbWays, asids: TLB.asidCount };
/** The first page of the area, so that the walk has something to do on every level. */
const BASE = 0x10_0000;

/** An address space in which `pages` pages are mapped, each with its number in every byte. */
function filledMachine(pages: number): Mmu {
  const columns = reservedColumns(), folios = new Folios(columns, { frameCount: pages + 64, pageShift: 12 });
  const mmu = new Mmu(columns, folios, { mmCapacity: 1, tableCapacity: 2 ** 10, tableShift: 9, levels: 4, ...TLB, vmaCapacity: 8, mappingCapacity: 1 });
  mmu.map({ mm: 0, firstPage: BASE, pageCount: pages, mapping: NO_MAPPING, pageIndex: BASE, flags: VM_READ + VM_WRITE });
  const content = new Uint8Array(4096);
  for (let page = 0; page < pages; page++) folios.writeBytes(mmu.translate(0, 0, BASE + page, WRITE), 0, content.fill(page), 0, 4096);
  return mmu;
}

const ours = (order: Order): Candidate<StreamSize> => (size) => {
  const stream = withStreamFile(order, size, readStream), mmu = filledMachine(size.pages);
  return {
    operations: stream.length,
    stateBytes: () => mmu.tables.tableBytes,
    round() {
      let sum = 0;
      for (let nth = 0; nth < stream.length; nth++) {
        const word = stream[nth]!, page = BASE + pageIn(word);
        const value = isStore(word) ? mmu.store8(0, 0, page, offsetIn(word), nth & 255) : mmu.load8(0, 0, page, offsetIn(word));
        if (value < 0) throw new Error(`an access to page ${page} gets a signal`);
        sum += value;
      }
      return mix(0, sum);
    },
  };
};

/** The same stream in C. */
export const replayInC = (order: Order): Candidate<StreamSize> => (size) => {
  const twin = withStreamFile(order, size, (stream) => accessTwin("replay", { pages: size.pages, ...TLB_OF_TWIN, stream }));
  return { operations: size.accesses, before: twin.before, round: () => mix(0, twin.round()) };
};

/** What an access of a recorded stream costs beside C, where every page is mapped; ours is to reach `leastRate` of its rate. */
export const replayBenchmark = (order: Order, real: StreamSize, leastRate: number): AnyBenchmark =>
  defineBenchmark<StreamSize>({
    question: `What does an access cost, a quarter of them stores, pages in ${order} order, beside the same TLB and tables in C?`,
    tiny: { pages: 40, accesses: 500 },
    real,
    candidates: { ours: ours(order), ...(hasCompiler ? { [TWIN]: replayInC(order) } : {}) },
    goals: hasCompiler ? [{ claim: `ours has at least ${leastRate} of the rate of C`, value: (ns) => ns[TWIN]! / ns.ours!, atLeast: leastRate }] : [],
  });
