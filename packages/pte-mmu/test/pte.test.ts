import { describe, expect, test } from "vitest";
import {
  PTE_ACCESSED, PTE_DIRTY, PTE_NONE, PTE_NX, PTE_PRESENT, PTE_SPECIAL, PTE_USER, PTE_WRITABLE,
  pteIsAccessed, pteIsDirty, pteIsExecutable, pteIsPresent, pteIsSpecial, pteIsWritable, pteOf, ptePfn,
} from "../src/index.ts";

describe("a page table entry", () => {
  test("has its bits where x86-64 has them", () => {
    expect([PTE_PRESENT, PTE_WRITABLE, PTE_USER, PTE_ACCESSED, PTE_DIRTY, PTE_SPECIAL]).toEqual([1 << 0, 1 << 1, 1 << 2, 1 << 5, 1 << 6, 1 << 9]);
  });
  test.each([0, 1, 2 ** 20 - 1, 2 ** 20, 2 ** 31, 2 ** 32, 2 ** 40 - 1])("keeps frame %d beside every flag", (pfn) => {
    const all = PTE_PRESENT + PTE_WRITABLE + PTE_USER + PTE_ACCESSED + PTE_DIRTY + PTE_SPECIAL + PTE_NX;
    expect(ptePfn(pteOf(pfn, all))).toBe(pfn);
    expect(ptePfn(pteOf(pfn, 0))).toBe(pfn);
    expect(Number.isSafeInteger(pteOf(pfn, all))).toBe(true);
  });
  test.each([
    ["present", PTE_PRESENT, pteIsPresent],
    ["writable", PTE_WRITABLE, pteIsWritable],
    ["accessed", PTE_ACCESSED, pteIsAccessed],
    ["dirty", PTE_DIRTY, pteIsDirty],
    ["special", PTE_SPECIAL, pteIsSpecial],
  ] as const)("is %s by its own bit alone, below the highest frame and with NX", (_name, bit, is) => {
    const others = PTE_PRESENT + PTE_WRITABLE + PTE_USER + PTE_ACCESSED + PTE_DIRTY + PTE_SPECIAL + PTE_NX - bit;
    expect(is(pteOf(2 ** 40 - 1, bit))).toBe(true);
    expect(is(pteOf(2 ** 40 - 1, others))).toBe(false);
    expect(is(PTE_NONE)).toBe(false);
  });
  test("is executable unless NX is set", () => {
    expect(pteIsExecutable(pteOf(2 ** 40 - 1, PTE_PRESENT))).toBe(true);
    expect(pteIsExecutable(pteOf(0, PTE_PRESENT + PTE_NX))).toBe(false);
  });
});
