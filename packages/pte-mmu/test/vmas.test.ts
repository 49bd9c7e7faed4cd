import { reservedColumns } from "@zeropfn/state";
import { describe, expect, test } from "vitest";
import { linearPageIndex, NO_ANON_VMA, NO_MAPPING, NO_VMA, VM_READ, VM_SHARED, vmaIsAnonymous, Vmas } from "../src/index.ts";

const vmasOf = (vmaCapacity: number = 4): Vmas => new Vmas(reservedColumns(), { mmCapacity: 2, vmaCapacity, mappingCapacity: 2 });

describe("rows of areas", () => {
  test("hold what they were given, and neither a region nor a chain yet", () => {
    const vmas = vmasOf(), far = 2 ** 40, vma = vmas.allocate(1, far, far + 3, VM_READ + VM_SHARED, 1, far);
    expect([vmas.mmOf(vma), vmas.firstPageOf(vma), vmas.endPageOf(vma), vmas.flagsOf(vma), vmas.mappingOf(vma), vmas.pageIndexOf(vma)]).toEqual([1, far, far + 3, VM_READ + VM_SHARED, 1, far]);
    expect([vmas.anonVmaOf(vma), vmas.chainOf(vma), vmaIsAnonymous(vmas, vma)]).toEqual([NO_ANON_VMA, 0, false]);
    expect(vmaIsAnonymous(vmas, vmas.allocate(0, 0, 1, 0, NO_MAPPING, 0))).toBe(true);
  });
  test("are found by every page they cover, and by no other, once they are in order", () => {
    const vmas = vmasOf(), vma = vmas.allocate(0, 10, 13, VM_READ, 0, 5);
    expect(vmas.lookUp(0, 11)).toBe(NO_VMA);
    vmas.index.insert(0, vma);
    expect([9, 10, 12, 13].map((page) => vmas.lookUp(0, page))).toEqual([NO_VMA, vma, vma, NO_VMA]);
    expect(vmas.lookUp(1, 10)).toBe(NO_VMA);
    expect([...vmas.of(0)]).toEqual([vma]);
    expect(linearPageIndex(vmas, vma, 12)).toBe(7);
  });
  test("are given again when they were freed, as if nothing had been in them", () => {
    const vmas = vmasOf(2), a = vmas.allocate(0, 0, 1, VM_READ, 0, 0), b = vmas.allocate(0, 1, 2, VM_READ, 0, 0);
    expect(vmas.allocate(0, 2, 3, 0, 0, 0)).toBe(NO_VMA);
    vmas.setAnonVma(a, 3);
    vmas.setChain(a, 7);
    vmas.free(b);
    vmas.free(a);
    expect(vmas.allocate(1, 5, 6, 0, NO_MAPPING, 5)).toBe(a);
    expect([vmas.anonVmaOf(a), vmas.chainOf(a), vmas.flagsOf(a), vmas.mmOf(a)]).toEqual([NO_ANON_VMA, 0, 0, 1]);
    expect([vmas.allocate(0, 0, 1, 0, 0, 0), vmas.allocate(0, 0, 1, 0, 0, 0)]).toEqual([b, NO_VMA]);
  });
});
