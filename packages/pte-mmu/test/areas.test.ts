import { Folios } from "@zeropfn/folio";
import { Counters, reservedColumns } from "@zeropfn/state";
import { ENOMEM } from "@zeropfn/units";
import { describe, expect, test } from "vitest";
import { checkAccounting } from "../src/invariants.ts";
import {
  MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, type MappedFiles, mmap, Mmu, type MmuOptions, mprotect, munmap, NO_ANON_VMA, NO_MAPPING, PROT_READ, PROT_WRITE, VM_READ, VM_SHARED,
} from "../src/index.ts";

const PAGE = 4096;
const FILE = 0;
const PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS;

/** An address space of 100 pages. */
class Space {
  readonly mmu: Mmu;
  readonly folios: Folios;
  /** Areas that map the file. */
  references = 0;

  constructor(options: Partial<MmuOptions> = {}) {
    const columns = reservedColumns(), tracer = new Counters(columns);
    this.folios = new Folios(columns, { frameCount: 128, pageShift: 12 });
    const files: MappedFiles = { mapped: () => this.references++, unmapped: () => this.references--, createShared: () => FILE };
    this.mmu = new Mmu(columns, this.folios, { mmCapacity: 2, tableCapacity: 32, tableShift: 3, levels: 3, cpuCount: 1, tlbShift: 2, tlbWays: 1, vmaCapacity: 16, mappingCapacity: 1, taskPages: 100, files, tracer, ...options });
  }
  /** Maps pages anywhere, or from page `first` on: the first page, or an errno negated. */
  map(pages: number, first: number = -1, flags: number = PRIVATE, fileIndex: number = 0): number {
    const isFixed = first >= 0;
    const address = mmap(this.mmu.calls, 0, { address: isFixed ? first * PAGE : 0, length: pages * PAGE, protection: PROT_READ | PROT_WRITE, flags: flags | (isFixed ? MAP_FIXED : 0), mapping: FILE, offset: fileIndex * PAGE });
    return address < 0 ? address : address / PAGE;
  }
  unmap(first: number, pages: number): number {
    return munmap(this.mmu.calls, 0, first * PAGE, pages * PAGE);
  }
  protect(first: number, pages: number, protection: number): number {
    return mprotect(this.mmu.calls, 0, first * PAGE, pages * PAGE, protection);
  }
  write(page: number): number {
    return this.mmu.store8(0, 0, page, 0, page);
  }
  /** Pages of each area: [first, end). */
  get areas(): [number, number][] {
    const { vmas } = this.mmu;
    return [...vmas.of(0)].map((vma) => [vmas.firstPageOf(vma), vmas.endPageOf(vma)]);
  }
  regionOf(page: number): number {
    const { vmas } = this.mmu;
    return vmas.anonVmaOf(vmas.lookUp(0, page));
  }
}

describe("a place for an area", () => {
  test("is the highest gap that is wide enough; page 0 is left to null pointers", () => {
    const space = new Space();
    expect(space.map(4)).toBe(96);
    space.map(4, 90);
    expect(space.map(2)).toBe(94);
    expect([space.map(3), space.map(86), space.map(1), space.map(1, 0)]).toEqual([87, 1, -ENOMEM, 0]);
  });
});

