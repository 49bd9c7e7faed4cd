import { PG_dirty } from "@zeropfn/folio";
import { linuxTmpfs, MADV_COLD, MADV_DONTNEED, MADV_FREE, MADV_PAGEOUT, MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, pageInfo, type Process } from "@zeropfn/mm";
import { FOLL_PIN, FOLL_WRITE, NO_SLOT, PageTables, pmdInvalid, PTE_NONE, pteIsDirty, TTU_BATCH_FLUSH } from "@zeropfn/pte-mmu";
import type { VirtualAddress } from "@zeropfn/units";
import { type MachineScenarioBuilder, type MachineScenarioOptions, scenario, type ScenarioSize } from "../machine-scenario.ts";
import type { Scenario, Variation } from "../scenario.ts";
import { claimAccounts, ONE_PAGE, PAGE } from "./memory-machine.ts";

/** A block of two pages, which may be one huge page, and two frames beside the zero page for small ones. */
const ONE_BLOCK: ScenarioSize = { ...ONE_PAGE, memoryFrames: 5, levels: 2, tableCapacity: 2, tlbShift: 1 };
const FIRST = 0 as VirtualAddress, SECOND = PAGE as VirtualAddress;

const about: Omit<MachineScenarioOptions, "claim" | "source" | "reason"> = {
  stack: linuxTmpfs, expected: "SAFE", size: ONE_BLOCK, exercises: ["folio", "pte-mmu"], bounds: ["1 huge page of 2 pages", "2 levels of tables"],
};

/** A process with an area of one block. */
function processWithBlock(s: MachineScenarioBuilder): Process {
  const process = s.process();
  s.machine.setThp("always");
  process.mmap(null, { address: FIRST, length: 2 * PAGE, flags: MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED });
  return process;
}

/** A byte of a page, as its entry says now; -1 if it is not there. */
function byteAt(process: Process, at: VirtualAddress, offset: number = 0): number {
  const { isPresent, pfn } = pageInfo(process, at);
  return isPresent ? process.machine.parts.folios.load8(pfn, offset) : -1;
}
/** True if the entry of a page, or its folio, says that it was written. */
function isDirty(process: Process, at: VirtualAddress): boolean {
  const { tables, calls: { folios } } = process.machine.parts.mmu, page = at / PAGE, slot = tables.slotOf(process.mm, page), pmdSlot = tables.pmdSlotOf(process.mm, page);
  const { isPresent, pfn } = pageInfo(process, at), entry = slot !== NO_SLOT ? tables.load(slot) : pmdSlot !== NO_SLOT ? tables.load(pmdSlot) : PTE_NONE;
  return isPresent && (pteIsDirty(entry) || folios.testFlag(pfn, PG_dirty));
}
const isHuge = (process: Process): boolean => pageInfo(process, SECOND).isPmdMapped;

/** One page of a huge page is taken away, so that its leaf is split, while another thread stores to the other, and then to this one. */
function splitAgainstStore(s: MachineScenarioBuilder): void {
  const process = processWithBlock(s), sibling = process.onCpu(1), { tables } = s.machine.parts.mmu;
  process.store8(FIRST, 1);
  process.madvise(FIRST, 2 * PAGE, MADV_FREE);
  sibling.load8(SECOND);
  breakSplit(tables, s.variation.options?.["split"]);
  const zapped = s.ghost("zapped"), stored = s.ghost("stored"), isKept = s.ghost("stored after it was zapped");
  s.thread("dontneed", () => {
    process.madvise(FIRST, PAGE, MADV_DONTNEED);
    zapped.set(1);
  });
  s.thread("store", () => {
    s.check(sibling.store8(SECOND, 2) === 0 && sibling.load8(SECOND) === 2, "LOST STORE: who stored does not see it");
    stored.set(1);
    const wasZapped = zapped.get();
    s.check(sibling.store8(FIRST, 3) === 0, "the store was refused");
    isKept.set(wasZapped);
  });
  claimAccounts(s);
  s.atEnd("LOST STORE: to the page that stays", () => byteAt(process, SECOND) === 2);
  s.atEnd("LOST DIRTY BIT: reclaim would discard the page, though it was stored to", () => isDirty(process, SECOND));
  s.atEnd("LOST STORE: to the page that was taken away before", () => isKept.get() === 0 || byteAt(process, FIRST) === 3);
  s.sometimes("the store makes the leaf dirty, and it is split afterwards", () => stored.get() === 1 && isHuge(process));
  s.sometimes("the page that was taken away is stored to again", () => isKept.get() === 1);
}
/** Other ways to split a leaf. */
function breakSplit(tables: PageTables, how: unknown): void {
  const load = (slot: number): number => tables.load(slot);
  const loadThenInvalidate = (slot: number): number => {
    const pmd = tables.load(slot);
    tables.store(slot, pmdInvalid(pmd));
    return pmd;
  };
  const withdrawAndLink = (slot: number): number => {
    const table = PageTables.prototype.withdrawTable.call(tables, slot);
    tables.populatePmd(slot, table);
    return table;
  };
  if (how === "not invalidated") Object.defineProperty(tables, "invalidate", { value: load });
  if (how === "in two steps") Object.defineProperty(tables, "invalidate", { value: loadThenInvalidate });
  if (how === "linked first") Object.defineProperty(tables, "withdrawTable", { value: withdrawAndLink });
}

