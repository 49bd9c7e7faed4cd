import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  PMD_PS, PTE_ACCESSED, PTE_DIRTY, PTE_GLOBAL, PTE_NONE, PTE_NX, PTE_PAT, PTE_PCD, PTE_PRESENT, PTE_PROTNONE, PTE_PWT, PTE_SOFT_DIRTY, PTE_SPECIAL, PTE_UFFD_WP,
  PTE_USER, PTE_WRITABLE,
  pmdInvalid, pmdIsLeaf, pmdIsPresent, pmdIsTable, pmdOf,
  pteFlags, pteIsAccessed, pteIsDirty, pteIsExecutable, pteIsNone, pteIsPresent, pteIsProtnone, pteIsSoftDirty, pteIsSpecial, pteIsUffdWp, pteIsUsable, pteIsWritable,
  pteModify, pteOf, ptePfn,
  pteWithAccessed, pteWithDirty, pteWithoutAccessed, pteWithoutDirty, pteWithoutSoftDirty, pteWithoutUffdWp, pteWithoutWritable, pteWithSoftDirty, pteWithSpecial,
  pteWithUffdWp, pteWithWritable,
} from "../src/pte.ts";

const BITS: readonly number[] = [
  PTE_PRESENT, PTE_WRITABLE, PTE_USER, PTE_PWT, PTE_PCD, PTE_ACCESSED, PTE_DIRTY, PTE_PAT, PTE_GLOBAL, PTE_SPECIAL, PTE_UFFD_WP, PTE_SOFT_DIRTY,
];
const bitsOf = (pte: number): bigint => BigInt(pte);

// The model of an entry is a frame and a set of flags.
const frames = fc.oneof(fc.constantFrom(0, 1, 2 ** 19, 2 ** 20 - 1, 2 ** 20, 2 ** 31, 2 ** 32, 2 ** 40 - 1), fc.nat(2 ** 40 - 1));
const flagSets = fc.tuple(fc.nat(0xfff), fc.boolean()).map(([low, isNx]) => low + (isNx ? PTE_NX : 0));
const entries = fc.tuple(frames, flagSets).map(([pfn, flags]) => pteOf(pfn, flags));

