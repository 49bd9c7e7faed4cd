import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { WorkloadsError } from "../src/index.ts";
import { readLackey } from "../src/lackey/index.ts";
import { eventsOf, REAL_EVENTS, REAL_LINES } from "./lackey-lines.ts";

test("every kind of line that valgrind prints is read or known as its own", () => expect(eventsOf(REAL_LINES)).toEqual(REAL_EVENTS));

test("a trace that is cut anywhere says the same", () => {
  const bytes = new TextEncoder().encode(REAL_LINES);
  for (let cut = 0; cut <= bytes.length; cut++) expect(eventsOf(bytes, [cut]), `cut at ${cut}`).toEqual(REAL_EVENTS);
  expect(eventsOf(bytes, [...bytes.keys()]), "a byte at a time").toEqual(REAL_EVENTS);
});

test("any accesses, cut into any pieces, are read as they were written", () => {
  const access = fc.tuple(fc.constantFrom("I ", " L", " S", " M"), fc.oneof(fc.nat(), fc.maxSafeNat()), fc.integer({ min: 1, max: 65535 }));
  fc.assert(
    fc.property(fc.array(access, { minLength: 1, maxLength: 50 }), fc.array(fc.nat({ max: 1000 }), { maxLength: 8 }), (accesses, cuts) => {
      const trace = accesses.map(([kind, address, size]) => `${kind} ${address.toString(16).padStart(8, "0")},${size}\n`).join("");
      const inside = cuts.filter((cut) => cut <= trace.length).sort((a, b) => a - b);
      expect(eventsOf(trace, inside)).toEqual(accesses.map(([kind, address, size]) => `${kind.trim()} ${address.toString(16)},${size}`));
    }),
  );
});

test("more accesses than a batch holds are told in order, before and after a call", () => {
  const lines = Array.from({ length: 20_000 }, (_, nth) => ` S ${(nth * 8).toString(16)},8`), call = "SYSCALL[1,1](12) sys_brk ( 0x0 ) --> [pre-success] Success(0x1000) ";
  const events = eventsOf([...lines, call, ...lines, ""].join("\n")), stores = lines.map((line) => line.trim());
  expect(events).toEqual([...stores, "20001: brk(0) = 4096", ...stores]);
});

test("a last line may lack its newline", () => expect(eventsOf("I  0401ab70,3\n L 10,8")).toEqual(["I 401ab70,3", "L 10,8"]));

