import { linuxTmpfs, MAP_ANONYMOUS, MAP_PRIVATE, pageInfo, type Process } from "@zeropfn/mm";
import { FOLL_GET, FOLL_PIN, FOLL_WRITE, type GupFlags, type Mmu, NO_SLOT, pteIsWritable, ptePfn, type Tlbs } from "@zeropfn/pte-mmu";
import { type ColumnAllocator, leaves } from "@zeropfn/state";
import type { VirtualAddress } from "@zeropfn/units";
import { type MachineScenarioBuilder, type MachineScenarioOptions, scenario, type ScenarioSize } from "../machine-scenario.ts";
import type { Scenario, Variation } from "../scenario.ts";
import { byteOf, claimAccounts, ONE_PAGE, PAGE } from "./memory-machine.ts";

const ANONYMOUS = { length: PAGE, flags: MAP_PRIVATE | MAP_ANONYMOUS };

/** A page of a parent and of its child, and two frames for copies: of the parent's store, and of a page that is pinned. */
const PARENT_AND_CHILD: ScenarioSize = { ...ONE_PAGE, memoryFrames: 4, processCapacity: 2, vmaCapacity: 2, anonVmaCapacity: 2, linkCapacity: 3, tableCapacity: 2 };

const about: Omit<MachineScenarioOptions, "claim" | "source" | "reason" | "expected"> = {
  stack: linuxTmpfs, size: PARENT_AND_CHILD, exercises: ["folio", "pte-mmu"], bounds: ["1 page", "2 processes"],
};

const NOTHING = 0;

/** What is noted in one step with what came before it. A byte is noted + 1. */
class Notes {
  static {
    if (__EXPLORE__) leaves(Notes, "explore/notes", { forked: { silent: true }, stored: { silent: true } });
  }
  readonly #mmu: Mmu;
  readonly #page: number;
  readonly #notes: Uint32Array; // bytes 0 and 1 of the child when fork() returned; 1 if a store went through what no entry allowed
  constructor(columns: ColumnAllocator, mmu: Mmu, at: VirtualAddress) {
    this.#mmu = mmu;
    this.#page = at / PAGE;
    this.#notes = columns.u32("ghost.notes", 3);
  }
  /** fork() has returned `child`. */
  forked(child: number): void {
    const pfn = ptePfn(this.entryOf(child)), { folios } = this.#mmu.calls;
    for (let offset = 0; offset < 2; offset++) this.#notes[offset] = folios.load8(pfn, offset) + 1;
  }
  /** The process has stored to its page. */
  stored(mm: number): void {
    if (!pteIsWritable(this.entryOf(mm))) this.#notes[2] = 1;
  }
  /** The entry of the only page. */
  entryOf(mm: number): number {
    const { tables } = this.#mmu, slot = tables.slotOf(mm, this.#page);
    return slot === NO_SLOT ? NOTHING : tables.load(slot);
  }
  /** The byte that the child had when fork() returned, or -1: it has not. */
  childs(offset: number): number {
    return this.#notes[offset]! - 1;
  }
  get hasStaleStore(): boolean {
    return this.#notes[2] === 1;
  }
}

/** fork(), for which there is room. */
function fork(parent: Process, notes: Notes): Process {
  const child = parent.fork() as Process;
  notes.forked(child.mm);
  return child;
}
const CHILD_MM = 1;

/** From when fork() has returned, no step of anybody else changes what the child reads. */
function claimChildStays(s: MachineScenarioBuilder, notes: Notes): void {
  const { folios } = s.machine.parts;
  s.invariant("WRITTEN INTO THE CHILD: its page is as it was when fork() returned", () => notes.childs(0) < 0 || [0, 1].every((offset) => folios.load8(ptePfn(notes.entryOf(CHILD_MM)), offset) === notes.childs(offset)));
}

/** A sibling thread stores, whose processor remembers that it may, while the process forks. */
function forkAgainstStore(s: MachineScenarioBuilder): void {
  const parent = s.process(), sibling = parent.onCpu(1), at = parent.mmap(null, ANONYMOUS), notes = new Notes(s.columns, s.machine.parts.mmu, at);
  sibling.store8(at, 1);
  const stored = s.ghost("stored");
  s.thread("fork", () => {
    const child = fork(parent, notes), value = child.load8(at);
    s.check(value === 1 || value === 2, `the child reads ${value}`);
  });
  s.thread("store", () => {
    const result = sibling.store8(at, 2);
    notes.stored(parent.mm);
    stored.set(1);
    s.check(result === 0 && sibling.load8(at) === 2, "LOST STORE: who stored does not see it");
  });
  claimChildStays(s, notes);
  claimAccounts(s);
  s.atEnd("LOST STORE: the parent's page holds it", () => byteOf(parent, 0) === 2);
  s.sometimes("the store lands in a page that is write-protected already, and the child has it", () => notes.hasStaleStore && notes.childs(0) === 2);
  s.sometimes("the store comes after fork(), and the child does not have it", () => stored.get() === 1 && notes.childs(0) === 1);
}

