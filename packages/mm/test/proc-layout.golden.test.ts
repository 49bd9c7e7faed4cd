import { Folios } from "@zeropfn/folio";
import { VM_LOCKED, VM_MAYEXEC, VM_MAYREAD, VM_MAYSHARE, VM_MAYWRITE, VM_READ, VM_SHARED, VM_WRITE } from "@zeropfn/pte-mmu";
import { reservedColumns } from "@zeropfn/state";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maps, pagemapWord, smapsRollupText, smaps, statusLines } from "../src/index.ts";
import { fieldLine } from "../src/proc/field-line.ts";
import { meminfoLines } from "../src/proc/meminfo.ts";
import { rollupBlock, smapsBlock } from "../src/proc/smaps.ts";
import { vmFlagNames } from "../src/proc/vm-flag-names.ts";
import { type DrawnArea, drawnProcess } from "./proc-fixture.ts";

/*
 * Texts of Linux 6.18.44 on x86-64, 2026-11-29: cat /proc/self/maps, smaps, smaps_rollup, status, meminfo, and words of pagemap, of a
 * program that mapped memory at 0x7e0000000000: private anonymous, shared anonymous, two memfds. Inodes are replaced: they depend
 * on what else ran. Of status, VmPTE, and VmExe and VmLib, which are one here.
 */
const MAYS = VM_MAYREAD + VM_MAYWRITE + VM_MAYEXEC;
const SHARED = VM_READ + VM_WRITE + VM_SHARED + MAYS + VM_MAYSHARE;
const BASE = 0x7e0000000;
const AREAS: readonly DrawnArea[] = [
  { first: BASE, end: BASE + 4, flags: VM_READ + VM_WRITE + MAYS, index: BASE },
  { first: BASE + 16, end: BASE + 20, flags: SHARED, mapping: 9 },
  { first: BASE + 32, end: BASE + 36, flags: SHARED, mapping: 3, index: 1 },
  { first: BASE + 48, end: BASE + 52, flags: VM_READ + MAYS, mapping: 8 },
];
const folios = new Folios(reservedColumns(), { frameCount: 16, deviceFrameCount: 0, pageShift: 12 });

test("maps names anonymous memory, shared memory, memfds and newlines as the kernel does", () => {
  expect(maps(drawnProcess(folios, AREAS)).split("\n")).toEqual([
    "7e0000000000-7e0000004000 rw-p 00000000 00:00 0 ",
    "7e0000010000-7e0000014000 rw-s 00000000 00:01 11                         /dev/zero (deleted)",
    "7e0000020000-7e0000024000 rw-s 00001000 00:01 5                          /memfd:data (deleted)",
    "7e0000030000-7e0000034000 r--p 00000000 00:01 10                         /memfd:nl\\012x (deleted)",
    "",
  ]);
});

