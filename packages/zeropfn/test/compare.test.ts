import { crc32 } from "node:zlib";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { jobFile, smallJob, zeropfn } from "./command.ts";
import { MAIL_SIZE_KB, MAIL_SMAPS } from "./mail-smaps.golden.ts";

// Processes start slowly on a busy host.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const SIZE_KB = 8192, PAGES = SIZE_KB / 4;
const BOTH = ["--stack", "dax-cache-page", "--stack", "dax-zero-page"];

/** The lines behind each header line of a mapping. */
const smapsBlocks = (text: string): string[][] =>
  [...text.matchAll(/^[0-9a-f]+-[0-9a-f]+ rw-s 00000000 103:00 12 +\/root\/dax\/data\n((?:\w+: +\d+ kB\n)+)/gm)].map(([, block]) => block!.trimEnd().split("\n"));

describe("the mail's job, smaller, on both stacks", () => {
  let code: number | null, out: string, err: string;
  beforeAll(() => {
    ({ code, out, err } = zeropfn("compare", jobFile(smallJob("8m")), ...BOTH));
  });
  const cells = (label: string): string[] => (out.split("\n").find((line) => line.includes(` ${label} `)) ?? "").split("│").slice(2, -1).map((cell) => cell.trim());

  test("ends well", () => expect(code, err).toBe(0));

  test("prints the mail's two smaps blocks: fields, order and values, scaled with the size", () => {
    const scaled = (kB: number): number => (kB === MAIL_SIZE_KB ? SIZE_KB : kB);
    const lines = (pick: (row: (typeof MAIL_SMAPS)[number]) => number): string[] => MAIL_SMAPS.map((row) => `${row[0]}:${String(scaled(pick(row))).padStart(23 - row[0].length)} kB`);
    expect(smapsBlocks(out)).toEqual([lines(([, cachePage]) => cachePage), lines(([, , zeroPage]) => zeroPage)]);
  });

  test("prints what each used", () => {
    expect(cells("frames in use before")).toEqual(["0", "0"]);
    expect(cells("frames in use after")).toEqual(["2,048", "0"]);
    // 2048 entries fill 32 nodes of 64 slots under one.
    expect(cells("tree nodes")).toEqual(["33", "33"]);
    expect(cells("faults")).toEqual(["2,048", "2,048"]);
    expect(cells("bytes zeroed")).toEqual(["8,388,608", "0"]);
    for (const bytes of cells("tree bytes")) expect(Number(bytes.replaceAll(",", ""))).toBeGreaterThan(33 * 64 * 4);
    for (const peak of cells("peak memory of its process")) expect(peak).toMatch(/^[\d,]+ MiB$/);
  });

  test("prints the times of both passes, their ratios, and the mail's beside them", () => {
    for (const name of ["mean", "p50", "p90", "p99"]) for (const pass of ["first", "warm"]) {
      expect(cells(`${name}, ${pass} pass`).map((ns) => /^[\d,]+$/.test(ns))).toEqual([true, true, true]);
    }
    for (const pass of ["first", "warm"]) expect(cells(`mean / the fastest's, ${pass} pass`)).toContain("1.00");
    expect(cells("the mail's mean (July 2017)")).toEqual(["3,400", "800", ""]);
    expect(cells("the mail's mean / the fastest's")).toEqual(["4.25", "1.00", ""]);
  });

  test("says that both returned the same bytes", () => {
    const checksum = crc32(new Uint8Array(SIZE_KB * 1024)).toString(16).padStart(8, "0");
    expect(cells("checksum (CRC-32)")).toEqual([checksum, checksum]);
    expect(out).toContain(`The same bytes from all: CRC-32 ${checksum} in both passes.`);
  });

  test("shows how far it is on stderr", () => expect(err).toMatch(/\d+% dax-cache-page/));
});

test("--json gives all of it for machines, and nothing on stderr", () => {
  const { code, out, err } = zeropfn("compare", jobFile(smallJob("8m")), ...BOTH, "--json");
  expect([code, err]).toEqual([0, ""]);
  const answer = JSON.parse(out);
  expect(answer.sameBytes).toBe(true);
  expect(answer["global options"]).toEqual({ size: "8m", filename: "/root/dax/data", fallocate: "none" });
  expect(answer.stacks.map(({ stack, frames, smaps }: { stack: string; frames: object; smaps: { fields: { Rss: number } } }) => [stack, frames, smaps.fields.Rss])).toEqual([
    ["dax-cache-page", { before: 0, after: PAGES }, SIZE_KB],
    ["dax-zero-page", { before: 0, after: 0 }, 0],
  ]);
  for (const { job, first, warm, host, tree, ratio } of answer.stacks) {
    expect(Object.keys(job)).toEqual(expect.arrayContaining(["jobname", "error", "elapsed", "job options", "read", "write", "trim", "job_runtime", "usr_cpu", "sys_cpu", "ctx", "majf", "minf", "iodepth_level", "latency_ns", "latency_us", "latency_ms"]));
    expect(Object.keys(job.read)).toEqual(expect.arrayContaining(["io_bytes", "bw", "iops", "runtime", "total_ios", "slat_ns", "clat_ns", "lat_ns"]));
    expect(job.read).toMatchObject({ io_bytes: SIZE_KB * 1024, total_ios: PAGES });
    expect([first.faults, warm.faults, first.checksum]).toEqual([PAGES, PAGES, warm.checksum]);
    expect(host.peakBytes).toBeGreaterThan(2 ** 24);
    expect(tree.nodes).toBe(33);
    expect([ratio.first, ratio.warm].every((times) => times >= 1)).toBe(true);
  }
  expect(answer.bareZeroing).toMatchObject({ frames: PAGES, first: { N: PAGES / 64 }, warm: { N: PAGES / 64 } });
});

test("one stack alone, and one stack twice, are answers as well", () => {
  const file = jobFile(smallJob("64k"));
  expect(zeropfn("compare", file, "--stack", "dax-zero-page").code).toBe(0);
  const { code, out } = zeropfn("compare", file, "--stack", "dax-zero-page", "--stack", "dax-zero-page");
  expect([code, smapsBlocks(out).length]).toEqual([0, 2]);
});

test("stacks lists the names with what they stand for", () => {
  const { code, out } = zeropfn("stacks");
  expect(code).toBe(0);
  expect(out.split("\n").map((line) => line.split(/ {2,}/)[0])).toEqual(["dax-cache-page", "dax-zero-page", "linux-tmpfs", ""]);
});