describe("a page table entry", () => {
  test("has its bits where x86-64 has them, and NX at 52", () => {
    expect(BITS).toEqual(Array.from({ length: 12 }, (_, bit) => 1 << bit));
    expect([PTE_PROTNONE, PMD_PS, PTE_NX]).toEqual([1 << 8, 1 << 7, 2 ** 52]);
  });
  test("keeps frame and flags apart, for every frame and with NX", () => {
    fc.assert(
      fc.property(frames, flagSets, (pfn, flags) => {
        const pte = pteOf(pfn, flags);
        expect(Number.isSafeInteger(pte)).toBe(true);
        expect(bitsOf(pte)).toBe((BigInt(pfn) << 12n) | BigInt(flags));
        expect([ptePfn(pte), pteFlags(pte)]).toEqual([pfn, flags]);
      }),
    );
  });
  test.each([
    ["writable", PTE_WRITABLE, pteIsWritable],
    ["accessed", PTE_ACCESSED, pteIsAccessed],
    ["dirty", PTE_DIRTY, pteIsDirty],
    ["special", PTE_SPECIAL, pteIsSpecial],
    ["soft-dirty", PTE_SOFT_DIRTY, pteIsSoftDirty],
    ["watched by userfaultfd", PTE_UFFD_WP, pteIsUffdWp],
    ["usable by the hardware", PTE_PRESENT, pteIsUsable],
  ] as const)("is %s by its own bit alone", (_name, bit, is) => {
    fc.assert(fc.property(entries, (pte) => void expect(is(pte)).toBe((bitsOf(pte) & BigInt(bit)) !== 0n)));
  });
  test("is present to software with PRESENT or PROTNONE, and executable unless NX is set", () => {
    fc.assert(
      fc.property(entries, (pte) => {
        const isPresent = (bitsOf(pte) & 1n) !== 0n, hasBit8 = (bitsOf(pte) & 0x100n) !== 0n;
        expect(pteIsPresent(pte)).toBe(isPresent || hasBit8);
        expect(pteIsProtnone(pte)).toBe(!isPresent && hasBit8);
        expect(pteIsExecutable(pte)).toBe(bitsOf(pte) >> 52n === 0n);
        expect(pteIsNone(pte)).toBe(bitsOf(pte) === 0n);
      }),
    );
    expect(pteIsPresent(PTE_NONE)).toBe(false);
  });
  test.each([
    ["pteWithDirty", pteWithDirty, PTE_DIRTY + PTE_SOFT_DIRTY, 0],
    ["pteWithoutDirty", pteWithoutDirty, 0, PTE_DIRTY],
    ["pteWithAccessed", pteWithAccessed, PTE_ACCESSED, 0],
    ["pteWithoutAccessed", pteWithoutAccessed, 0, PTE_ACCESSED],
    ["pteWithWritable", pteWithWritable, PTE_WRITABLE, 0],
    ["pteWithoutWritable", pteWithoutWritable, 0, PTE_WRITABLE],
    ["pteWithSpecial", pteWithSpecial, PTE_SPECIAL, 0],
    ["pteWithSoftDirty", pteWithSoftDirty, PTE_SOFT_DIRTY, 0],
    ["pteWithoutSoftDirty", pteWithoutSoftDirty, 0, PTE_SOFT_DIRTY],
    ["pteWithUffdWp", pteWithUffdWp, PTE_UFFD_WP, PTE_WRITABLE],
    ["pteWithoutUffdWp", pteWithoutUffdWp, 0, PTE_UFFD_WP],
    ["pmdInvalid", pmdInvalid, 0, PTE_PRESENT + PTE_PROTNONE],
  ] as const)("%s changes the bits it names and no other", (_name, change, sets, clears) => {
    fc.assert(fc.property(entries, (pte) => void expect(bitsOf(change(pte))).toBe((bitsOf(pte) | BigInt(sets)) & ~BigInt(clears))));
  });
  test("takes PRESENT or PROTNONE, WRITABLE, USER and NX from a new protection, and keeps the rest", () => {
    const changed = BigInt(PTE_PRESENT + PTE_WRITABLE + PTE_USER + PTE_PROTNONE + PTE_NX);
    fc.assert(
      fc.property(entries, flagSets, (pte, protection) => {
        expect(bitsOf(pteModify(pte, protection))).toBe((bitsOf(pte) & ~changed) | (bitsOf(protection) & changed));
      }),
    );
  });
  test("goes to PROT_NONE and back without a change but of rights", () => {
    const pte = pteOf(2 ** 40 - 1, PTE_PRESENT + PTE_WRITABLE + PTE_USER + PTE_ACCESSED + PTE_DIRTY + PTE_SOFT_DIRTY);
    const none = pteModify(pte, PTE_PROTNONE);
    expect([pteIsPresent(none), pteIsUsable(none), ptePfn(none)]).toEqual([true, false, 2 ** 40 - 1]);
    expect(pteModify(none, PTE_PRESENT + PTE_WRITABLE + PTE_USER)).toBe(pte);
  });
});

describe("an entry one level above", () => {
  test("is a leaf with PS, a table if it is present without, and neither if it is empty", () => {
    const leaf = pmdOf(512, PTE_PRESENT + PTE_NX), table = pteOf(3, PTE_PRESENT);
    expect([leaf, table, PTE_NONE].map((pmd) => [pmdIsLeaf(pmd), pmdIsTable(pmd), pmdIsPresent(pmd)])).toEqual([[true, false, true], [false, true, true], [false, false, false]]);
    expect(ptePfn(leaf)).toBe(512);
  });
  test("is still a present leaf to software while it is split, and absent to the hardware", () => {
    const split = pmdInvalid(pmdOf(2 ** 40 - 512, PTE_PRESENT + PTE_WRITABLE + PTE_NX));
    expect([pmdIsLeaf(split), pmdIsPresent(split), pmdIsTable(split), pteIsUsable(split), ptePfn(split)]).toEqual([true, true, false, false, 2 ** 40 - 512]);
  });
});
