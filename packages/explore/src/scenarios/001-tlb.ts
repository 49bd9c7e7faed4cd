import { linuxTmpfs, MADV_FREE, MADV_PAGEOUT, MAP_ANONYMOUS, MAP_PRIVATE } from "@zeropfn/mm";
import { Mmu, NO_SLOT, type PageTables, PTE_NONE, pteIsPresent, TLB_MISS } from "@zeropfn/pte-mmu";
import { leaves } from "@zeropfn/state";
import type { VirtualAddress } from "@zeropfn/units";
import { type MachineScenarioBuilder, type MachineScenarioOptions, scenario } from "../machine-scenario.ts";
import type { Scenario, Variation } from "../scenario.ts";
import { byteOf, claimAccounts, ONE_PAGE, PAGE } from "./memory-machine.ts";

const ANONYMOUS = { length: PAGE, flags: MAP_PRIVATE | MAP_ANONYMOUS };

// What a processor remembers of the zero page, when another one replaces it.

const aboutZeroPage: Omit<MachineScenarioOptions, "claim" | "expected" | "reason"> = {
  stack: linuxTmpfs, size: ONE_PAGE, exercises: ["folio", "pte-mmu"], bounds: ["1 page"],
  source: "Seed 001; wp_page_copy() with ptep_clear_flush() — mm/memory.c, v6.18",
};

/** The reader's processor remembers the zero page; the writer's replaces it by a page of its own. */
function writeZeroPageAgainstRead(s: MachineScenarioBuilder): void {
  const process = s.process(), reader = process.onCpu(1), at = process.mmap(null, ANONYMOUS);
  reader.load8(at);
  const stored = s.ghost("stored"), seen = s.ghost("seen");
  s.thread("write", () => {
    process.store8(at, 1);
    stored.set(1);
  });
  s.thread("read", () => {
    for (let round = 0; round < 2; round++) {
      const wasStored = stored.get(), value = reader.load8(at);
      s.check(value >= wasStored, `STALE READ: the reader saw ${value} after the store was complete`);
      seen.set(value);
    }
  });
  s.sometimes("the zero page is read after the entry is gone", () => seen.get() === 0 && process.pageLetter(at) === ".");
  s.sometimes("the store is read", () => seen.get() === 1);
}

const noFlush = { override: { "tlb.flushPage": () => {} } } satisfies Variation;
const noClear = { override: { "pte.getAndClear"(this: PageTables, slot: number) {
  return this.load(slot);
} } } satisfies Variation;

const zeroPage: readonly Scenario[] = [
  scenario("001-C7", {
    ...aboutZeroPage, expected: "SAFE",
    claim: "A load that begins after a store to a zero page is complete sees the store, also on a processor that remembers the zero page.",
    reason: "The entry is cleared, then flushed, then set: between the two nobody can come to remember the old one again.",
  }, (s) => {
    writeZeroPageAgainstRead(s);
    claimAccounts(s);
    s.mutant("no flush", noFlush);
    s.mutant("flush without clearing first", noClear);
  }),
  scenario("001-C8", {
    ...aboutZeroPage, ...noFlush, expected: "UNSAFE", repair: "001-C7",
    claim: "The zero page may be replaced without a flush: what is remembered of it allows no writes.",
    reason: "Who remembers it goes on reading zeros.",
  }, writeZeroPageAgainstRead),
  scenario("001-C8b", {
    ...aboutZeroPage, ...noClear, expected: "UNSAFE", repair: "001-C7",
    claim: "A flush before the new entry is set is enough: the old one need not be cleared first.",
    reason: "Between the flush and the new entry the reader walks, and remembers the zero page again.",
  }, writeZeroPageAgainstRead),
];

// What tells reclaim that a page was written.

const aboutDirty: Omit<MachineScenarioOptions, "claim" | "expected" | "reason"> = {
  stack: linuxTmpfs, size: { ...ONE_PAGE, memoryFrames: 3 }, exercises: ["folio", "pte-mmu"],
  bounds: ["1 page"],
  source: "Seed 001; try_to_unmap_one() — mm/rmap.c, v6.18, on what an architecture must guarantee. Reclaim is played by MADV_PAGEOUT of a page after MADV_FREE: it discards the page if its entry was clean when it was cleared, and flushes afterwards",
};

