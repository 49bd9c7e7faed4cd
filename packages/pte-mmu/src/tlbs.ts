import type { Folios } from "@zeropfn/folio";
import { type ColumnAllocator, leaves } from "@zeropfn/state";
import { type Access, EXEC, READ, WRITE } from "@zeropfn/units";
import { FlushBatches } from "./flush-batches.ts";
import { FLAG_NX, NO_SLOT, type PageTables } from "./page-tables.ts";
import { PMD_PS, PTE_ACCESSED, PTE_DIRTY, PTE_PRESENT, PTE_WRITABLE } from "./pte.ts";
import { type TlbEntry, tlbGeometry } from "./tlb-geometry.ts";

/** The access cannot be completed: the kernel must make the page present, or writable. */
export const TLB_MISS = -1;

export interface TlbsOptions {
  /** Processors: integer ≥ 1. */
  readonly cpuCount: number;
  /** log2 of the sets of one processor's TLB, 0 … 16: 0 when explored. */
  readonly tlbShift: number;
  /** Entries of a set: 1, 2, 4, 8 or 16. Default 4; 1 when explored. */
  readonly tlbWays?: number;
  /** Address spaces that a processor's TLB keeps apart: 1 … 63. Default 6; 1 when explored: then another address space empties it. @kernel TLB_NR_DYN_ASIDS — arch/x86/include/asm/tlbflush.h, v6.18 */
  readonly asidCount?: number;
}

/** No entry of the TLB. */
const NOWHERE = -1;
/** A tag is (page + 1) × 64 + context: below 2^52, and never 0. */
const CONTEXTS = 64;
/** Bits of an entry's rights. */
const MAY_WRITE = 1; // writable, and the dirty bit is known to be set
const MAY_EXECUTE = 2;
/** A range of more pages is not flushed page by page. @kernel tlb_single_page_flush_ceiling — arch/x86/mm/tlb.c, v6.18 */
const SINGLE_PAGE_FLUSH_CEILING = 33;

/**
 * What each processor remembers of the page tables, and the loads and stores that go through it.
 *
 * An entry is tagged by page and context, the number (+ 1) under which the processor knows the address space. It may outlive
 * the page table entry it was filled from: only a flush removes it. A store through an entry that is not known to be dirty
 * walks again, sets the dirty bit in the table or finds the page read-only.
 *
 * The ways of a set lie together. A page looks first at the way that the bits above its set's name: neighbours, as long as they
 * fit, are found at the first look.
 *
 * A flush is a step for each processor that has run the address space (and for processor 0, where it begins).
 *
 * @differs A flush reaches processors that run another address space at once. In the kernel they see at the switch that their
 *   tlb_gen is old, and flush then: no access of theirs can tell. A PMD leaf fills an entry for the page alone that is accessed.
 *   There is no cache of upper entries, and a fault does not remove an entry.
 */
export class Tlbs {
  static {
    if (__EXPLORE__) {
      leaves(Tlbs, "pte-mmu/tlb", {
        load8: {}, store8: {}, translate: {},
        flushPage: { coarse: true }, flushPageOn: {}, flushRange: { coarse: true }, flushRangeOn: {}, flushMm: { coarse: true }, flushMmOn: {},
        flushAll: { coarse: true }, flushAllOn: {}, deferFlush: {}, flushDeferred: { coarse: true }, flushDeferredOn: {},
        flushBatchedPending: { coarse: true }, flushBatchOf: {}, finishBatchedFlush: {}, dropMm: { coarse: true }, forgetMm: {},
      });
    }
  }
  readonly #tags: Float64Array; // or 0 for an empty entry
  readonly #pfns: Uint32Array;
  readonly #rights: Uint8Array;
  readonly #victims: Uint8Array; // of a set with several ways: the one to go next
  readonly #contexts: Uint8Array; // of an mm on a processor: its ASID there + 1, or 0 if the processor remembers nothing of it
  readonly #owners: Uint32Array; // of an ASID of a processor: its mm + 1, or 0
  readonly #nextAsid: Uint8Array; // of a processor: the ASID to recycle next
  readonly #walks: Float64Array; // [0] walks ever
  readonly #batches: FlushBatches;
  readonly #tables: PageTables;
  readonly #folios: Folios;
  readonly #cpuCount: number;
  readonly #asidCount: number;
  readonly #ways: number;
  readonly #tlbShift: number;
  readonly #wayShift: number;
  readonly #setMask: number;

