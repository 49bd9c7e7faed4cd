import { PG_referenced } from "@zeropfn/folio";
import { describe, expect, test } from "vitest";
import { createMachine, linuxTmpfs, type Machine, type MachineFile, MAP_FIXED, MAP_LOCKED, MAP_SHARED, pageInfo, type Process, PROT_READ } from "../src/index.ts";

// Which pages of a file are referenced: each answer was observed on Linux 6.18.44. mlock and munlock take effect in batches of 31 folios.

const PAGE = 4096;
const BASE = 0x10_0000;
const LOCKED = MAP_SHARED + MAP_FIXED + MAP_LOCKED;
const UNLOCKED = MAP_SHARED + MAP_FIXED;

interface World {
  readonly machine: Machine;
  readonly process: Process;
  readonly file: MachineFile;
  readonly pages: number;
  /** Pages of the file that are referenced: "R". */
  readonly referenced: () => string;
}
/** A file of `pages` pages, written once: each is referenced, and not active. */
function world(pages: number): World {
  const machine = createMachine({ stack: linuxTmpfs, memoryBytes: 256 * PAGE }), process = machine.createProcess(), file = machine.createFile("file"), { folios } = machine.parts;
  file.pwrite(0, new Uint8Array(pages * PAGE).fill(65));
  const watcher = machine.createProcess(), window = watcher.mmap(file, { length: pages * PAGE, protection: PROT_READ, flags: MAP_SHARED });
  for (let page = 0; page < pages; page++) watcher.load8((window + page * PAGE) as never);
  const letter = (page: number): string => (folios.testFlag(pageInfo(watcher, (window + page * PAGE) as never).pfn, PG_referenced) ? "R" : "-");
  return { machine, process, file, pages, referenced: () => Array.from({ length: pages }, (_, page) => letter(page)).join("") };
}
/** All of the file, `nth` times its length from the base on. */
function show({ process, file, pages }: World, nth: number, flags: number): void {
  expect(process.mmap(file, { address: (BASE + nth * pages * PAGE) as never, length: pages * PAGE, protection: PROT_READ, flags })).toBe(BASE + nth * pages * PAGE);
}
function readAll({ process, pages }: World, times: number): void {
  for (let page = 0; page < times * pages; page++) expect(process.load8((BASE + page * PAGE) as never)).toBe(65);
}
const unmap = ({ process, pages }: World, times: number): number => process.munmap(BASE as never, times * pages * PAGE);

describe("a locked area that is populated", () => {
  test("finds its pages evictable, and makes them active, up to where a batch is full", () => {
    const small = world(10), large = world(40);
    show(small, 0, LOCKED);
    // A fault maps 16 pages, the next fills the batch: the first 15 of its pages are unevictable before they are touched.
    show(large, 0, LOCKED);
    expect([small.referenced(), large.referenced()]).toEqual(["-".repeat(10), "-".repeat(16) + "R".repeat(15) + "-".repeat(9)]);
    expect(large.machine.count("nr_mlock")).toBe(40);
  });
  test("does so by mlock() too", () => {
    const it = world(40);
    show(it, 0, UNLOCKED);
    expect([it.process.mlock(BASE as never, 40 * PAGE), it.referenced()]).toEqual([0, "-".repeat(16) + "R".repeat(15) + "-".repeat(9)]);
  });
  test("finds them unevictable where mlock() found them mapped", () => {
    const it = world(7);
    show(it, 0, UNLOCKED);
    show(it, 1, UNLOCKED);
    readAll(it, 1);
    expect([it.process.mlock(BASE as never, 7 * PAGE), it.referenced()]).toEqual([0, "RRRRRRR"]);
  });
  test("finds them unevictable still, where it comes in the place of one that was locked", () => {
    const it = world(40);
    show(it, 0, LOCKED);
    show(it, 0, LOCKED);
    expect(it.referenced()).toBe(`${"-".repeat(16)}RRRRRR${"-".repeat(18)}`);
    expect([it.machine.count("nr_mlock"), unmap(it, 1), it.machine.count("nr_mlock")]).toEqual([40, 0, 0]);
  });
});

describe("munmap() of a locked area", () => {
  test("leaves its last pages unevictable while the areas behind it are unmapped", () => {
    const it = world(40);
    show(it, 0, LOCKED);
    show(it, 1, UNLOCKED);
    readAll(it, 2);
    expect([unmap(it, 2), it.referenced()]).toEqual([0, "-".repeat(31) + "R".repeat(9)]);
    expect(it.machine.count("nr_mlock")).toBe(0);
  });
  test("finds pages unevictable in the areas before it", () => {
    const it = world(40);
    show(it, 0, UNLOCKED);
    show(it, 1, LOCKED);
    readAll(it, 2);
    expect([unmap(it, 2), it.referenced()]).toEqual([0, "R".repeat(40)]);
  });
  test("is no other if the process ends, and all frames come back", () => {
    const it = world(40);
    show(it, 0, LOCKED);
    show(it, 1, UNLOCKED);
    readAll(it, 2);
    it.process.exit();
    expect([it.referenced(), it.machine.count("nr_mlock")]).toEqual(["-".repeat(31) + "R".repeat(9), 0]);
    it.machine.parts.folios.checkInvariants();
  });
});
