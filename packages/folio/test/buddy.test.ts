import { reservedColumns } from "@zeropfn/state";
import { describe, expect, test } from "vitest";
import { Folios, NO_FRAME } from "../src/index.ts";

const make = (frameCount: number, maximumOrder?: number): Folios =>
  new Folios(reservedColumns(), { frameCount, hasBytes: false, ...(maximumOrder === undefined ? {} : { maximumOrder }) });

describe("the buddy allocator", () => {
  test("starts with every frame but the zero page free, whatever the number of frames", () => {
    for (const frameCount of [1, 2, 3, 1023, 1024, 1025, 4099]) {
      const folios = make(frameCount);
      expect(folios.freeFrames).toBe(frameCount - 1);
      for (let frame = 1; frame < frameCount; frame++) expect(folios.allocate(0)).not.toBe(NO_FRAME);
      expect(folios.allocate(0)).toBe(NO_FRAME);
      folios.checkInvariants();
    }
  });

  test("splits the smallest block that is large enough, and leaves the halves free", () => {
    const folios = make(1024);
    // Frame 0 is taken, so frames 1, 2-3, 4-7 … 512-1023 are blocks of orders 0, 1, 2 … 9.
    const block = folios.allocate(9);
    expect(block).toBe(512);
    folios.put(block);
    expect(folios.buddy.freeBlocks).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    expect(folios.allocate(3)).toBe(8);
    expect(folios.allocate(3)).toBe(16); // of block 16-31: 24-31 stays free
    expect(folios.buddy.freeBlocks).toEqual([1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0]);
    folios.checkInvariants();
  });

  test("merges a freed block with its buddy, and that with its own, as far as they are free", () => {
    const folios = make(2048);
    const first = folios.allocate(10);
    expect(first).toBe(1024);
    folios.put(first);
    const large = folios.allocate(10);
    folios.put(large);
    const small = Array.from({ length: 2047 }, () => folios.allocate(0)).sort((a, b) => a - b);
    expect(folios.freeFrames).toBe(0);
    for (const pfn of small.filter((pfn) => pfn % 2 === 0)) folios.put(pfn);
    expect(folios.buddy.freeBlocks).toEqual([1023, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for (const pfn of small.filter((pfn) => pfn % 2 === 1)) folios.put(pfn);
    expect(folios.buddy.freeBlocks).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    folios.checkInvariants();
  });

  test("never merges across the end of DRAM, nor into the zero page or a device", () => {
    const folios = new Folios(reservedColumns(), { frameCount: 11, deviceFrameCount: 5, hasBytes: false, maximumOrder: 3 });
    const pfns = Array.from({ length: 10 }, () => folios.allocate(0));
    for (const pfn of pfns) folios.put(pfn);
    expect(folios.buddy.freeBlocks).toEqual([2, 2, 1, 0]); // 1 and 10, 2-3 and 8-9, 4-7
    folios.checkInvariants();
  });

  test("gives the frame freed last, whose bytes are still in the caches", () => {
    const folios = make(64);
    const [a, b] = [folios.allocate(0), folios.allocate(0), folios.allocate(0)];
    folios.put(a!);
    folios.put(b!);
    expect(folios.allocate(0)).toBe(b);
  });

  test("fails with NO_FRAME when memory is there in small pieces only", () => {
    const folios = make(16);
    const pfns = Array.from({ length: 15 }, () => folios.allocate(0));
    for (const pfn of pfns.filter((pfn) => pfn % 2 === 0)) folios.put(pfn);
    expect(folios.freeFrames).toBe(7);
    expect(folios.allocate(1)).toBe(NO_FRAME);
    expect(folios.freeFrames).toBe(7);
  });

  test("can be made to fail at the nth allocation, once", () => {
    const folios = make(64);
    folios.failAllocation(3);
    expect([0, 1, 2, 3].map(() => folios.allocate(0) === NO_FRAME)).toEqual([false, false, true, false]);
    folios.failAllocation(1);
    folios.failAllocation(0);
    expect(folios.allocate(0)).not.toBe(NO_FRAME);
    folios.checkInvariants();
  });
});