  constructor(columns: ColumnAllocator, tables: PageTables, folios: Folios, options: TlbsOptions) {
    const { cpuCount, tlbShift, ways, wayShift, asidCount } = tlbGeometry(options), entryCount = cpuCount << (tlbShift + wayShift);
    this.#tables = tables;
    this.#folios = folios;
    this.#cpuCount = cpuCount;
    this.#asidCount = asidCount;
    this.#ways = ways;
    this.#tlbShift = tlbShift;
    this.#wayShift = wayShift;
    this.#setMask = (1 << tlbShift) - 1;
    this.#tags = columns.f64("tlb.tag", entryCount);
    this.#pfns = columns.u32("tlb.pfn", entryCount);
    this.#rights = columns.u8("tlb.rights", entryCount);
    this.#victims = columns.u8("tlb.victim", ways === 1 ? 0 : cpuCount << tlbShift);
    this.#contexts = columns.u8("tlb.context", tables.mmCapacity * cpuCount);
    this.#owners = columns.u32("tlb.asidOwner", cpuCount * asidCount);
    this.#nextAsid = columns.u8("tlb.nextAsid", cpuCount);
    this.#walks = columns.f64("tlb.walks", 1, "derived");
    this.#batches = new FlushBatches(columns, cpuCount, tables.mmCapacity);
  }

  /** Walks of page tables so far, those that led to a fault included: all other accesses were hits. */
  get walkCount(): number {
    return this.#walks[0];
  }

  // Accesses. What hits at the first look stays small enough to be inlined.

  /** One load instruction: the byte at `offset` of `page`, or `TLB_MISS`. */
  load8(cpu: number, mm: number, page: number, offset: number): number {
    const at = this.#homeOf(cpu, page);
    if (this.#tags[at] === (page + 1) * CONTEXTS + this.#contexts[mm * this.#cpuCount + cpu]) return this.#folios.load8(this.#pfns[at], offset);
    return this.#load8Elsewhere(at, cpu, mm, page, offset);
  }
  #load8Elsewhere(home: number, cpu: number, mm: number, page: number, offset: number): number {
    const at = this.#reach(home, cpu, mm, page, READ, 0);
    return at === NOWHERE ? TLB_MISS : this.#folios.load8(this.#pfns[at], offset);
  }

