import type { Folios } from "@zeropfn/folio";
import { PteMmuError } from "./errors.ts";
import type { Tlbs } from "./tlbs.ts";

/** Frames that one gather holds at most. @kernel MAX_GATHER_BATCH_COUNT × MAX_GATHER_BATCH — include/asm-generic/tlb.h, v6.18 */
const DEFAULT_FRAMES = 19 * 506;

/**
 * What was unmapped and may still be in use: the pages whose TLB entries must go, and the frames that may be put only then.
 *
 * A scratch record, no state: `begin` forgets what was there before, so one serves a machine as long as nobody begins
 * between another's `begin` and `finish`. A thread that the explorer resumes begins again, and so finds its own.
 *
 * @kernel struct mmu_gather — include/asm-generic/tlb.h, v6.18
 * @differs Page tables are not gathered: `PageTables.freeTables` says why.
 */
export class MmuGather {
  readonly #tlbs: Tlbs;
  readonly #folios: Folios;
  readonly #frames: Uint32Array;
  #frameCount = 0;
  #mm = 0;
  /** Pages [first, end) were taken out of their tables and not yet flushed; none if first ≥ end. */
  #first = Infinity;
  #end = 0;
  #isWhole = false;

  /**
   * @param frameCapacity Frames gathered before `isFull`: integer ≥ 1.
   * @throws {PteMmuError} PTE_MMU_BAD_OPTION
   */
  constructor(tlbs: Tlbs, folios: Folios, frameCapacity: number = DEFAULT_FRAMES) {
    if (!Number.isInteger(frameCapacity) || frameCapacity < 1) throw new PteMmuError("PTE_MMU_BAD_OPTION", `frameCapacity ${frameCapacity}, expected an integer ≥ 1`);
    this.#tlbs = tlbs;
    this.#folios = folios;
    this.#frames = new Uint32Array(frameCapacity);
  }

  /** For a part of `mm`. @kernel tlb_gather_mmu() — mm/mmu_gather.c, v6.18 */
  begin(mm: number): void {
    this.#mm = mm;
    this.#isWhole = false;
    this.#frameCount = 0;
    this.#forgetRange();
  }
  /** For all of `mm`, which nobody will run again: it is flushed as a whole. @kernel tlb_gather_mmu_fullmm() — mm/mmu_gather.c, v6.18 */
  beginWhole(mm: number): void {
    this.begin(mm);
    this.#isWhole = true;
  }

  /** The entry of `page` was removed, or lost a right. @kernel tlb_remove_tlb_entry() — include/asm-generic/tlb.h, v6.18 */
  addPage(page: number): void {
    if (page < this.#first) this.#first = page;
    if (page >= this.#end) this.#end = page + 1;
  }
  /** The same of pages [firstPage, endPage). @kernel tlb_flush_pte_range(), tlb_flush_pmd_range() — include/asm-generic/tlb.h, v6.18 */
  addPages(firstPage: number, endPage: number): void {
    if (firstPage < this.#first) this.#first = firstPage;
    if (endPage > this.#end) this.#end = endPage;
  }
  /** Takes over a reference to the folio of `pfn`, which is put after the flush. Not if `isFull`. @kernel __tlb_remove_page() — mm/mmu_gather.c, v6.18 */
  addFrame(pfn: number): void {
    this.#frames[this.#frameCount++] = pfn;
  }
  /** True if there is no room for another frame: `flush`, with no page table lock held. */
  get isFull(): boolean {
    return this.#frameCount === this.#frames.length;
  }
  /** True if pages were removed and no flush has come since. */
  get owesFlush(): boolean {
    return this.#first < this.#end;
  }

  /** Flushes the pages gathered so far, and puts no frame: for who lets go of a lock under which nothing stale may be left. @kernel tlb_flush_mmu_tlbonly() — include/asm-generic/tlb.h, v6.18 */
  flushTlbs(): void {
    if (this.#first >= this.#end) return;
    if (this.#isWhole) this.#tlbs.flushMm(this.#mm);
    else this.#tlbs.flushRange(this.#mm, this.#first, this.#end);
    this.#forgetRange();
  }
  /** Flushes the pages gathered so far, and only then puts their frames. @kernel tlb_flush_mmu() — mm/mmu_gather.c, v6.18 */
  flush(): void {
    this.flushTlbs();
    this.putFrames();
  }
  /** Puts the frames gathered so far, which no processor reaches any more. @kernel tlb_flush_mmu_free() — mm/mmu_gather.c, v6.18 */
  putFrames(): void {
    for (let nth = 0; nth < this.#frameCount; nth++) this.#folios.put(this.#frames[nth]);
    this.#frameCount = 0;
  }
  /** The last flush. @kernel tlb_finish_mmu() — mm/mmu_gather.c, v6.18 */
  finish(): void {
    this.flush();
  }

  #forgetRange(): void {
    this.#first = Infinity;
    this.#end = 0;
  }
}
