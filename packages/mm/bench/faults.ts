import { createMachine, defaultMachineSize, linuxTmpfs, type Machine, type Process } from "@zeropfn/mm";
import { type AnyBenchmark, type Candidate, defineBenchmark, mix } from "../../../tools/bench/benchmark.ts";
import { accessTwin, hasCompiler, TWIN, type TwinWork } from "../../pte-mmu/bench/access-twin.ts";

export interface FaultSize {
  /** Pages of the area. The operations are as many. */
  readonly pages: number;
}

export const PAGE = 4096;
/** MAP_PRIVATE + MAP_ANONYMOUS. */
export const PRIVATE_ANONYMOUS = 0x22;
const TLB_OF_TWIN = { "tlb-shift": defaultMachineSize.tlbShift, "tlb-ways": 4, asids: 6 };

/** One process with one anonymous area, and what is done to it. In step with the works of mmu-twin.c: both give one result. */
class Area {
  readonly #machine: Machine;
  readonly #pages: number;
  parent: Process;
  child: Process | undefined;
  #address = -1;
  #faults = 0;

  constructor(pages: number) {
    this.#machine = createMachine({ stack: linuxTmpfs, memoryBytes: (2 * pages + 64) * PAGE });
    this.#pages = pages;
    this.parent = this.#machine.createProcess();
  }
  /** The area, with nothing mapped. */
  fresh(): void {
    this.child?.exit();
    this.child = undefined;
    this.unmap();
    this.#address = this.parent.mmap(null, { length: this.#pages * PAGE, flags: PRIVATE_ANONYMOUS });
    if (this.#address < 0) throw new Error(`mmap of ${this.#pages} pages: ${this.#address}`);
  }
  unmap(): void {
    if (this.#address >= 0) this.parent.munmap(this.#address as never, this.#pages * PAGE);
    this.#address = -1;
  }
  load(): number {
    let sum = 0;
    for (let page = 0; page < this.#pages; page++) sum += this.parent.load8(this.#at(page, 0)) + 1;
    return sum;
  }
  store(process: Process, shift: number): void {
    for (let page = 0; page < this.#pages; page++) if (process.store8(this.#at(page, shift), page & 255) !== 0) throw new Error(`a store to page ${page} gets a signal`);
  }
  #at(page: number, shift: number): never {
    return (this.#address + page * PAGE + ((page * 64) & (PAGE - 1)) + shift) as never;
  }
  fork(): void {
    const child = this.parent.fork();
    if (typeof child === "number") throw new Error(`fork: ${child}`);
    this.child = child;
  }
  exit(): void {
    this.parent.exit();
    this.#address = -1;
    this.parent = this.#machine.createProcess();
  }
  /** From here on faults are counted. */
  begin(): void {
    this.#faults = this.#machine.count("pgfault");
  }
  outcome(sum: number): number {
    return (sum * 31 + this.#machine.count("pgfault") - this.#faults) * 31 + this.#machine.framesInUse;
  }
  get stateBytes(): number {
    return this.#machine.framesInUse * PAGE + this.#machine.parts.mmu.tables.tableBytes;
  }
}

interface Work {
  readonly before: (area: Area) => void;
  /** @returns A sum of what was loaded. */
  readonly round: (area: Area) => number;
}

const withZeroPages = (area: Area): void => (area.fresh(), void area.load());
const withOwnPages = (area: Area): void => (area.fresh(), area.store(area.parent, 0));

const WORKS: Readonly<Record<Exclude<TwinWork, "replay">, Work>> = {
  "read-fault": { before: (area) => area.fresh(), round: (area) => area.load() },
  "write-fault": { before: (area) => area.fresh(), round: (area) => (area.store(area.parent, 0), 0) },
  "zero-cow": { before: withZeroPages, round: (area) => (area.store(area.parent, 0), 0) },
  cow: { before: (area) => (withOwnPages(area), area.fork()), round: (area) => (area.store(area.child!, 1), 0) },
  fork: { before: withOwnPages, round: (area) => (area.fork(), 0) },
  exit: { before: withOwnPages, round: (area) => (area.exit(), 0) },
  "unmap-zero": { before: withZeroPages, round: (area) => (area.unmap(), 0) },
  "unmap-anon": { before: withOwnPages, round: (area) => (area.unmap(), 0) },
};

const ours = ({ before, round }: Work): Candidate<FaultSize> => ({ pages }) => {
  const area = new Area(pages);
  return {
    operations: pages,
    before: () => (before(area), area.begin()),
    round: () => mix(0, area.outcome(round(area))),
    stateBytes: () => area.stateBytes,
  };
};

const inC = (work: TwinWork): Candidate<FaultSize> => ({ pages }) => {
  const { before, round } = accessTwin(work, { pages, ...TLB_OF_TWIN });
  return { operations: pages, before, round: () => mix(0, round()) };
};

/** What `work` costs for each page, beside C; ours is to reach `leastRate` of its rate. */
export function faultBenchmark(work: Exclude<TwinWork, "replay">, question: string, pages: number, { rounds = 7, leastRate = 0.45 } = {}): AnyBenchmark {
  return defineBenchmark<FaultSize>({
    question,
    tiny: { pages: 600 },
    real: { pages },
    rounds,
    candidates: { ours: ours(WORKS[work]), ...(hasCompiler ? { [TWIN]: inC(work) } : {}) },
    goals: hasCompiler ? [{ claim: `ours has at least ${leastRate} of the rate of C`, value: (ns) => ns[TWIN]! / ns.ours!, atLeast: leastRate }] : [],
  });
}