/** A device gets the page without a lock, while the process forks and then stores. */
function forkAgainstPin(s: MachineScenarioBuilder): void {
  const parent = s.process(), at = parent.mmap(null, ANONYMOUS), { folios, mmu } = s.machine.parts, { gup } = mmu.calls;
  const notes = new Notes(s.columns, mmu, at), held = s.ghost("pinned", -1), flags = FOLL_PIN | FOLL_WRITE;
  parent.store8(at, 1);
  s.thread("fork", () => {
    fork(parent, notes);
    parent.store8(at, 3);
  });
  s.thread("device", () => {
    const frame = new Uint32Array(1), found = gup.fast(parent.mm, at / PAGE, 1, flags, frame);
    s.check(found === 1, `GUP answered ${found}`);
    held.set(frame[0]!);
    folios.store8(frame[0]!, 1, 2);
    held.set(-1);
    gup.releaseDirty(frame[0]!, flags);
  });
  claimChildStays(s, notes);
  s.invariant("TAKEN AWAY: a page that is pinned is the parent's", () => held.get() < 0 || held.get() === pageInfo(parent, at).pfn);
  claimAccounts(s);
  s.atEnd("LOST WRITE: the parent's page holds what the device wrote", () => byteOf(parent, 1) === 2);
  s.atEnd("LOST STORE: the parent's page holds it", () => byteOf(parent, 0) === 3);
  s.sometimes("the child has a copy, because the page was pinned", () => held.get() >= 0 && notes.childs(0) === 1 && folios.mapcount(held.get()) === 1 && folios.usedFrames === 2);
  s.sometimes("the child shares the page, and the device gets the parent's copy", () => held.get() >= 0 && notes.childs(0) === 1 && ptePfn(notes.entryOf(CHILD_MM)) < held.get());
}

/** A device has the page already, and writes to it while the process forks and then stores. */
function forkAgainstDevice(s: MachineScenarioBuilder, flags: GupFlags): void {
  const parent = s.process(), at = parent.mmap(null, ANONYMOUS), { folios, mmu } = s.machine.parts, { gup } = mmu.calls, notes = new Notes(s.columns, mmu, at), frame = new Uint32Array(1);
  parent.store8(at, 1);
  gup.fast(parent.mm, at / PAGE, 1, flags, frame);
  const pfn = frame[0]!, written = s.ghost("written");
  s.thread("fork", () => {
    fork(parent, notes);
    parent.store8(at, 3);
  });
  s.thread("device", () => {
    folios.store8(pfn, 1, 2);
    written.set(1);
    gup.releaseDirty(pfn, flags);
  });
  claimChildStays(s, notes);
  claimAccounts(s);
  s.atEnd("LOST WRITE: the parent's page holds what the device wrote", () => byteOf(parent, 1) === 2);
  s.atEnd("LOST STORE: the parent's page holds it", () => byteOf(parent, 0) === 3);
  s.sometimes("the device writes when the child has its copy", () => written.get() === 1 && notes.childs(1) === 0);
  s.sometimes("the child has what the device wrote", () => notes.childs(1) === 2);
}

const noLookAtPins = { override: { "folios.maybeDmaPinned": () => false } } satisfies Variation;

export const mmFork: readonly Scenario[] = [
  scenario("mm-fork-tlb", {
    ...about, expected: "SAFE",
    claim: "A store that another thread of the parent makes after fork() has returned is not seen by the child; one that the child sees was made before.",
    source: "dup_mmap() — mm/mmap.c, v6.18: flush_tlb_mm(oldmm), once, at the end. The window of 001-C2, without swap",
    reason: "Until the flush a store may go through what a processor remembers, into the page that the child has already: fork() has not returned then. Afterwards a store faults, and copies.",
  }, (s) => {
    forkAgainstStore(s);
    s.mutant("no flush at the end of fork()", { override: { "tlb.flushMm": () => {} } });
    s.mutant("the flush is left to somebody later", { override: { "tlb.flushMm"(this: Tlbs, mm: number) {
      this.deferFlush(mm);
    } } });
    s.mutant("the parent's entry stays writable", { override: { "pte.setWriteProtect": () => {} } });
  }),
  scenario("mm-fork-pin", {
    ...about, expected: "SAFE",
    claim: "A page that a device pins without a lock stays the parent's, whatever fork() does meanwhile: the child shares it only if the device gets another one.",
    source: "57efa1fe5957 \"mm/gup: prevent gup_fast from racing with COW during fork\" (v5.11)",
    reason: "Either fork() sees the pin, and copies; or GUP-fast sees that a fork has begun, and asks again under mmap_lock.",
  }, (s) => {
    forkAgainstPin(s);
    s.mutant("GUP-fast does not look for a fork, as before 5.11", { override: { "pins.sequence": () => 0 } });
    s.mutant("fork() does not look at pins", noLookAtPins);
    s.mutant("nobody says that the process pins pages", { override: { "pins.setHasPinned": () => {} } });
  }),
  scenario("mm-fork-dma", {
    ...about, expected: "SAFE",
    claim: "What a device writes to a page that it had pinned before fork() is seen by the parent, and never by the child once fork() has returned.",
    source: "70e806e4e645 \"mm: Do early cow for pinned pages during fork() for ptes\" (v5.10)",
    reason: "The child gets a copy at once, and the page stays the parent's and writable.",
  }, (s) => {
    forkAgainstDevice(s, FOLL_PIN | FOLL_WRITE);
    s.mutant("fork() does not look at pins, as before 5.10", noLookAtPins);
  }),
  scenario("mm-fork-get", {
    ...about, expected: "UNSAFE", repair: "mm-fork-dma",
    claim: "A reference is enough for who writes to a page by its frame: it need not be pinned.",
    source: "Documentation/core-api/pin_user_pages.rst, v6.18",
    reason: "fork() shares a page that only has a reference: the child sees what is written to it afterwards, and when the parent has stored, the child alone does.",
  }, (s) => forkAgainstDevice(s, FOLL_GET | FOLL_WRITE)),
];
