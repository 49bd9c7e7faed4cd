import { anonMapping, fileMapping, Folios, PG_active, PG_dirty, PG_mlocked, PG_swapbacked, PG_unevictable, PG_writeback, type PageFlag } from "@zeropfn/folio";
import { reservedColumns } from "@zeropfn/state";
import { expect, test } from "vitest";
import { type Machine, meminfo, meminfoFields, vmstat, vmstatFields } from "../src/index.ts";
import { drawnProcess } from "./proc-fixture.ts";

interface UsedPage {
  readonly mapping: number;
  readonly flags?: readonly PageFlag[];
  readonly mapcount?: number;
}

/** A machine of 63 frames and the zero page that uses these pages. */
function machineWith(pages: readonly UsedPage[], events: Record<string, number> = {}): Machine {
  const folios = new Folios(reservedColumns(), { frameCount: 64, deviceFrameCount: 8, pageShift: 12 });
  for (const { mapping, flags = [], mapcount = 0 } of pages) {
    const pfn = folios.allocate(0);
    folios.setMapping(pfn, mapping, 0);
    for (const flag of flags) folios.setFlag(pfn, flag);
    for (let times = 0; times < mapcount; times++) folios.addRmap(pfn);
  }
  return drawnProcess(folios, [{ first: 0, end: 1, flags: 0, entries: new Map([[0, 0x101]]) }], events).machine;
}
const FILE = fileMapping(0), ANON = anonMapping(0);

/** What is not 0. */
const shown = (fields: Readonly<Record<string, number>>): Record<string, number> => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== 0));

test("an unused machine is free, but for the zero page; storage is not memory", () => {
  expect(shown(meminfoFields(machineWith([])))).toEqual({ MemTotal: 252, MemFree: 252, MemAvailable: 252 });
});

test("a frame that is of no mapping is used, and nothing else", () => {
  expect(shown(meminfoFields(machineWith([{ mapping: 0 }])))).toEqual({ MemTotal: 252, MemFree: 248, MemAvailable: 248 });
});

const FREE = { MemTotal: 252, MemFree: 248, MemAvailable: 248 };
const OF_FILE = { ...FREE, MemAvailable: 252, Cached: 4 };
const INACTIVE_FILE = { Inactive: 4, "Inactive(file)": 4 };
const INACTIVE_ANON = { Inactive: 4, "Inactive(anon)": 4 };
test.each<[what: string, page: UsedPage, expected: object]>([
  ["an anonymous page", { mapping: ANON, flags: [PG_swapbacked], mapcount: 1 }, { ...FREE, ...INACTIVE_ANON, AnonPages: 4 }],
  ["one that two map", { mapping: ANON, flags: [PG_swapbacked, PG_active], mapcount: 2 }, { ...FREE, Active: 4, "Active(anon)": 4, AnonPages: 4 }],
  ["one that nobody maps any more", { mapping: ANON, flags: [PG_swapbacked] }, { ...FREE, ...INACTIVE_ANON }],
  ["a lazily freed page", { mapping: ANON, mapcount: 1 }, { ...FREE, MemAvailable: 252, ...INACTIVE_FILE, AnonPages: 4 }],
  ["a page of a memfd", { mapping: FILE, flags: [PG_swapbacked, PG_dirty] }, { ...FREE, Cached: 4, ...INACTIVE_ANON, Shmem: 4 }],
  ["a mapped page of a file", { mapping: FILE, mapcount: 3 }, { ...OF_FILE, ...INACTIVE_FILE, Mapped: 4 }],
  ["a dirty page of a file", { mapping: FILE, flags: [PG_dirty, PG_active] }, { ...OF_FILE, Active: 4, "Active(file)": 4, Dirty: 4 }],
  ["a page on its way to storage", { mapping: FILE, flags: [PG_writeback] }, { ...OF_FILE, ...INACTIVE_FILE, Writeback: 4 }],
  ["a locked page", { mapping: ANON, flags: [PG_swapbacked, PG_mlocked, PG_unevictable], mapcount: 1 }, { ...FREE, Unevictable: 4, Mlocked: 4, AnonPages: 4 }],
])("%s shows in meminfo", (_, page, expected) => {
  const { PageTables, ...rest } = shown(meminfoFields(machineWith([page])));
  expect(rest).toEqual(expected);
});

test("a huge page that a leaf maps shows in meminfo and vmstat", () => {
  const machine = machineWith([], { hugePages: 3 });
  expect([meminfoFields(machine)["AnonHugePages"], vmstatFields(machine)["nr_anon_transparent_hugepages"]]).toEqual([48, 3]); // of 4 pages of 4 kB
});

test("vmstat counts the same pages, and the events that the kernel has a line for", () => {
  const pages = [{ mapping: ANON, flags: [PG_swapbacked], mapcount: 1 }, { mapping: FILE, flags: [PG_swapbacked], mapcount: 1 }, { mapping: FILE }];
  expect(shown(vmstatFields(machineWith(pages, { pgfault: 7, pgmajfault: 1, dax_load_hole: 5 })))).toEqual({
    nr_free_pages: 60, nr_inactive_anon: 2, nr_inactive_file: 1, nr_anon_pages: 1, nr_mapped: 1, nr_file_pages: 2, nr_shmem: 1, nr_page_table_pages: 5,
    pgfault: 7, pgmajfault: 1,
  });
  expect(vmstat(machineWith([]))).toMatch(/^nr_free_pages 63\nnr_mlock 0\n/);
});

/** Of Linux 6.18.44, x86-64, 2026-11-29: the lines that we have too, in its order. */
const MEMINFO = `MemTotal MemFree MemAvailable Buffers Cached SwapCached Active Inactive Active(anon) Inactive(anon) Active(file) Inactive(file) Unevictable Mlocked
SwapTotal SwapFree Dirty Writeback AnonPages Mapped Shmem KReclaimable Slab KernelStack PageTables SecPageTables CommitLimit Committed_AS AnonHugePages
ShmemHugePages ShmemPmdMapped FileHugePages FilePmdMapped Balloon`.split(/\s/);
const VMSTAT = `nr_free_pages nr_free_pages_blocks nr_mlock nr_inactive_anon nr_active_anon nr_inactive_file nr_active_file nr_unevictable nr_anon_pages nr_mapped
nr_file_pages nr_dirty nr_writeback nr_shmem nr_shmem_hugepages nr_anon_transparent_hugepages nr_dirtied nr_written nr_foll_pin_acquired nr_foll_pin_released nr_page_table_pages
nr_swapcached pswpin pswpout pgalloc_normal pgfree pgactivate pgdeactivate pglazyfree pgfault pgmajfault pglazyfreed pgreuse unevictable_pgs_mlocked
unevictable_pgs_munlocked thp_fault_alloc thp_fault_fallback thp_collapse_alloc thp_collapse_alloc_failed thp_split_page thp_split_page_failed thp_split_pmd thp_zero_page_alloc thp_zero_page_alloc_failed
swpin_zero swpout_zero ksm_swpin_copy cow_ksm`.split(/\s/);

test.each([
  ["meminfo", meminfo, /^(\S+): +\d+ kB$/, MEMINFO],
  ["vmstat", vmstat, /^(\S+) \d+$/, VMSTAT],
])("the lines of %s are the kernel's, in its order", (_, text, line, order) => {
  const names = text(machineWith([])).trimEnd().split("\n").map((shown) => line.exec(shown)?.[1] ?? shown);
  expect(names).toEqual(order.filter((name) => names.includes(name)));
  expect(new Set(names).size).toBe(names.length);
});