/** A clean page, which the writer's processor remembers, is discarded while it is written. What is lost is the first store after MADV_FREE. */
function reclaimAgainstWrite(s: MachineScenarioBuilder): void {
  const process = s.process(), writer = process.onCpu(1), at = process.mmap(null, ANONYMOUS), next = (at + 1) as VirtualAddress;
  process.store8(at, 1);
  process.madvise(at, PAGE, MADV_FREE);
  writer.load8(at);
  const stored = s.ghost("stored");
  s.thread("reclaim", () => void process.madvise(at, PAGE, MADV_PAGEOUT));
  s.thread("write", () => {
    writer.store8(next, 2);
    stored.set(1);
    s.check(writer.load8(next) === 2, "LOST STORE: it is not there any more");
  });
  s.atEnd("LOST STORE: it is not there at the end", () => byteOf(process, 1) === 2);
  s.sometimes("the page is discarded and written anew", () => stored.get() === 1 && byteOf(process, 0) === 0);
  s.sometimes("the page is kept, because it was written", () => stored.get() === 1 && byteOf(process, 0) === 1);
}

/** Stores as a processor would that does not look again whether the entry is there when it sets the dirty bit. */
class TrustingCpu {
  static {
    if (__EXPLORE__) leaves(TrustingCpu, "explore/trustingCpu", { store8: {} });
  }
  readonly #mmu: Mmu;
  constructor(mmu: Mmu) {
    this.#mmu = mmu;
  }
  /** 0, or `TLB_MISS`. */
  store8(cpu: number, mm: number, page: number, offset: number, value: number): number {
    const { tlbs, tables, calls } = this.#mmu, slot = tables.slotOf(mm, page);
    for (const entry of tlbs.entries()) {
      if (entry.cpu !== cpu || entry.mm !== mm || entry.page !== page) continue;
      if (slot !== NO_SLOT && pteIsPresent(tables.load(slot))) tables.setAccessedAndDirty(slot);
      calls.folios.store8(entry.pfn, offset, value);
      return 0;
    }
    return TLB_MISS;
  }
}

const trustingCpu = { override: { "mmu.store8"(this: Mmu, cpu: number, mm: number, page: number, offset: number, value: number) {
  return new TrustingCpu(this).store8(cpu, mm, page, offset, value) === 0 ? 0 : Mmu.prototype.store8.call(this, cpu, mm, page, offset, value);
} } } satisfies Variation;
/** Two steps, with `split`. */
const loadThenClear = { override: { "pte.getAndClear"(this: PageTables, slot: number) {
  const pte = this.load(slot);
  this.store(slot, PTE_NONE);
  return pte;
} } } satisfies Variation;

const dirtyBit: readonly Scenario[] = [
  scenario("001-T3", {
    ...aboutDirty, expected: "SAFE",
    claim: "An entry that was clean when it was cleared needs no flush before the page is judged by that: no store can have gone unseen.",
    reason: "A store through a translation that is remembered as clean walks again, finds no entry, and faults.",
  }, (s) => {
    reclaimAgainstWrite(s);
    claimAccounts(s);
    s.mutant("a processor that trusts what it remembers", trustingCpu);
  }),
  scenario("001-T4", {
    ...aboutDirty, ...trustingCpu, expected: "UNSAFE", repair: "001-T3",
    claim: "A processor may set the dirty bit without looking again whether the entry is there.",
    reason: "It stores to a page that reclaim has judged to be clean.",
  }, reclaimAgainstWrite),
  scenario("001-T5", {
    ...aboutDirty, ...loadThenClear, split: ["pte.getAndClear"], expected: "UNSAFE", repair: "001-T3",
    claim: "An entry may be read first, and cleared then.",
    reason: "The dirty bit that a store sets in between is cleared unseen.",
  }, reclaimAgainstWrite),
];

/** Seed 001: what may be remembered of a page that is taken away. */
export const staleTranslations: readonly Scenario[] = [...zeroPage, ...dirtyBit];
