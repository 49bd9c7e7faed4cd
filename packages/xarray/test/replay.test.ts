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

  test("plays the traces of the kernel's tests: many arrays and cursors, forms with the lock held, errors of cursors", async () => {
    const tally = await replay(write([
      { section: "mine", call: 1 },
      { op: "array", xa: 1, flags: "" }, { op: "array", xa: 2, flags: "ALLOC1" },
      { op: "XA_STATE_ORDER", s: 1, xa: 1, a: [65, 6] }, { op: "xas_find_conflict", s: 1, a: [], r: null, x: 64, st: "B" },
      { op: "xas_store", s: 1, a: [{ p: 5 }], r: null, x: 64, st: "N" }, { op: "xas_nomem", s: 1, a: [], r: false },
      { op: "xa_load", xa: 1, a: [100], r: { p: 5 } }, { op: "xa_get_order", xa: 1, a: [127], r: 6 }, { fn: "informative" },
      { op: "XA_STATE", s: 2, xa: 1, a: [70] }, { op: "xas_load", s: 2, a: [], r: { p: 5 } }, { op: "xas_get_order", s: 2, a: [], r: 6 }, { op: "xas_set_mark", s: 2, a: [1] },
      { op: "xas_get_mark", s: 2, a: [1], r: true }, { op: "xas_advance", s: 2, a: [127] }, { op: "xas_next", s: 2, a: [], r: null, x: 128 }, { op: "xas_prev", s: 2, a: [], r: { p: 5 } },
      { op: "xas_set_order", s: 2, a: [64, 2] }, { op: "xas_split_alloc", s: 2, a: [7, 6] }, { op: "xas_split", s: 2, a: [7, 6] }, { op: "xa_get_mark", xa: 1, a: [99, 1], r: true },
      { op: "xas_set", s: 2, a: [0] }, { op: "xas_find_marked", s: 2, a: ["18446744073709551615", 1], r: 7, x: 64 }, { op: "xas_next_marked", s: 2, a: ["18446744073709551615", 1], r: 7, x: 68 },
      { op: "xas_init_marks", s: 2, a: [] }, { op: "xas_pause", s: 2, a: [] }, { op: "xas_find", s: 2, a: ["18446744073709551615"], r: 7, x: 72 }, { op: "xas_reload", s: 2, a: [], r: 7 },
      { op: "xas_retry", s: 2, a: [7], r: false }, { op: "xas_clear_mark", s: 2, a: [1] }, { op: "xas_reset", s: 2, a: [] }, { op: "xas_next_entry", s: 2, a: [500], r: 7 },
      { op: "xas_set_err", s: 2, a: [-17] }, { op: "xas_create_range", s: 2, a: [] }, { op: "xas_load", s: 2, a: [], r: null, st: "E" }, { op: "xas_set", s: 2, a: [64] }, { op: "xas_load", s: 2, a: [], r: 7 },
      { op: "XA_STATE_ORDER", s: 3, xa: 1, a: [4096, 2] }, { op: "xa_store_range", xa: 1, a: [4096, 4096 + 4095, "4611686018427387904"], r: null },
      { op: "xas_try_split", s: 3, a: [7, 12], st: "E" }, { op: "xas_error", s: 3, a: [], r: -22 }, { op: "xa_load", xa: 1, a: [5000], r: "4611686018427387904" },
      { op: "__xa_alloc_cyclic", xa: 2, a: [3, 0, 5, 5], r: 0, id: 5, next: 6 }, { op: "__xa_alloc_cyclic", xa: 2, a: [3, 0, 5, 6], r: 1, id: 1, next: 2 },
      { op: "xa_alloc_bh", xa: 2, a: [null, 5, 5], e: "EBUSY" }, { op: "xa_insert", xa: 2, a: [5, 1], e: "EBUSY" }, { op: "xa_empty", xa: 2, a: [], r: false }, { op: "xa_destroy", xa: 2, a: [] },
      { end: true },
      { section: "mine", call: 2 }, { op: "array", xa: 1, flags: "" }, { op: "xa_load", xa: 1, a: ["18446744073709551615"], r: null },
    ]));
    expect(tally.reports).toEqual([]);
    expect(lastLine(tally)).toBe("49 operations, 0 disagreements, 0 skipped, 0 quirks, 2 beyond range");
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
