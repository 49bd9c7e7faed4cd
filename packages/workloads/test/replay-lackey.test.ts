import { describe, expect, test } from "vitest";
import { LackeyParser, LackeyReplay, type LackeyReport } from "../src/lackey/index.ts";
import { WorkloadsError } from "../src/index.ts";
import { PlainMachine, type PlainProcess } from "./lackey-machine.ts";

const ALL_RIGHTS = 7;

interface Replayed {
  readonly machine: PlainMachine;
  readonly report: LackeyReport<PlainProcess>;
}

function replay(lines: readonly string[], { machine = new PlainMachine(), sampleEvery = 1000 } = {}): Replayed {
  const runner = new LackeyReplay(machine, { file: "t.trace", sampleEvery });
  const parser = new LackeyParser("t.trace", runner);
  parser.push(new TextEncoder().encode(`${lines.join("\n")}\n`));
  parser.end();
  return { machine, report: runner.report() };
}
const call = (text: string, result: string): string => `SYSCALL[1,1](0) sys_${text} --> [pre-success] ${result} `;
const opened = (path: string, fd: number): string => call(`openat ( 4294967196, 0x1(${path}), 0 )`, `Success(0x${fd})`);

describe("the address space is what the calls say", () => {
  test("anonymous and file mappings lie where they were recorded, and the file is as large as they need", () => {
    const { machine, report } = replay([
      opened("/lib/a.so", 3),
      call("mmap ( 0x0, 8192, 3, 34, 4294967295, 0 )", "Success(0x4835000)"),
      call("mmap ( 0x0, 16400, 1, 2050, 3, 4096 )", "Success(0x4900000)"),
      " L 04835000,1",
    ]);
    expect([...machine.pages].map(([page, { rights, backing }]) => [page.toString(16), rights, backing])).toEqual([
      ["4835", 3, "anon"], ["4836", 3, "anon"],
      ["4900", 1, "/lib/a.so@1"], ["4901", 1, "/lib/a.so@2"], ["4902", 1, "/lib/a.so@3"], ["4903", 1, "/lib/a.so@4"], ["4904", 1, "/lib/a.so@5"],
    ]);
    expect([machine.files.get("/lib/a.so")!.size, report.fileCount, report.differenceCount]).toEqual([4096 + 16400, 1, 0]);
  });

  test("a path opened twice is one file, and a descriptor that nobody opened is a file of its own", () => {
    const { machine } = replay([
      opened("/a", 3), call("close ( 3 )", "Success(0x0)"), opened("/a", 4),
      call("mmap ( 0x0, 4096, 1, 1, 4, 0 )", "Success(0x1000)"), call("mmap ( 0x0, 4096, 1, 1, 3, 0 )", "Success(0x2000)"), " L 00001000,1",
    ]);
    expect([...machine.files.keys()]).toEqual(["/a", "descriptor 3 of line 5"]);
  });

  test("protection, unmapping, moving and the heap's end follow", () => {
    const { machine, report } = replay([
      call("mmap ( 0x0, 16384, 3, 34, 4294967295, 0 )", "Success(0x10000)"),
      call("mprotect ( 0x10000, 4096, 1 )", "Success(0x0)"),
      call("munmap ( 0x11000, 4096 )", "Success(0x0)"),
      call("mremap ( 0x12000, 8192, 12288, 0x1 )", "Success(0x40000)"),
      call("madvise ( 0x40000, 4096, 4 )", "Success(0x0)"),
      call("brk ( 0x0 )", "Success(0x80800)"), call("brk ( 0x83001 )", "Success(0x83001)"), call("brk ( 0x82000 )", "Success(0x82000)"),
      " L 00010000,8",
    ]);
    expect([...machine.pages].map(([page, { rights }]) => [page, rights])).toEqual([[0x10, 1], [0x40, 3], [0x41, 3], [0x42, 3], [0x81, 3]]);
    expect(report).toMatchObject({ differenceCount: 0, preMapped: { pages: 0, areas: 0 }, calls: { brk: 3, mmap: 1, mremap: 1 } });
  });

  test("what failed when it was recorded is not done, and counted as made", () => {
    const { machine, report } = replay([call("mmap ( 0x0, 4096, 3, 34, 4294967295, 0 )", "Success(0x10000)"), "SYSCALL[1,1](11) sys_munmap ( 0x10000, 4096 )[sync] --> Failure(0x16) ", " L 00010000,1"]);
    expect([machine.pages.size, report.preMapped.pages, report.calls]).toEqual([1, 0, { mmap: 1, munmap: 1 }]);
  });

  test("a call that comes out other than recorded is reported with its line", () => {
    const machine = new PlainMachine(), process = machine.createProcess();
    machine.createProcess = () => Object.assign(process, { munmap: () => -12 });
    const { report } = replay(["I  00010000,1", call("munmap ( 0x10000, 4096 )", "Success(0x0)")], { machine });
    expect([report.differenceCount, report.differences]).toEqual([1, [{ line: 2, name: "munmap", recorded: 0, got: -12 }]]);
  });
});

