import { createMachine, linuxTmpfs, type ThpModeName } from "@zeropfn/mm";
import { type AnyBenchmark, type Candidate, defineBenchmark, mix } from "../../../tools/bench/benchmark.ts";
import { PAGE, PRIVATE_ANONYMOUS } from "./faults.ts";

interface Size {
  /** Regions of 2 MiB. */
  readonly regions: number;
}

const REGION = 512 * PAGE;

/** Touches each region of new anonymous memory: by its first byte alone, or each of its pages. */
const touches = (thp: ThpModeName, step: number): Candidate<Size> => ({ regions }) => {
  const length = regions * REGION, machine = createMachine({ stack: linuxTmpfs, memoryBytes: 2 * length, thp }), user = machine.createProcess();
  let area = -1, address = -1;
  return {
    operations: regions,
    before() {
      if (area >= 0) user.munmap(area as never, length + REGION);
      area = user.mmap(null, { length: length + REGION, flags: PRIVATE_ANONYMOUS });
      address = Math.ceil(area / REGION) * REGION;
    },
    round() {
      for (let offset = 0; offset < length; offset += step) if (user.store8((address + offset) as never, 1) !== 0) throw new Error(`a store at ${offset} gets a signal`);
      return mix(0, machine.framesInUse);
    },
    stateBytes: () => machine.parts.mmu.tables.tableBytes,
  };
};
const zeroing: Candidate<Size> = ({ regions }) => {
  const { folios } = createMachine({ stack: linuxTmpfs, memoryBytes: 2 * regions * REGION }).parts;
  const first = Array.from({ length: regions }, () => folios.allocate(9));
  return {
    operations: regions,
    round() {
      for (const pfn of first) for (let page = 0; page < 512; page++) folios.zero(pfn + page);
      return mix(0, folios.usedFrames);
    },
  };
};

export const bench: AnyBenchmark = defineBenchmark<Size>({
  question: "What does 2 MiB of anonymous memory cost that is written to, by one huge fault and by 512 small ones, beside a bare zeroing of it?",
  tiny: { regions: 2 },
  real: { regions: 64 },
  candidates: { "huge fault": touches("always", REGION), "512 faults": touches("never", PAGE), "only zeroing": zeroing },
  goals: [{ claim: "a huge fault takes at most 1.1 times the zeroing", value: (ns) => ns["huge fault"]! / ns["only zeroing"]!, atMost: 1.1 }],
});
