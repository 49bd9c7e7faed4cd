import { chmodSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { type Ended, folder, jobFile, smallJob, zeropfn, zeropfnAsNobody } from "./command.ts";

// Processes start slowly on a busy host.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const ZERO = ["--stack", "dax-zero-page"];

/** Exit code 2, nothing on stdout, one line on stderr that has all of `parts`. */
function expectRefused({ code, out, err }: Ended, ...parts: readonly (string | RegExp)[]): void {
  expect([code, out, err.split("\n").length], err).toEqual([2, "", 2]);
  for (const part of parts) expect(err).toEqual(typeof part === "string" ? expect.stringContaining(part) : expect.stringMatching(part));
  expect(err).not.toMatch(/^\s+at /m);
}

test.each([
  ["a size that does not parse", "size=8m", "size=8x", /:2: size "8x": expected a size/],
  ["an unsupported key", "rw=read", "iodepth=4", /:6: iodepth "4": expected one of the supported keys: size, /],
  ["a repeated key", "ioengine=mmap", "rw=read", /:7: rw "read": expected rw once in \[io\]; line 6 has it/],
  ["an unsupported engine", "ioengine=mmap", "ioengine=io_uring", /:7: ioengine "io_uring": expected mmap \(the only engine that is supported\)/],
  ["an unsupported mode", "rw=read", "rw=randrw", /:6: rw "randrw": expected read \(the only mode that is supported\)/],
])("%s", (_, from, to, message) => {
  const file = jobFile(smallJob("8m").replace(from, to));
  expectRefused(zeropfn("compare", file, ...ZERO), file, message);
});

test("a file that is missing, a folder, one that never ends, and one that may not be read", () => {
  expectRefused(zeropfn("compare", join(folder, "none.fio"), ...ZERO), "none.fio: cannot be read (ENOENT), expected a readable fio job file");
  expectRefused(zeropfn("compare", folder, ...ZERO), "cannot be read (EISDIR), expected a readable fio job file");
  expectRefused(zeropfn("compare", "/dev/zero", ...ZERO), "/dev/zero: is larger, expected a readable fio job file of at most 1 MiB");
  const secret = jobFile(smallJob("8m"));
  chmodSync(folder, 0o755);
  chmodSync(secret, 0);
  expectRefused(zeropfnAsNobody("compare", secret, ...ZERO), "cannot be read (EACCES)");
});

test("a file that is no job file", () => expectRefused(zeropfn("compare", process.execPath, ...ZERO), "is larger"));
test("an empty file", () => expectRefused(zeropfn("compare", "/dev/null", ...ZERO), '/dev/null:1: job section "": expected a job section such as [io]'));

test("a stack, an option, a command that does not exist, and too few or too many arguments", () => {
  const file = jobFile(smallJob("8m"));
  expectRefused(zeropfn("compare", file, "--stack", "dax"), "--stack", "'dax'", "expected one of dax-cache-page, dax-zero-page");
  expectRefused(zeropfn("compare", file, "--stack", "toString"), "'toString'", "expected one of dax-cache-page, dax-zero-page");
  expectRefused(zeropfn("compare", file, "--stac", "dax-zero-page"), "zeropfn compare: unknown option '--stac', expected --stack <name>, --json");
  expectRefused(zeropfn("compare", file), "zeropfn: compare needs --stack, expected one or more of dax-cache-page, dax-zero-page");
  expectRefused(zeropfn("compare", file, "--stack"), "argument missing");
  expectRefused(zeropfn("compare"), "zeropfn compare: missing required argument 'workload'");
  expectRefused(zeropfn("compare", file, file, ...ZERO), "too many arguments");
  expectRefused(zeropfn("stacks", "all"), "too many arguments");
  expectRefused(zeropfn("compear"), "zeropfn: unknown command 'compear', expected compare, stacks, settle");
});

test("no command at all shows what there is", () => {
  const { code, err } = zeropfn();
  expect(code).toBe(2);
  expect(err).toMatch(/compare .*<workload>/);
});

test("--help is no mistake", () => {
  const { code, out } = zeropfn("compare", "--help");
  expect(code).toBe(0);
  expect(out).toContain("--stack <name>");
});
