import { expect, test, vi } from "vitest";
import { zeropfn } from "./command.ts";

// Processes start slowly on a busy host.
vi.setConfig({ testTimeout: 60_000 });

test("settle 004 gives the three verdicts with their state counts and the schedules of what goes wrong", () => {
  const { code, out, err } = zeropfn("settle", "004");
  expect(code, err).toBe(0);
  expect(out).toMatch(/^004-D1 +SAFE .* [\d,]+ states/m);
  for (const name of ["004-D2", "004-D3"]) expect(out).toMatch(new RegExp(`^${name} +UNSAFE.* [\\d,]+ states`, "m"));
  expect(out.match(/^ +step +A +B/gm)).toHaveLength(2);
  expect(out).toMatch(/all as expected\n$/);
});

test("a single name is a single scenario", () => {
  const { code, out } = zeropfn("settle", "004-D2");
  expect(code).toBe(0);
  expect(out).toMatch(/^004-D2 /);
  expect(out).not.toContain("004-D1");
});

test("--json gives verdicts for machines", () => {
  const verdicts = JSON.parse(zeropfn("settle", "004-D1", "--json").out);
  expect(verdicts).toMatchObject([{ name: "004-D1", verdict: "SAFE", expected: "SAFE", isAsExpected: true }]);
  expect(verdicts[0].states).toBeGreaterThan(1);
});

test("a name that no scenario has is one line that says which there are, exit code 2", () => {
  const { code, out, err } = zeropfn("settle", "004", "999-X");
  expect([code, out, err.split("\n").length]).toEqual([2, "", 2]);
  expect(err).toMatch(/^zeropfn: settle: .*999-X.*004-D1/);
});