describe("a mistake is said with file, line, value and what was expected", () => {
  const START = "==1== Command: x\nI  0401ab70,3\n";
  test.each([
    ["what the program printed itself", `${START}hello\n`, "WORKLOADS_BAD_LINE", 3, "line", "hello", /I {2}0401ab70,3.*--log-file/],
    ["an address without a size", `${START} L 0401ab70\n`, "WORKLOADS_BAD_LINE", 3, "line", " L 0401ab70", /0401ab70,3/],
    ["a size of nothing", `${START} L 0401ab70,0\n`, "WORKLOADS_BAD_LINE", 3, "line", " L 0401ab70,0", /0401ab70,3/],
    ["the smallest size that is too large", `${START} L 0401ab70,65536\n`, "WORKLOADS_BAD_LINE", 3, "line", " L 0401ab70,65536", /0401ab70,3/],
    ["an empty address", `${START} S ,8\n`, "WORKLOADS_BAD_LINE", 3, "line", " S ,8", /0401ab70,3/],
    ["the smallest address that is too large", `${START} S 20000000000000,8\n`, "WORKLOADS_BAD_LINE", 3, "line", " S 20000000000000,8", /0401ab70,3/],
    ["capitals", `${START} S 1FFF,8\n`, "WORKLOADS_BAD_LINE", 3, "line", " S 1FFF,8", /0401ab70,3/],
    ["more behind the size", `${START} S 1000,8 x\n`, "WORKLOADS_BAD_LINE", 3, "line", " S 1000,8 x", /0401ab70,3/],
    ["another kind of access", `${START} X 1000,8\n`, "WORKLOADS_BAD_LINE", 3, "line", " X 1000,8", /0401ab70,3/],
    ["two lines in one", `${START} S 1000,8 L 1000,8\n`, "WORKLOADS_BAD_LINE", 3, "line", " S 1000,8 L 1000,8", /0401ab70,3/],
    ["an empty line", `${START}\nI  0401ab73,5\n`, "WORKLOADS_BAD_LINE", 3, "line", "", /0401ab70,3/],
    ["a line that was cut off", `${START} S 10`, "WORKLOADS_BAD_LINE", 3, "line", " S 10", /0401ab70,3/],
    ["a result without a call", `${START} --> [pre-fail] Failure(0x26) \n`, "WORKLOADS_BAD_LINE", 3, "line", " --> [pre-fail] Failure(0x26) ", /0401ab70,3/],
    ["a trace without accesses", "==1== Command: x\n==1== \n", "WORKLOADS_BAD_LINE", 2, "line", "", /--trace-mem=yes/],
    ["nothing", "", "WORKLOADS_BAD_LINE", 1, "line", "", /--trace-mem=yes/],
    ["an argument too few", `${START}SYSCALL[1,1](11) sys_munmap ( 0x1 )[sync] --> Success(0x0) \n`, "WORKLOADS_BAD_VALUE", 3, "munmap", "( 0x1 )[sync] --> Success(0x0) ", /start, length/],
    ["an argument too large", `${START}SYSCALL[1,1](11) sys_munmap ( 0x20000000000000, 1 )[sync] --> Success(0x0) \n`, "WORKLOADS_BAD_VALUE", 3, "munmap", "0x20000000000000, 1", /2\^53/],
    ["a path that does not end", `${START}SYSCALL[1,1](257) sys_openat ( 3, 0x1(/etc\n`, "WORKLOADS_BAD_VALUE", 3, "openat", "( 3, 0x1(/etc", /path/],
    ["a late result without its call", `${START}SYSCALL[1,2](257) ... [async] --> Success(0x3) \n`, "WORKLOADS_BAD_VALUE", 3, "thread 2", "... [async] --> Success(0x3) ", /earlier line/],
    ["a result that is none", `${START}SYSCALL[1,1](0) sys_read ( 3 ) --> [async] ... \nSYSCALL[1,1](0) ... [async] --> Succ\n`, "WORKLOADS_BAD_VALUE", 4, "result", "Succ", /Success/],
    ["a second process", `${START}SYSCALL[1,1](39) sys_getpid ()[sync] --> Success(0x1) \nSYSCALL[2,1](39) sys_getpid ()[sync] --> Success(0x2) \n`, "WORKLOADS_BAD_VALUE", 4, "process", "2", /child-silent-after-fork/],
    ["lines of two processes in each other", `${START}SYSCALL[1,1](56) sys_clone ( 1200011 )   clone(fork): process 1 created child 2\n --> [pre-success] Success(0x0)I  04008ded,7\n`, "WORKLOADS_BAD_VALUE", 4, "result", "Success(0x0)I  04008ded,7", /NoWriteResult/],
    ["what a child printed between them", `${START}SYSCALL[1,1](57) sys_fork ( )[sync] --> Success(0x2) \n S 10I  04008ded,7\n`, "WORKLOADS_BAD_LINE", 4, "line", " S 10I  04008ded,7", /child-silent-after-fork/],
  ] as const)("%s", (_, trace, code, line, key, value, expected) => {
    const error = mistakeIn(trace);
    expect(error.code).toBe(code);
    expect(error.mistake).toMatchObject({ file: "t.trace", line, key, value });
    expect(error.mistake?.expected).toMatch(expected);
    expect(error.message.split("\n")).toHaveLength(1);
  });

  test("a file without lines is refused before it fills the memory, and shown in one printable line", () => {
    const error = mistakeIn(`\u{1b}[2J\u{0}${"x".repeat(70_000)}`);
    expect(error.mistake).toMatchObject({ line: 1, key: "line" });
    expect(error.message.length).toBeLessThan(500);
    expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe("files", () => {
  const folder = mkdtempSync(join(tmpdir(), "lackey-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, bytes: string | Uint8Array): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const countOf = async (path: string): Promise<number[]> => {
    let accesses = 0, calls = 0, last = [0, 1];
    await readLackey(path, { accesses: (_, count) => (accesses += count), call: () => calls++ }, { onProgress: (...at) => (last = at) });
    expect(last[0]).toBe(last[1]);
    return [accesses, calls];
  };
  const EXPECTED = [REAL_EVENTS.filter((event) => /^[ILSM]/.test(event)).length, REAL_EVENTS.filter((event) => /^\d/.test(event)).length];

  test("a plain file and a gzipped one say the same, whatever they are called", async () => {
    expect(await countOf(file("a.gz", REAL_LINES))).toEqual(EXPECTED);
    expect(await countOf(file("b.txt", gzipSync(REAL_LINES)))).toEqual(EXPECTED);
  });

  test("a gzipped file that is cut off is a mistake with a line", async () => {
    const zipped = gzipSync(REAL_LINES), path = file("c.gz", zipped.subarray(0, zipped.length - 20));
    await expect(countOf(path)).rejects.toMatchObject({ code: "WORKLOADS_BAD_LINE", mistake: { file: path, key: "gzip", value: "Z_BUF_ERROR" } });
  });

  test("what the system says of a file that is not there comes as it is", () => expect(countOf(join(folder, "none"))).rejects.toMatchObject({ code: "ENOENT" }));
});

function mistakeIn(trace: string): WorkloadsError {
  try {
    eventsOf(trace);
  } catch (error) {
    if (error instanceof WorkloadsError) return error;
    throw error;
  }
  throw new Error("no mistake was found");
}