  /** One store instruction: 0, or `TLB_MISS`. */
  store8(cpu: number, mm: number, page: number, offset: number, value: number): number {
    const at = this.#homeOf(cpu, page);
    if (this.#tags[at] !== (page + 1) * CONTEXTS + this.#contexts[mm * this.#cpuCount + cpu] || (this.#rights[at] & MAY_WRITE) === 0) {
      return this.#store8Elsewhere(at, cpu, mm, page, offset, value);
    }
    this.#folios.store8(this.#pfns[at], offset, value);
    return 0;
  }
  #store8Elsewhere(home: number, cpu: number, mm: number, page: number, offset: number, value: number): number {
    const at = this.#reach(home, cpu, mm, page, WRITE, MAY_WRITE);
    if (at === NOWHERE) return TLB_MISS;
    this.#folios.store8(this.#pfns[at], offset, value);
    return 0;
  }

  /** The frame that an access to `page` reaches, with the accessed and dirty bits set as it sets them, or `TLB_MISS`. */
  translate(cpu: number, mm: number, page: number, access: Access): number {
    const at = this.#homeOf(cpu, page);
    const needs = access === READ ? 0 : access === WRITE ? MAY_WRITE : MAY_EXECUTE;
    if (this.#tags[at] === (page + 1) * CONTEXTS + this.#contexts[mm * this.#cpuCount + cpu] && (this.#rights[at] & needs) === needs) return this.#pfns[at];
    const found = this.#reach(at, cpu, mm, page, access, needs);
    return found === NOWHERE ? TLB_MISS : this.#pfns[found];
  }

  /** The entry that allows the access: one that is there, or one that a walk fills. It looks at the set once, for the page and for an empty way. */
  #reach(home: number, cpu: number, mm: number, page: number, access: Access, needs: number): number {
    const tags = this.#tags, ways = this.#ways, tag = (page + 1) * CONTEXTS + this.#contexts[mm * this.#cpuCount + cpu];
    let place = NOWHERE;
    for (let way = 0; way < ways; way++) {
      const found = tags[home ^ way];
      if (found === tag) {
        place = home ^ way;
        if ((this.#rights[place] & needs) === needs) return place;
        break;
      }
      if (found === 0 && place === NOWHERE) place = home ^ way;
    }
    return this.#walk(place === NOWHERE ? ~home : place, cpu, mm, page, access);
  }
  #find(cpu: number, mm: number, page: number): number {
    const tags = this.#tags, tag = (page + 1) * CONTEXTS + this.#contexts[mm * this.#cpuCount + cpu], home = this.#homeOf(cpu, page);
    for (let way = 0; way < this.#ways; way++) if (tags[home ^ way] === tag) return home ^ way;
    return NOWHERE;
  }

  /** The hardware's walk: sets the accessed and dirty bits, or fails because the page is absent or does not allow the access. `place`: the entry to fill, or the complement of one of a full set. */
  #walk(place: number, cpu: number, mm: number, page: number, access: Access): number {
    this.#walks[0]++;
    const slot = this.#tables.slotOf(mm, page);
    return slot === NO_SLOT ? this.#walkToLeaf(place, cpu, mm, page, access) : this.#fill(place, cpu, mm, page, access, slot, 0);
  }
  /** Where no lowest table is there may be a leaf above it. */
  #walkToLeaf(place: number, cpu: number, mm: number, page: number, access: Access): number {
    const tables = this.#tables, slot = tables.pmdSlotOf(mm, page);
    if (slot === NO_SLOT || (tables.flagsAt(slot) & PMD_PS) === 0) return NOWHERE;
    return this.#fill(place, cpu, mm, page, access, slot, page & (tables.pagesPerTable - 1));
  }
  /** Fills an entry from the one that the walk has come to. `within`: which of its pages. */
  #fill(place: number, cpu: number, mm: number, page: number, access: Access, slot: number, within: number): number {
    const tables = this.#tables, flags = tables.flagsAt(slot), isStore = access === WRITE;
    if ((flags & PTE_PRESENT) === 0 || (isStore && (flags & PTE_WRITABLE) === 0) || (access === EXEC && (flags & FLAG_NX) !== 0)) return NOWHERE;
    if (isStore) {
      if ((flags & (PTE_ACCESSED | PTE_DIRTY)) !== (PTE_ACCESSED | PTE_DIRTY)) tables.setAccessedAndDirty(slot);
    } else if ((flags & PTE_ACCESSED) === 0) tables.setAccessed(slot);
    const mayWrite = isStore || (flags & (PTE_WRITABLE | PTE_DIRTY)) === (PTE_WRITABLE | PTE_DIRTY);
    const at = place < 0 ? this.#victimOf(~place) : place;
    this.#tags[at] = (page + 1) * CONTEXTS + (this.#contexts[mm * this.#cpuCount + cpu] || this.#takeContext(cpu, mm));
    this.#pfns[at] = tables.pfnAt(slot) + within;
    this.#rights[at] = (mayWrite ? MAY_WRITE : 0) | ((flags & FLAG_NX) === 0 ? MAY_EXECUTE : 0);
    return at;
  }
  /** Of a full set, each way in turn. */
  #victimOf(home: number): number {
    const set = home >> this.#wayShift;
    if (this.#ways === 1) return set;
    const victim = this.#victims[set];
    this.#victims[set] = (victim + 1) & (this.#ways - 1);
    return (set << this.#wayShift) | victim;
  }
  #homeOf(cpu: number, page: number): number {
    return (((cpu << this.#tlbShift) | (page & this.#setMask)) << this.#wayShift) | ((page >>> this.#tlbShift) & (this.#ways - 1));
  }
  /** Gives `mm` an ASID of the processor, which forgets the address space that had it. @kernel choose_new_asid() — arch/x86/mm/tlb.c, v6.18 */
  #takeContext(cpu: number, mm: number): number {
    const asidCount = this.#asidCount, asid = this.#nextAsid[cpu], owner = this.#owners[cpu * asidCount + asid];
    if (owner !== 0) {
      this.#forgetContext(cpu, asid + 1);
      this.#contexts[(owner - 1) * this.#cpuCount + cpu] = 0;
    }
    this.#nextAsid[cpu] = (asid + 1) % asidCount;
    this.#owners[cpu * asidCount + asid] = mm + 1;
    this.#contexts[mm * this.#cpuCount + cpu] = asid + 1;
    return asid + 1;
  }

  // Flushes. `…On` is the step on one processor; it answers the next one that may remember the address space, or cpuCount.

  /** Makes every processor forget the page. @kernel flush_tlb_page() — arch/x86/include/asm/tlbflush.h, v6.18 */
  flushPage(mm: number, page: number): void {
    let cpu = 0;
    while (cpu < this.#cpuCount) cpu = this.flushPageOn(cpu, mm, page);
  }
  /** @kernel flush_tlb_func(), invlpg — arch/x86/mm/tlb.c, v6.18 */
  flushPageOn(cpu: number, mm: number, page: number): number {
    this.#forgetPage(cpu, mm, page);
    return this.#nextCpuOf(mm, cpu);
  }
  /** Makes every processor forget pages [firstPage, endPage), or all of the address space if they are many. @kernel flush_tlb_mm_range() — arch/x86/mm/tlb.c, v6.18 */
  flushRange(mm: number, firstPage: number, endPage: number): void {
    let cpu = 0;
    while (cpu < this.#cpuCount) cpu = this.flushRangeOn(cpu, mm, firstPage, endPage);
  }
  /** @kernel flush_tlb_func() — arch/x86/mm/tlb.c, v6.18 */
  flushRangeOn(cpu: number, mm: number, firstPage: number, endPage: number): number {
    if (endPage - firstPage > SINGLE_PAGE_FLUSH_CEILING) this.#forgetContext(cpu, this.#contexts[mm * this.#cpuCount + cpu]);
    else for (let page = firstPage; page < endPage; page++) this.#forgetPage(cpu, mm, page);
    return this.#nextCpuOf(mm, cpu);
  }
  /** Makes every processor forget the address space. @kernel flush_tlb_mm() — arch/x86/include/asm/tlbflush.h, v6.18 */
  flushMm(mm: number): void {
    let cpu = 0;
    while (cpu < this.#cpuCount) cpu = this.flushMmOn(cpu, mm);
  }
  /** @kernel flush_tlb_func() with TLB_FLUSH_ALL — arch/x86/mm/tlb.c, v6.18 */
  flushMmOn(cpu: number, mm: number): number {
    this.#forgetContext(cpu, this.#contexts[mm * this.#cpuCount + cpu]);
    return this.#nextCpuOf(mm, cpu);
  }
  /** Makes every processor forget everything. @kernel flush_tlb_all() — arch/x86/mm/tlb.c, v6.18 */
  flushAll(): void {
    for (let cpu = 0; cpu < this.#cpuCount; cpu++) this.flushAllOn(cpu);
  }
  /** @kernel do_flush_tlb_all() — arch/x86/mm/tlb.c, v6.18 */
  flushAllOn(cpu: number): void {
    this.#forgetAll(cpu);
  }

  /**
   * An entry of `mm` was taken out of its table, and the flush is left to `flushDeferred`: before its frame is used for
   * anything else. Under the page table lock.
   * @kernel set_tlb_ubc_flush_pending(), arch_tlbbatch_add_pending() — mm/rmap.c, arch/x86/include/asm/tlbflush.h, v6.18
   */
  deferFlush(mm: number): void {
    for (let cpu = 0; cpu < this.#cpuCount; cpu++) if (this.#contexts[mm * this.#cpuCount + cpu] !== 0) this.#batches.addCpu(cpu);
    this.#batches.addMm(mm);
  }
  /**
   * Performs the flushes that were deferred.
   * @kernel try_to_unmap_flush(), arch_tlbbatch_flush() — mm/rmap.c, arch/x86/mm/tlb.c, v6.18
   * @differs One batch for the machine, not one for each task: who flushes may do it for others too. A processor leaves the
   *   batch in the step that flushes it, so nobody finds it gone before it has forgotten.
   */
  flushDeferred(): void {
    let cpu = 0;
    while (cpu < this.#cpuCount) cpu = this.flushDeferredOn(cpu);
  }
  /** Answers the next processor of the batch, or cpuCount. */
  flushDeferredOn(cpu: number): number {
    if (this.#batches.removeCpu(cpu)) this.#forgetAll(cpu);
    return this.#batches.nextCpu(cpu);
  }
  /**
   * Flushes `mm` if a flush was deferred that may not have come: for who finds an entry empty, or changed, and is about to rely
   * on no processor using the old one. Under the page table lock.
   * @kernel flush_tlb_batched_pending() — mm/rmap.c, v6.18
   */
  flushBatchedPending(mm: number): void {
    const batch = this.flushBatchOf(mm);
    if (!this.#batches.isPending(batch)) return;
    this.flushMm(mm);
    this.finishBatchedFlush(mm, batch);
  }
  /** One step of `flushBatchedPending`: how many flushes of `mm` were deferred, and how many of those it knows to be done. */
  flushBatchOf(mm: number): number {
    return this.#batches.of(mm);
  }
  /** One step of `flushBatchedPending`: those deferred at `batch` are done, unless more were meanwhile. */
  finishBatchedFlush(mm: number, batch: number): void {
    this.#batches.finish(mm, batch);
  }

  /** The address space is no more, and its number will be used again. */
  dropMm(mm: number): void {
    this.flushMm(mm);
    this.forgetMm(mm);
  }
  /** One step of `dropMm`: its ASIDs are free. No processor runs it. */
  forgetMm(mm: number): void {
    const asidCount = this.#asidCount;
    for (let cpu = 0; cpu < this.#cpuCount; cpu++) {
      const context = this.#contexts[mm * this.#cpuCount + cpu];
      if (context === 0) continue;
      this.#forgetContext(cpu, context);
      this.#owners[cpu * asidCount + context - 1] = 0;
      this.#contexts[mm * this.#cpuCount + cpu] = 0;
    }
    this.#batches.forget(mm);
  }

  /** All entries: for reports and invariants. */
  *entries(): Generator<TlbEntry, void> {
    for (let at = 0; at < this.#tags.length; at++) {
      const tag = this.#tags[at], cpu = at >>> (this.#tlbShift + this.#wayShift), rights = this.#rights[at];
      if (tag === 0) continue;
      const mm = this.#owners[cpu * this.#asidCount + (tag % CONTEXTS) - 1] - 1;
      yield { cpu, mm, page: Math.floor(tag / CONTEXTS) - 1, pfn: this.#pfns[at], isWritable: (rights & MAY_WRITE) !== 0, isExecutable: (rights & MAY_EXECUTE) !== 0 };
    }
  }
  #nextCpuOf(mm: number, cpu: number): number {
    const first = mm * this.#cpuCount;
    do cpu++;
    while (cpu < this.#cpuCount && this.#contexts[first + cpu] === 0);
    return cpu;
  }
  // What is forgotten leaves zeros, so that machines that remember the same are the same.

  #forgetPage(cpu: number, mm: number, page: number): void {
    const at = this.#find(cpu, mm, page);
    if (at === NOWHERE) return;
    this.#tags[at] = 0;
    this.#pfns[at] = 0;
    this.#rights[at] = 0;
  }
  /** @param context 0 for one that the processor does not have. */
  #forgetContext(cpu: number, context: number): void {
    if (context === 0) return;
    const tags = this.#tags, shift = this.#tlbShift + this.#wayShift, end = (cpu + 1) << shift;
    if (this.#isAlone(cpu, context)) return this.#forgetAll(cpu);
    for (let at = cpu << shift; at < end; at++) {
      if ((tags[at] & (CONTEXTS - 1)) !== context) continue;
      tags[at] = 0;
      this.#pfns[at] = 0;
      this.#rights[at] = 0;
    }
  }
  #isAlone(cpu: number, context: number): boolean {
    const asidCount = this.#asidCount;
    for (let asid = 0; asid < asidCount; asid++) if (asid + 1 !== context && this.#owners[cpu * asidCount + asid] !== 0) return false;
    return true;
  }
  #forgetAll(cpu: number): void {
    const shift = this.#tlbShift + this.#wayShift, first = cpu << shift, end = (cpu + 1) << shift;
    this.#tags.fill(0, first, end);
    this.#pfns.fill(0, first, end);
    this.#rights.fill(0, first, end);
  }
}
