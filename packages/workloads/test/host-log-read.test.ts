import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { parseHostLogLine, readHostLog } from "../src/host-log/read.ts";

const folder = mkdtempSync(join(tmpdir(), "host-log-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(content: string | Uint8Array, name = "log.jsonl"): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const two = '{"n":0,"op":"reset"}\n{"n":1,"op":"munmap","p":0,"a":[0,4096],"ret":0,"nv":0}\n';

describe("A log is read", () => {
  test.each([
    ["plain", two],
    ["plain, without a last line end", two.trimEnd()],
    ["gzipped, whatever its name", gzipSync(two)],
    ["in pieces that gzip put together", Buffer.concat([gzipSync(two.slice(0, 30)), gzipSync(two.slice(30))])],
  ])("%s", async (_, content) => {
    const file = fileOf(content), lines = await all(readHostLog(file));
    expect(lines).toEqual([
      { file, line: 1, record: { n: 0, op: "reset" } },
      { file, line: 2, record: { n: 1, op: "munmap", p: 0, a: [0, 4096], ret: 0, nv: 0 } },
    ]);
  });

  test("with empty lines left out and counted", async () => {
    const lines = await all(readHostLog(fileOf(`\n${two.replaceAll("\n", "\r\n\r\n")}`)));
    expect(lines.map(({ line }) => line)).toEqual([2, 4]);
  });

  test("line by line: those before a mistake come first", async () => {
    const lines = readHostLog(fileOf(`${two}x\n`));
    expect((await lines.next()).value).toMatchObject({ line: 1 });
    expect((await lines.next()).value).toMatchObject({ line: 2 });
    await expect(lines.next()).rejects.toThrow(/log\.jsonl:3: line "x": expected a JSON object/);
  });

  test("while it is told how many of the file's bytes are done", async () => {
    const told: [number, number][] = [];
    await all(readHostLog(fileOf(two), { onProgress: (done, total) => told.push([done, total]) }));
    expect(told.at(-1)).toEqual([two.length, two.length]);
  });

  test("as an empty one, if it is empty", async () => expect(await all(readHostLog(fileOf("")))).toEqual([]));
});

describe("A mistake is one line with its place", () => {
  test.each([
    ["no JSON", "{n:0}", 'log:7: line "{n:0}": expected a JSON object'],
    ["a list", "[1]", 'log:7: line "[1]": expected a JSON object'],
    ["nothing", "null", 'log:7: line "null": expected a JSON object'],
    ["no number", '{"op":"reset"}', 'log:7: n "": expected the number of the operation'],
    ["a number that counts nothing", '{"n":-1,"op":"reset"}', 'log:7: n "-1": expected the number of the operation: an integer from 0'],
    ["no operation", '{"n":1}', 'log:7: op "": expected the name of an operation'],
    ["an operation that is no name", '{"n":1,"op":2}', 'log:7: op "2": expected the name of an operation'],
    ["half a process", '{"n":1,"op":"maps","p":0.5}', 'log:7: p "0.5": expected the number of a process'],
    ["one argument that is no list", '{"n":1,"op":"maps","a":0}', 'log:7: a "0": expected a list of integers'],
    ["a text among the arguments", '{"n":1,"op":"exit","a":[0,"4096"]}', 'log:7: a "[0,\\"4096\\"]": expected a list of integers'],
  ])("%s", (_, text, message) => {
    expect(() => parseHostLogLine(text, "log", 7)).toThrow(message);
  });

  test("a gzip file that was cut off", async () => {
    const packed = gzipSync(two.repeat(1000));
    await expect(all(readHostLog(fileOf(packed.subarray(0, packed.length - 9))))).rejects.toThrow(/gzip "Z_BUF_ERROR": expected a whole gzip file/);
  });

  test("a line that does not end", async () => {
    await expect(all(readHostLog("/dev/zero"))).rejects.toThrow(/:1: line .*expected a line of at most/);
  });

  test("a file that is not there keeps what the system says", async () => {
    await expect(all(readHostLog(join(folder, "none")))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
