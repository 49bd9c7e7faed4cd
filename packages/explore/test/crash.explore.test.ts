import { expect, test } from "vitest";
import { PersistentRegion } from "../src/persistent-region.ts";
import { printVerdict } from "../src/print-verdict.ts";
import { type Scenario, scenarioOf, type ScenarioOptions } from "../src/scenario.ts";
import { settleScenario } from "../src/settle.ts";

const about: ScenarioOptions = { claim: "", source: "", reason: "", expected: "SAFE", exercises: ["explore"] };
const OLD = 7;

interface Order {
  readonly fenceBetween: boolean;
  readonly pointerFirst: boolean;
  readonly maximumImages?: number;
}

/** A hole is filled: its four lines, which still hold what another file had there, are zeroed, and then the pointer is set. */
const fillHole = (order: Order, lineCount = 4): Scenario =>
  scenarioOf("P1", about, (s) => {
    const words = Array.from({ length: lineCount }, (_, line) => `d${line}`);
    const lines = { ...Object.fromEntries(words.map((word) => [word, [word]])), pointer: ["pointer"] };
    const region = new PersistentRegion(s.columns, { lines, cpus: 1, initial: Object.fromEntries(words.map((word) => [word, OLD])), maximumImages: order.maximumImages ?? 4096 });
    const { fenceBetween, pointerFirst } = { ...order, ...s.variation.options };
    const zero = (): void => {
      for (const word of words) {
        region.store(region.wordNamed(word), 0);
        region.writeBack(0, region.lineNamed(word));
      }
    };
    const commit = (): void => {
      region.store(region.wordNamed("pointer"), 1);
      region.writeBack(0, region.lineNamed("pointer"));
    };
    const [first, second] = pointerFirst ? [commit, zero] : [zero, commit];
    s.thread("fill", () => {
      first!();
      if (fenceBetween) region.fence(0);
      second!();
      region.fence(0);
    });
    s.crash(region, () => s.check(region.load(region.wordNamed("pointer")) === 0 || words.every((word) => region.load(region.wordNamed(word)) === 0), "STALE: the file shows what another had"));
    s.sometimes("filled", () => region.load(region.wordNamed("pointer")) === 1);
    s.mutant("no fence between", { options: { fenceBetween: false } });
    s.mutant("pointer first", { options: { pointerFirst: true } });
  });

test("zeroes that are fenced before the pointer is set are safe in every image, and both mutants are found out", () => {
  const verdict = settleScenario(fillHole({ fenceBetween: true, pointerFirst: false }));
  expect(verdict.verdict).toBe("SAFE");
  expect(verdict.mutants.map(({ isKilled }) => isKilled)).toEqual([true, true]);
  // 1, then 2, 2, 4, 4, 8, 8, 16 and 16 with the stores and write-backs of four lines; 1; 2, 2 with the pointer; 1.
  expect(verdict.images).toBe(1 + 2 + 2 + 4 + 4 + 8 + 8 + 16 + 16 + 1 + 2 + 2 + 1);
  expect(printVerdict(verdict)).toMatch(/67 crash images;/);
});

test("the image that breaks the claim is printed under the schedule", () => {
  const verdict = settleScenario(fillHole({ fenceBetween: false, pointerFirst: false }));
  expect(verdict.verdict).toBe("UNSAFE");
  expect(verdict.schedule!.conclusion).toMatch(/STALE.*after a crash that left d0=\d d1=\d d2=\d d3=\d pointer=1/);
});

test("beyond the bound, the images tried are those with at most two lines behind; the verdict says so", () => {
  const verdict = settleScenario(fillHole({ fenceBetween: true, pointerFirst: false, maximumImages: 8 }));
  expect(verdict).toMatchObject({ verdict: "SAFE", hasBoundedImages: true });
  expect(printVerdict(verdict)).toMatch(/crash images \(not all: bounded\)/);
});

test("a queue that is full is a limit, not a verdict", () => {
  const scenario = scenarioOf("full", about, (s) => {
    const region = new PersistentRegion(s.columns, { lines: { d: ["d"] }, cpus: 1, queueCapacity: 2 });
    s.thread("one", () => [region.store(0, 1), region.store(0, 2), region.store(0, 3)]);
  });
  expect(settleScenario(scenario)).toMatchObject({ verdict: "UNKNOWN", why: expect.stringMatching(/more than 2 stores wait in line d/) });
});
