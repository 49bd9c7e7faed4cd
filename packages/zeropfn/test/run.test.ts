import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCommand } from "../src/commands/run.ts";
import { CommandError, EXIT_BAD_INPUT } from "../src/errors.ts";
import { type TraceRun, traceJson, traceText } from "../src/report/trace.ts";
import { folder, zeropfn } from "./command.ts";

const sample = (nth: number): TraceRun["report"]["samples"][number] => ({ accesses: nth * 1000, residentBytes: nth * 4096, tableBytes: 8192, workingSetPages: 100 - nth });
const RUN: TraceRun = {
  file: "x.lackey",
  stack: "linux-tmpfs",
  summary: "a stack",
  report: {
    accesses: { total: 40_000, fetches: 30_000, loads: 6000, stores: 3000, modifies: 1000, crossings: 12 },
    tlb: { lookups: 40_012, misses: 100, walks: 150, hitRate: 0.9975 },
    faults: { read: 20, write: 30, fetch: 10, minor: 55, major: 5 },
    signals: {},
    samples: Array.from({ length: 40 }, (_, nth) => sample(nth + 1)),
    residentBytes: 40 * 4096,
    tableBytes: 8192,
    preMapped: { areas: 4, pages: 90 },
    fileCount: 3,
    calls: { mmap: 12, brk: 1 },
    differenceCount: 0,
    differences: [],
  },
};
const rowsOf = (text: string): string[][] =>
  text.split("\n").filter((line) => line.startsWith("│")).map((line) => line.split("│").slice(1, -1).map((cell) => cell.trim()));

describe("a replay for people", () => {
  const rows = rowsOf(traceText(RUN));
  const valueOf = (label: string): string | undefined => rows.find(([first]) => first === label)?.[1];

  test("has every figure", () => {
    expect(["accesses", "instruction fetches", "TLB hit rate", "page table walks", "faults for a store", "major faults, as the machine counts"].map(valueOf)).toEqual(["40,000", "30,000", "99.7500 %", "150", "30", "5"]);
    expect(["resident memory, most seen", "page tables, at the end", "pre-mapped: areas that no call announced", "files mapped", "mmap"].map(valueOf)).toEqual(["160 KiB", "8 KiB", "4", "3", "12"]);
  });

  test("shows at most sixteen moments, and loses no peak of the working set between them", () => {
    const first = rows.findIndex(([label]) => label === "after accesses"), last = rows.findIndex(([label]) => label === "system call");
    const moments = rows.slice(first + 1, last);
    expect(moments.length).toBeLessThanOrEqual(16);
    expect([moments[0], moments.at(-1)]).toEqual([["3,000", "12 KiB", "8 KiB", "99"], ["40,000", "160 KiB", "8 KiB", "60"]]);
  });

  test("says that values are not known, and what came out otherwise", () => {
    expect(traceText(RUN)).toContain("Values are not in such a trace");
    expect(traceText(RUN)).toContain("came out as recorded");
    const other = { ...RUN.report, signals: { 11: 2 }, differenceCount: 30, differences: [{ line: 7, name: "mmap", recorded: 4096, got: -12 }] };
    expect(traceText({ ...RUN, report: other })).toMatch(/2 accesses ended in signal 11\.\n30 calls .*\n {2}line 7: mmap gave 4096 there and -12 here/);
  });
});

test("a replay for machines is one object", () => {
  const answer = JSON.parse(traceJson(RUN));
  expect(answer).toMatchObject({ trace: "x.lackey", stack: "linux-tmpfs", valuesKnown: false, residentBytes: 163_840, tlb: { hitRate: 0.9975 }, calls: { mmap: 12 } });
  expect(answer.samples).toHaveLength(40);
});

describe("what is no trace is refused in one line", () => {
  const run = (...args: readonly string[]): Promise<unknown> => runCommand().exitOverride().parseAsync(args, { from: "user" });
  const refusal = async (...args: readonly string[]): Promise<string> => {
    const error = await run(...args).then(() => undefined, (reason: unknown) => reason);
    expect(error).toBeInstanceOf(CommandError);
    expect((error as CommandError).exitCode).toBe(EXIT_BAD_INPUT);
    return (error as CommandError).message;
  };
  const TMPFS = ["--stack", "linux-tmpfs"];

  test("a file that is missing, a folder, and one of other lines", async () => {
    const text = join(folder, "text.lackey");
    writeFileSync(text, "==1== Command: x\nhello\n");
    expect(await refusal(join(folder, "none"), ...TMPFS)).toMatch(/none: cannot be read \(ENOENT\), expected a readable trace of lackey/);
    expect(await refusal(folder, ...TMPFS)).toMatch(/cannot be read \(EISDIR\)/);
    expect(await refusal(text, ...TMPFS)).toMatch(/text\.lackey:2: line "hello": expected a line of lackey/);
    expect(await refusal("/dev/null", ...TMPFS)).toMatch(/\/dev\/null:1: line "": expected memory accesses/);
  });

  test("a stack on which no program can run", async () => {
    expect(await refusal("x.lackey", "--stack", "dax-zero-page")).toMatch(/^run: stack dax-zero-page has no private mappings, expected one .*: linux-tmpfs$/);
  });

  test("no stack", async () => expect(await refusal("x.lackey")).toMatch(/run needs --stack, expected one of dax-cache-page/));
});

describe("the trace that ships, on the machine of today's kernel", () => {
  const SAMPLE = join(import.meta.dirname, "../../../examples/true.lackey.gz");

  test("is answered with a table, without a signal and without a difference", () => {
    const { code, out, err } = zeropfn("run", SAMPLE, "--stack", "linux-tmpfs");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("All calls that change the address space came out as recorded.");
    expect(out).not.toContain("ended in signal");
    const rows = rowsOf(out), accesses = rows.find(([label]) => label === "accesses")![1], last = rows.findIndex(([label]) => label === "system call") - 1;
    expect(rows[last]![0]).toBe(accesses);
  });

  test("is one object with --json", () => {
    const { code, out, err } = zeropfn("run", SAMPLE, "--stack", "linux-tmpfs", "--json"), answer = JSON.parse(out);
    expect([code, err]).toEqual([0, ""]);
    expect(answer).toMatchObject({ trace: SAMPLE, stack: "linux-tmpfs", signals: {}, differences: [], calls: { mmap: 12 } });
    expect(answer.faults.minor).toBe(answer.faults.read + answer.faults.write + answer.faults.fetch);
  });
});
