import { PG_referenced } from "@zeropfn/folio";
import { MADV_COLD, MADV_COLLAPSE, MADV_DONTNEED, MADV_FREE, MADV_GUARD_INSTALL, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_PAGEOUT, MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_NONE, PROT_READ, PROT_WRITE } from "@zeropfn/pte-mmu";
import { EINVAL, MiB, type VirtualAddress } from "@zeropfn/units";
import { describe, expect, test } from "vitest";
import { createMachine, linuxTmpfs, type Machine, pageInfo, type Process, smapsFields } from "../src/index.ts";

// What is expected here, but for the last group, was observed on Linux 6.18.44, x86-64, THP mode madvise, no swap, on 2026-11-29: a C
// program that did the same, and read /proc/self/pagemap, /proc/kpageflags and smaps.

const PAGE = 4096, BLOCK = 2 * MiB, START = 0x7e00_0000_0000, BOTH = PROT_READ | PROT_WRITE;
const at = (offset: number): VirtualAddress => (START + offset) as VirtualAddress;

const newMachine = (): Machine => createMachine({ stack: linuxTmpfs, memoryBytes: 64 * MiB, thp: "madvise" });
/** A process with `length` bytes of private memory for which MADV_HUGEPAGE was given. */
function fresh(length: number, machine: Machine = newMachine()): Process {
  const process = machine.createProcess();
  process.mmap(null, { address: START, length, protection: BOTH, flags: MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED });
  process.madvise(at(0), length, MADV_HUGEPAGE);
  return process;
}
/** The same, and small pages are written at `offsets`. */
function small(length: number, ...offsets: number[]): Process {
  const process = fresh(length);
  process.madvise(at(0), length, MADV_NOHUGEPAGE);
  for (const offset of offsets) process.store8(at(offset), 1);
  process.madvise(at(0), length, MADV_HUGEPAGE);
  return process;
}
/** Runs of pages: "0-512H" if small entries map them, "0-512H*" if a leaf does. */
function runs(process: Process, length: number): string {
  const shown: { first: number; end: number; letter: string }[] = [];
  for (let page = 0; page < length / PAGE; page++) {
    const { letter, isPmdMapped } = pageInfo(process, at(page * PAGE)), name = letter + (isPmdMapped ? "*" : ""), last = shown.at(-1);
    if (last?.letter === name) last.end = page + 1;
    else shown.push({ first: page, end: page + 1, letter: name });
  }
  return shown.filter(({ letter }) => letter !== ".").map(({ first, end, letter }) => `${first}-${end}${letter}`).join(" ");
}
/** kB of fields of the area at `offset`. */
function sizes(process: Process, offset: number = 0): Record<string, number> {
  const { Rss, Private_Dirty, Referenced, LazyFree, AnonHugePages, THPeligible } = smapsFields(process, at(offset))!;
  return { Rss, Private_Dirty, Referenced, LazyFree, AnonHugePages, THPeligible };
}