describe("what no call announced is mapped when it is needed", () => {
  test("a page stored to first is anonymous; one that is loaded or fetched first is a file's, at its own place", () => {
    const { machine, report } = replay(["I  00401000,3", " L 00402000,8", " S 1fff000778,8", " M 1fffe00000,4", " S 00401010,8"]);
    expect([...machine.pages].map(([page, { rights, backing }]) => [page.toString(16), rights, backing])).toEqual([
      ["401", ALL_RIGHTS, "[mapped before the trace]@1025"], ["402", ALL_RIGHTS, "[mapped before the trace]@1026"], ["1fff000", ALL_RIGHTS, "anon"], ["1fffe00", ALL_RIGHTS, "anon"],
    ]);
    expect(report.preMapped).toEqual({ areas: 3, pages: 4 });
  });

  test("gaps under a recorded mprotect, mremap or madvise are such pages too", () => {
    const { report } = replay(["I  00401000,3", call("mprotect ( 0x400000, 8192, 1 )", "Success(0x0)"), call("madvise ( 0x500000, 4096, 4 )", "Success(0x0)"), call("mremap ( 0x600000, 4096, 8192, 0x1 )", "Success(0x700000)")]);
    expect([report.preMapped, report.differenceCount]).toEqual([{ areas: 3, pages: 4 }, 0]);
  });

  test("a page that is mapped without the right for an access gives a signal, and no second mapping", () => {
    const { machine, report } = replay([call("mmap ( 0x0, 4096, 1, 34, 4294967295, 0 )", "Success(0x10000)"), " S 00010000,8", " L 00010000,8", " S 00010000,8"]);
    expect([report.signals, report.preMapped.pages, machine.pages.size]).toEqual([{ 11: 2 }, 0, 1]);
  });
});

describe("the report", () => {
  test("counts accesses by kind, and pages beyond the first", () => {
    const { report } = replay(["I  00401000,3", " L 00401ffc,8", " S 00401ff8,8", " M 00401fff,2", " L 00401ffe,8196"]);
    expect(report.accesses).toEqual({ total: 5, fetches: 1, loads: 2, stores: 1, modifies: 1, crossings: 5 });
    expect(report.tlb.lookups).toBe(10);
  });

  test("has faults by what the access wanted, and the machine's own count since the replay began", () => {
    const machine = new PlainMachine();
    machine.faults = 100;
    const { report } = replay(["I  00401000,3", "I  00401000,3", " L 00401000,8", " S 00401000,8", " M 00401000,8", " S 00402000,8"], { machine });
    expect(report.faults).toEqual({ read: 1, write: 2, fetch: 1, minor: 4, major: 0 });
  });

  test("has the hit rate: lookups that needed no walk", () => {
    const { report } = replay(["I  00401000,3", "I  00401000,3", "I  00401000,3", "I  00401000,3"]);
    // One walk ends in a fault, and one follows it: what the replay asks beside does not count.
    expect(report.tlb).toEqual({ lookups: 4, misses: 1, walks: 2, hitRate: 0.75 });
  });

  test("samples every window, with its distinct pages, and the last one when it is short", () => {
    const lines = [..."abacabdd"].map((page) => ` L 00${page}01000,8`);
    const { report } = replay(lines, { sampleEvery: 3 });
    expect(report.samples.map(({ accesses, residentBytes, tableBytes, workingSetPages }) => [accesses, residentBytes, tableBytes, workingSetPages])).toEqual([[3, 8192, 8192, 2], [6, 12288, 12288, 3], [8, 16384, 16384, 1]]);
  });
});

test("pages that are alike in their low bits are counted apart", () => {
  const lines = [1, 2, 1, 2, 3].map((nth) => ` L ${(nth * 2 ** 24 + 0x1000).toString(16)},8`);
  expect(replay(lines).report.samples.map(({ workingSetPages }) => workingSetPages)).toEqual([3]);
});

test("a machine that runs out of memory ends the replay with the access", () => {
  const machine = new PlainMachine();
  machine.parts.mmu.translate = () => -9;
  expect(() => replay(["I  00401000,3"], { machine })).toThrowError(WorkloadsError);
  expect(() => replay(["I  00401000,3"], { machine: Object.assign(new PlainMachine(), { parts: machine.parts }) })).toThrowError(/t\.trace: out of memory at access 0, page 0x401/);
});
