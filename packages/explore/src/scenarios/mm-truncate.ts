import { type Folios, PG_locked, PG_swapbacked, PG_uptodate } from "@zeropfn/folio";
import { linuxTmpfs, type MachineParts, MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED } from "@zeropfn/mm";
import { Areas, type FileFault, Mmu } from "@zeropfn/pte-mmu";
import { VM_FAULT_LOCKED, VM_FAULT_SIGBUS } from "@zeropfn/units";
import { type MachineScenarioBuilder, type MachineScenarioOptions, scenario } from "../machine-scenario.ts";
import type { Scenario, Variation } from "../scenario.ts";
import { claimAccounts, ONE_PAGE, PAGE } from "./memory-machine.ts";

const SIGBUS = -7;

const about: Omit<MachineScenarioOptions, "size" | "claim" | "reason"> = {
  stack: linuxTmpfs, expected: "SAFE", exercises: ["folio", "page-cache", "pte-mmu"], bounds: ["1 page"],
  source: "unmap_mapping_range(), truncate_pagecache() — mm/memory.c, mm/truncate.c, v6.18",
};

interface Fault {
  readonly flags: number;
  /** The page is in the cache when it begins. */
  readonly isCached: boolean;
  readonly access: "load" | "store";
}

/** The only page of a file is cut off while another thread of the process faults on it. */
function truncateAgainstFault(s: MachineScenarioBuilder, { flags, isCached, access }: Fault): void {
  const file = s.file(1), process = s.process(), other = process.onCpu(1), at = process.mmap(file, { flags });
  if (isCached) file.pwrite(0, new Uint8Array([1]));
  if (s.variation.options?.["size"] === "checked once") checkSizeOnce(s.machine.parts);
  const truncated = s.ghost("truncated"), outcome = s.ghost("outcome");
  s.thread("truncate", () => {
    file.truncate(0);
    truncated.set(1);
  });
  s.thread("fault", () => {
    const wasTruncated = truncated.get() === 1, result = access === "load" ? other.load8(at) : other.store8(at, 2);
    outcome.set(result + 1);
    s.check(result >= 0 || result === SIGBUS, `the ${access} answered ${result}`);
    s.check(!wasTruncated || result === SIGBUS, `BEYOND THE END: a ${access} succeeded after the file had been truncated`);
  });
  s.invariant("BEYOND THE END: nothing is mapped of a file that has no page any more", () => truncated.get() === 0 || process.pageLetter(at) === ".");
  s.atEnd("LEAKED FRAME: there is none", () => s.machine.framesInUse === 0);
  claimAccounts(s);
  s.sometimes(`the ${access} succeeds, and the page goes afterwards`, () => outcome.get() > 0 && truncated.get() === 1);
  s.sometimes(`the ${access} meets the end of the file`, () => outcome.get() === SIGBUS + 1);
  s.sometimes("the page is mapped when the file has no size any more", () => process.pageLetter(at) !== "." && file.size === 0);
}

/**
 * One thread unmaps the only page of a file, another truncates the file, and another process needs a page table: there is
 * none, unless the one of the page that is unmapped is free.
 */
function truncateAgainstMunmap(s: MachineScenarioBuilder): void {
  const file = s.file(1), process = s.process(), other = s.process().onCpu(0), at = process.mmap(file);
  const othersAt = other.mmap(null, { length: PAGE, flags: MAP_PRIVATE | MAP_ANONYMOUS });
  process.onCpu(1).store8(at, 1);
  const { areas, tables } = s.machine.parts.mmu.calls;
  if (s.variation.options?.["tables"] === "freed first") {
    const unlink = (vma: number): void => {
      tables.freeTables(process.mm, 0, tables.pageCount, 0, tables.pageCount);
      Areas.prototype.unlink.call(areas, vma);
    };
    Object.defineProperty(areas, "unlink", { value: unlink });
  }
  const unmapped = s.ghost("unmapped"), truncated = s.ghost("truncated"), stored = s.ghost("stored");
  s.thread("munmap", () => {
    process.munmap(at, PAGE);
    unmapped.set(1);
  });
  s.thread("truncate", () => {
    file.truncate(0);
    truncated.set(1);
  });
  s.thread("other", () => {
    if (other.store8(othersAt, 2) !== 0) return;
    stored.set(1);
    s.check(other.load8(othersAt) === 2, "LOST STORE: another process's page went with the file's");
  });
  claimAccounts(s);
  s.atEnd("LEAKED FRAME: there is none but the other process's", () => s.machine.framesInUse === stored.get());
  s.sometimes("both have finished, and the table is used again", () => unmapped.get() + truncated.get() + stored.get() === 3);
  s.sometimes("truncate() is at work when the area is gone", () => unmapped.get() === 1 && truncated.get() === 0 && file.size === 0);
  s.sometimes("the page is unmapped by truncate()", () => truncated.get() === 1 && s.machine.parts.mmu.vmas.index.count(process.mm) === 1);
}

