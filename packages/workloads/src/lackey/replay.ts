import { type Access, EXEC, READ, SIGKILL, SIGSEGV, WRITE } from "@zeropfn/units";
import { WorkloadsError } from "../errors.ts";
import { ACCESS_OF, type AccessBatch } from "./accesses.ts";
import { TracedSpace } from "./address-space.ts";
import type { LackeyCall, LackeySink } from "./events.ts";
import type { LackeyReport, LackeySample } from "./report.ts";
import type { LackeyFile, LackeyMachine, LackeyProcess } from "./target.ts";
import { WorkingSet } from "./working-set.ts";

export interface LackeyReplayOptions {
  /** Name of the trace, for messages. */
  readonly file: string;
  /** Accesses from one sample to the next: integer ≥ 1. Default 2^17. */
  readonly sampleEvery?: number;
}

export const SAMPLE_EVERY: number = 2 ** 17;

/** Makes the accesses and calls of a trace in one new process of a machine. Feed it by `readLackey` or `LackeyParser`. */
export class LackeyReplay<File extends LackeyFile, Process extends LackeyProcess<File>> implements LackeySink {
  readonly space: TracedSpace<File, Process>;
  readonly #machine: LackeyMachine<File, Process>;
  readonly #file: string;
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
  /** Walks on the way through faults, and those of them that only the replay makes: it asks the TLB before it asks the kernel. */
  #faultWalks = 0;
  #repeatedWalks = 0;
  #untilSample: number;

  constructor(machine: LackeyMachine<File, Process>, { file, sampleEvery = SAMPLE_EVERY }: LackeyReplayOptions) {
    this.#machine = machine;
    this.#file = file;
    this.space = new TracedSpace(machine, file);
    this.#sampleEvery = this.#untilSample = sampleEvery;
    this.#perByte = 1 / machine.pageSize;
    this.#eventsBefore = EVENTS.map((event) => machine.count(event));
    this.#walksBefore = machine.parts.mmu.tlbs.walkCount;
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
    const lookups = this.#accessCount + this.#crossingCount, walks = this.#machine.parts.mmu.tlbs.walkCount - this.#walksBefore, misses = walks - this.#faultWalks;
    const counts = EVENTS.map((event, nth) => this.#machine.count(event) - this.#eventsBefore[nth]!), [all = 0, major = 0] = counts;
    return {
      process: space.process,
      accesses: { total: this.#accessCount, fetches, loads, stores, modifies, crossings: this.#crossingCount },
      tlb: { lookups, misses, walks: walks - this.#repeatedWalks, hitRate: lookups === 0 ? 1 : 1 - misses / lookups },
      faults: { read: this.#faults[READ]!, write: this.#faults[WRITE]!, fetch: this.#faults[EXEC]!, minor: all - major, major },
      signals: Object.fromEntries(this.#signals),
      samples: this.#samples,
      residentBytes: this.#residentBytes(),
      tableBytes: this.#tableBytes(),
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

  /** The access is no hit, and no walk allows it: the kernel's turn. */
  #fault(page: number, access: Access): void {
    this.#faults[access]!++;
    const { tlbs } = this.#machine.parts.mmu, walksBefore = tlbs.walkCount;
    let frame = this.#translate(page, access);
    if (frame === -SIGSEGV && this.space.mapFormerPage(page, access === WRITE)) frame = this.#translate(page, access);
    this.#faultWalks += tlbs.walkCount - walksBefore;
    if (frame >= 0) return;
    if (frame === -SIGKILL) throw new WorkloadsError("WORKLOADS_RUN_FAILED", `${this.#file}: out of memory at access ${this.#accessCount}, page 0x${page.toString(16)}`);
    this.#signals.set(-frame, (this.#signals.get(-frame) ?? 0) + 1);
  }

  #translate(page: number, access: Access): number {
    const { cpu, mm } = this.space.process;
    this.#repeatedWalks++;
    return this.#machine.parts.mmu.translate(cpu, mm, page, access);
  }

  #residentBytes(): number {
    return this.#machine.parts.mmu.counters.rssPages(this.space.process.mm) * this.#machine.pageSize;
  }
  #tableBytes(): number {
    const { tables } = this.#machine.parts.mmu;
    return tables.tablesOf(this.space.process.mm) * tables.pagesPerTable * ENTRY_BYTES;
  }

  #sample(): void {
    this.#untilSample = this.#sampleEvery;
    this.#samples.push({
      accesses: this.#accessCount,
      residentBytes: this.#residentBytes(),
      tableBytes: this.#tableBytes(),
      workingSetPages: this.#window.next(),
    });
  }
}

/** Of a page table entry on x86-64. */
const ENTRY_BYTES = 8;

/** The machine's own counts of faults. */
const EVENTS = ["pgfault", "pgmajfault"] as const;