describe("advice about a huge page", () => {
  test("PAGEOUT of all of it leaves small pages, without swap: what is zero is the zero page, the rest is active", () => {
    const process = fresh(2 * BLOCK);
    process.store8(at(0), 1);
    expect([runs(process, BLOCK), process.madvise(at(0), BLOCK, MADV_PAGEOUT), runs(process, BLOCK)]).toEqual(["0-512H*", 0, "0-1A 1-512Z"]);
    expect(sizes(process)).toEqual({ Rss: 4, Private_Dirty: 4, Referenced: 4, LazyFree: 0, AnonHugePages: 0, THPeligible: 1 });
  });
  test.each([["PAGEOUT", MADV_PAGEOUT, 8], ["COLD", MADV_COLD, 0]] as const)("%s of a part of it splits the folio", (_, advice, referenced) => {
    const process = fresh(2 * BLOCK);
    process.store8(at(0), 1);
    process.store8(at(3 * PAGE), 1);
    expect([process.madvise(at(0), 8 * PAGE, advice), runs(process, BLOCK)]).toEqual([0, "0-1A 1-3Z 3-4A 4-512Z"]);
    expect(sizes(process)).toEqual({ Rss: 8, Private_Dirty: 8, Referenced: referenced, LazyFree: 0, AnonHugePages: 0, THPeligible: 1 });
  });
  test("COLD of all of it makes the leaf old", () => {
    const process = fresh(2 * BLOCK);
    process.store8(at(0), 1);
    expect([process.madvise(at(0), BLOCK, MADV_COLD), runs(process, BLOCK)]).toEqual([0, "0-512H*"]);
    expect(sizes(process)).toEqual({ Rss: 2048, Private_Dirty: 2048, Referenced: 0, LazyFree: 0, AnonHugePages: 2048, THPeligible: 1 });
  });
  test("PAGEOUT after FREE discards it; a write between keeps it, in small entries", () => {
    const process = fresh(2 * BLOCK);
    process.store8(at(0), 1);
    process.madvise(at(0), BLOCK, MADV_FREE);
    expect([process.madvise(at(0), BLOCK, MADV_PAGEOUT), runs(process, BLOCK)]).toEqual([0, ""]);
    process.store8(at(0), 1);
    process.madvise(at(0), BLOCK, MADV_FREE);
    process.store8(at(1), 2);
    expect([process.madvise(at(0), BLOCK, MADV_PAGEOUT), runs(process, BLOCK), process.load8(at(0))]).toEqual([0, "0-512H", 1]);
    expect(sizes(process)).toEqual({ Rss: 2048, Private_Dirty: 2048, Referenced: 2048, LazyFree: 0, AnonHugePages: 0, THPeligible: 1 });
  });
  test("FREE of a part of what small entries map splits the folio, of all of it does not", () => {
    const part = fresh(2 * BLOCK), all = fresh(2 * BLOCK), bytes = new Uint8Array(BLOCK).fill(7);
    part.write(at(0), bytes);
    part.madvise(at(511 * PAGE), PAGE, MADV_DONTNEED);
    expect([part.madvise(at(0), 4 * PAGE, MADV_FREE), runs(part, BLOCK)]).toEqual([0, "0-511A"]);
    all.write(at(0), bytes);
    all.mprotect(at(0), PAGE, PROT_READ);
    all.mprotect(at(0), PAGE, BOTH);
    expect([runs(all, BLOCK), all.madvise(at(0), BLOCK, MADV_FREE), runs(all, BLOCK)]).toEqual(["0-512H", 0, "0-512H"]);
    expect(sizes(all)).toEqual({ Rss: 2048, Private_Dirty: 0, Referenced: 0, LazyFree: 2048, AnonHugePages: 0, THPeligible: 1 });
    expect([all.madvise(at(0), BLOCK, MADV_PAGEOUT), runs(all, BLOCK)]).toEqual([0, ""]);
  });
  test("DONTNEED of all that a table maps lets a huge page come; not if a page is left out, or a guard stays", () => {
    const read = (process: Process): string => {
      process.load8(at(0));
      return runs(process, BLOCK);
    };
    const whole = small(2 * BLOCK, 0), part = small(2 * BLOCK, 0), guarded = small(2 * BLOCK, 0);
    whole.madvise(at(0), BLOCK, MADV_DONTNEED);
    part.madvise(at(0), BLOCK - PAGE, MADV_DONTNEED);
    guarded.madvise(at(PAGE), PAGE, MADV_GUARD_INSTALL);
    guarded.madvise(at(0), BLOCK, MADV_DONTNEED);
    expect([whole, part, guarded].map(read)).toEqual(["0-512Z*", "0-1Z", "0-1Z 1-2G"]);
  });
});

