import { type ColumnAllocator, leaves } from "@zeropfn/state";
import { expect, test } from "vitest";
import { printVerdict } from "../src/print-verdict.ts";
import { type Scenario, scenarioOf } from "../src/scenario.ts";
import { search } from "../src/search.ts";
import { settleScenario } from "../src/settle.ts";

/** A page table entry and a reference count, with the instructions that reclaim and GUP-fast use on them. */
class Page {
  static {
    leaves(Page, "page/page", {
      loadPte: {}, clearPte: { plain: true }, loadCount: {}, barrier: { fence: true }, add: { fence: true }, badStore: { plain: true },
    });
  }
  readonly #pte: Uint32Array;
  readonly #count: Uint32Array;
  constructor(columns: ColumnAllocator) {
    this.#pte = columns.u32("pte", 1);
    this.#count = columns.u32("count", 1);
    this.#pte[0] = 1;
  }
  loadPte(): number {
    return this.#pte[0]!;
  }
  clearPte(): void {
    this.#pte[0] = 0;
  }
  loadCount(): number {
    return this.#count[0]!;
  }
  barrier(): void {}
  add(amount: number): number {
    return (this.#count[0]! += amount);
  }
  /** Declared plain, and returns something. */
  badStore(): number {
    this.#pte[0] = 0;
    return 1;
  }
}

/** Reclaim clears the entry by a plain store and reads the count; GUP-fast takes a reference and reads the entry again. */
const reclaimAgainstGup = (hasBarrier: boolean): Scenario =>
  scenarioOf("001-B", { claim: "", source: "", reason: "", expected: "SAFE", exercises: ["page"], memoryModel: "TSO" }, (s) => {
    const page = new Page(s.columns), replaced = s.ghost("replaced"), pinned = s.ghost("pinned"), isFenced = hasBarrier && s.variation.options?.["hasBarrier"] !== false;
    s.thread("reclaim", () => {
      page.clearPte();
      if (isFenced) page.barrier();
      if (page.loadCount() === 0) replaced.set(1);
    });
    s.thread("gup", () => {
      page.add(1);
      if (page.loadPte() === 1) pinned.set(1);
      else page.add(-1);
    });
    s.invariant("not both replaced and pinned", () => replaced.get() + pinned.get() < 2);
    s.sometimes("replaced", () => replaced.get() === 1);
    s.sometimes("pinned", () => pinned.get() === 1);
    s.mutant("no barrier", { options: { hasBarrier: false } });
  });

test("a barrier that is missing shows under TSO, and not under SC", () => {
  expect(search(reclaimAgainstGup(false), { memoryModel: "SC" }).end).toBe("exhausted");
  const { verdict, schedule } = settleScenario(reclaimAgainstGup(false));
  expect(verdict).toBe("UNSAFE");
  expect(schedule!.steps.map(({ thread }) => thread)).toEqual(["reclaim", "reclaim", "gup", "gup"]);
});

test("with the barrier it is SAFE under TSO, and the verdict says so", () => {
  expect(printVerdict(settleScenario(reclaimAgainstGup(true)))).toMatch(/SAFE within: 2 threads, TSO; .*mutants killed 1\/1/);
});

test("a verdict in which no plain store took part says SC", () => {
  const scenario = scenarioOf("no-stores", { claim: "", source: "", reason: "", expected: "SAFE", exercises: ["page"], memoryModel: "TSO" }, (s) => {
    const page = new Page(s.columns);
    s.thread("one", () => page.add(1));
    s.sometimes("added", () => page.loadCount() === 1);
    s.atEnd("added", () => page.loadCount() === 1);
    s.mutant("nothing", { override: { "page.add": () => 0 } });
  });
  expect(settleScenario(scenario)).toMatchObject({ verdict: "SAFE", memoryModel: "SC", bounds: ["1 thread", "SC"] });
});

test("a plain store that returns something breaks a rule", () => {
  const scenario = scenarioOf("bad", { claim: "", source: "", reason: "", expected: "SAFE", exercises: ["page"], memoryModel: "TSO" }, (s) => {
    const page = new Page(s.columns);
    s.thread("one", () => void page.badStore());
  });
  expect(settleScenario(scenario)).toMatchObject({ verdict: "ERROR", why: expect.stringMatching(/declared plain and returned something/) });
});
