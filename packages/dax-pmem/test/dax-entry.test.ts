import { describe, expect, test } from "vitest";
import {
  DAX_CACHE_PAGE, DAX_EMPTY, DAX_LOCKED, DAX_PMD, DAX_ZERO_PAGE, daxEntry, daxIsCachePage, daxIsEmpty, daxIsHole, daxIsLocked, daxIsZeroPage, daxPfn, MAX_DAX_PFN,
} from "../src/index.ts";

describe("a DAX entry", () => {
  test("has the kernel's four bits, and one for a page of its own", () => {
    expect([DAX_LOCKED, DAX_PMD, DAX_ZERO_PAGE, DAX_EMPTY, DAX_CACHE_PAGE]).toEqual([1, 2, 4, 8, 16]);
  });
  test.each([1, 2 ** 20, MAX_DAX_PFN])("holds frame %d and every bit, and fits an XArray entry", (pfn) => {
    const all = DAX_LOCKED + DAX_PMD + DAX_ZERO_PAGE + DAX_EMPTY + DAX_CACHE_PAGE;
    expect(daxPfn(daxEntry(pfn, all))).toBe(pfn);
    expect(daxEntry(pfn, all)).toBeLessThan(2 ** 30);
    expect(daxEntry(pfn, 0)).toBeGreaterThan(0);
  });
  test.each([
    ["zero page", DAX_ZERO_PAGE, [true, false, false, true, false]],
    ["cache page", DAX_CACHE_PAGE, [false, true, false, true, false]],
    ["empty", DAX_EMPTY, [false, false, true, false, false]],
    ["storage", 0, [false, false, false, false, false]],
    ["locked storage", DAX_LOCKED, [false, false, false, false, true]],
  ])("knows its kind: %s", (_name, kind, expected) => {
    const entry = daxEntry(3, kind);
    expect([daxIsZeroPage(entry), daxIsCachePage(entry), daxIsEmpty(entry), daxIsHole(entry), daxIsLocked(entry)]).toEqual(expected);
  });
});
