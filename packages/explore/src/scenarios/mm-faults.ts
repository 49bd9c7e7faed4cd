import { linuxTmpfs, MAP_ANONYMOUS, MAP_PRIVATE, pageInfo } from "@zeropfn/mm";
import type { VirtualAddress } from "@zeropfn/units";
import { OK, type XArrays } from "@zeropfn/xarray";
import { type MachineScenarioBuilder, type MachineScenarioOptions, scenario, type ScenarioSize } from "../machine-scenario.ts";
import type { Scenario, Variation } from "../scenario.ts";
import { byteOf, claimAccounts, ONE_PAGE, PAGE } from "./memory-machine.ts";

const ANONYMOUS = { length: PAGE, flags: MAP_PRIVATE | MAP_ANONYMOUS };

const about: Omit<MachineScenarioOptions, "size" | "claim" | "source" | "reason"> = {
  stack: linuxTmpfs, expected: "SAFE", exercises: ["folio", "pte-mmu"], bounds: ["1 page"],
};

/** Both threads of a process fault on a page that nothing maps yet: the reader's fault maps the zero page. */
function readAgainstWrite(s: MachineScenarioBuilder): void {
  const process = s.process(), reader = process.onCpu(1), at = process.mmap(null, ANONYMOUS);
  const stored = s.ghost("stored"), before = s.ghost("read before the store");
  s.thread("write", () => {
    process.store8(at, 1);
    stored.set(1);
  });
  s.thread("read", () => {
    const wasStored = stored.get(), value = reader.load8(at);
    s.check(value >= wasStored, `LOST STORE: the reader saw ${value} after the store was complete`);
    if (value === 0) before.set(1);
  });
  claimAccounts(s);
  s.atEnd("LOST STORE: the page holds it", () => byteOf(process, 0) === 1);
  s.sometimes("the zero page is mapped", () => process.pageLetter(at) === "Z");
  s.sometimes("the reader sees zeros, and the store comes later", () => before.get() === 1 && stored.get() === 1);
}

/** Both threads of a process store to a page: one that nothing maps yet, or one that the zero page is mapped at. */
function writeAgainstWrite(s: MachineScenarioBuilder, isZeroMapped: boolean): void {
  const process = s.process(), other = process.onCpu(1), at = process.mmap(null, ANONYMOUS), next = (at + 1) as VirtualAddress, { folios } = s.machine.parts;
  if (isZeroMapped) {
    process.load8(at);
    other.load8(at);
  }
  const stores = s.ghost("stores");
  const thread = (name: string, { cpu }: { readonly cpu: number }, address: VirtualAddress): void => s.thread(name, () => {
    const mine = process.onCpu(cpu);
    const result = mine.store8(address, 1);
    stores.add(1);
    s.check(result === 0 && mine.load8(address) === 1, "LOST STORE: who stored does not see it");
  });
  thread("A", process, at);
  thread("B", other, next);
  claimAccounts(s);
  s.atEnd("LOST STORE: the page holds both", () => [0, 1].every((offset) => byteOf(process, offset) === 1));
  s.atEnd("LEAKED FRAME: there is one", () => folios.usedFrames === 1);
  s.sometimes("both have a frame for the page", () => folios.usedFrames === 2);
  s.sometimes("one has stored, and the other has a frame still", () => folios.usedFrames === 2 && stores.get() === 1);
}

/** Two processes fault on a page of a file that is a hole. */
function sharedHole(s: MachineScenarioBuilder): void {
  const file = s.file(1), a = s.process(), b = s.process(), at = a.mmap(file), bt = b.mmap(file), { folios } = s.machine.parts;
  const stored = s.ghost("stored"), before = s.ghost("read before the store");
  s.thread("write", () => {
    a.store8(at, 1);
    stored.set(1);
  });
  s.thread("read", () => {
    const wasStored = stored.get(), value = b.load8(bt);
    s.check(value >= wasStored, `LOST STORE: the reader saw ${value} after the store was complete`);
    if (value === 0) before.set(1);
  });
  claimAccounts(s);
  s.atEnd("LEAKED FRAME: both map the only one", () => folios.usedFrames === 1 && pageInfo(a, at).pfn === pageInfo(b, bt).pfn);
  s.atEnd("LOST STORE: the page holds it", () => byteOf(a, 0) === 1);
  s.sometimes("both have a frame for the page", () => folios.usedFrames === 2);
  s.sometimes("the reader sees zeros, and the store comes later", () => before.get() === 1 && stored.get() === 1);
}

/** Both threads may have a frame, and all else that a page needs, at one time. */
const TWO_FRAMES: ScenarioSize = { ...ONE_PAGE, memoryFrames: 3, anonVmaCapacity: 2, linkCapacity: 2 };
const noTableLock = { override: { "pte.lock": () => {} } } satisfies Variation;
/** A new page of a file takes the place of one that was added meanwhile. */
const noBusy = { override: { "xa.insert"(this: XArrays, array: number, index: number, pfn: number) {
  this.store(array, index, pfn);
  return OK;
} } } satisfies Variation;
/** The loser of a race keeps the frame that it has no use for. */
const noPut = { override: { "folios.put": () => false } } satisfies Variation;

export const mmFaults: readonly Scenario[] = [
  scenario("mm-read-write", {
    ...about, size: ONE_PAGE,
    claim: "A read fault that maps the zero page never takes the place of a page that another thread of the process has stored to.",
    source: "do_anonymous_page() — mm/memory.c, v6.18",
    reason: "Both look at the entry again under the lock of its table.",
  }, (s) => {
    readAgainstWrite(s);
    s.mutant("no page table lock", noTableLock);
    s.mutant("no flush", { override: { "tlb.flushPage": () => {} } });
  }),
  scenario("mm-write-write", {
    ...about, size: TWO_FRAMES,
    claim: "Two first stores to a page, on two processors, are both there afterwards, and in one frame.",
    source: "do_anonymous_page() — mm/memory.c, v6.18",
    reason: "The second finds the entry taken, under the lock of its table, and puts its frame.",
  }, (s) => {
    writeAgainstWrite(s, false);
    s.mutant("no page table lock", noTableLock);
    s.mutant("the second frame is not put", noPut);
  }),
  scenario("mm-write-write-zero", {
    ...about, size: TWO_FRAMES,
    claim: "Two stores to a page that the zero page is mapped at are both there afterwards, and in one frame.",
    source: "wp_page_copy() — mm/memory.c, v6.18",
    reason: "The second finds another entry than it copied from, under the lock of its table, and puts its frame.",
  }, (s) => {
    writeAgainstWrite(s, true);
    s.mutant("no page table lock", noTableLock);
    s.mutant("the second frame is not put", noPut);
  }),
  scenario("mm-shared-hole", {
    ...about, exercises: ["folio", "page-cache", "pte-mmu"], bounds: ["1 page", "2 processes"],
    size: { ...ONE_PAGE, memoryFrames: 3, processCapacity: 2, vmaCapacity: 2, tableCapacity: 2, anonVmaCapacity: 0, linkCapacity: 0 },
    claim: "Two processes that fault on the same hole of a file get the same page, and no store to it is lost.",
    source: "shmem_get_folio_gfp() — mm/shmem.c, v6.18",
    reason: "The tree of the file takes one page alone, and it is locked until it is zeroed.",
  }, (s) => {
    sharedHole(s);
    s.mutant("the second page takes the place of the first", noBusy);
    s.mutant("the second frame is not put", noPut);
  }),
];
