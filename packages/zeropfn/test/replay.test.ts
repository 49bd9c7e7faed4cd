import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test, vi } from "vitest";
import { folder, zeropfn } from "./command.ts";

// Processes start slowly on a busy host.
vi.setConfig({ testTimeout: 60_000 });

const TMPFS = ["--stack", "linux-tmpfs"];
const recorded = join(import.meta.dirname, "../../../examples/host-logs/errno.jsonl.gz");

let logCount = 0;
function logOf(...lines: readonly (object | string)[]): string {
  const file = join(folder, `host-${++logCount}.jsonl`);
  writeFileSync(file, lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"));
  return file;
}
const unmapped = (n: number): object => ({ n, op: "munmap", p: 0, a: [0, 4096], ret: 0, nv: 0 });
const mapped = (n: number): object => ({ n, op: "munmap", p: 0, a: [0, 4096], ret: 0, nv: 1 });

describe("replay", () => {
  test("ends with the counts; exit code 0 if everything is as recorded", () => {
    const { code, out, err } = zeropfn("replay", recorded, ...TMPFS);
    expect([code, out, err]).toEqual([0, "523 operations, 0 disagreements, 0 skipped\n", ""]);
  });

  test("prints what disagrees, with its place; exit code 1", () => {
    const log = logOf(unmapped(0), { ...unmapped(1), ret: -1, errno: "EINVAL" });
    const { code, out, err } = zeropfn("replay", log, ...TMPFS);
    expect(out).toBe([
      `${log}:2: n 1, munmap: ret was -1, here 0`,
      `${log}:2: n 1, munmap: errno was "EINVAL", here nothing`,
      "2 operations, 2 disagreements, 0 skipped\n",
    ].join("\n"));
    expect([code, err]).toEqual([1, `zeropfn: replay: linux-tmpfs is not what was recorded in ${log}\n`]);
  });

  test("prints the first ten, or as many as asked", () => {
    const log = logOf(...Array.from({ length: 12 }, (_, n) => mapped(n)));
    const disagreements = (out: string): number => out.split("\n").filter((line) => line.includes("nv was 1, here 0")).length;
    expect(disagreements(zeropfn("replay", log, ...TMPFS).out)).toBe(10);
    expect(disagreements(zeropfn("replay", log, ...TMPFS, "--most", "3").out)).toBe(3);
    expect(zeropfn("replay", log, ...TMPFS, "--most", "0").out).toBe("12 operations, 12 disagreements, 0 skipped\n");
  });

  test("counts what it cannot perform, says why, and ends with 1", () => {
    const log = logOf(unmapped(0), { n: 1, op: "rotate", p: 0, a: [] });
    const { code, out } = zeropfn("replay", log, ...TMPFS);
    expect([code, out]).toEqual([1, `${log}: skipped 1: rotate: not known\n2 operations, 0 disagreements, 1 skipped\n`]);
  });

  test("takes several logs, a line for each, plain or gzipped", () => {
    const plain = logOf(unmapped(0)), packed = join(folder, "packed");
    writeFileSync(packed, gzipSync(`${JSON.stringify(unmapped(0))}\n${JSON.stringify(unmapped(1))}\n`));
    const { code, out } = zeropfn("replay", plain, packed, ...TMPFS);
    expect([code, out]).toEqual([0, `${plain}: 1 operations, 0 disagreements, 0 skipped\n${packed}: 2 operations, 0 disagreements, 0 skipped\n`]);
  });

  test("--json gives machines the same", () => {
    const log = logOf(mapped(0), { n: 1, op: "rotate" });
    const { code, out } = zeropfn("replay", log, ...TMPFS, "--json");
    const disagreement = { n: 0, file: log, line: 1, op: "munmap", field: "nv", recorded: 1, ours: 0 };
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual([{ log, operations: 2, disagreements: 1, skipped: 1, skippedBecause: { "rotate: not known": 1 }, first: [disagreement] }]);
  });
});

describe("Bad input is one line, exit code 2:", () => {
  test.each([
    ["a line that is no JSON", () => [logOf(unmapped(0), "munmap"), ...TMPFS], /host-\d+\.jsonl:2: line "munmap": expected a JSON object/],
    ["an argument too few", () => [logOf({ n: 0, op: "munmap", p: 0, a: [0] }), ...TMPFS], /host-\d+\.jsonl:1: a "\[0\]": expected 2 arguments of munmap: off, len/],
    ["a log that is missing", () => [join(folder, "none"), ...TMPFS], /none: cannot be read \(ENOENT\), expected a log of operations/],
    ["a folder", () => [folder, ...TMPFS], /cannot be read \(EISDIR\), expected a log of operations/],
    ["a file that never ends", () => ["/dev/zero", ...TMPFS], /\/dev\/zero:1: line .*: expected a line of at most/],
    ["no log", () => TMPFS, /replay: missing required argument 'logs'/],
    ["no stack", () => [recorded], /replay needs --stack, expected one of .*linux-tmpfs/],
    ["a stack that does not exist", () => [recorded, "--stack", "linux"], /'linux' is invalid.*expected one of .*linux-tmpfs/],
    ["a count that is none", () => [recorded, ...TMPFS, "--most", "-1"], /--most.*'-1' is invalid.*expected a number from 0/],
    ["an option that does not exist", () => [recorded, ...TMPFS, "--least"], /unknown option '--least', expected --stack <name>, --most <count>, --json/],
  ])("%s", (_, args, message) => {
    const { code, out, err } = zeropfn("replay", ...args());
    expect([code, out, err.split("\n").length], err).toEqual([2, "", 2]);
    expect(err).toMatch(message);
  });
});