describe("areas of an address space are as many as it may have", () => {
  test("and one more, of which both ends can be unmapped, but no page between them, nor be protected", () => {
    const space = new Space({ maximumMapCount: 3 });
    for (const first of [10, 20, 30, 40]) expect(space.map(5, first)).toBe(first);
    expect(space.map(5, 50)).toBe(-ENOMEM);
    expect([space.unmap(12, 1), space.protect(10, 1, PROT_READ)]).toEqual([-ENOMEM, -ENOMEM]);
    expect(space.areas).toEqual([[10, 15], [20, 25], [30, 35], [40, 45]]);
    expect([space.unmap(40, 2), space.unmap(14, 7)]).toEqual([0, 0]);
    expect(space.areas).toEqual([[10, 14], [21, 25], [30, 35], [42, 45]]);
    expect(space.unmap(20, 15)).toBe(0);
    expect([space.protect(12, 1, PROT_READ), space.unmap(11, 1)]).toEqual([-ENOMEM, 0]); // what was split before the refusal stays split
    expect(space.areas).toEqual([[10, 11], [12, 14], [42, 45]]);
  });
  test("and may be one more for a moment, so that a hole fits where one more area does", () => {
    const space = new Space({ maximumMapCount: 3 });
    space.map(10, 10);
    space.map(10, 30);
    expect([space.unmap(12, 2), space.unmap(35, 2)]).toEqual([0, -ENOMEM]);
    expect(space.areas).toEqual([[10, 12], [14, 20], [30, 40]]);
  });
  test("and all address spaces together have as many as there are rows", () => {
    const space = new Space({ vmaCapacity: 2, maximumMapCount: 9 });
    space.map(1, 10, MAP_SHARED);
    space.map(1, 20);
    expect([space.map(1, 30), space.map(1, 40, MAP_SHARED), space.map(1, 50, MAP_SHARED | MAP_ANONYMOUS)]).toEqual([-ENOMEM, -ENOMEM, -ENOMEM]);
    expect(space.references).toBe(1);
    expect(() => space.mmu.map({ mm: 1, firstPage: 5, pageCount: 1, mapping: NO_MAPPING, pageIndex: 5, flags: VM_READ })).toThrow("PTE_MMU_NO_VMA");
    expect(space.unmap(0, 100)).toBe(0);
    expect([space.references, space.areas]).toEqual([0, []]);
  });
  test("and are put where none is", () => {
    const { mmu } = new Space(), area = { mm: 0, mapping: FILE, flags: VM_READ + VM_SHARED, pageIndex: 0 };
    mmu.map({ ...area, firstPage: 10, pageCount: 4 });
    for (const [firstPage, pageCount] of [[8, 3], [13, 1], [11, 2], [0, 100]] as const) expect(() => mmu.map({ ...area, firstPage, pageCount })).toThrow("PTE_MMU_BAD_RANGE");
    expect(() => mmu.map({ ...area, firstPage: 20, pageCount: 0 })).toThrow("PTE_MMU_BAD_RANGE");
    mmu.map({ ...area, firstPage: 14, pageCount: 1, pageIndex: 4 }); // as it is: nothing is merged
    expect([...mmu.vmas.of(0)]).toHaveLength(2);
  });
});

describe("areas that were written to", () => {
  test("share the region of a neighbour that differs in its rights alone, and are one when that difference is gone", () => {
    const space = new Space();
    space.map(10, 10);
    space.write(12);
    space.protect(15, 5, PROT_READ);
    space.protect(15, 3, PROT_READ | PROT_WRITE);
    expect(space.areas).toEqual([[10, 18], [18, 20]]);
    expect(space.regionOf(19)).toBe(space.regionOf(10));
    space.protect(18, 2, PROT_READ | PROT_WRITE);
    expect(space.areas).toEqual([[10, 20]]);
    checkAccounting(space.mmu.calls);
  });
  test("each with a region of its own stay two, and what comes between them joins the lower one", () => {
    const space = new Space();
    space.map(2, 10);
    space.map(2, 14);
    space.write(10);
    space.write(14);
    expect(space.regionOf(10)).not.toBe(space.regionOf(14));
    space.map(2, 12);
    expect(space.areas).toEqual([[10, 14], [14, 16]]);
  });
  test("take in what has no region, on both sides", () => {
    const space = new Space();
    space.map(2, 12);
    space.write(12);
    const region = space.regionOf(12);
    space.map(2, 10);
    space.map(2, 14);
    expect([space.areas, space.regionOf(10)]).toEqual([[[10, 16]], region]);
    expect(space.write(15)).toBe(0);
    checkAccounting(space.mmu.calls);
  });
  test("hand their region on to the lower area that they are joined to", () => {
    const space = new Space();
    space.map(2, 10);
    space.map(2, 14);
    space.write(14);
    const region = space.regionOf(14);
    space.map(2, 12);
    expect([space.areas, space.regionOf(10)]).toEqual([[[10, 16]], region]);
    expect(space.write(10)).toBe(0);
    checkAccounting(space.mmu.calls);
  });
  test("are found from their pages in every part, split or not, and let go of the region with the last part", () => {
    const space = new Space();
    space.map(6, 10);
    for (let page = 10; page < 16; page++) space.write(page);
    space.unmap(12, 2);
    space.protect(10, 1, PROT_READ);
    expect(space.areas).toEqual([[10, 11], [11, 12], [14, 16]]);
    checkAccounting(space.mmu.calls);
    space.unmap(0, 100);
    space.map(6, 10);
    expect([space.regionOf(10), space.folios.usedFrames]).toEqual([NO_ANON_VMA, 0]);
  });
});

test("the areas of a file are walked by many, or changed by one", () => {
  const [one, other] = [new Space(), new Space()];
  for (const { mmu } of [one, other]) {
    mmu.vmas.iMmapLock.lockShared(FILE);
    mmu.vmas.iMmapLock.lockShared(FILE);
    mmu.vmas.iMmapLock.unlockShared(FILE);
  }
  expect(() => one.map(4, 10, MAP_SHARED)).toThrow("STATE_DEADLOCK");
  other.mmu.vmas.iMmapLock.unlockShared(FILE);
  expect([other.map(4, 10, MAP_SHARED), other.references]).toEqual([10, 1]);
});
