import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { lastLine } from "./replay/log.ts";
import { replay } from "./replay/replay.ts";

const folder = join(import.meta.dirname, "../../../examples/host-logs/xarray");

describe("The kernel's own answers", () => {
  test.each(readdirSync(folder).filter((name) => name.endsWith(".jsonl.gz")))("agree in %s, down to nodes and height", { timeout: 60_000 }, async (name) => {
    const tally = await replay(join(folder, name));
    expect(tally.reports).toEqual([]);
    expect({ disagreements: tally.disagreements, skipped: tally.skipped, insideDiffers: tally.insideDiffers }).toEqual({ disagreements: 0, skipped: 0, insideDiffers: 0 });
    expect(tally.operations).toBeGreaterThan(400);
  });

  test("hold with all invariants after every operation", { timeout: 60_000 }, async () => {
    expect((await replay(join(folder, "cases.jsonl.gz"), true)).disagreements).toBe(0);
  });
});

describe("The replay tool", () => {
  const write = (lines: object[]): string => {
    const path = join(mkdtempSync(join(tmpdir(), "xarray-")), "log.jsonl");
    writeFileSync(path, lines.map((line) => JSON.stringify(line)).join("\n"));
    return path;
  };
  const start = [{ n: 0, op: "header", mode: "dense" }, { n: 1, op: "init", a: [""] }];

  test("reads a plain log, and sees a wrong answer", async () => {
    const tally = await replay(write([...start, { n: 2, op: "store", a: [5, 7], r: null }, { n: 3, op: "load", a: [5], r: 8 }]));
    expect(lastLine(tally)).toBe("3 operations, 1 disagreements, 0 skipped, 0 quirks, 0 beyond range");
  });

  test("counts what it does not know as skipped", async () => {
    expect(lastLine(await replay(write([...start, { n: 2, op: "rotate", a: [], r: 1 }])))).toContain("1 skipped");
  });

  test("leaves the rest of a case out from an index beyond 2^53-1 on", async () => {
    const tally = await replay(write([...start, { n: 2, op: "store", a: ["18446744073709551615", 7], r: null }, { n: 3, op: "load", a: [5], r: 8 }]));
    expect(lastLine(tally)).toBe("3 operations, 0 disagreements, 0 skipped, 0 quirks, 2 beyond range");
  });

  test("takes FILE from where the command was typed, and ends with 1 if something disagrees", { timeout: 60_000 }, () => {
    const run = (name: string): { status: number | null; last: string | undefined } => {
      try {
        const output = execFileSync(process.execPath, ["--import", "tsx", "test/replay/cli.ts", name], { cwd: join(import.meta.dirname, ".."), env: { ...process.env, INIT_CWD: folder }, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
        return { status: 0, last: output.trim().split("\n").at(-1) };
      } catch (error) {
        const { status, stdout } = error as { status: number; stdout: string };
        return { status, last: stdout.trim().split("\n").at(-1) };
      }
    };
    expect(run("cases.jsonl.gz")).toEqual({ status: 0, last: "459 operations, 0 disagreements, 0 skipped, 0 quirks, 14 beyond range" });
    const wrong = write([...start, { n: 2, op: "load", a: [5], r: 8 }]);
    expect(run(wrong)).toEqual({ status: 1, last: "2 operations, 1 disagreements, 0 skipped, 0 quirks, 0 beyond range" });
  });
});
