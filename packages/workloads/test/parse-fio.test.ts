import { readFileSync } from "node:fs";
import { join } from "node:path";
import { GiB, KiB } from "@zeropfn/units";
import { describe, expect, test } from "vitest";
import { parseFio, sizeOf } from "../src/fio/index.ts";
import { WorkloadsError } from "../src/index.ts";

const GOOD = "[global]\nsize=1G\nfilename=/root/dax/data\nfallocate=none\n[io]\nrw=read\nioengine=mmap\n";

test("the job of the mail reads as it is written there", () => {
  const text = readFileSync(join(import.meta.dirname, "../../../examples/dax-hole-read.fio"), "utf8");
  expect(parseFio(text, "dax-hole-read.fio")).toEqual([
    {
      name: "io", size: GiB, filename: "/root/dax/data", blockBytes: 4096, rw: "read", ioengine: "mmap", fallocate: "none", numjobs: 1,
      globalOptions: { size: "1G", filename: "/root/dax/data", fallocate: "none" },
      jobOptions: { rw: "read", ioengine: "mmap" },
    },
  ]);
});

test.each([
  ["carriage returns, blank lines, comments, a byte order mark, blanks around", `\u{feff}; a job\r\n# of ours\r\n\r\n  [io]\r\n size = 8k ; two pages\r\nfallocate=none\r\nioengine=mmap\r\n`, { size: 8 * KiB, rw: "read" }],
  ["a job's value over a global one", "[global]\nsize=1G\nfallocate=none\nioengine=mmap\n[io]\nsize=64k\n", { size: 64 * KiB }],
  ["two global sections", "[global]\nsize=64k\nfallocate=none\n[global]\nioengine=mmap\n[io]\n", { size: 64 * KiB }],
  ["fio's other names", "[io]\nsize=64k\nfallocate=none\nioengine=mmap\nreadwrite=read\nblocksize=16k\n", { rw: "read", blockBytes: 16 * KiB }],
  ["fio's default file name", "[a.b]\nsize=64k\nfallocate=none\nioengine=mmap\n", { name: "a.b", filename: "a.b.0.0" }],
  ["a job named like an object's property", "[__proto__]\nsize=64k\nfallocate=none\nioengine=mmap\n", { name: "__proto__" }],
])("%s", (_, text, expected) => {
  expect(parseFio(text, "x.fio")[0]).toMatchObject(expected);
});

test.each([
  ["0", 0], ["1", 1], ["4096", 4096], ["4k", 4096], ["4K", 4096], ["4kb", 4096], ["2m", 2 ** 21], ["1G", 2 ** 30], ["1gB", 2 ** 30], ["3t", 3 * 2 ** 40], ["9007199254740991", 2 ** 53 - 1],
])("the size %s is %d bytes, as with fio's kb_base=1024", (text, bytes) => expect(sizeOf(text)).toBe(bytes));

test.each(["", "k", "1x", "1kk", "-1", "+1", "1.5g", "1 g", "0x10", "1e3", "4KiB", "9007199254740992", "10000t", "١"])("%j is no size", (text) => expect(sizeOf(text)).toBeUndefined());

