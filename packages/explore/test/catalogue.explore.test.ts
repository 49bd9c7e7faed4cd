import { expect, test } from "vitest";
import { catalogue, settle } from "../src/catalogue.ts";
import { compareSearches } from "../src/compare-searches.ts";
import { printSchedule } from "../src/print-schedule.ts";
import { printVerdict, printVerdicts } from "../src/print-verdict.ts";
import { settleScenario } from "../src/settle.ts";

test.each(catalogue)("$name comes out as its file says", (scenario) => {
  const verdict = settleScenario(scenario);
  expect(printVerdict(verdict)).toContain(scenario.options.expected);
  expect(verdict.isAsExpected).toBe(true);
  expect(verdict.mutants.every(({ isKilled }) => isKilled)).toBe(true);
}, 60_000);

test.each(catalogue)("$name comes out the same in every other search", (scenario) => {
  expect(compareSearches(scenario)).toEqual([]);
}, 60_000);

test("the three verdicts of the hole of 004 come with state counts and schedules", () => {
  const printed = printVerdicts(settle(["004-D1", "004-D2", "004-D3"]));
  expect(printed).toMatch(/004-D1 +SAFE within: 2 threads, 1 page, 2 CPUs, SC; [\d,]+ states/);
  expect(printed).toMatch(/004-D2 +UNSAFE: ZERO OVER DATA/);
  expect(printed).toMatch(/replay: 004-D3@[0-9a-f]{8}:/);
  expect(printed).toMatch(/3 scenarios: 1 SAFE, 2 UNSAFE; all as expected$/);
});

test("a schedule has a column for each thread, and the effect of each step", () => {
  const [verdict] = settle(["004-D2"]);
  const printed = printSchedule(verdict!.schedule!);
  expect(printed).toMatch(/^ +step {2}A +B +effect/);
  expect(printed).toMatch(/tlb\.store8\(1, 1, 1, 0, 1\) = 0 .*folio\.bytes\[24\]: 0 -> 1, .*tlb\.rights\[1\]: 0 -> 1/);
  expect(printed).toMatch(/\d+ switch(es)?, \d+ steps; the search proves/);
});