describe("collapse", () => {
  test("stops at a block with nothing in it, and at a guard; an empty table is pages of zeros", () => {
    const empty = small(6 * BLOCK, 0, 2 * BLOCK), zapped = small(6 * BLOCK, 0, BLOCK, 2 * BLOCK), emptied = small(6 * BLOCK, 0, BLOCK, 2 * BLOCK), guarded = small(6 * BLOCK, 0, BLOCK, 2 * BLOCK);
    zapped.madvise(at(BLOCK), BLOCK, MADV_DONTNEED);
    emptied.madvise(at(BLOCK), PAGE, MADV_DONTNEED);
    guarded.madvise(at(BLOCK + PAGE), PAGE, MADV_GUARD_INSTALL);
    expect([empty, zapped, emptied, guarded].map((process) => [process.madvise(at(0), 3 * BLOCK, MADV_COLLAPSE), runs(process, 3 * BLOCK)])).toEqual([
      [-EINVAL, "0-512H* 1024-1025A"], [-EINVAL, "0-512H* 1024-1025A"], [0, "0-1536H*"], [-EINVAL, "0-512H* 512-513A 513-514G 1024-1025A"],
    ]);
  });
  test("is refused where nothing was written, where huge pages are not wanted, and of no whole block", () => {
    const untouched = fresh(2 * BLOCK), process = small(4 * BLOCK, 0);
    expect(untouched.madvise(at(0), 2 * BLOCK, MADV_COLLAPSE)).toBe(-EINVAL);
    expect([process.madvise(at(PAGE), PAGE, MADV_COLLAPSE), process.madvise(at(PAGE), BLOCK - PAGE, MADV_COLLAPSE)]).toEqual([-EINVAL, 0]);
    process.madvise(at(0), 4 * BLOCK, MADV_NOHUGEPAGE);
    expect(process.madvise(at(0), BLOCK, MADV_COLLAPSE)).toBe(-EINVAL);
  });
  test("makes a huge page again of one whose leaf was split, of shared pages, and of a split huge zero page", () => {
    const split = fresh(2 * BLOCK), shared = small(2 * BLOCK, 0, PAGE), zeros = fresh(2 * BLOCK);
    split.store8(at(0), 1);
    split.madvise(at(PAGE), PAGE, MADV_DONTNEED);
    const child = shared.fork() as Process;
    zeros.load8(at(0));
    zeros.mprotect(at(PAGE), PAGE, PROT_READ);
    zeros.mprotect(at(PAGE), PAGE, BOTH);
    expect([runs(split, BLOCK), runs(zeros, BLOCK)]).toEqual(["0-1H 2-512H", "0-512Z"]);
    expect([split, shared, zeros].map((process) => [process.madvise(at(0), BLOCK, MADV_COLLAPSE), runs(process, BLOCK)])).toEqual([[0, "0-512H*"], [0, "0-512H*"], [0, "0-512H*"]]);
    expect([runs(child, BLOCK), child.load8(at(PAGE)), shared.load8(at(PAGE))]).toEqual(["0-2A", 1, 1]);
  });
  test("is done with the huge zero page", () => {
    const process = fresh(2 * BLOCK);
    process.load8(at(0));
    expect([process.madvise(at(0), BLOCK, MADV_COLLAPSE), runs(process, BLOCK)]).toEqual([0, "0-512Z*"]);
  });
});

test("a page that both have parts of is copied while both have some, and taken over by who is left", () => {
  const parent = fresh(2 * BLOCK);
  parent.write(at(0), new Uint8Array(BLOCK).fill(7));
  const child = parent.fork() as Process;
  child.munmap(at(0), BLOCK / 2);
  parent.madvise(at(BLOCK / 2), BLOCK / 2, MADV_DONTNEED);
  parent.store8(at(0), 9);
  child.store8(at(BLOCK / 2), 3);
  expect([runs(parent, BLOCK), runs(child, BLOCK)]).toEqual(["0-1A 1-256H", "256-257A 257-512H"]);
  child.exit();
  parent.store8(at(PAGE), 9);
  expect(runs(parent, BLOCK)).toBe("0-1A 1-256H");
});

test("mremap() that leaves the source leaves no table there, be it a leaf that moves or a table", () => {
  const MREMAP_MAYMOVE_FIXED_DONTUNMAP = 7;
  for (const process of [fresh(2 * BLOCK), small(2 * BLOCK, 0)]) {
    process.store8(at(0), 1);
    expect(process.mremap(at(0), BLOCK, BLOCK, MREMAP_MAYMOVE_FIXED_DONTUNMAP, at(8 * BLOCK))).toBe(at(8 * BLOCK));
    expect([process.load8(at(5)), runs(process, BLOCK), process.load8(at(8 * BLOCK))]).toEqual([0, "0-512Z*", 1]);
  }
});

