import { crc32 } from "node:zlib";
import { createMachine, type Machine, smapsFields, stacks } from "@zeropfn/mm";
import { MiB } from "@zeropfn/units";
import { describe, expect, test } from "vitest";
import { BATCH_PAGES, fioJobJson, fioMachine, type FioReport, parseFio, runFio, WorkloadsError } from "../src/index.ts";

const jobOf = (size: string, more = ""): ReturnType<typeof parseFio>[number] => parseFio(`[io]\nsize=${size}\nfallocate=none\nioengine=mmap\nfilename=/mnt/data\n${more}`, "x.fio")[0]!;

/** A clock that goes on by 64 µs at every look. */
function tickingClock(): () => number {
  let ns = 0;
  return () => (ns += 64_000);
}

function run(stack: string, size = "2m", more = ""): { machine: Machine; report: FioReport } {
  const job = jobOf(size, more), machine = fioMachine(job, stacks[stack]!);
  return { machine, report: runFio(machine, job, { clock: tickingClock() }) };
}

const PAGES = (2 * MiB) / 4096;
const ZEROS = crc32(new Uint8Array(2 * MiB));

describe.each([
  ["dax-cache-page", PAGES],
  ["dax-zero-page", 0],
])("%s", (stack, frames) => {
  test("reads zeros from every page of the hole, with one fault each, and twice the same", () => {
    const { report } = run(stack);
    for (const pass of [report.first, report.warm]) expect(pass).toMatchObject({ faults: PAGES, checksum: ZEROS, zeroedBytes: frames * 4096 });
  });

  test(`uses ${frames} frames for ${PAGES} pages, and tree nodes for their entries`, () => {
    const { machine, report } = run(stack);
    expect([report.framesBefore, report.framesAfter, machine.framesInUse]).toEqual([0, frames, frames]);
    // 512 entries fill 8 nodes of 64 slots under one.
    expect(report.treeNodes).toBe(9);
    expect(smapsFields(report.process, report.address)).toMatchObject({ Size: 2048, Rss: frames * 4, Pss: frames * 4, Referenced: frames * 4 });
  });

  test("a last batch may be short", () => {
    const { report } = run(stack, "268k");
    expect([report.first.faults, report.first.fault.N, report.first.io.N]).toEqual([67, 2, 2]);
    expect(report.first.checksum).toBe(crc32(new Uint8Array(268 * 1024)));
  });
});

test("both stacks return the same bytes", () => expect(run("dax-cache-page").report.first.checksum).toBe(run("dax-zero-page").report.first.checksum));

test("the same input gives the same report", () => {
  const [one, other] = [run("dax-cache-page"), run("dax-cache-page")].map(({ report: { process: _, file: __, ...rest } }) => rest);
  expect(one).toEqual(other);
});

test("times come from the clock in batches of 64 faults, and leave the checksum out", () => {
  const { first } = run("dax-zero-page").report;
  expect(BATCH_PAGES).toBe(64);
  expect(first.fault).toMatchObject({ N: PAGES / 64, mean: 1000, min: 1000, max: 1000, stddev: 0 });
  expect(first.io).toMatchObject({ N: PAGES / 64, mean: 2000 });
  expect(first.runtimeNs).toBe(2000 * PAGES);
});

test("larger blocks are fewer I/Os with the same faults", () => {
  const { first } = run("dax-zero-page", "2m", "bs=256k").report;
  expect([first.faults, first.io.mean, first.io.N]).toEqual([PAGES, 128_000, 8]);
});

test("progress grows to the size of both passes", () => {
  const seen: number[][] = [], job = jobOf("64m");
  runFio(fioMachine(job, stacks["dax-zero-page"]!), job, { onProgress: (...at) => seen.push(at) });
  expect(seen.at(-1)).toEqual([128 * MiB, 128 * MiB]);
  expect(seen.map(([done]) => done!)).toEqual(seen.map(([done]) => done!).toSorted((a, b) => a - b));
  expect(seen.length).toBe(8);
});

test("a machine with fewer frames than the hole has pages says at which bytes it ended", () => {
  const machine = createMachine({ stack: stacks["dax-cache-page"]!, memoryBytes: MiB });
  expect(() => runFio(machine, jobOf("2m"))).toThrowError(WorkloadsError);
  try {
    runFio(createMachine({ stack: stacks["dax-cache-page"]!, memoryBytes: MiB }), jobOf("2m"));
  } catch (error) {
    expect(error).toMatchObject({ code: "WORKLOADS_RUN_FAILED", message: expect.stringMatching(/dax-cache-page, \/mnt\/data, bytes 786432 to 1048576: SIG/) });
  }
});

test("the job part has fio's keys and agrees with itself", () => {
  const { report } = run("dax-cache-page"), job = fioJobJson(report, { usr_cpu: 1, sys_cpu: 2, ctx: 3 });
  expect(job).toMatchObject({ jobname: "io", groupid: 0, error: 0, usr_cpu: 1, sys_cpu: 2, ctx: 3, majf: 0, minf: PAGES, "job options": { size: "2m", ioengine: "mmap" } });
  expect(job.read).toMatchObject({ io_bytes: 2 * MiB, io_kbytes: 2048, total_ios: PAGES, runtime: 1, slat_ns: { N: 0 } });
  expect(job.read.clat_ns.percentile).toMatchObject({ "50.000000": 2000, "99.000000": 2000 });
  expect(job.read.iops).toBeCloseTo(PAGES / (report.first.runtimeNs / 1e9), 6);
  expect(job.read.bw * 1024).toBeCloseTo(job.read.bw_bytes, -4);
  expect([job.write.total_ios, job.trim.total_ios]).toEqual([0, 0]);
  expect([...Object.values(job.latency_ns), ...Object.values(job.latency_us), ...Object.values(job.latency_ms)].reduce((sum, share) => sum + share)).toBeCloseTo(100);
  expect(job.latency_us["4"]).toBe(100);
  expect(JSON.parse(JSON.stringify(job))).toEqual(job);
});
