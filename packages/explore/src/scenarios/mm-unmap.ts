import { linuxTmpfs, type MachineFile, MADV_DONTNEED, MADV_FREE, MADV_PAGEOUT, MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ } from "@zeropfn/mm";
import { type MmuGather, MREMAP_FIXED, MREMAP_MAYMOVE, Tlbs, TTU_BATCH_FLUSH } from "@zeropfn/pte-mmu";
import type { VirtualAddress } from "@zeropfn/units";
import { type MachineScenarioBuilder, type MachineScenarioOptions, scenario } from "../machine-scenario.ts";
import type { Scenario, Variation } from "../scenario.ts";
import { byteOf, claimAccounts, ONE_PAGE, PAGE } from "./memory-machine.ts";

const ANONYMOUS = { length: PAGE, flags: MAP_PRIVATE | MAP_ANONYMOUS };
const SIGSEGV = -11;

const about: Omit<MachineScenarioOptions, "size" | "claim" | "source" | "reason"> = {
  stack: linuxTmpfs, expected: "SAFE", exercises: ["pte-mmu"], bounds: ["1 page"],
};

const noFlush: Variation = { override: { "tlb.flushRange": () => {} } };
/** As reclaim does it, who flushes before he frees; munmap does not. */
const deferredFlush: Variation = { override: { "tlb.flushRange"(this: Tlbs, mm: number) {
  this.deferFlush(mm);
} } };

/** A page that one thread unmaps while another, whose processor remembers it, reads it, and a third process needs a frame: there is one. */
function munmapAgainstRead(s: MachineScenarioBuilder): void {
  const process = s.process(), reader = process.onCpu(1), other = s.process().onCpu(0);
  const at = process.mmap(null, ANONYMOUS), othersAt = other.mmap(null, ANONYMOUS);
  reader.store8(at, 1);
  const unmapped = s.ghost("unmapped"), reused = s.ghost("reused"), wasStale = s.ghost("read after reuse");
  s.thread("munmap", () => {
    process.munmap(at, PAGE);
    unmapped.set(1);
  });
  s.thread("read", () => {
    const wasUnmapped = unmapped.get() === 1, value = reader.load8(at);
    s.check(value === 1 || value === SIGSEGV, `FOREIGN BYTE: the reader saw ${value}, which another process stored`);
    s.check(!wasUnmapped || value === SIGSEGV, "UNMAPPED AND READ: a load succeeded after munmap() had returned");
    wasStale.set(value === 1 ? 1 : 0);
  });
  s.thread("other", () => {
    if (other.store8(othersAt, 2) === 0) reused.set(1);
  });
  claimAccounts(s);
  s.sometimes("the page is read while it is unmapped", () => wasStale.get() === 1 && s.machine.parts.mmu.vmas.index.count(process.mm) === 0);
  s.sometimes("the frame is used again", () => reused.get() === 1);
}

/** A page that becomes read-only while another thread, whose processor remembers that it may be written, writes it. */
function protectAgainstWrite(s: MachineScenarioBuilder): void {
  const process = s.process(), writer = process.onCpu(1), at = process.mmap(null, ANONYMOUS);
  writer.store8(at, 1);
  const isProtected = s.ghost("protected"), outcome = s.ghost("store", 1);
  s.thread("protect", () => {
    process.mprotect(at, PAGE, PROT_READ);
    isProtected.set(1);
    const value = process.load8(at);
    s.check(process.load8(at) === value, "WRITTEN THOUGH PROTECTED: the page changed after mprotect() had returned");
  });
  s.thread("write", () => {
    const wasProtected = isProtected.get() === 1, result = writer.store8(at, 2);
    outcome.set(result);
    s.check(result === 0 || result === SIGSEGV, `the store answered ${result}`);
    s.check(!wasProtected || result === SIGSEGV, "WRITTEN THOUGH PROTECTED: a store succeeded after mprotect() had returned");
  });
  claimAccounts(s);
  s.atEnd("LOST STORE: a store that succeeded is there", () => byteOf(process, 0) === (outcome.get() === 0 ? 2 : 1));
  s.sometimes("the store succeeds", () => outcome.get() === 0);
  s.sometimes("the store is refused", () => outcome.get() === SIGSEGV);
}

/**
 * Reclaim, in no process's name, unmaps the page of a file and leaves the flush for later, as kswapd does. Meanwhile the page
 * becomes read-only: mprotect() finds no entry.
 */
