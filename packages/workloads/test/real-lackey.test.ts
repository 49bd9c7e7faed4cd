import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linuxTmpfs, mappedAreas, type Process } from "@zeropfn/mm";
import { afterAll, expect, test, vi } from "vitest";
import { lackeyMachine, type LackeyReport, runLackey } from "../src/lackey/index.ts";
import { PlainMachine } from "./lackey-machine.ts";

// Under valgrind a program takes a hundred times as long.
vi.setConfig({ testTimeout: 120_000 });

const SAMPLE = join(import.meta.dirname, "../../../examples/true.lackey.gz");
const VALGRIND = "/usr/bin/valgrind";
const isMissing = !existsSync(VALGRIND);
/** Where valgrind was to be installed, its absence is no excuse. */
const isRequired = process.env.ZEROPFN_CLIENTS === "required";
if (isMissing && !isRequired) console.log(`skipped: real traces of valgrind. ${VALGRIND} is missing`);

const folder = mkdtempSync(join(tmpdir(), "lackey-"));
afterAll(() => rmSync(folder, { recursive: true }));

const PAGE = 4096;
/** Pages of an address space with their rights. */
type Rights = Map<number, number>;

/** What the calls of a trace make of an address space: a second reader, that knows whole lines and nothing else. */
function rightsByCalls(trace: string): Rights {
  const rights: Rights = new Map();
  let brk = 0;
  const set = (start: number, length: number, right: number | undefined): void => {
    for (let page = Math.floor(start / PAGE); page < Math.ceil((start + length) / PAGE); page++) {
      if (right === undefined) rights.delete(page);
      else rights.set(page, right);
    }
  };
  for (const [, name, args, hex] of trace.matchAll(/^SYSCALL\[\d+,\d+\]\(\d+\) sys_(mmap|munmap|mprotect|brk) \( ([^)]*) \).*Success\(0x([0-9a-f]+)\)/gm)) {
    const [first = 0, second = 0, third = 0] = args!.split(", ").map(Number), result = Number.parseInt(hex!, 16);
    if (name === "mmap") set(result, second, third);
    else if (name === "munmap") set(first, second, undefined);
    else if (name === "mprotect") set(first, second, third);
    else {
      if (brk !== 0 && result > brk) set(Math.ceil(brk / PAGE) * PAGE, result - Math.ceil(brk / PAGE) * PAGE, 3);
      brk = result;
    }
  }
  return rights;
}

/** What is mapped in the end: rights, and the name of what is behind. */
type Pages = ReadonlyMap<number, { readonly rights: number; readonly behind: string }>;

/** Of the machine that is a map of pages. */
const pagesOfPlain = ({ pages }: PlainMachine): Pages => new Map(Array.from(pages, ([page, { rights, backing }]) => [page, { rights, behind: backing.replace(/@.*/, "") }]));

const RIGHTS = 0x7;
/** Of a real process: rights are the lowest bits of an area's flags. */
function pagesOfProcess(process: Process): Pages {
  const pages = new Map<number, { rights: number; behind: string }>();
  for (const { start, end, flags, file } of mappedAreas(process)) {
    const behind = file === undefined ? "anon" : file.path.replace(/^\/memfd:(.*) \(deleted\)$/, "$1");
    for (let page = start / PAGE; page < end / PAGE; page++) pages.set(page, { rights: flags & RIGHTS, behind });
  }
  return pages;
}

function expectMapsOf(trace: string, pages: Pages, report: LackeyReport<unknown>): void {
  const expected = rightsByCalls(trace), rest = [...pages].filter(([page]) => !expected.has(page));
  expect([...pages].filter(([page]) => expected.has(page)).map(([page, { rights }]) => [page, rights]).sort()).toEqual([...expected].sort());
  expect(rest.length).toBeLessThanOrEqual(report.preMapped.pages);
  expect(new Set(rest.map(([, { behind }]) => behind))).toEqual(new Set(["anon", "[mapped before the trace]"]));
  expect([report.signals, report.differences]).toEqual([{}, []]);
  const count = (letters: string): number => trace.match(new RegExp(`^${letters} [0-9a-f]+,\\d+$`, "gm"))?.length ?? 0;
  expect(report.accesses).toMatchObject({ fetches: count("I "), loads: count(" L"), stores: count(" S"), modifies: count(" M") });
}

/** Records a program: the file of its trace. */
function recorded(...program: readonly string[]): string {
  const path = join(folder, `${program[0]!}.lackey`);
  const { status, stderr } = spawnSync(VALGRIND, ["--tool=lackey", "--trace-mem=yes", "--trace-syscalls=yes", `--log-file=${path}`, ...program], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  return path;
}

test("the trace that ships replays without a signal and without a difference", async () => {
  const { accesses, signals, differences, preMapped, calls } = await runLackey(new PlainMachine(), SAMPLE);
  expect([signals, differences]).toEqual([{}, []]);
  expect(calls).toMatchObject({ mmap: 12, mprotect: 4, munmap: 1, brk: 1 });
  expect(accesses.total).toBe(accesses.fetches + accesses.loads + accesses.stores + accesses.modifies);
  expect(preMapped.pages).toBeGreaterThan(preMapped.areas);
});

test("the trace that ships leaves a real machine with the pages of the one that is a map", async () => {
  const plain = new PlainMachine(), { accesses, preMapped, calls, process: _, ...expected } = await runLackey(plain, SAMPLE);
  const report = await runLackey(lackeyMachine(linuxTmpfs), SAMPLE);
  expect(pagesOfProcess(report.process)).toEqual(pagesOfPlain(plain));
  expect(report).toMatchObject({ accesses, preMapped, calls, signals: {}, differences: [], fileCount: expected.fileCount });
  expect(report.faults.minor).toBe(report.faults.read + report.faults.write + report.faults.fetch);
});

test("what a replay made of a real machine is gone when its process exits and its files are empty", async () => {
  const machine = lackeyMachine(linuxTmpfs), { process } = await runLackey(machine, SAMPLE);
  process.exit();
  for (let id = 0; ; id++) {
    const file = machine.fileOf(id);
    if (file === undefined) break;
    expect(file.truncate(0)).toBe(0);
  }
  expect([machine.framesInUse, machine.treeNodes]).toEqual([0, 0]);
});

test.skipIf(isMissing && !isRequired).each([
  [["true"]],
  [["gzip", "-c", join(import.meta.dirname, "../README.md")]],
])("the address space of %j is in the end what its own calls say, on either machine", async (program) => {
  const path = recorded(...program), trace = readFileSync(path, "utf8"), plain = new PlainMachine();
  const expected = await runLackey(plain, path);
  expectMapsOf(trace, pagesOfPlain(plain), expected);
  const report = await runLackey(lackeyMachine(linuxTmpfs), path);
  expectMapsOf(trace, pagesOfProcess(report.process), report);
});