/** The fault of tmpfs, but the size is not looked at again when the page is in the file and locked. */
function checkSizeOnce({ cache, files, folios }: MachineParts): void {
  const fault = (fault: FileFault): number => {
    const { mapping, index } = fault;
    if (index * PAGE >= files.size(mapping)) return VM_FAULT_SIGBUS;
    fault.pfn = folios.allocate(0);
    for (const flag of [PG_locked, PG_swapbacked, PG_uptodate] as const) folios.setFlag(fault.pfn, flag);
    folios.zero(fault.pfn);
    cache!.add(mapping, index, fault.pfn);
    return VM_FAULT_LOCKED;
  };
  Object.defineProperty(files, "fault", { value: fault });
}

const noFolioLock = { override: {
  "folios.lock": () => {},
  "folios.tryLock": () => true,
  "folios.unlock"(this: Folios, pfn: number) {
    this.clearFlag(pfn, PG_locked);
  },
} } satisfies Variation;
const noSecondLook = { override: { "cache.isOf": () => true } } satisfies Variation;
const noSecondUnmap = { override: { "mmu.unmapMappingRange"(this: Mmu, mapping: number, first: number, count: number, isEvenCows: boolean) {
  // Only the second one finds no page in the cache.
  if (count < Infinity || this.calls.handler().isCached(mapping, first)) Mmu.prototype.unmapMappingRange.call(this, mapping, first, count, isEvenCows);
} } } satisfies Variation;
const noCows = { override: { "mmu.unmapMappingRange"(this: Mmu, mapping: number, first: number, count: number) {
  Mmu.prototype.unmapMappingRange.call(this, mapping, first, count, false);
} } } satisfies Variation;
const unmappedOnce = { override: { "mmu.unmapMappingRange"(this: Mmu, mapping: number, first: number, count: number, isEvenCows: boolean) {
  if (count === Infinity && this.calls.handler().isCached(mapping, first)) Mmu.prototype.unmapMappingRange.call(this, mapping, first, count, isEvenCows);
} } } satisfies Variation;

export const mmTruncate: readonly Scenario[] = [
  scenario("mm-truncate", {
    ...about, size: { ...ONE_PAGE, memoryFrames: 3, anonVmaCapacity: 0, linkCapacity: 0 },
    claim: "When truncate() has returned nobody maps a page beyond the end of the file, whoever faulted on it meanwhile.",
    reason: "A fault locks the page and looks again whether it is the file's; truncate() unmaps it under that lock before it goes.",
  }, (s) => {
    truncateAgainstFault(s, { flags: MAP_SHARED, isCached: true, access: "store" });
    s.mutant("the folio is not locked", noFolioLock);
    s.mutant("no second look at whose page it is", noSecondLook);
    s.mutant("unmapped only before the pages go", unmappedOnce);
  }),
  scenario("mm-truncate-hole", {
    ...about, size: { ...ONE_PAGE, memoryFrames: 3, anonVmaCapacity: 0, linkCapacity: 0 },
    claim: "A fault on a hole adds no page to a file that was truncated meanwhile.",
    reason: "The size is looked at again when the new page is in the file and locked: truncate() set it before it looked for pages.",
  }, (s) => {
    truncateAgainstFault(s, { flags: MAP_SHARED, isCached: false, access: "load" });
    s.mutant("the size is looked at once", { options: { size: "checked once" } });
    s.mutant("unmapped only before the pages go", unmappedOnce);
  }),
  scenario("mm-truncate-cow", {
    ...about, size: { ...ONE_PAGE, memoryFrames: 4 }, bounds: ["1 page", "even_cows"],
    claim: "When truncate() has returned there is no private copy of a page beyond the end of the file either, also if it was made meanwhile.",
    reason: "Everything is unmapped once more when the pages are gone: until then a fault may have copied one, and from then on none can.",
  }, (s) => {
    truncateAgainstFault(s, { flags: MAP_PRIVATE, isCached: true, access: "store" });
    s.mutant("no second unmap", noSecondUnmap);
    s.mutant("private copies stay", noCows);
    s.mutant("no second look at whose page it is", noSecondLook);
  }),
  scenario("mm-truncate-munmap", {
    ...about, bounds: ["1 page", "2 levels of tables", "2 processes"],
    size: { ...ONE_PAGE, memoryFrames: 3, levels: 2, processCapacity: 2, vmaCapacity: 2, tableCapacity: 3 },
    claim: "truncate() never looks into a page table that munmap() has freed.",
    reason: "An area leaves the order of the file's areas before its tables are freed, and has to wait for who walks that order.",
  }, (s) => {
    truncateAgainstMunmap(s);
    s.mutant("tables are freed first", { options: { tables: "freed first" } });
  }),
];