function protectAgainstReclaim(s: MachineScenarioBuilder): void {
  const file = s.file(1), process = s.process(), writer = process.onCpu(1), at = process.mmap(file), { folios, mmu, cache } = s.machine.parts;
  writer.store8(at, 1);
  const isProtected = s.ghost("protected"), wasProtected = s.ghost("stored when protected");
  s.thread("reclaim", () => {
    const pfn = cache!.findLocked(file.id, 0);
    mmu.rmap.tryToUnmap(pfn, TTU_BATCH_FLUSH);
    folios.unlock(pfn);
    mmu.tlbs.flushDeferred();
    folios.put(pfn);
  });
  s.thread("protect", () => {
    process.mprotect(at, PAGE, PROT_READ);
    isProtected.set(1);
  });
  s.thread("write", () => {
    const was = isProtected.get(), result = writer.store8(at, 2);
    wasProtected.set(was);
    s.check(was === 0 || result === SIGSEGV, "WRITTEN THOUGH PROTECTED: a store succeeded after mprotect() had returned");
  });
  claimAccounts(s);
  s.sometimes("mprotect() has returned, and reclaim has not flushed yet", () => isProtected.get() === 1 && process.pageLetter(at) === "." && folios.refcount(frameOf(s, file)) === 2);
  s.sometimes("the store is refused", () => wasProtected.get() === 1);
}
const frameOf = (s: MachineScenarioBuilder, file: MachineFile): number => s.machine.parts.cache!.load(file.id, 0);

/** The same with two calls of the process itself, which share mmap_lock: MADV_PAGEOUT discards a page after MADV_FREE, and MADV_DONTNEED finds no entry. */
function dontneedAgainstPageout(s: MachineScenarioBuilder): void {
  const process = s.process(), reader = process.onCpu(1), at = process.mmap(null, ANONYMOUS);
  process.store8(at, 1);
  process.madvise(at, PAGE, MADV_FREE);
  reader.load8(at);
  const isGone = s.ghost("gone"), seen = s.ghost("seen", -1);
  s.thread("pageout", () => void process.madvise(at, PAGE, MADV_PAGEOUT));
  s.thread("dontneed", () => {
    process.madvise(at, PAGE, MADV_DONTNEED);
    isGone.set(1);
  });
  s.thread("read", () => {
    const wasGone = isGone.get(), value = reader.load8(at);
    seen.set(value);
    s.check(wasGone === 0 || value === 0, `STALE READ: the reader saw ${value} after MADV_DONTNEED had returned`);
  });
  claimAccounts(s);
  s.sometimes("the old byte is read", () => seen.get() === 1);
  s.sometimes("MADV_DONTNEED has returned, and the page is not free yet", () => isGone.get() === 1 && seen.get() === -1 && s.machine.framesInUse === 1);
}

/** A page is not needed any more, and may be discarded; a processor remembers that it may be written and is dirty. */
function freeAgainstWrite(s: MachineScenarioBuilder): void {
  const process = s.process(), writer = process.onCpu(1), at = process.mmap(null, ANONYMOUS);
  writer.store8(at, 1);
  const isFreed = s.ghost("freed"), isKept = s.ghost("stored after it was freed");
  s.thread("free", () => {
    process.madvise(at, PAGE, MADV_FREE);
    isFreed.set(1);
  });
  s.thread("pageout", () => void process.madvise(at, PAGE, MADV_PAGEOUT));
  s.thread("write", () => {
    const wasFreed = isFreed.get();
    writer.store8(at, 2);
    isKept.set(wasFreed);
    s.check(wasFreed === 0 || writer.load8(at) === 2, "LOST STORE: it came after MADV_FREE had returned");
  });
  claimAccounts(s);
  s.atEnd("LOST STORE: it came after MADV_FREE had returned", () => isKept.get() === 0 || byteOf(process, 0) === 2);
  s.sometimes("the page is stored to after it was freed", () => isKept.get() === 1);
  s.sometimes("the page is discarded", () => isFreed.get() === 1 && isKept.get() === 0 && s.machine.framesInUse === 0);
}

/** A page of a file moves to another address, while the file is truncated; a processor remembers it where it was. */
function moveAgainstTruncate(s: MachineScenarioBuilder): void {
  const file = s.file(1), process = s.process(), reader = process.onCpu(1), at = process.mmap(file), to = PAGE;
  reader.store8(at, 1);
  const moved = s.ghost("moved"), truncated = s.ghost("truncated"), { tlbs } = s.machine.parts.mmu, isLate = s.variation.options?.["flush"] === "late";
  // Scratch: each thread says at its beginning whose flushes these are.
  let isMoving = false;
  const flushRange = (mm: number, first: number, end: number): void => {
    if (!isMoving) Tlbs.prototype.flushRange.call(tlbs, mm, first, end);
  };
  if (isLate) Object.defineProperty(tlbs, "flushRange", { value: flushRange });
  s.thread("mremap", () => {
    isMoving = true;
    process.mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    if (isLate) tlbs.flushPage(process.mm, at / PAGE);
    moved.set(1);
  });
  s.thread("truncate", () => {
    isMoving = false;
    file.truncate(0);
    truncated.set(1);
  });
  claimAccounts(s);
  s.atEnd("LEAKED FRAME: there is none", () => s.machine.framesInUse === 0);
  s.sometimes("the page is where it was moved to", () => moved.get() === 1 && process.pageLetter(to as VirtualAddress) === "D");
  s.sometimes("truncate() is at work while the page moves", () => moved.get() === 0 && truncated.get() === 0 && process.pageLetter(to as VirtualAddress) === "D" && file.size === 0);
}
const noPendingFlush = { override: { "tlb.flushBatchedPending": () => {} } } satisfies Variation;

