import { linuxTmpfs, MAP_ANONYMOUS, MAP_PRIVATE } from "@zeropfn/mm";
import { FOLL_GET, Mms, Mmu } from "@zeropfn/pte-mmu";
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

/** A process ends while another one reads its memory, and a new one takes its place: the same number, and the same address. */
function exitAgainstReader(s: MachineScenarioBuilder): void {
  const process = s.process(), reader = s.process(), at = process.mmap(null, ANONYMOUS);
  process.store8(at, 1);
  const ended = s.ghost("ended"), seen = s.ghost("seen"), replaced = s.ghost("replaced"), { mmu } = s.machine.parts, { mms } = mmu, how = s.variation.options?.["user"];
  // Scratch: each thread says at its beginning whether it is the reader.
  let isReader = false;
  const byNumber = (mm: number): boolean => Mms.prototype.tryGet.call(mms, mm, mms.birthOf(mm));
  const putIfCounted = (mm: number): void => {
    if (!isReader) Mmu.prototype.putMm.call(mmu, mm);
  };
  if (how === "by number") Object.defineProperty(mms, "tryGet", { value: byNumber });
  if (how === "not counted") {
    Object.defineProperty(mms, "tryGet", { value: (mm: number, birth: number) => mms.birthOf(mm) === birth });
    Object.defineProperty(mmu, "putMm", { value: putIfCounted });
  }
  s.thread("exit", () => {
    isReader = false;
    process.exit();
    ended.set(1);
    const next = s.machine.createProcess(), nextAt = next.mmap(null, ANONYMOUS);
    if (next.store8(nextAt, 2) === 0) replaced.set(next.mm === process.mm ? 1 : 2);
  });
  s.thread("read", () => {
    isReader = true;
    const out = new Uint8Array(1), hasEnded = ended.get() === 1, bytes = reader.processVmReadv(process, at, out);
    if (bytes === 1) seen.set(out[0]!);
    s.check(bytes < 0 || out[0] === 1, `FOREIGN MEMORY: the reader saw ${out[0]}, which another process stored`);
    s.check(!hasEnded || bytes < 0, "READ AFTER ITS END: the process had ended");
  });
  claimAccounts(s);
  s.atEnd("LEAKED FRAME: there is none but the new process's", () => s.machine.framesInUse === 1);
  s.sometimes("the memory is read when the process has ended", () => seen.get() === 1 && ended.get() === 1);
  s.sometimes("the new process is where the old one was", () => replaced.get() === 1);
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
  scenario("mm-exit-vm-readv", {
    ...about, size: { ...TWO_PROCESSES, memoryFrames: 3, processCapacity: 3, vmaCapacity: 3, anonVmaCapacity: 3, linkCapacity: 3, tableCapacity: 3 }, bounds: ["1 page", "3 processes"],
    claim: "process_vm_readv() reads the memory of the process it names, or fails: never that of one that has come in its place.",
    source: "process_vm_rw_core(), mm_access(), mmput() — mm/process_vm_access.c, kernel/fork.c, v6.18",
    reason: "Who reaches into an address space counts as one of its users, and the last of them takes it down.",
  }, (s) => {
    exitAgainstReader(s);
    s.mutant("who reads does not count as a user", { options: { user: "not counted" } });
    s.mutant("a process is known by its number alone", { options: { user: "by number" } });
  }),
];
