import { describe, expect, test } from "vitest";
import { createMachine, linuxTmpfs, MADV_DONTNEED, MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, type MachineSize, PROT_READ, PROT_WRITE, smapsRollup } from "../src/index.ts";

/** What a machine is built like: pages of 4, 16 and 64 KiB, four and five levels, and those that are explored. */
const SHAPES: readonly (readonly [string, Partial<MachineSize>])[] = [
  ["x86-64, 4 levels", { pageShift: 12, tableShift: 9, levels: 4 }],
  ["x86-64, 5 levels", { pageShift: 12, tableShift: 9, levels: 5 }],
  ["pages of 16 KiB", { pageShift: 14, tableShift: 11, levels: 4 }],
  ["pages of 64 KiB", { pageShift: 16, tableShift: 13, levels: 3 }],
  ["one level of 16 pages of 32 bytes", { pageShift: 5, tableShift: 4, levels: 1 }],
  ["two levels of 4 entries, pages of 16 bytes", { pageShift: 4, tableShift: 2, levels: 2 }],
  ["three levels of 2 entries, pages of 8 bytes", { pageShift: 3, tableShift: 1, levels: 3 }],
];

describe.each(SHAPES)("a machine of %s", (_name, size) => {
  const pageBytes = 2 ** size.pageShift!, reach = 2 ** (size.pageShift! + size.tableShift! * size.levels!);
  const machineOf = () => createMachine({ stack: linuxTmpfs, memoryBytes: 64 * pageBytes, cpus: 2, size: { ...size, tableCapacity: 64 } });

  test("maps, copies on write, protects, moves and gives back pages of its size", () => {
    const machine = machineOf(), process = machine.createProcess();
    const address = process.mmap(null, { length: 3 * pageBytes, flags: MAP_PRIVATE + MAP_ANONYMOUS });
    expect([address % pageBytes, address > 0, address < reach]).toEqual([0, true, true]);
    const last = (address + 3 * pageBytes - 1) as never;
    expect([process.load8(address), process.store8(last, 7), process.load8(last), machine.framesInUse]).toEqual([0, 0, 7, 1]);
    const child = process.fork();
    if (typeof child === "number") throw new Error(`fork: ${child}`);
    expect([child.store8(last, 8), process.load8(last), child.load8(last), machine.framesInUse]).toEqual([0, 7, 8, 2]);
    child.exit();
    expect(process.mprotect(address, 3 * pageBytes, PROT_READ)).toBe(0);
    expect([process.store8(last, 9), process.siginfo?.code]).toEqual([-11, 2]);
    expect(process.mprotect(address, 3 * pageBytes, PROT_READ + PROT_WRITE)).toBe(0);
    expect([process.store8(last, 9), process.madvise(address, 3 * pageBytes, MADV_DONTNEED), process.load8(last), machine.framesInUse]).toEqual([0, 0, 0, 0]);
    expect([process.munmap(address, 3 * pageBytes), process.load8(address), process.siginfo?.code]).toEqual([0, -11, 1]);
    process.exit();
    expect(machine.framesInUse).toBe(0);
  });

  test("shows a file's pages in private and shared mappings, cut where the file ends", () => {
    const machine = machineOf(), process = machine.createProcess(), file = machine.createFile("data", 2 * pageBytes);
    file.pwrite(pageBytes - 1, new Uint8Array([1, 2]));
    const shared = process.mmap(file, { length: 3 * pageBytes, flags: MAP_SHARED }), own = process.mmap(file, { flags: MAP_PRIVATE });
    expect([process.load8((shared + pageBytes) as never), process.store8((own + pageBytes) as never, 5), process.load8((shared + pageBytes) as never)]).toEqual([2, 0, 2]);
    expect([process.load8((shared + 2 * pageBytes) as never), process.siginfo?.signal]).toEqual([-7, 7]);
    expect(smapsRollup(process).Rss).toBe(Math.floor((3 * pageBytes) / 1024)); // two pages of the file, once each, and a copy
    expect([file.truncate(pageBytes), process.load8((own + pageBytes) as never)]).toEqual([0, -7]);
  });
});