describe("a mistake is said with its line, key, value and what was expected", () => {
  const replaced = (from: string, to: string): string => GOOD.replace(from, to);
  test.each([
    ["a size that does not parse", replaced("size=1G", "size=1Q"), "WORKLOADS_BAD_VALUE", 2, "size", "1Q", /digits.*1024/],
    ["no size at all", replaced("size=1G", "size="), "WORKLOADS_BAD_VALUE", 2, "size", "", /digits/],
    ["a key without a value", replaced("size=1G", "size"), "WORKLOADS_BAD_VALUE", 2, "size", "", /digits/],
    ["a size that is a word of ini", replaced("size=1G", "size=true"), "WORKLOADS_BAD_VALUE", 2, "size", "true", /digits/],
    ["an empty file", replaced("size=1G", "size=0"), "WORKLOADS_BAD_VALUE", 2, "size", "0", /1 byte to 16g/],
    ["the smallest size that is too large", replaced("size=1G", "size=17179869185"), "WORKLOADS_BAD_VALUE", 2, "size", "17179869185", /to 16g/],
    ["a size that is no multiple of bs", replaced("size=1G", "size=4097"), "WORKLOADS_BAD_VALUE", 2, "size", "4097", /multiple of bs, 4096 bytes/],
    ["a job's size that is no multiple of the global bs", "[global]\nbs=8k\nfallocate=none\nioengine=mmap\n[io]\n\nsize=12k\n", "WORKLOADS_BAD_VALUE", 7, "size", "12k", /multiple of bs, 8192/],
    ["a block that is no power of two", replaced("rw=read", "bs=5k"), "WORKLOADS_BAD_VALUE", 6, "bs", "5k", /power of two from 4k to 256k/],
    ["a block larger than a batch", replaced("rw=read", "bs=512k"), "WORKLOADS_BAD_VALUE", 6, "bs", "512k", /power of two from 4k to 256k/],
    ["a block smaller than a page", replaced("rw=read", "bs=2k"), "WORKLOADS_BAD_VALUE", 6, "bs", "2k", /power of two from 4k to 256k/],
    ["an engine", replaced("ioengine=mmap", "ioengine=libaio"), "WORKLOADS_BAD_VALUE", 7, "ioengine", "libaio", /mmap.*only engine/],
    ["a mode", replaced("rw=read", "rw=randwrite"), "WORKLOADS_BAD_VALUE", 6, "rw", "randwrite", /read.*only mode/],
    ["a mode by its other name", replaced("rw=read", "readwrite=trim"), "WORKLOADS_BAD_VALUE", 6, "readwrite", "trim", /read.*only mode/],
    ["an allocation", replaced("fallocate=none", "fallocate=native"), "WORKLOADS_BAD_VALUE", 4, "fallocate", "native", /none.*hole/],
    ["several files", replaced("filename=/root/dax/data", "filename=a:b"), "WORKLOADS_BAD_VALUE", 3, "filename", "a:b", /one path/],
    ["many jobs", replaced("rw=read", "numjobs=4"), "WORKLOADS_BAD_VALUE", 6, "numjobs", "4", /1/],
    ["an unsupported key", replaced("rw=read", "iodepth=32"), "WORKLOADS_UNSUPPORTED_KEY", 6, "iodepth", "32", /size, filename, fallocate, rw, ioengine, bs, numjobs/],
    ["an unsupported flag", replaced("rw=read", "thread"), "WORKLOADS_UNSUPPORTED_KEY", 6, "thread", "", /supported keys/],
    ["a key that is a property of objects", replaced("rw=read", "constructor=1"), "WORKLOADS_UNSUPPORTED_KEY", 6, "constructor", "1", /supported keys/],
    ["a key that ini drops", replaced("rw=read", "__proto__=1"), "WORKLOADS_UNSUPPORTED_KEY", 6, "__proto__=1", "", /supported keys/],
    ["a key in capitals, which fio does not know either", replaced("rw=read", "RW=read"), "WORKLOADS_UNSUPPORTED_KEY", 6, "RW", "read", /supported keys/],
    ["a repeated key", replaced("fallocate=none", "size=2G"), "WORKLOADS_REPEATED_KEY", 4, "size", "2G", /once in \[global\]; line 2/],
    ["a repeated key with the same value", replaced("ioengine=mmap", "rw=read"), "WORKLOADS_REPEATED_KEY", 7, "rw", "read", /once in \[io\]; line 6/],
    ["a repeated key by its other name", replaced("ioengine=mmap", "readwrite=read"), "WORKLOADS_REPEATED_KEY", 7, "readwrite", "read", /rw once in \[io\]; line 6/],
    ["a key before any section", `size=1G\n${GOOD}`, "WORKLOADS_BAD_LINE", 1, "size", "1G", /section/],
    ["a second job", `${GOOD}[again]\n`, "WORKLOADS_BAD_LINE", 8, "section", "[again]", /one job/],
    ["a global section that would not count", `${GOOD}[global]\n`, "WORKLOADS_BAD_LINE", 8, "[global]", "[global]", /above the job/],
    ["no job", "[global]\nsize=1G", "WORKLOADS_BAD_LINE", 2, "job section", "", /\[io\]/],
    ["nothing", "", "WORKLOADS_BAD_LINE", 1, "job section", "", /\[io\]/],
    ["a section that does not end", "[io\nsize=4k", "WORKLOADS_BAD_LINE", 1, "[io", "", /section/],
    ["no size", replaced("size=1G\n", ""), "WORKLOADS_MISSING_KEY", 4, "size", "", /digits/],
    ["fio's default allocation", replaced("fallocate=none\n", ""), "WORKLOADS_MISSING_KEY", 4, "fallocate", "", /none/],
    ["fio's default engine", replaced("ioengine=mmap\n", ""), "WORKLOADS_MISSING_KEY", 5, "ioengine", "", /mmap/],
  ] as const)("%s", (_, text, code, line, key, value, expected) => {
    const error = mistakeIn(text);
    expect(error.code).toBe(code);
    expect(error.mistake).toMatchObject({ file: "job.fio", line, key, value });
    expect(error.mistake?.expected).toMatch(expected);
    expect(error.message).toContain(`job.fio:${line}: ${key} ${JSON.stringify(value)}: expected `);
    expect(error.message.split("\n")).toHaveLength(1);
  });

  test("a binary file gives one printable line, not a screen of it", () => {
    const error = mistakeIn(`\u{1b}[2J\u{0}\u{7f}ELF${"x".repeat(5000)}=\u{202e}`);
    expect(error.message.length).toBeLessThan(400);
    expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

function mistakeIn(text: string): WorkloadsError {
  try {
    parseFio(text, "job.fio");
  } catch (error) {
    if (error instanceof WorkloadsError) return error;
    throw error;
  }
  throw new Error("no mistake was found");
}
