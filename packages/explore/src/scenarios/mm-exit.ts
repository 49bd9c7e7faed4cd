import { linuxTmpfs, MAP_ANONYMOUS, MAP_PRIVATE } from "@zeropfn/mm";
import { FOLL_GET } from "@zeropfn/pte-mmu";
import { EFAULT } from "@zeropfn/units";
import { type MachineScenarioBuilder, type MachineScenarioOptions, scenario, type ScenarioSize } from "../machine-scenario.ts";
import type { Scenario, Variation } from "../scenario.ts";
import { claimAccounts, ONE_PAGE, PAGE } from "./memory-machine.ts";

const ANONYMOUS = { length: PAGE, flags: MAP_PRIVATE | MAP_ANONYMOUS };
const TWO_PROCESSES: ScenarioSize = { ...ONE_PAGE, processCapacity: 2, vmaCapacity: 2, anonVmaCapacity: 2, linkCapacity: 2, tableCapacity: 2 };

const about: Omit<MachineScenarioOptions, "claim" | "source" | "reason"> = {
  stack: linuxTmpfs, expected: "SAFE", size: TWO_PROCESSES, exercises: ["folio", "pte-mmu"], bounds: ["1 page", "2 processes"],
};

/** A process ends while somebody takes a reference to its page, and another process needs a frame: there is one. */
function exitAgainstGup(s: MachineScenarioBuilder, how: "fast" | "remote"): void {
  const process = s.process(), other = s.process(), at = process.mmap(null, ANONYMOUS), othersAt = other.mmap(null, ANONYMOUS);
  process.store8(at, 1);
  const { folios, mmu: { vmas: { mmapLock }, calls: { gup } } } = s.machine.parts;
  if (s.variation.options?.["mmapLock"] === "none") for (const name of ["lockShared", "unlockShared"] as const) Object.defineProperty(mmapLock, name, { value: () => {} });
  const ended = s.ghost("ended"), held = s.ghost("held", -1), reused = s.ghost("reused"), outlived = s.ghost("held and ended");
  s.thread("exit", () => {
    process.exit();
    ended.set(1);
  });
  s.thread("gup", () => {
    const frame = new Uint32Array(1), hasEnded = ended.get() === 1, found = gup[how](process.mm, at / PAGE, 1, FOLL_GET, frame);
    s.check(found === (hasEnded || found < 0 ? -EFAULT : 1), `GUP answered ${found}`);
    if (found < 0) return;
    held.set(frame[0]!);
    const value = folios.load8(frame[0]!, 0), isOver = ended.get();
    s.check(value === 1, `FOREIGN FRAME: who holds the page sees ${value} in it`);
    outlived.set(isOver);
    held.set(-1);
    gup.release(frame[0]!, FOLL_GET);
  });
  s.thread("other", () => {
    if (other.store8(othersAt, 2) === 0) reused.set(1);
  });
  s.invariant("HELD AND FREE: the frame that is held is not free", () => held.get() < 0 || folios.refcount(held.get()) > 0);
  claimAccounts(s);
  s.atEnd("LEAKED FRAME: there is none but the other process's", () => s.machine.framesInUse === reused.get());
  s.atEnd("LEAKED TABLE: there is none but the other process's", () => s.machine.parts.mmu.tables.tableCount === 1);
  s.sometimes("the process has ended, and its page is held", () => outlived.get() === 1);
  s.sometimes("the frame is used again", () => reused.get() === 1);
}

const noSecondLook = { override: { "gup.isUnchanged": () => true } } satisfies Variation;

export const mmExit: readonly Scenario[] = [
  scenario("mm-exit-fast", {
    ...about,
    claim: "A page that somebody got without a lock is his to hold when the process has ended, and its frame is not used for another while he does.",
    source: "gup_fast_pte_range(), exit_mmap() — mm/gup.c, mm/mmap.c, v6.18",
    reason: "The end of a process puts its references, no others; and a reference that comes later finds the entry gone.",
  }, (s) => {
    exitAgainstGup(s, "fast");
    s.mutant("no second look at the entry", noSecondLook);
  }),
  scenario("mm-exit-remote", {
    ...about,
    claim: "A page that another process got is its to hold when the process has ended, and its frame is not used for another while it does.",
    source: "get_user_pages_remote(), exit_mmap() — mm/gup.c, mm/mmap.c, v6.18",
    reason: "Both take mmap_lock, so that the reference is there before the end begins, or there is no area any more.",
  }, (s) => {
    exitAgainstGup(s, "remote");
    s.mutant("who looks for the page does not take mmap_lock", { options: { mmapLock: "none" } });
  }),
];