test("who reads it for another process leaves no trace, who writes makes the leaf young; no folio is referenced", () => {
  const process = fresh(2 * BLOCK), { folios } = process.machine.parts;
  process.store8(at(0), 1);
  process.madvise(at(0), BLOCK, MADV_COLD);
  expect(process.processVmReadv(process, at(0), new Uint8Array(1))).toBe(1);
  expect([sizes(process)["Referenced"], folios.testFlag(pageInfo(process, at(0)).pfn, PG_referenced)]).toEqual([0, false]);
  expect(process.processVmWritev(process, at(0), new Uint8Array(1))).toBe(1);
  expect([sizes(process)["Referenced"], folios.testFlag(pageInfo(process, at(0)).pfn, PG_referenced)]).toEqual([2048, false]);
});

test("mlock() of a part splits the leaf at the ends of the new area", () => {
  const process = fresh(2 * BLOCK);
  process.store8(at(0), 1);
  expect([process.mlock(at(5 * PAGE), PAGE), runs(process, BLOCK)]).toEqual([0, "0-512H"]);
  expect([0, 5, 6].map((page) => [sizes(process, page * PAGE)["Rss"], sizes(process, page * PAGE)["THPeligible"]])).toEqual([[20, 0], [4, 0], [2024, 1]]);
});

test("mprotect() keeps the leaf, through no rights at all and back", () => {
  const process = fresh(2 * BLOCK);
  process.store8(at(0), 1);
  process.mprotect(at(0), 2 * BLOCK, PROT_NONE);
  expect([runs(process, BLOCK), sizes(process)["AnonHugePages"], process.load8(at(0))]).toEqual(["0-512H*", 2048, -11]);
  process.mprotect(at(0), 2 * BLOCK, BOTH);
  expect([process.store8(at(1), 2), process.load8(at(0)), runs(process, BLOCK)]).toEqual([0, 1, "0-512H*"]);
});

describe("where huge pages come", () => {
  test("no sooner than the mode allows, nor where PR_SET_THP_DISABLE says no; children inherit that", () => {
    const machine = createMachine({ stack: linuxTmpfs, memoryBytes: 32 * MiB }), touch = (process: Process, block: number): string => {
      process.store8(at(block * BLOCK), 1);
      return pageInfo(process, at(block * BLOCK)).letter;
    };
    const process = fresh(8 * BLOCK, machine), seen = [touch(process, 0)];
    machine.setThp("always");
    seen.push(touch(process, 1));
    process.setThpDisabled(true);
    const child = process.fork() as Process;
    seen.push(touch(process, 2), touch(child, 3));
    process.setThpDisabled(false);
    seen.push(touch(process, 4), touch(child, 5));
    expect(seen.join("")).toBe("AHAAHA");
  });
  test("not where memory is short: then small ones do, and of the huge zero page the page alone that is written", () => {
    const machine = newMachine(), process = fresh(2 * BLOCK, machine), { folios } = machine.parts;
    process.load8(at(0));
    folios.failAllocation(1);
    expect([process.store8(at(PAGE), 1), runs(process, BLOCK)]).toEqual([0, "0-1Z 1-2A 2-512Z"]);
    folios.failAllocation(1);
    expect([process.store8(at(BLOCK), 1), runs(process, 2 * BLOCK), machine.count("thp_fault_fallback")]).toEqual([0, "0-1Z 1-2A 2-512Z 512-513A", 2]);
  });
  test("a machine of another mode is refused by its name, and one without huge pages says so", () => {
    const machine = createMachine({ stack: linuxTmpfs, memoryBytes: MiB, size: { hugePages: false } });
    expect(() => machine.setThp("often" as never)).toThrow("thp often, expected never, madvise, always");
    expect(() => machine.setThp("always")).toThrow("thp always on a machine without huge pages");
    machine.setThp("never");
  });
});
