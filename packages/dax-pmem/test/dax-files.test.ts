import { fileMapping } from "@zeropfn/folio";
import { READ, VM_FAULT_MAJOR, VM_FAULT_NOPAGE, VM_FAULT_OOM, VM_FAULT_SIGBUS, WRITE } from "@zeropfn/units";
import { describe, expect, test } from "vitest";
import { daxIsLocked, daxIsZeroPage, daxPfn, NO_ENTRY } from "../src/index.ts";
import { type HoleKind, PAGE, type World, worldOf } from "./world.ts";

const bytesOf = (world: World, offset: number, length: number): number[] => {
  const out = new Uint8Array(length);
  return [...out.subarray(0, world.files.read(0, offset, out))];
};
const KINDS: HoleKind[] = ["zero page", "cache page"];

describe.each(KINDS)("with a %s for holes", (holes) => {
  test("a read fault on a hole takes no block and leaves an unlocked entry", () => {
    const world = worldOf({ holes });
    expect(world.fault(3, READ)).toBe(VM_FAULT_NOPAGE);
    expect(world.extents.blocks.size).toBe(0);
    expect(world.trees.load(0, 3)).not.toBe(NO_ENTRY);
    expect(daxIsLocked(world.trees.load(0, 3))).toBe(false);
    expect(world.counters.of("dax_load_hole")).toBe(1);
  });
  test("a write fault on a hole that was read unmaps every reader before the entry and the page table name the block", () => {
    const world = worldOf({ holes });
    world.fault(3, READ);
    world.mapper.log.length = 0;
    expect(world.fault(3, WRITE)).toBe(VM_FAULT_NOPAGE | VM_FAULT_MAJOR);
    expect(world.mapper.log).toEqual(["unmap 3 1", "insertPfn 3 block 0 write"]);
    expect(daxPfn(world.trees.load(0, 3))).toBe(world.folios.firstDevicePfn);
    expect(world.trees.isDirty(0, 3)).toBe(true);
    expect(world.folios.usedFrames).toBe(0);
  });
  test("a block that a fault allocates is zeroed: nobody sees what it held", () => {
    const world = worldOf({ holes });
    for (let offset = 0; offset < PAGE; offset++) world.folios.store8(world.folios.firstDevicePfn, offset, 0xee);
    world.fault(0, WRITE);
    expect(bytesOf(world, 0, PAGE)).toEqual(new Array(PAGE).fill(0));
  });
  test("a read fault on a block maps it read-only, and leaves it clean", () => {
    const world = worldOf({ holes });
    world.files.write(0, 0, new Uint8Array([1]));
    world.mapper.log.length = 0;
    expect(world.fault(0, READ)).toBe(VM_FAULT_NOPAGE);
    expect(world.mapper.log).toEqual(["insertPfn 0 block 0 read"]);
    expect(world.trees.isDirty(0, 0)).toBe(false);
  });
  test("write(2) to a hole drops the entry first and the mappings after it, and leaves a read hole nowhere", () => {
    const world = worldOf({ holes });
    world.fault(1, READ);
    world.mapper.log.length = 0;
    expect(world.files.write(0, PAGE + 5, new Uint8Array([9, 8]))).toBe(2);
    expect(world.mapper.log).toEqual(["unmap 1 1"]);
    expect(world.trees.load(0, 1)).toBe(NO_ENTRY);
    expect(bytesOf(world, PAGE + 4, 4)).toEqual([0, 9, 8, 0]);
    expect(world.folios.usedFrames).toBe(0);
  });
  test("truncate gives back mappings, entries, frames and blocks, and zeroes the rest of the last page", () => {
    const world = worldOf({ holes });
    for (const page of [0, 2, 4]) world.fault(page, READ);
    world.files.write(0, 3 * PAGE, new Uint8Array(2 * PAGE).fill(7));
    world.files.write(0, PAGE, new Uint8Array(PAGE).fill(6));
    expect(world.files.truncate(0, PAGE + 2)).toBe(0);
    expect([...world.mapper.mapped.keys()]).toEqual([0]);
    expect([...world.extents.blocks.keys()]).toEqual([1]);
    expect(world.trees.next(0, 1, 100)).toBe(-1);
    expect(world.files.truncate(0, 3 * PAGE)).toBe(0);
    expect(bytesOf(world, PAGE, 4)).toEqual([6, 6, 0, 0]);
    expect(world.folios.usedFrames).toBe(holes === "cache page" ? 1 : 0);
  });
  test("a punch frees whole pages and zeroes the bytes at its edges, up to the end of the file's last page", () => {
    const world = worldOf({ holes, pages: 4 });
    world.files.write(0, 0, new Uint8Array(4 * PAGE).fill(5));
    world.files.punch(0, PAGE - 1, PAGE + 2);
    expect([...world.extents.blocks.keys()].sort()).toEqual([0, 2, 3]);
    expect(bytesOf(world, PAGE - 2, PAGE + 5)).toEqual([5, ...new Array(PAGE + 2).fill(0), 5, 5]);
    world.files.truncate(0, 4 * PAGE - 3);
    world.files.punch(0, 3 * PAGE, 10 * PAGE);
    expect([...world.extents.blocks.keys()].sort()).toEqual([0, 2]);
    world.files.punch(0, 2, 3);
    expect(bytesOf(world, 0, 6)).toEqual([5, 5, 0, 0, 0, 5]);
  });
  test("beyond the end of the file is SIGBUS, and the file's last page is not", () => {
    const world = worldOf({ holes, pages: 2 });
    world.files.truncate(0, PAGE + 1);
    expect([world.fault(1, READ), world.fault(2, READ)]).toEqual([VM_FAULT_NOPAGE, VM_FAULT_SIGBUS]);
  });
  test("a full device is SIGBUS for a mapping and ENOSPC for write(2), and nobody keeps a lock", () => {
    const world = worldOf({ holes, blocks: 1 });
    world.fault(0, WRITE);
    expect(world.fault(1, WRITE)).toBe(VM_FAULT_SIGBUS);
    expect(world.files.write(0, 2 * PAGE, new Uint8Array(1))).toBe(-28);
    expect(world.files.write(0, PAGE - 1, new Uint8Array(2))).toBe(1);
    expect(world.fault(1, READ)).toBe(VM_FAULT_NOPAGE);
    expect(world.locks.canLock(0) && world.locks.canInvalidate(0)).toBe(true);
  });
  test("no room for a tree node is out of memory, and nobody keeps a lock", () => {
    const world = worldOf({ holes, nodes: 1 });
    expect(world.fault(1, READ)).toBe(VM_FAULT_NOPAGE);
    expect(world.fault(7, READ)).toBe(VM_FAULT_OOM);
    expect(world.locks.canInvalidate(0)).toBe(true);
    expect(world.fault(2, READ)).toBe(VM_FAULT_NOPAGE);
  });
});