/** Of a huge page one page is not needed soon, so that it is made two folios; the other holds zeros, until another thread stores to it. */
function splitFolioAgainstStore(s: MachineScenarioBuilder): void {
  const process = processWithBlock(s), sibling = process.onCpu(1), { folios } = s.machine.parts;
  process.store8(FIRST, 1);
  sibling.store8(SECOND, 0);
  const stored = s.ghost("stored"), isOver = s.ghost("split");
  s.thread("cold", () => {
    process.madvise(FIRST, PAGE, MADV_COLD);
    isOver.set(1);
  });
  s.thread("store", () => {
    s.check(sibling.store8(SECOND, 2) === 0, "the store was refused");
    stored.set(1);
    const value = sibling.load8(SECOND);
    s.check(value === 2, `LOST STORE: who stored reads ${value}`);
  });
  claimAccounts(s);
  s.atEnd("LOST STORE: the page holds it", () => byteAt(process, SECOND) === 2);
  s.atEnd("LOST BYTE: the other page holds what it held", () => byteAt(process, FIRST) === 1);
  s.sometimes("the zero page stands for the other page", () => isOver.get() === 1 && stored.get() === 0 && pageInfo(process, SECOND).letter === "Z");
  s.sometimes("the other page stays, because it was stored to", () => isOver.get() === 1 && stored.get() === 1 && folios.order(2) === 0 && pageInfo(process, SECOND).pfn === 3);
}

/** The same, and a device gets the other page, to write to it. */
function splitFolioAgainstPin(s: MachineScenarioBuilder): void {
  const process = processWithBlock(s), { folios, mmu: { calls: { gup } } } = s.machine.parts, flags = FOLL_PIN | FOLL_WRITE;
  process.store8(FIRST, 1);
  const held = s.ghost("pinned", -1), isOver = s.ghost("split");
  s.thread("cold", () => {
    process.madvise(FIRST, PAGE, MADV_COLD);
    isOver.set(1);
  });
  s.thread("device", () => {
    const frame = new Uint32Array(1), found = gup.fast(process.mm, SECOND / PAGE, 1, flags, frame);
    s.check(found === 1, `GUP answered ${found}`);
    held.set(frame[0]!);
    folios.store8(frame[0]!, 0, 2);
    held.set(-1);
    gup.releaseDirty(frame[0]!, flags);
  });
  claimAccounts(s);
  s.atEnd("LOST WRITE: the page holds what the device wrote", () => byteAt(process, SECOND) === 2);
  s.atEnd("LOST BYTE: the other page holds what it held", () => byteAt(process, FIRST) === 1);
  s.sometimes("the page is not split, because it is pinned", () => isOver.get() === 1 && held.get() === 3 && folios.order(2) === 1);
  s.sometimes("the zero page stands there before the device asks", () => isOver.get() === 1 && held.get() >= 0 && held.get() !== 3);
}

