import { createMachine, daxCachePage, daxZeroPage, type Stack } from "@zeropfn/mm";
import { type AnyBenchmark, defineBenchmark, mix } from "../../../tools/bench/benchmark.ts";

interface Size {
  readonly pages: number;
}

const PAGE = 4096;

/** Maps a file that is all hole and loads a byte of each page; then the mapping, the entries and the pages go. */
const faults = (stack: Stack) => ({ pages }: Size) => {
  const machine = createMachine({ stack, memoryBytes: (pages + 16) * PAGE });
  const file = machine.createFile("data", pages * PAGE), process = machine.createProcess(), address = process.mmap(file);
  return {
    operations: pages,
    before() {
      file.truncate(0);
      file.truncate(pages * PAGE);
    },
    round() {
      let hash = pages;
      for (let page = 0; page < pages; page++) hash = mix(hash, process.load8((address + page * PAGE + (page % PAGE)) as never));
      return mix(hash, machine.count("dax_load_hole") % pages);
    },
    stateBytes: () => machine.framesInUse * PAGE + machine.treeBytes,
  };
};

export const bench: AnyBenchmark = defineBenchmark<Size>({
  question: "What does a load from a hole of a DAX file cost, once memory is warm, with a page of zeros each and with the zero page?",
  tiny: { pages: 64 },
  real: { pages: 2 ** 16 },
  candidates: {
    "zero page": faults(daxZeroPage),
    "cache page": faults(daxCachePage),
    /** What the losing side cannot do without: zeroing a frame of the same memory. */
    "only zeroing": ({ pages }) => {
      const { folios } = createMachine({ stack: daxCachePage, memoryBytes: (pages + 16) * PAGE }).parts;
      const frames = Array.from({ length: pages }, () => folios.allocate(0));
      return {
        operations: pages,
        round() {
          let hash = pages;
          for (const pfn of frames) {
            folios.zero(pfn);
            hash = mix(hash, folios.load8(pfn, 0));
          }
          return mix(hash, 0);
        },
        stateBytes: () => pages * PAGE,
      };
    },
  },
  goals: [
    { claim: "a hole fault with the zero page takes at most 150 ns", value: (ns) => ns["zero page"]!, atMost: 150 },
    {
      claim: "one with a page of zeros takes at most 1.3 times the zero page's and a bare zeroing of 4 KiB",
      value: (ns) => ns["cache page"]! / (ns["zero page"]! + ns["only zeroing"]!),
      atMost: 1.3,
    },
  ],
});
