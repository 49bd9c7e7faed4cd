import { Folios } from "@zeropfn/folio";
import { PageTables, PTE_NX, PTE_PRESENT, PTE_USER, PTE_WRITABLE, pteOf, TLB_MISS, Tlbs } from "@zeropfn/pte-mmu";
import { reservedColumns } from "@zeropfn/state";
import { type AnyBenchmark, type Candidate, defineBenchmark, mix } from "../../../tools/bench/benchmark.ts";
import { accessTwin, hasCompiler, TWIN } from "./access-twin.ts";
import { isStore, type Order, offsetIn, pageIn, readStream, type StreamSize, withStreamFile } from "./streams.ts";

/** What both sides have of a TLB: 4096 entries, that is 16 MiB. */
const TLB = { cpuCount: 1, tlbShift: 10, tlbWays: 4, asidCount: 6 };
const TLB_OF_TWIN = { "tlb-shift": TLB.tlbShift, "tlb-ways": TLB.tlbWays, asids: TLB.asidCount };
/** The first page of the area, so that the walk has something to do on every level. */
const BASE = 0x10_0000;

/** Page tables in which `pages` pages are mapped, each with its number in every byte. */
function filledMachine(pages: number): { readonly tables: PageTables; readonly tlbs: Tlbs } {
  const columns = reservedColumns(), folios = new Folios(columns, { frameCount: pages + 64, pageShift: 12 });
  const tables = new PageTables(columns, { mmCapacity: 1, tableCapacity: 2 ** 10, tableShift: 9, levels: 4 });
  const tlbs = new Tlbs(columns, tables, folios, TLB);
  const content = new Uint8Array(4096);
  for (let page = 0; page < pages; page++) {
    const pfn = folios.allocate(0);
    folios.writeBytes(pfn, 0, content.fill(page), 0, 4096);
    tables.store(tables.createSlot(0, BASE + page), pteOf(pfn, PTE_PRESENT + PTE_WRITABLE + PTE_USER + PTE_NX));
  }
  return { tables, tlbs };
}

const ours = (order: Order): Candidate<StreamSize> => (size) => {
  const stream = withStreamFile(order, size, readStream), { tables, tlbs } = filledMachine(size.pages);
  return {
    operations: stream.length,
    stateBytes: () => tables.tableBytes,
    round() {
      let sum = 0;
      for (let nth = 0; nth < stream.length; nth++) {
        const word = stream[nth]!, page = BASE + pageIn(word);
        const value = isStore(word) ? tlbs.store8(0, 0, page, offsetIn(word), nth & 255) : tlbs.load8(0, 0, page, offsetIn(word));
        if (value === TLB_MISS) throw new Error(`page ${page} is not mapped`);
        sum += value;
      }
      return mix(0, sum);
    },
  };
};

const inC = (order: Order): Candidate<StreamSize> => (size) => {
  const twin = withStreamFile(order, size, (stream) => accessTwin("replay", { pages: size.pages, ...TLB_OF_TWIN, stream }));
  return { operations: size.accesses, before: twin.before, round: () => mix(0, twin.round()) };
};

/** What an access of a recorded stream costs beside C, where every page is mapped; ours is to reach `leastRate` of its rate. */
export const replayBenchmark = (order: Order, real: StreamSize, leastRate: number): AnyBenchmark =>
  defineBenchmark<StreamSize>({
    question: `What does an access cost, a quarter of them stores, pages in ${order} order, beside the same TLB and tables in C?`,
    tiny: { pages: 40, accesses: 500 },
    real,
    candidates: { ours: ours(order), ...(hasCompiler ? { [TWIN]: inC(order) } : {}) },
    goals: hasCompiler ? [{ claim: `ours has at least ${leastRate} of the rate of C`, value: (ns) => ns[TWIN]! / ns.ours!, atLeast: leastRate }] : [],
  });