/** A huge page is not needed any more, and reclaim discards it, while another thread stores to it. */
function discardAgainstStore(s: MachineScenarioBuilder): void {
  const process = processWithBlock(s), sibling = process.onCpu(1), { tables } = s.machine.parts.mmu;
  process.store8(FIRST, 1);
  process.madvise(FIRST, 2 * PAGE, MADV_FREE);
  sibling.load8(SECOND);
  breakSplit(tables, s.variation.options?.["split"]);
  const stored = s.ghost("stored");
  s.thread("pageout", () => void process.madvise(FIRST, 2 * PAGE, MADV_PAGEOUT));
  s.thread("store", () => {
    s.check(sibling.store8(SECOND, 2) === 0, "the store was refused");
    stored.set(1);
    s.check(sibling.load8(SECOND) === 2, "LOST STORE: who stored does not see it");
  });
  claimAccounts(s);
  s.atEnd("LOST STORE: the page holds it", () => byteAt(process, SECOND) === 2);
  s.sometimes("the page is discarded, and stored to anew", () => stored.get() === 1 && byteAt(process, FIRST) === 0);
  s.sometimes("the page is kept, because it was stored to", () => stored.get() === 1 && byteAt(process, FIRST) === 1);
}

const clearFirst = (tables: PageTables): void => void Object.defineProperty(tables, "invalidate", { value: (slot: number) => tables.getAndClear(slot) });

/** The same, and another thread takes the huge page away: with `munmap()` for good, with `MADV_DONTNEED` until somebody asks for it again. */
function discardAgainstZap(s: MachineScenarioBuilder, how: "munmap" | "dontneed"): void {
  const process = processWithBlock(s), sibling = process.onCpu(1);
  process.store8(FIRST, 1);
  process.madvise(FIRST, 2 * PAGE, MADV_FREE);
  sibling.store8(SECOND, 2);
  if (s.variation.options?.["leaf"] === "cleared") clearFirst(s.machine.parts.mmu.tables);
  const isGone = s.ghost("gone"), isOver = s.ghost("reclaim is over");
  const { pfn } = pageInfo(process, FIRST), { folios, mmu: { rmap, tlbs } } = s.machine.parts;
  s.thread("reclaim", () => {
    if (!folios.tryGet(pfn)) return;
    folios.lock(pfn);
    rmap.tryToUnmap(pfn, TTU_BATCH_FLUSH);
    folios.unlock(pfn);
    tlbs.flushDeferred();
    folios.put(pfn);
    isOver.set(1);
  });
  s.thread(how, () => {
    if (how === "munmap") process.munmap(FIRST, 2 * PAGE);
    else process.madvise(FIRST, 2 * PAGE, MADV_DONTNEED);
    isGone.set(1);
  });
  s.invariant("STILL THERE: nothing is mapped where it was taken away", () => isGone.get() === 0 || (byteAt(process, FIRST) === -1 && byteAt(process, SECOND) === -1));
  claimAccounts(s);
  s.atEnd("LEAKED FRAME: there is none", () => s.machine.framesInUse === 0);
  s.sometimes("the page was taken away while reclaim was at it", () => isGone.get() === 1 && isOver.get() === 0);
  s.sometimes("reclaim gave up: the page was stored to", () => isOver.get() === 1 && isGone.get() === 0 && byteAt(process, SECOND) === 2);
}

/** Two threads fault in one block of which nothing is there: there are frames for one huge page, and small ones. */
function storesInOneBlock(s: MachineScenarioBuilder): void {
  const process = processWithBlock(s), sibling = process.onCpu(1), stores = s.ghost("stores");
  const thread = (name: string, mine: Process, at: VirtualAddress): void => s.thread(name, () => {
    const result = mine.store8(at, 1);
    stores.add(1);
    s.check(result === 0 && mine.load8(at) === 1, `LOST STORE: it answered ${result}, and who stored does not see it`);
  });
  thread("A", process, FIRST);
  thread("B", sibling, SECOND);
  claimAccounts(s);
  s.atEnd("LOST STORE: the pages hold both", () => byteAt(process, FIRST) === 1 && byteAt(process, SECOND) === 1);
  s.sometimes("one huge page holds both", () => stores.get() === 2 && isHuge(process));
}

const noTableLock = { override: { "pte.lock": () => {} } } satisfies Variation;

