import { type Access, EXEC, READ, SIGKILL, SIGSEGV, WRITE } from "@zeropfn/units";
import { WorkloadsError } from "../errors.ts";
import { ACCESS_OF, type AccessBatch } from "./accesses.ts";
import { TracedSpace } from "./address-space.ts";
import type { LackeyCall, LackeySink } from "./events.ts";
import type { LackeyReport, LackeySample } from "./report.ts";
import { type LackeyFile, type LackeyGauges, type LackeyMachine, type LackeyProcess, noGauges } from "./target.ts";
import { WorkingSet } from "./working-set.ts";

export interface LackeyReplayOptions<Process> {
  /** Name of the trace, for messages. */
  readonly file: string;
  /** Accesses from one sample to the next: integer ≥ 1. Default 2^17. */
  readonly sampleEvery?: number;
  /** Default: none. */
  readonly gauges?: (process: Process) => LackeyGauges;
}

export const SAMPLE_EVERY: number = 2 ** 17;

/** Makes the accesses and calls of a trace in one new process of a machine. Feed it by `readLackey` or `LackeyParser`. */
export class LackeyReplay<File extends LackeyFile, Process extends LackeyProcess<File>> implements LackeySink {
  readonly space: TracedSpace<File, Process>;
  readonly #machine: LackeyMachine<File, Process>;
  readonly #file: string;
  readonly #gauges: LackeyGauges;
  readonly #sampleEvery: number;
  readonly #eventsBefore: readonly number[];
  readonly #walksBefore: number;
  /** 1 / page size: exact, a power of two. */
  readonly #perByte: number;
  readonly #kinds = new Float64Array(4);
  /** Faults by what the access wanted. */
  readonly #faults = new Float64Array(3);
  readonly #signals = new Map<number, number>();
  readonly #window = new WorkingSet();
  readonly #samples: LackeySample[] = [];
  #accessCount = 0;
  #crossingCount = 0;
  #untilSample: number;

  constructor(machine: LackeyMachine<File, Process>, { file, sampleEvery = SAMPLE_EVERY, gauges = () => noGauges }: LackeyReplayOptions<Process>) {
    this.#machine = machine;
    this.#file = file;
    this.space = new TracedSpace(machine, file);
    this.#gauges = gauges(this.space.process);
    this.#sampleEvery = this.#untilSample = sampleEvery;
    this.#perByte = 1 / machine.pageSize;
    this.#eventsBefore = EVENTS.map((event) => machine.count(event));
    this.#walksBefore = this.#gauges.walkCount() ?? 0;
  }

  call(call: LackeyCall): void {
    this.space.call(call);
  }

  accesses(batch: AccessBatch, count: number): void {
    for (let done = 0; done < count; ) {
      const end = Math.min(count, done + this.#untilSample);
      this.#access(batch, done, end);
      this.#accessCount += end - done;
      this.#untilSample -= end - done;
      if (this.#untilSample === 0) this.#sample();
      done = end;
    }
  }

  /** What has happened so far. */
  report(): LackeyReport<Process> {
    if (this.#untilSample < this.#sampleEvery) this.#sample();
    const { space } = this, [fetches = 0, loads = 0, stores = 0, modifies = 0] = this.#kinds;
    const lookups = this.#accessCount + this.#crossingCount, walksNow = this.#gauges.walkCount();
    const walks = walksNow === undefined ? undefined : walksNow - this.#walksBefore;
    const counts = EVENTS.map((event, nth) => this.#machine.count(event) - this.#eventsBefore[nth]!), [all = 0, major = 0] = counts;
    return {
      process: space.process,
      accesses: { total: this.#accessCount, fetches, loads, stores, modifies, crossings: this.#crossingCount },
      tlb: { lookups, walks, hitRate: walks === undefined || lookups === 0 ? undefined : 1 - walks / lookups },
      faults: { read: this.#faults[READ]!, write: this.#faults[WRITE]!, fetch: this.#faults[EXEC]!, minor: all - major, major },
      signals: Object.fromEntries(this.#signals),
      samples: this.#samples,
      residentBytes: this.#gauges.residentBytes(),
      tableBytes: this.#gauges.tableBytes(),
      preMapped: { areas: space.formerAreaCount, pages: space.formerPageCount },
      fileCount: space.fileCount,
      calls: Object.fromEntries([...space.callCounts].sort(([, one], [, other]) => other - one)),
      differenceCount: space.differenceCount,
      differences: space.differences,
    };
  }

  /** The hot loop: accesses [start, end) of a batch. */
  #access({ kinds, addresses, sizes }: AccessBatch, start: number, end: number): void {
    const { tlbs } = this.#machine.parts.mmu, { cpu, mm } = this.space.process, window = this.#window, counts = this.#kinds, perByte = this.#perByte;
    for (let nth = start; nth < end; nth++) {
      const kind = kinds[nth]!, address = addresses[nth]!, access = ACCESS_OF[kind]!;
      const page = Math.floor(address * perByte), lastPage = Math.floor((address + sizes[nth]! - 1) * perByte);
      counts[kind]!++;
      window.add(page);
      if (tlbs.translate(cpu, mm, page, access) < 0) this.#fault(page, access);
      for (let next = page + 1; next <= lastPage; next++) {
        this.#crossingCount++;
        window.add(next);
        if (tlbs.translate(cpu, mm, next, access) < 0) this.#fault(next, access);
      }
    }
  }

  /** The access is no hit, and no walk helps: the kernel's turn. */
  #fault(page: number, access: Access): void {
    this.#faults[access]!++;
    const { mmu } = this.#machine.parts, { cpu, mm } = this.space.process;
    let frame = mmu.translate(cpu, mm, page, access);
    if (frame === -SIGSEGV && this.space.mapFormerPage(page, access === WRITE)) frame = mmu.translate(cpu, mm, page, access);
    if (frame >= 0) return;
    if (frame === -SIGKILL) throw new WorkloadsError("WORKLOADS_RUN_FAILED", `${this.#file}: out of memory at access ${this.#accessCount}, page 0x${page.toString(16)}`);
    this.#signals.set(-frame, (this.#signals.get(-frame) ?? 0) + 1);
  }

  #sample(): void {
    this.#untilSample = this.#sampleEvery;
    this.#samples.push({
      accesses: this.#accessCount,
      residentBytes: this.#gauges.residentBytes(),
      tableBytes: this.#gauges.tableBytes(),
      workingSetPages: this.#window.next(),
    });
  }
}

/** The machine's own counts of faults. */
const EVENTS = ["pgfault", "pgmajfault"] as const;