describe("a hole page that many read", () => {
  test("is one frame in all with the zero page, and the zero page is not counted", () => {
    const world = worldOf();
    for (const page of [0, 1, 2, 0]) world.fault(page, READ);
    expect(world.folios.usedFrames).toBe(0);
    expect(daxIsZeroPage(world.trees.load(0, 2))).toBe(true);
    expect(world.mapper.log).toEqual(["insertPfn 0 zero read", "insertPfn 1 zero read", "insertPfn 2 zero read", "insertPfn 0 zero read"]);
  });
  test("is a zeroed frame for each page with cache pages, the same one for every reader of a page", () => {
    const world = worldOf({ holes: "cache page" });
    const dirty = world.folios.allocate(0);
    for (let offset = 0; offset < PAGE; offset++) world.folios.store8(dirty, offset, 0xee);
    world.folios.put(dirty);
    for (const page of [0, 1, 0]) world.fault(page, READ);
    expect(world.folios.usedFrames).toBe(2);
    for (const page of [0, 1]) {
      const pfn = daxPfn(world.trees.load(0, page)), out = new Uint8Array(PAGE);
      world.folios.readBytes(pfn, 0, out, 0, PAGE);
      expect([...out]).toEqual(new Array(PAGE).fill(0));
      expect([world.folios.mapping(pfn), world.folios.index(pfn)]).toEqual([fileMapping(0), page]);
    }
  });
  test("is out of memory with cache pages when no frame is left", () => {
    const world = worldOf({ holes: "cache page", frames: 3 });
    const results = [0, 1, 2, 3].map((page) => world.fault(page, READ));
    expect(results.filter((result) => result === VM_FAULT_OOM).length).toBeGreaterThan(0);
    expect(results[0]).toBe(VM_FAULT_NOPAGE);
    expect(daxIsLocked(world.trees.load(0, 3))).toBe(false);
  });
});