export const mmThp: readonly Scenario[] = [
  scenario("mm-thp-split", {
    ...about,
    claim: "When a leaf is split, no store to its pages is lost, nor that it was made.",
    source: "__split_huge_pmd_locked() — mm/huge_memory.c, v6.18; d52605d7cb30 \"mm: do not lose dirty and accessed bits in pmdp_invalidate()\" (v4.16)",
    reason: "The leaf is made unusable and read in one step; whoever needs it then waits for the lock, and finds a table that is filled already.",
  }, (s) => {
    splitAgainstStore(s);
    s.mutant("the leaf is read, and then made unusable, as before 4.16", { options: { split: "in two steps" } });
    s.mutant("the leaf stays usable until the table is there", { options: { split: "not invalidated" } });
    s.mutant("the table is there before it is filled", { options: { split: "linked first" } });
    s.mutant("no page table lock", noTableLock);
  }),
  scenario("mm-thp-split-folio", {
    ...about,
    claim: "When a huge page is made small ones, and those that hold zeros are given up, no store is lost.",
    source: "b1f202060afe \"mm: remap unused subpages to shared zeropage when splitting isolated thp\" (v6.13)",
    reason: "No entry maps the page, and no processor remembers one, when it is looked at; who faults waits for the folio.",
  }, (s) => {
    splitFolioAgainstStore(s);
    s.mutant("what is owed is not flushed", { override: { "tlb.flushDeferred": () => {} } });
    s.mutant("no page table lock", noTableLock);
  }),
  scenario("mm-thp-pin", {
    ...about, size: { ...ONE_BLOCK, tableCapacity: 3 },
    claim: "What a device writes to a page of a huge page that it has pinned is not lost when that is made small ones.",
    source: "__folio_split() — mm/huge_memory.c, v6.18: folio_ref_freeze()",
    reason: "A huge page that anybody holds beside its mappings is not split; and nobody gets a page while it is.",
  }, (s) => {
    splitFolioAgainstPin(s);
    s.mutant("no second look at the entry", { override: { "gup.isUnchanged": () => true } });
  }),
  scenario("mm-thp-discard", {
    ...about, size: { ...ONE_BLOCK, tableCapacity: 3 },
    claim: "A store to a huge page after MADV_FREE is kept, whatever reclaim does.",
    source: "__discard_anon_folio_pmd_locked() — mm/huge_memory.c, v6.18",
    reason: "The leaf is cleared and read in one step, and clean: a store walks again, finds nothing, and faults.",
  }, (s) => {
    discardAgainstStore(s);
    s.mutant("the leaf is read, and then made unusable", { options: { split: "in two steps" } });
  }),
  scenario("mm-thp-discard-dontneed", {
    ...about,
    note: "The series that brought __discard_anon_folio_pmd_locked() (June 2024) empties the entry with pmdp_huge_clear_flush(), and puts it back if the folio cannot go: the first mutant's way, and the shape of the races that were fixed in v4.12. We know of no report of it, and have not seen it on a real kernel.",
    claim: "When MADV_DONTNEED has returned nothing of a huge page is mapped any more, also if reclaim was about to discard it and gave up.",
    source: "58ceeb6bec86 \"thp: fix MADV_DONTNEED vs. MADV_FREE race\" (v4.12); __discard_anon_folio_pmd_locked() — mm/huge_memory.c, v6.18",
    reason: "MADV_DONTNEED looks at the leaf without a lock. It finds one, or the table that it was split into: never nothing, as long as it may come back.",
  }, (s) => {
    discardAgainstZap(s, "dontneed");
    s.mutant("the entry is empty until reclaim has decided", { options: { leaf: "cleared" } });
  }),
  scenario("mm-thp-discard-munmap", {
    ...about,
    claim: "munmap() leaves nothing of a huge page behind, also if reclaim was about to discard it and gave up.",
    source: "zap_pmd_range(), __discard_anon_folio_pmd_locked() — mm/memory.c, mm/huge_memory.c, v6.18",
    reason: "As with MADV_DONTNEED; here page tables would be freed under a page that is mapped.",
  }, (s) => {
    discardAgainstZap(s, "munmap");
    s.mutant("the entry is empty until reclaim has decided", { options: { leaf: "cleared" } });
  }),
  scenario("mm-thp-fault", {
    ...about, size: { ...ONE_BLOCK, tableCapacity: 3, anonVmaCapacity: 2, linkCapacity: 2 },
    claim: "Two first stores in one block are both there afterwards, whichever of them gets a huge page.",
    source: "do_huge_pmd_anonymous_page() — mm/huge_memory.c, v6.18",
    reason: "The second finds a leaf, under the lock of its table, and gives back what it allocated; or finds no memory for another, and a leaf when it asks for a table.",
  }, (s) => {
    storesInOneBlock(s);
    s.mutant("no page table lock", noTableLock);
  }),
];
