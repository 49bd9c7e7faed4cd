import type { ColumnAllocator } from "@zeropfn/state";

/** A batch word: flushes deferred in the low half, in the high half how many of them are known to be done. */
const HALF = 0x1_0000;
const LOW = HALF - 1;
/** Deferred flushes are not counted beyond this. @kernel TLB_FLUSH_BATCH_PENDING_LARGE — mm/rmap.c, v6.18 */
const PENDING_LARGE = LOW >>> 1;

/**
 * TLB flushes that were deferred: which processors owe one, and for each address space whether one may be owed. Counted, not
 * flagged: a flush that is under way does not cover what is deferred meanwhile. Called from leaves of `Tlbs` alone.
 * @kernel tlb_ubc, mm_struct.tlb_flush_batched — include/linux/mm_types_task.h, include/linux/mm_types.h, v6.18
 */
export class FlushBatches {
  readonly #cpus: Uint8Array; // 1: the processor owes a flush
  readonly #batched: Uint32Array; // of an mm

  constructor(columns: ColumnAllocator, cpuCount: number, mmCapacity: number) {
    this.#cpus = columns.u8("tlb.deferred", cpuCount);
    this.#batched = columns.u32("mm.tlb_flush_batched", mmCapacity);
  }

  addCpu(cpu: number): void {
    this.#cpus[cpu] = 1;
  }
  /** True if it owed a flush. */
  removeCpu(cpu: number): boolean {
    const isOwed = this.#cpus[cpu] !== 0;
    this.#cpus[cpu] = 0;
    return isOwed;
  }
  /** The next processor that owes a flush, or their number. */
  nextCpu(cpu: number): number {
    do cpu++;
    while (cpu < this.#cpus.length && this.#cpus[cpu] === 0);
    return cpu;
  }
  addMm(mm: number): void {
    const batch = this.#batched[mm];
    // Beyond that, as if all were done but this: who flushes now finds another word, and the next one flushes again.
    this.#batched[mm] = (batch & LOW) > PENDING_LARGE ? 1 : batch + 1;
  }
  of(mm: number): number {
    return this.#batched[mm];
  }
  isPending(batch: number): boolean {
    return (batch & LOW) !== batch >>> 16;
  }
  finish(mm: number, batch: number): void {
    if (this.#batched[mm] === batch) this.#batched[mm] = (batch & LOW) * HALF + (batch & LOW);
  }
  forget(mm: number): void {
    this.#batched[mm] = 0;
  }
}