describe("smaps", () => {
  const fields = {
    Size: 16, KernelPageSize: 4, MMUPageSize: 4, Rss: 8, Pss: 8, Pss_Dirty: 4, Shared_Clean: 0, Shared_Dirty: 0, Private_Clean: 4, Private_Dirty: 4,
    Referenced: 8, Anonymous: 0, KSM: 0, LazyFree: 0, AnonHugePages: 0, ShmemPmdMapped: 0, FilePmdMapped: 0, Shared_Hugetlb: 0, Private_Hugetlb: 0,
    Swap: 0, SwapPss: 0, Locked: 0, THPeligible: 0,
  };
  const file = { device: "00:01", inode: 1025, path: "/memfd:data (deleted)" };
  const area = { start: 0x7e0000020000, end: 0x7e0000024000, flags: SHARED, offset: 4096, file, name: file.path, fields, vmFlags: "rd wr sh mr mw me ms" };

  test("an area is a block of 25 lines", () => {
    expect(smapsBlock(area, "6.18").split("\n")).toEqual([
      "7e0000020000-7e0000024000 rw-s 00001000 00:01 1025                       /memfd:data (deleted)",
      "Size:                 16 kB",
      "KernelPageSize:        4 kB",
      "MMUPageSize:           4 kB",
      "Rss:                   8 kB",
      "Pss:                   8 kB",
      "Pss_Dirty:             4 kB",
      "Shared_Clean:          0 kB",
      "Shared_Dirty:          0 kB",
      "Private_Clean:         4 kB",
      "Private_Dirty:         4 kB",
      "Referenced:            8 kB",
      "Anonymous:             0 kB",
      "KSM:                   0 kB",
      "LazyFree:              0 kB",
      "AnonHugePages:         0 kB",
      "ShmemPmdMapped:        0 kB",
      "FilePmdMapped:         0 kB",
      "Shared_Hugetlb:        0 kB",
      "Private_Hugetlb:       0 kB",
      "Swap:                  0 kB",
      "SwapPss:               0 kB",
      "Locked:                0 kB",
      "THPeligible:           0",
      "VmFlags: rd wr sh mr mw me ms ",
      "",
    ]);
  });

  test("the layout of 2017 has the sizes of pages near the end, and no flags", () => {
    const lines = smapsBlock(area, "2017").split("\n");
    expect(lines.map((line) => line.split(":")[0])).toEqual([
      lines[0]!.split(":")[0], "Size", "Rss", "Pss", "Shared_Clean", "Shared_Dirty", "Private_Clean", "Private_Dirty", "Referenced", "Anonymous", "LazyFree",
      "AnonHugePages", "ShmemPmdMapped", "Shared_Hugetlb", "Private_Hugetlb", "Swap", "SwapPss", "KernelPageSize", "MMUPageSize", "Locked", "",
    ]);
  });

  test("all areas come in order, one alone is asked for by any of its addresses, and a hole has none", () => {
    const process = drawnProcess(folios, AREAS), headers = maps(process).trimEnd().split("\n"), all = smaps(process);
    expect(all.split("\n").filter((line) => line.startsWith("7e0"))).toEqual(headers);
    const each = AREAS.map(({ end }) => smaps(process, (end * 4096 - 1) as never));
    expect(each.join("")).toBe(all);
    expect(smaps(process, ((BASE + 4) * 4096) as never)).toBe("");
    expect(smaps(process, ((BASE - 1) * 4096) as never)).toBe("");
  });

  test("an area without rights still has a line of flags, with nothing behind the colon", () => {
    expect(smapsBlock({ ...area, vmFlags: "" }, "6.18")).toMatch(/\nVmFlags: \n$/);
  });
});

test("smaps_rollup is one block from the first address to the last, without rights", () => {
  const totals = {
    Rss: 1768, Pss: 287, Pss_Dirty: 116, Pss_Anon: 116, Pss_File: 171, Pss_Shmem: 0, Shared_Clean: 1612, Shared_Dirty: 0, Private_Clean: 40,
    Private_Dirty: 116, Referenced: 1768, Anonymous: 116, KSM: 0, LazyFree: 0, AnonHugePages: 0, ShmemPmdMapped: 0, FilePmdMapped: 0,
    Shared_Hugetlb: 0, Private_Hugetlb: 0, Swap: 0, SwapPss: 0, Locked: 0,
  };
  const ends = [{ start: 0x56462df48000, end: 0x56462df49000 }, { start: 0x7ffe96db4000, end: 0x7ffe96dd5000 }];
  expect(rollupBlock(ends.map((range) => ({ ...range, flags: VM_READ, offset: 0, file: undefined, name: "" })), totals).split("\n")).toEqual([
    "56462df48000-7ffe96dd5000 ---p 00000000 00:00 0                          [rollup]",
    "Rss:                1768 kB",
    "Pss:                 287 kB",
    "Pss_Dirty:           116 kB",
    "Pss_Anon:            116 kB",
    "Pss_File:            171 kB",
    "Pss_Shmem:             0 kB",
    "Shared_Clean:       1612 kB",
    "Shared_Dirty:          0 kB",
    "Private_Clean:        40 kB",
    "Private_Dirty:       116 kB",
    "Referenced:         1768 kB",
    "Anonymous:           116 kB",
    "KSM:                   0 kB",
    "LazyFree:              0 kB",
    "AnonHugePages:         0 kB",
    "ShmemPmdMapped:        0 kB",
    "FilePmdMapped:         0 kB",
    "Shared_Hugetlb:        0 kB",
    "Private_Hugetlb:       0 kB",
    "Swap:                  0 kB",
    "SwapPss:               0 kB",
    "Locked:                0 kB",
    "",
  ]);
});

test("a process without areas has an empty maps, and a rollup from 0 to 0", () => {
  const process = drawnProcess(folios, []);
  expect([maps(process), smaps(process)]).toEqual(["", ""]);
  expect(smapsRollupText(process).split("\n")[0]).toBe("00000000-00000000 ---p 00000000 00:00 0                                  [rollup]");
});

test("a value ends in column 24 whatever its label is, and further right if it is too long for that", () => {
  const labels = ["Rss", "KernelPageSize", "Private_Hugetlb", "Pss_Dirty"];
  fc.assert(fc.property(fc.constantFrom(...labels), fc.nat(9_999_999), (label, value) => {
    const line = fieldLine(label, value);
    expect(line).toHaveLength(28);
    expect(line.slice(0, 24)).toMatch(new RegExp(`^${label}: *${value}$`));
    expect(line.slice(24)).toBe(" kB\n");
  }));
  expect(fieldLine("Private_Hugetlb", 123_456_789)).toBe("Private_Hugetlb:123456789 kB\n");
});

