import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { type LackeyReport, runLackey } from "../src/lackey/index.ts";
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

function expectMapsOf(trace: string, machine: PlainMachine, report: LackeyReport<unknown>): void {
  const expected = rightsByCalls(trace), rest = [...machine.pages].filter(([page]) => !expected.has(page));
  expect([...machine.pages].filter(([page]) => expected.has(page)).map(([page, { rights }]) => [page, rights]).sort()).toEqual([...expected].sort());
  expect(rest.length).toBeLessThanOrEqual(report.preMapped.pages);
  expect(new Set(rest.map(([, { backing }]) => backing.replace(/@.*/, "")))).toEqual(new Set(["anon", "[mapped before the trace]"]));
  expect([report.signals, report.differences]).toEqual([{}, []]);
  const count = (letters: string): number => trace.match(new RegExp(`^${letters} [0-9a-f]+,\\d+$`, "gm"))?.length ?? 0;
  expect(report.accesses).toMatchObject({ fetches: count("I "), loads: count(" L"), stores: count(" S"), modifies: count(" M") });
}

/** Records a program, and replays what it did. */
async function recorded(...program: readonly string[]): Promise<{ trace: string; machine: PlainMachine; report: LackeyReport<unknown> }> {
  const path = join(folder, `${program[0]!}.lackey`), machine = new PlainMachine();
  const { status, stderr } = spawnSync(VALGRIND, ["--tool=lackey", "--trace-mem=yes", "--trace-syscalls=yes", `--log-file=${path}`, ...program], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  return { trace: readFileSync(path, "utf8"), machine, report: await runLackey(machine, path) };
}

test("the trace that ships replays without a signal and without a difference", async () => {
  const { accesses, signals, differences, preMapped, calls } = await runLackey(new PlainMachine(), SAMPLE);
  expect([signals, differences]).toEqual([{}, []]);
  expect(calls).toMatchObject({ mmap: 12, mprotect: 4, munmap: 1, brk: 1 });
  expect(accesses.total).toBe(accesses.fetches + accesses.loads + accesses.stores + accesses.modifies);
  expect(preMapped.pages).toBeGreaterThan(preMapped.areas);
});

test.skipIf(isMissing && !isRequired).each([
  [["true"]],
  [["gzip", "-c", join(import.meta.dirname, "../README.md")]],
])("the address space of %j is in the end what its own calls say", async (program) => {
  const { trace, machine, report } = await recorded(...program);
  expectMapsOf(trace, machine, report);
});
