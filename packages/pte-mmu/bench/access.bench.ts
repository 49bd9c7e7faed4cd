import { Folios } from "@zeropfn/folio";
import { Mmu, VM_READ, VM_SHARED } from "@zeropfn/pte-mmu";
import { reservedColumns } from "@zeropfn/state";
import { EOPNOTSUPP, OK, VM_FAULT_SIGBUS } from "@zeropfn/units";
import { type AnyBenchmark, type Candidate, defineBenchmark, mix } from "../../../tools/bench/benchmark.ts";

interface Size {
  readonly pages: number;
  readonly accesses: number;
}

/** 256 sets of 4 ways. */
const TLB_SHIFT = 8;

/** Loads a byte of each page that `pageOf` names, all of which are mapped to the zero page. */
const loads = (pageOf: (nth: number, pages: number) => number): Candidate<Size> => ({ pages, accesses }) => {
  const columns = reservedColumns(), folios = new Folios(columns, { frameCount: 64, pageShift: 12 });
  const mmu = new Mmu(columns, folios, { mmCapacity: 1, tableCapacity: 2 ** 12, tableShift: 9, levels: 4, cpuCount: 1, tlbShift: TLB_SHIFT, vmaCapacity: 1, mappingCapacity: 1 });
  mmu.connect({
    features: { writeNotify: false, faultAround: false },
    fault: ({ vma, page, access }) => mmu.insertPfn(vma, page, folios.zeroPfn, access),
    nextMappable: () => false, pageMkwrite: () => VM_FAULT_SIGBUS, isCached: () => true, evict: () => false, punch: () => -EOPNOTSUPP, sync: () => OK,
  });
  mmu.map({ mm: 0, firstPage: 0, pageCount: pages, mapping: 0, pageIndex: 0, flags: VM_READ + VM_SHARED });
  for (let page = 0; page < pages; page++) mmu.load8(0, 0, page, 0);
  return {
    operations: accesses,
    stateBytes: () => mmu.tables.tableBytes,
    round() {
      let sum = 0;
      for (let nth = 0; nth < accesses; nth++) sum += mmu.load8(0, 0, pageOf(nth, pages), nth & 4095);
      return mix(accesses, sum);
    },
  };
};

export const bench: AnyBenchmark = defineBenchmark<Size>({
  question: "What does a mapped load cost when the TLB has the page, and when four levels of tables are walked?",
  tiny: { pages: 4096, accesses: 1000 },
  real: { pages: 2 ** 18, accesses: 4_000_000 },
  candidates: {
    "TLB hit": loads((nth) => nth & 511),
    "walk, sequential": loads((nth, pages) => nth & (pages - 1)),
    "walk, scattered": loads((nth, pages) => (nth * 40_503) & (pages - 1)),
  },
});
