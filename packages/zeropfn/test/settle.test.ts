import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { folder, zeropfn } from "./command.ts";

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

describe("a file of scenarios", () => {
  const example = join(import.meta.dirname, "..", "..", "..", "examples", "my-scenario.ts");
  const fileOf = (text: string): string => {
    const file = join(folder, "scenario.ts");
    writeFileSync(file, text);
    return file;
  };

  test("is settled on explore builds, though it imports packages by their plain names", () => {
    const { code, out, err } = zeropfn("settle", example);
    expect(code, err).toBe(0);
    expect(out).toMatch(/^my-scenario +SAFE within: 2 threads.*mutants killed 2\/2\n1 scenario: 1 SAFE; all as expected\n$/);
  });
  test.each([
    ["that is missing", () => join(folder, "none.ts"), /none\.ts: cannot be read \(ENOENT\), expected a module that exports scenarios/],
    ["that exports none", () => fileOf("export const x = 1;"), /scenario\.ts: exports no scenario, expected/],
    ["that is no program", () => fileOf("export const x = ;"), /scenario\.ts: cannot be loaded \(.*scenario\.ts:1:17.*\), expected/],
  ])("%s is one line, exit code 2", (_, file, message) => {
    const { code, out, err } = zeropfn("settle", file());
    expect([code, out, err.split("\n").length]).toEqual([2, "", 2]);
    expect(err).toMatch(message);
  });
});

describe("--replay", () => {
  test("steps through the schedule that is printed under a violation, every step of it", () => {
    const [, printed] = /replay: (\S+)/.exec(zeropfn("settle", "004-D3").out)!;
    const { code, out } = zeropfn("settle", "004-D3", "--replay", printed!);
    expect(code).toBe(0);
    expect(out).toContain("ZERO OVER DATA");
    expect(out).toContain("pte.unlock");
    const changed = zeropfn("settle", "004-D3", "--replay", printed!.replace(/@........:/, "@00000000:"));
    expect([changed.code, changed.err]).toEqual([2, expect.stringMatching(/the model changed/)]);
  });
  test("refuses what is no schedule, or is one of another scenario", () => {
    for (const [name, text] of [["004-D2", "hello"], ["004-D1", "004-D2@f08bca1f:0*3"]] as const) expect(zeropfn("settle", name, "--replay", text).code).toBe(2);
  });
});

test("--full prints the bookkeeping that is folded otherwise, and --markdown the page of a debate", () => {
  expect(zeropfn("settle", "004-D3").out).toContain("… pte.unlock");
  expect(zeropfn("settle", "004-D3", "--full").out).not.toContain("… pte.unlock");
  expect(zeropfn("settle", "004-D2", "--markdown").out).toMatch(/^# Settled: 004-D2\n[\s\S]*\*\*Claim\.\*\* The readers/);
});
