import { expect, test } from "vitest";
import {
  createMachine, linuxTmpfs, MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, maps, meminfoFields, type Process, smaps, smapsAreas, smapsRollup, statusFields, vmstatFields,
} from "../src/index.ts";

const PAGE = 4096;

/** A process with a heap, private and shared anonymous memory, and a memfd mapped both ways; some of each is touched. */
function busyProcess(): Process {
  const size = { processCapacity: 2, fileCapacity: 8, vmaCapacity: 32, tableCapacity: 64, nodeCapacity: 64 };
  const machine = createMachine({ stack: linuxTmpfs, memoryBytes: 256 * PAGE, size });
  const process = machine.createProcess(), file = machine.createFile("data", 8 * PAGE), length = 4 * PAGE;
  const heap = process.brk(0), touch = (address: number): number => process.store8(address as never, 1);
  expect(process.brk(heap + 3 * PAGE)).toBe(heap + 3 * PAGE);
  const anonymous = process.mmap(null, { length, flags: MAP_PRIVATE + MAP_ANONYMOUS });
  const shared = process.mmap(null, { length, flags: MAP_SHARED + MAP_ANONYMOUS });
  const ofFile = process.mmap(file, { length, offset: PAGE }), copies = process.mmap(file, { length, flags: MAP_PRIVATE });
  for (const address of [heap, anonymous, anonymous + PAGE, shared, ofFile, copies]) expect(touch(address)).toBe(0);
  process.load8((anonymous + 2 * PAGE) as never); // the zero page
  process.load8((copies + PAGE) as never); // the page of the file that the shared mapping stored to
  expect(process.mlock(anonymous, PAGE)).toBe(0);
  return process;
}

test("maps names the heap, shared memory and files", () => {
  const names = maps(busyProcess()).trimEnd().split("\n").map((line) => line.slice(73).trim());
  expect(names.sort()).toEqual(["", "", "/dev/zero (deleted)", "/memfd:data (deleted)", "/memfd:data (deleted)", "[heap]"]);
});

test("smaps, rollup, status, meminfo and vmstat agree on one machine", () => {
  const process = busyProcess(), { machine } = process, rollup = smapsRollup(process), status = statusFields(process), areas = smapsAreas(process);
  const sum = (field: "Size" | "Rss" | "Locked"): number => areas.reduce((total, { fields }) => total + fields[field], 0);
  expect([sum("Size"), sum("Rss"), sum("Locked")]).toEqual([status.VmSize, status.VmRSS, status.VmLck]);
  expect([rollup.Rss, rollup.Anonymous]).toEqual([status.VmRSS, status.RssAnon]);
  const memory = meminfoFields(machine), stats = vmstatFields(machine);
  expect([memory["AnonPages"], memory["Shmem"], memory["Mlocked"]]).toEqual([status.RssAnon, memory["Cached"], status.VmLck]);
  for (const name of ["nr_anon_pages", "nr_mapped", "nr_file_pages", "nr_shmem", "nr_mlock"]) expect([name, stats[name]]).toEqual([name, machine.count(name)]);
  expect(stats["nr_anon_pages"]! + stats["nr_file_pages"]! + stats["nr_free_pages"]!).toBe(255);
});

test("a page of a file that one process maps twice counts as shared, and half of it for each mapping", () => {
  const ofFile = smapsAreas(busyProcess()).filter(({ name }) => name.startsWith("/memfd")).sort((a, b) => b.offset - a.offset);
  const shown = ofFile.map(({ fields }) => [fields.Rss, fields.Pss, fields.Shared_Clean + fields.Shared_Dirty, fields.Anonymous]);
  expect(shown).toEqual([[4, 2, 4, 0], [8, 6, 4, 4]]); // the private mapping has a copy of another page too
});

test("the text of an area is found by its address in the text of all", () => {
  const process = busyProcess(), all = smaps(process);
  for (const { start } of smapsAreas(process)) expect(all).toContain(smaps(process, start as never));
});
