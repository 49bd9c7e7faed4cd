import { readdirSync } from "node:fs";
import { join } from "node:path";
import { stacks } from "@zeropfn/mm";
import { describe, expect, test, vi } from "vitest";
import { type Disagreement, hostLogMachine, type LogLine, type LogRecord, newReplayTally, readHostLog, replayHostLog, type ReplayTally } from "../src/host-log/index.ts";
import { operationOf } from "../src/host-log/operations/index.ts";

vi.setConfig({ testTimeout: 120_000 });

const folder = join(import.meta.dirname, "../../../examples/host-logs");
const LOGS = readdirSync(folder).filter((name) => /\.jsonl(\.gz)?$/.test(name));

async function linesOf(log: string): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const line of readHostLog(join(folder, log))) lines.push(line);
  return lines;
}

async function replayed(lines: AsyncIterable<LogLine> | Iterable<LogLine>): Promise<{ found: Disagreement[]; tally: ReplayTally }> {
  const found: Disagreement[] = [], tally = newReplayTally();
  for await (const disagreement of replayHostLog(lines, () => hostLogMachine(stacks["linux-tmpfs"]!), tally)) found.push(disagreement);
  return { found, tally };
}

const lineOf = (record: LogRecord, line: number): LogLine => ({ file: "log", line, record });
const logOf = (...records: readonly Omit<LogRecord, "n">[]): LogLine[] => records.map((record, at) => lineOf({ n: at, ...record } as LogRecord, at + 1));

describe("A machine of linux-tmpfs shows what the host did, in every field of", () => {
  test.each(LOGS)("%s", async (log) => {
    const { found, tally } = await replayed(readHostLog(join(folder, log)));
    expect(found.slice(0, 5)).toEqual([]);
    expect(tally).toMatchObject({ disagreements: 0, skipped: 0 });
    expect(tally.operations).toBe((await linesOf(log)).length);
  });
});

test.each(LOGS)("Every operation of %s is known, by its name and the number of its arguments", async (log) => {
  for (const { line, record } of await linesOf(log)) {
    const count = { expected: operationOf(record)?.arguments.length, found: (record.a ?? []).length };
    expect(count.found, `${log}:${line}`).toBe(count.expected);
  }
});

// biome-ignore lint/suspicious/noExplicitAny: a record to alter, whatever is in it
type Alterable = Record<string, any>;
/** Each changes one field of a record, if it can; the path that is to disagree. */
type Alteration = readonly [field: string, alter: (record: Alterable) => string | undefined];

/** Another character at the first place where `from` has its way. */
const otherwise = (text: string, from: RegExp, to: string): string | undefined => (from.test(text) ? text.replace(from, to) : undefined);

function changeText(field: string, from: RegExp, to: string): Alteration {
  return [field, (record) => {
    const text = typeof record[field] === "string" ? otherwise(record[field], from, to) : undefined;
    if (text === undefined) return undefined;
    record[field] = text;
    return field;
  }];
}
function changeNumber(field: string, isRight: (record: Alterable) => boolean = () => true): Alteration {
  return [field, (record) => {
    if (typeof record[field] !== "number" || !isRight(record)) return undefined;
    record[field] = record[field] === 0 ? 1 : record[field] - 1;
    return field;
  }];
}

const ALTERATIONS: readonly Alteration[] = [
  changeNumber("ret", ({ ret }) => ret >= 0),
  changeText("errno", /EINVAL/, "ENOMEM"),
  changeText("sig", /SIGSEGV/, "SIGBUS"),
  changeNumber("code"),
  changeText("crc", /[1-9]/, "0"),
  changeNumber("done", ({ done }) => done > 0),
  changeNumber("minflt"),
  changeNumber("copied"),
  changeNumber("nv"),
  ["maps: end", ({ maps }) => (maps?.length > 1 ? ((maps[1][1] += 4096), "maps[1][1]") : undefined)],
  ["maps: permissions", ({ maps }) => (maps?.[0]?.[2] === "rw-s" ? ((maps[0][2] = "rw-p"), "maps[0][2]") : undefined)],
  ["maps: slot", ({ maps }) => (maps?.[0]?.[3] === 1 ? ((maps[0][3] = 2), "maps[0][3]") : undefined)],
  ["maps: offset", ({ maps }) => (maps?.[0]?.[4] > 0 ? ((maps[0][4] -= 4096), "maps[0][4]") : undefined)],
  ["maps: an area less", ({ maps }) => (maps?.length > 2 ? (maps.pop(), `maps[${maps.length}]`) : undefined)],
  changeText("pages", /A/, "F"),
  ["pages: a clean page", changeText("pages", /F/, "D")[1]],
  ["pages: an absent page", changeText("pages", /\./, "G")[1]],
  changeText("ex", /3/, "1"),
  changeText("res", /1/, "0"),
  ["smaps: a number", ({ smaps }) => (smaps?.[0]?.Rss > 4 ? ((smaps[0].Rss -= 4), "smaps[0].Rss") : undefined)],
  ["smaps: a number that is missing", ({ smaps }) => (smaps?.[0]?.Pss > 0 ? (delete smaps[0].Pss, "smaps[0].Pss") : undefined)],
  ["smaps: VmFlags", ({ smaps }) => (smaps?.length > 1 ? ((smaps[1].VmFlags += " ht"), "smaps[1].VmFlags") : undefined)],
  ["smaps: an area more", ({ smaps }) => (smaps?.length > 0 ? (smaps.push({ ...smaps[0] }), `smaps[${smaps.length - 1}]`) : undefined)],
  ["rollup: a number", ({ rollup }) => (rollup?.Rss > 4 ? ((rollup.Rss -= 4), "rollup.Rss") : undefined)],
  ["rollup: what is locked", ({ rollup }) => (rollup?.VmLck > 0 ? ((rollup.VmLck += 4), "rollup.VmLck") : undefined)],
  changeNumber("size", ({ op }) => op === "stat"),
  changeNumber("blocks"),
  ["a field that nobody knows", (record) => (record.op === "munmap" ? ((record.weight = 0), "weight") : undefined)],
  ["a field that is missing", (record) => (record.op === "mprotect" ? (delete record.nv, "nv") : undefined)],
];

