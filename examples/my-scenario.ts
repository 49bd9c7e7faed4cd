/** Settle it: npx zeropfn settle examples/my-scenario.ts. What each line means stands in docs/guides/write-a-scenario.md. */
import { NoEntryLock } from "@zeropfn/dax-pmem";
import { type Scenario, scenario, TINY } from "@zeropfn/explore";
import { daxZeroPage, type Stack } from "@zeropfn/mm";

const about = {
  stack: daxZeroPage,
  size: TINY,
  exercises: ["dax-pmem", "pte-mmu"],
  expected: "SAFE",
  claim: "Once a store to a hole is done, no other process loads zeros from it.",
  source: "examples",
  reason: "The store's fault unmaps every reader while it holds the entry.",
} as const;

const mine: Scenario = scenario("my-scenario", about, (s) => {
  const file = s.file(1), a = s.process(), b = s.process(), at = a.mmap(file), bt = b.mmap(file);
  const stored = s.ghost("stored");
  s.thread("A", () => {
    a.load8(at);
    const wasStored = stored.get();
    s.check(a.load8(at) >= wasStored, "A saw a zero after B's store");
  });
  s.thread("B", () => {
    b.store8(bt, 1);
    stored.set(1);
  });
  s.sometimes("A has the zero page", () => a.pageLetter(at) === "Z");
  s.mutant("no unmap", { override: { "mmu.unmapMappingRange": () => {} } });
  s.mutant("no entry lock", { stack: { entryLock: ({ trees }) => new NoEntryLock(trees) } satisfies Partial<Stack> });
});

export default mine;