test.each([
  [VM_READ + VM_WRITE + MAYS + 0x10_0000 + 0x200_0000, "rd wr mr mw me ac wf"],
  [SHARED + VM_LOCKED + 0x8_0000 + 0x20_0000, "rd wr sh mr mw me ms lo lf nr"],
  [VM_READ + VM_WRITE + MAYS + 0x1_0000 + 0x2_0000 + 0x10_0000, "rd wr mr mw me rr dc ac"],
  [VM_READ + VM_WRITE + MAYS + 0x800 + 0x10_0000 + 0x2000_0000, "rd wr mr mw me gu ac hg"],
  [VM_READ + VM_WRITE + MAYS + VM_LOCKED + 0x8000 + 0x10_0000, "rd wr mr mw me lo sr ac"],
  [VM_READ + VM_WRITE + MAYS + 0x10_0000 + 0x400_0000, "rd wr mr mw me ac dd"],
  [VM_READ + VM_WRITE + MAYS + 0x10_0000 + 0x4000_0000, "rd wr mr mw me ac nh"],
  [0xffff_ffff, "rd wr ex sh mr mw me ms gd um pf gu uw lo io sr rr dc de lf ac nr ht sf ar wf dd sd mm hg nh mg"],
  [0x8000_0000, "mg"],
  [0, ""],
])("flags %i are called %s", (flags, names) => {
  expect(vmFlagNames(flags)).toBe(names);
});

test("status aligns its values behind a tab", () => {
  const counters = { totalPages: 765, peakTotalPages: 765, rss0: 395, rss1: 27, peakRss: 422, dataPages: 90, stackPages: 33, execPages: 387 };
  expect(statusLines(drawnProcess(folios, [], counters)).split("\n")).toEqual([
    "VmPeak:\t    3060 kB",
    "VmSize:\t    3060 kB",
    "VmLck:\t       0 kB",
    "VmPin:\t       0 kB",
    "VmHWM:\t    1688 kB",
    "VmRSS:\t    1688 kB",
    "RssAnon:\t     108 kB",
    "RssFile:\t    1580 kB",
    "RssShmem:\t       0 kB",
    "VmData:\t     360 kB",
    "VmStk:\t     132 kB",
    "VmExe:\t       0 kB",
    "VmLib:\t    1548 kB",
    "VmPTE:\t       0 kB",
    "VmSwap:\t       0 kB",
    "",
  ]);
});

test("status shows a high-water mark that was not brought up to date yet as what is mapped now", () => {
  const counters = { totalPages: 5, peakTotalPages: 3, rss1: 2, rss3: 1, peakRss: 2 };
  expect(statusLines(drawnProcess(folios, [], counters))).toMatch(/^VmPeak:\t +20 kB\nVmSize:\t +20 kB\n(.*\n){2}VmHWM:\t +12 kB\nVmRSS:\t +12 kB\n/);
});

test("meminfo aligns its values, whatever the label", () => {
  expect(meminfoLines({ MemTotal: 24684096, Buffers: 2096, "Inactive(anon)": 135888, FileHugePages: 69632 })).toBe(
    "MemTotal:       24684096 kB\nBuffers:            2096 kB\nInactive(anon):   135888 kB\nFileHugePages:     69632 kB\n",
  );
});

test("pagemap words are those that the host gave for such pages", () => {
  const none = { present: false, swapped: false, file: false, guard: false, exclusivelyMapped: false, uffdWp: false, softDirty: false, pfn: 0 };
  expect(pagemapWord({ ...none, present: true, exclusivelyMapped: true, pfn: 0x147d6e })).toBe(0x8100000000147d6en);
  expect(pagemapWord({ ...none, present: true, pfn: 0x3b34 })).toBe(0x8000000000003b34n); // the zero page
  expect(pagemapWord({ ...none, swapped: true, guard: true, pfn: 0x9f })).toBe(0x440000000000009fn);
  expect(pagemapWord({ ...none, present: true, exclusivelyMapped: true, file: true, pfn: 0x11e77c })).toBe(0xa10000000011e77cn);
  expect(pagemapWord(none)).toBe(0n);
  expect(pagemapWord({ ...none, uffdWp: true, softDirty: true, pfn: 2 ** 40 - 1 })).toBe(0x280_00ff_ffff_ffffn);
});