test("A replay sees each field of an outcome that is altered, at its line, and nothing else", async () => {
  const lines = await linesOf("vma-21.jsonl.gz"), expected: object[] = [], alterations = [...ALTERATIONS];
  const altered = lines.map((line) => {
    for (const [at, [, alter]] of alterations.entries()) {
      const record = structuredClone(line.record) as LogRecord, field = alter(record);
      if (field === undefined) continue;
      alterations.splice(at, 1);
      expected.push({ n: record.n, line: line.line, op: record.op, field });
      return { ...line, record };
    }
    return line;
  });
  expect(alterations.map(([name]) => name)).toEqual([]);
  const { found } = await replayed(altered);
  expect(found.map(({ n, line, op, field }) => ({ n, line, op, field }))).toEqual(expected);
});

describe("A replay", () => {
  test("says what was recorded, and what is here", async () => {
    const { found } = await replayed(logOf({ op: "truncate", p: 0, a: [0, 4096], ret: -1, errno: "EFBIG" }));
    expect(found).toEqual([
      { n: 0, file: "log", line: 1, op: "truncate", field: "ret", recorded: -1, ours: 0 },
      { n: 0, file: "log", line: 1, op: "truncate", field: "errno", recorded: "EFBIG", ours: undefined },
    ]);
  });

  test("makes a new machine at a reset, and begins with one", async () => {
    const stat = { op: "stat", p: 0, a: [0] };
    const { tally } = await replayed(logOf(
      { ...stat, size: 0, blocks: 0, ret: 0 },
      { op: "truncate", p: 0, a: [0, 5], ret: 0 }, { ...stat, size: 5, blocks: 0, ret: 0 },
      { op: "reset" }, { op: "note", text: "all is new" }, { ...stat, size: 0, blocks: 0, ret: 0 },
    ));
    expect(tally).toMatchObject({ operations: 6, disagreements: 0, skipped: 0 });
  });

  test("counts what it cannot perform, by why", async () => {
    const { tally } = await replayed(logOf(
      { op: "rotate", p: 0, a: [1, 2, 3] }, { op: "toString" },
      { op: "maps", p: 9, a: [], maps: [] }, { op: "same", p: 0, a: [0, 8, 0, 0], same: "" },
      { op: "fsync", p: 0, a: [3], ret: 0 }, { op: "fsync", p: 0, a: [3], ret: 0 },
    ));
    expect(tally).toMatchObject({ operations: 6, disagreements: 0, skipped: 6 });
    expect(Object.fromEntries(tally.skippedBecause)).toEqual({ "rotate: not known": 1, "toString: not known": 1, "no process 9": 1, "no process 8": 1, "no file in slot 3": 2 });
  });

  test("goes on after an operation that throws", async () => {
    const machine = hostLogMachine(stacks["linux-tmpfs"]!), process = machine.createProcess(), found: Disagreement[] = [];
    Object.assign(process, { munmap() { throw new RangeError("oops"); } });
    Object.assign(machine, { createProcess: () => process });
    const lines = logOf({ op: "munmap", p: 0, a: [0, 4096], ret: 0, nv: 0 }, { op: "maps", p: 0, a: [], maps: [] });
    for await (const disagreement of replayHostLog(lines, () => machine)) found.push(disagreement);
    expect(found).toEqual([{ n: 0, file: "log", line: 1, op: "munmap", field: "thrown", recorded: undefined, ours: "RangeError: oops" }]);
  });

  test.each([
    ["too few", [0], /^WORKLOADS_BAD_VALUE: log:1: a "\[0\]": expected 2 arguments of munmap: off, len$/],
    ["too many", [0, 4096, 1], /^WORKLOADS_BAD_VALUE: log:1: a "\[0,4096,1\]": expected 2 arguments of munmap: off, len$/],
  ])("refuses an operation with %s arguments", async (_, a, message) => {
    await expect(replayed(logOf({ op: "munmap", p: 0, a, ret: 0, nv: 0 }))).rejects.toThrow(message);
  });
});
