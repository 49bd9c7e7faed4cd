import { reservedColumns } from "@zeropfn/state";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_VMA, VM_READ, VM_SHARED, type VmaRange, Vmas } from "../src/index.ts";

const vmasOf = (vmaCapacity: number = 8): Vmas => new Vmas(reservedColumns(), { mmCapacity: 2, vmaCapacity, mappingCapacity: 2 });
const range = (firstPage: number, pageCount: number, more: Partial<VmaRange> = {}): VmaRange => ({ mm: 0, firstPage, pageCount, mapping: 0, pageIndex: 0, flags: VM_READ + VM_SHARED, ...more });
const mappers = (vmas: Vmas, mapping: number): number[] => {
  const found: number[] = [];
  for (let vma = vmas.firstOfMapping(mapping); vma !== NO_VMA; vma = vmas.nextInMapping(vma)) found.push(vma);
  return found;
};

describe("areas", () => {
  test("are found by every page they cover, and by no other", () => {
    const vmas = vmasOf(), vma = vmas.add(range(10, 3));
    expect([9, 10, 12, 13].map((page) => vmas.find(0, page))).toEqual([NO_VMA, vma, vma, NO_VMA]);
    expect(vmas.find(1, 10)).toBe(NO_VMA);
  });
  test("answer as a map from pages to areas does, under random adding and removing", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 6 }), fc.boolean()), { maxLength: 30 }), (steps) => {
        const vmas = vmasOf(), pages = new Map<number, number>();
        for (const [first, count, isRemoval] of steps) {
          const there = vmas.find(0, first);
          expect(there).toBe(pages.get(first) ?? NO_VMA);
          const wanted = Array.from({ length: count }, (_, nth) => first + nth);
          if (isRemoval && there !== NO_VMA) {
            vmas.remove(there);
            for (const [page, vma] of pages) if (vma === there) pages.delete(page);
          } else if (wanted.some((page) => pages.has(page))) expect(() => vmas.add(range(first, count))).toThrow("PTE_MMU_BAD_RANGE");
          else if (vmas.isFull) expect(() => vmas.add(range(first, count))).toThrow("PTE_MMU_NO_VMA");
          else {
            const vma = vmas.add(range(first, count));
            for (const page of wanted) pages.set(page, vma);
          }
          for (let page = 0; page < 50; page++) expect(vmas.find(0, page)).toBe(pages.get(page) ?? NO_VMA);
          expect([...vmas.of(0)].map((vma) => vmas.firstPageOf(vma))).toEqual([...new Set(pages.values())].map((vma) => vmas.firstPageOf(vma)).sort((a, b) => a - b));
          expect(mappers(vmas, 0).sort()).toEqual([...new Set(pages.values())].sort());
        }
      }),
    );
  });
  test("are listed by the file they map", () => {
    const vmas = vmasOf(), a = vmas.add(range(0, 1)), b = vmas.add(range(5, 1, { mm: 1 })), other = vmas.add(range(9, 1, { mapping: 1 }));
    expect(mappers(vmas, 0).sort()).toEqual([a, b].sort());
    vmas.remove(a);
    expect(mappers(vmas, 0)).toEqual([b]);
    expect(mappers(vmas, 1)).toEqual([other]);
  });
  test("leave the highest gap that is wide enough, and page 0 to null pointers", () => {
    const vmas = vmasOf();
    expect(vmas.findGap(0, 4, 100)).toBe(96);
    vmas.add(range(96, 4));
    expect(vmas.findGap(0, 4, 100)).toBe(92);
    vmas.add(range(90, 4));
    expect(vmas.findGap(0, 2, 100)).toBe(94);
    expect(vmas.findGap(0, 3, 100)).toBe(87);
    expect(vmas.findGap(0, 89, 100)).toBe(1);
    expect(vmas.findGap(0, 90, 100)).toBe(-1);
  });
  test("of a file are locked by many readers, or by whoever removes one", () => {
    const vmas = vmasOf(), vma = vmas.add(range(0, 1));
    vmas.lockMappingShared(0);
    vmas.lockMappingShared(0);
    expect(() => vmas.remove(vma)).toThrow("STATE_DEADLOCK");
    vmas.unlockMappingShared(0);
    vmas.unlockMappingShared(0);
    vmas.remove(vma);
    expect(vmas.find(0, 0)).toBe(NO_VMA);
  });
});
