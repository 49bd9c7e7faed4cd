import { NoEntryLock } from "@zeropfn/dax-pmem";
import { daxCachePage, daxZeroPage, type Stack } from "@zeropfn/mm";
import { type MachineScenarioBuilder, type MachineScenarioOptions, scenario, TINY } from "../machine-scenario.ts";
import type { Scenario } from "../scenario.ts";

const about: Omit<MachineScenarioOptions, "stack" | "expected" | "reason" | "claim"> = {
  size: TINY,
  exercises: ["dax-pmem", "pte-mmu"],
  source: "Seed 004: \"unmap_mapping_range … who loops on all VMA mappings\"; ac401cc78242 \"dax: New fault locking\" (v4.7)",
  bounds: ["1 page"],
};

/** A loads a byte of a hole twice while B, in another process, stores to it. */
function readHoleWhileFilling(s: MachineScenarioBuilder): void {
  const file = s.file(1), a = s.process(), b = s.process(), at = a.mmap(file), bt = b.mmap(file);
  const stored = s.ghost("stored");
  s.thread("A", () => {
    for (let round = 0; round < 2; round++) {
      const wasStored = stored.get();
      const value = a.load8(at);
      s.check(value >= wasStored, `STALE READ: A saw ${value} after B's store was complete`);
    }
  });
  s.thread("B", () => {
    b.store8(bt, 1);
    stored.set(1);
  });
  s.invariant("ZERO OVER DATA: after B's store, no page table entry maps a page of zeros", () => stored.get() === 0 || "X.".includes(a.pageLetter(at)));
  s.sometimes("A has a page of zeros", () => "ZF".includes(a.pageLetter(at)));
  s.sometimes("A has the storage", () => a.pageLetter(at) === "X");
}

const withoutUnmap = { override: { "mmu.unmapMappingRange": () => {} } };
const withoutEntryLock = { stack: { entryLock: ({ trees }) => new NoEntryLock(trees) } satisfies Partial<Stack> };

function settled(s: MachineScenarioBuilder): void {
  readHoleWhileFilling(s);
  s.mutant("no unmap", withoutUnmap);
  s.mutant("no entry lock", withoutEntryLock);
}

export const daxHole: readonly Scenario[] = [
  scenario("004-D1", {
    ...about, stack: daxZeroPage, expected: "SAFE", statusQuo: "004-D1c",
    claim: "A hole of a DAX file may be mapped by the common zero page: whoever fills it finds and unmaps every reader.",
    reason: "The write fault unmaps all readers while it holds the entry, and a reader who faults again waits for the entry.",
  }, settled),
  scenario("004-D1c", {
    ...about, stack: daxCachePage, expected: "SAFE",
    claim: "Status quo: a page of its own for each hole page that is read.",
    reason: "The same unmap and the same entry lock; only the page that is mapped differs.",
  }, settled),
  scenario("004-D2", {
    ...about, ...withoutUnmap, stack: daxZeroPage, expected: "UNSAFE", repair: "004-D1",
    claim: "The readers of a hole need not be unmapped when it is filled.",
    reason: "A keeps the zero page in its page table and its TLB.",
  }, readHoleWhileFilling),
  scenario("004-D3", {
    ...about, stack: { ...daxZeroPage, ...withoutEntryLock.stack }, expected: "UNSAFE", repair: "004-D1",
    claim: "Unmapping all readers is enough: faults on one page need no lock.",
    reason: "A has looked at the hole before it is filled, and maps the zero page after everybody was unmapped.",
  }, readHoleWhileFilling),
];