export const mmUnmap: readonly Scenario[] = [
  scenario("mm-munmap", {
    ...about, size: { ...ONE_PAGE, processCapacity: 2, vmaCapacity: 2, anonVmaCapacity: 2, linkCapacity: 2, tableCapacity: 2 },
    claim: "A frame that munmap() gives back is used again only when no processor can read it through a translation that it remembers.",
    source: "tlb_flush_mmu() — mm/mmu_gather.c, v6.18",
    reason: "Frames are gathered, and put when the translations have been flushed.",
  }, (s) => {
    munmapAgainstRead(s);
    s.mutant("frames are put before the flush", { override: { "gather.flush"(this: MmuGather) {
      this.putFrames();
      this.flushTlbs();
    } } });
    s.mutant("no flush", noFlush);
    s.mutant("the flush is left to somebody later", deferredFlush);
  }),
  scenario("mm-mprotect", {
    ...about, size: ONE_PAGE,
    claim: "When mprotect() has made a page read-only, no store to it lands any more.",
    source: "change_protection() — mm/mprotect.c, v6.18",
    reason: "The entry loses its right in one step, and the translations are flushed before the call returns.",
  }, (s) => {
    protectAgainstWrite(s);
    s.mutant("no flush", noFlush);
    s.mutant("the flush is left to somebody later", deferredFlush);
  }),
  scenario("mm-mprotect-reclaim", {
    ...about, exercises: ["folio", "page-cache", "pte-mmu"], size: { ...ONE_PAGE, anonVmaCapacity: 0, linkCapacity: 0 },
    claim: "When mprotect() has made a page read-only, no store to it lands any more, also if reclaim has taken the entry away and owes the flush still.",
    source: "3ea277194daa \"mm, mprotect: flush TLB if potentially racing with a parallel reclaim leaving stale TLB entries\" (v4.13)",
    reason: "Reclaim says under the lock of the table that it owes a flush; who takes that lock next flushes for it.",
  }, (s) => {
    protectAgainstReclaim(s);
    s.mutant("what reclaim owes is not flushed, as before 4.13", noPendingFlush);
  }),
  scenario("mm-dontneed-pageout", {
    ...about, exercises: ["folio", "pte-mmu"], size: { ...ONE_PAGE, memoryFrames: 3 },
    claim: "When MADV_DONTNEED has returned, loads find zeros, also if MADV_PAGEOUT has taken the entry away and owes the flush still.",
    source: "flush_tlb_batched_pending() — mm/rmap.c, v6.18; 3ea277194daa (v4.13)",
    reason: "Who takes the lock of the table flushes what is owed.",
  }, (s) => {
    dontneedAgainstPageout(s);
    s.mutant("what is owed is not flushed", noPendingFlush);
  }),
  scenario("mm-mremap-truncate", {
    ...about, exercises: ["folio", "page-cache", "pte-mmu"],
    size: { ...ONE_PAGE, tableShift: 2, vmaCapacity: 2, maximumMapCount: 8, anonVmaCapacity: 0, linkCapacity: 0 },
    claim: "A page that mremap() has moved is not freed, by who finds it where it is now, while a processor remembers it where it was.",
    source: "eb66ae030829 \"mremap: properly flush TLB before releasing the page\" (v4.20)",
    reason: "The old translations are flushed before the lock of the table goes, so that nobody finds the new entry earlier.",
  }, (s) => {
    moveAgainstTruncate(s);
    s.mutant("flushed when the locks are gone, as before 4.20", { options: { flush: "late" } });
  }),
  scenario("mm-free-write", {
    ...about, exercises: ["folio", "pte-mmu"], size: { ...ONE_PAGE, memoryFrames: 3 },
    claim: "A store that begins after MADV_FREE has returned is kept, whatever reclaim does.",
    source: "madvise_free_pte_range() — mm/madvise.c, v6.18",
    reason: "The entry is clean and no processor remembers it as dirty, so that the store makes it dirty, and reclaim looks at it once it is cleared.",
  }, (s) => {
    freeAgainstWrite(s);
    s.mutant("no flush", noFlush);
  }),
];
