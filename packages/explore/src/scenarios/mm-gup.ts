import { linuxTmpfs, MADV_FREE, MADV_PAGEOUT, MAP_ANONYMOUS, MAP_PRIVATE } from "@zeropfn/mm";
import { FOLL_GET, FOLL_PIN, FOLL_WRITE } from "@zeropfn/pte-mmu";
import { EFAULT } from "@zeropfn/units";
import { type MachineScenarioBuilder, type MachineScenarioOptions, scenario } from "../machine-scenario.ts";
import type { Scenario, Variation } from "../scenario.ts";
import { byteOf, claimAccounts, ONE_PAGE, PAGE } from "./memory-machine.ts";

const ANONYMOUS = { length: PAGE, flags: MAP_PRIVATE | MAP_ANONYMOUS };

const about: Omit<MachineScenarioOptions, "size" | "claim" | "source" | "reason"> = {
  stack: linuxTmpfs, expected: "SAFE", exercises: ["folio", "pte-mmu"], bounds: ["1 page"],
};

/** A page that one thread unmaps while another takes a reference to it without a lock, and a third process needs a frame: there is one. */
function munmapAgainstGup(s: MachineScenarioBuilder): void {
  const process = s.process(), other = s.process().onCpu(1), at = process.mmap(null, ANONYMOUS), othersAt = other.mmap(null, ANONYMOUS);
  process.store8(at, 1);
  const { folios, mmu: { calls: { gup } } } = s.machine.parts;
  const unmapped = s.ghost("unmapped"), held = s.ghost("held", -1), reused = s.ghost("reused"), outlived = s.ghost("held and unmapped");
  s.thread("munmap", () => {
    process.munmap(at, PAGE);
    unmapped.set(1);
  });
  s.thread("gup", () => {
    const frame = new Uint32Array(1), wasUnmapped = unmapped.get() === 1, found = gup.fast(process.mm, at / PAGE, 1, FOLL_GET, frame);
    s.check(found === (wasUnmapped ? -EFAULT : found < 0 ? -EFAULT : 1), `GUP answered ${found}`);
    if (found < 0) return;
    held.set(frame[0]!);
    const value = folios.load8(frame[0]!, 0), isUnmapped = unmapped.get();
    s.check(value === 1, `FOREIGN FRAME: who holds the page sees ${value} in it`);
    outlived.set(isUnmapped);
    held.set(-1);
    gup.release(frame[0]!, FOLL_GET);
  });
  s.thread("other", () => {
    if (other.store8(othersAt, 2) === 0) reused.set(1);
  });
  s.invariant("HELD AND FREE: the frame that is held is not free", () => held.get() < 0 || folios.refcount(held.get()) > 0);
  claimAccounts(s);
  s.atEnd("LEAKED FRAME: there is none but the other process's", () => s.machine.framesInUse === reused.get());
  s.sometimes("the page is unmapped, and held", () => outlived.get() === 1);
  s.sometimes("the frame is used again", () => reused.get() === 1);
}

/** Reclaim discards a page that is not needed any more, while a device gets it to write to it. */
function pageoutAgainstPin(s: MachineScenarioBuilder): void {
  const process = s.process(), at = process.mmap(null, ANONYMOUS), { folios, mmu: { calls: { gup } } } = s.machine.parts;
  process.store8(at, 1);
  process.madvise(at, PAGE, MADV_FREE);
  const flags = FOLL_PIN | FOLL_WRITE, written = s.ghost("written"), isForgotten = s.variation.options?.["dirty"] === "forgotten";
  s.thread("pageout", () => void process.madvise(at, PAGE, MADV_PAGEOUT));
  s.thread("device", () => {
    const frame = new Uint32Array(1), found = gup.fast(process.mm, at / PAGE, 1, flags, frame);
    s.check(found === 1, `GUP answered ${found}`);
    folios.store8(frame[0]!, 1, 2);
    written.set(1);
    if (isForgotten) gup.release(frame[0]!, flags);
    else gup.releaseDirty(frame[0]!, flags);
  });
  claimAccounts(s);
  s.atEnd("LOST WRITE: what the device wrote is there", () => byteOf(process, 1) === 2);
  s.sometimes("the page is discarded before the device has it", () => written.get() === 1 && byteOf(process, 0) === 0);
  s.sometimes("the page is kept, because the device has it", () => written.get() === 1 && byteOf(process, 0) === 1);
}

const noSecondLook = { override: { "gup.isUnchanged": () => true } } satisfies Variation;

export const mmGup: readonly Scenario[] = [
  scenario("mm-gup-munmap", {
    ...about, size: { ...ONE_PAGE, processCapacity: 2, vmaCapacity: 2, anonVmaCapacity: 2, linkCapacity: 2, tableCapacity: 2 }, bounds: ["1 page", "2 processes"],
    claim: "Who gets a page without a lock holds the page that was mapped there, and its frame is not used for another while he does.",
    source: "gup_fast_pte_range() — mm/gup.c, v6.18",
    reason: "A free frame gives no reference, and when there is one the entry is looked at again: if it is still there, the reference came before the frame could be put.",
  }, (s) => {
    munmapAgainstGup(s);
    s.mutant("no second look at the entry", noSecondLook);
  }),
  scenario("mm-gup-pageout", {
    ...about, size: { ...ONE_PAGE, memoryFrames: 3 },
    claim: "What a device writes to a page that it has pinned is not lost, whatever reclaim thinks of the page.",
    source: "try_to_unmap_one() — mm/rmap.c, v6.18: the entry is cleared before references are counted, and GUP-fast looks at the entry after it has one",
    reason: "Either reclaim finds the reference, or who took it finds the entry gone; and when it is let go the folio is dirty.",
  }, (s) => {
    pageoutAgainstPin(s);
    s.mutant("no second look at the entry", noSecondLook);
    s.mutant("who lets go does not say that he wrote", { options: { dirty: "forgotten" } });
  }),
];
