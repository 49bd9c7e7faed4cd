import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PTE_NONE, PTE_PRESENT, PTE_PROTNONE, pmdIsPresent, pmdIsTable, pteIsNone, pteIsPresent, pteIsUsable, pteOf } from "../src/pte.ts";
import {
  markerPteOf, MAX_SWAPFILES, migrationPteOf, PTE_MARKER_GUARD, PTE_MARKER_POISONED, PTE_MARKER_UFFD_WP, pteIsMigration, pteIsSwap, pteIsSwapped, pteMarkers,
  SWP_MIGRATION_READ, SWP_MIGRATION_READ_EXCLUSIVE, SWP_MIGRATION_WRITE, SWP_PTE_MARKER,
  swapPteIsExclusive, swapPteIsSoftDirty, swapPteIsUffdWp, swapPteOf, swapPteOffset, swapPteType, swapPteWithExclusive, swapPteWithoutExclusive, swapPteWithoutSoftDirty,
  swapPteWithoutUffdWp, swapPteWithSoftDirty, swapPteWithUffdWp,
} from "../src/swap-pte.ts";

const types = fc.nat(31);
const offsets = fc.oneof(fc.constantFrom(0, 1, 2 ** 20, 2 ** 31, 2 ** 32, 2 ** 40 - 1), fc.nat(2 ** 40 - 1));
const FLAGS = [
  [swapPteIsExclusive, swapPteWithExclusive, swapPteWithoutExclusive],
  [swapPteIsSoftDirty, swapPteWithSoftDirty, swapPteWithoutSoftDirty],
  [swapPteIsUffdWp, swapPteWithUffdWp, swapPteWithoutUffdWp],
] as const;

describe("a swap entry", () => {
  test("keeps type, offset and each of its flags apart, and is neither empty nor present", () => {
    fc.assert(
      fc.property(types, offsets, fc.array(fc.tuple(fc.nat(2), fc.boolean()), { maxLength: 6 }), (type, offset, changes) => {
        let pte = swapPteOf(type, offset);
        const flags = [false, false, false];
        for (const [which, isOn] of [[0, false] as const, ...changes]) {
          pte = FLAGS[which][isOn ? 1 : 2](pte);
          flags[which] = isOn;
          expect(FLAGS.map(([is]) => is(pte))).toEqual(flags);
          expect([swapPteType(pte), swapPteOffset(pte)]).toEqual([type, offset]);
          expect(Number.isSafeInteger(pte)).toBe(true);
          expect([pteIsSwap(pte), pteIsNone(pte), pteIsPresent(pte), pteIsUsable(pte), pmdIsPresent(pte), pmdIsTable(pte)]).toEqual([true, false, false, false, false, false]);
        }
      }),
    );
  });
  test("is of one kind: swapped, migrating or a marker", () => {
    fc.assert(
      fc.property(types, offsets, (type, offset) => {
        const pte = swapPteOf(type, offset);
        expect(pteIsSwapped(pte)).toBe(type < MAX_SWAPFILES);
        expect(pteIsMigration(pte)).toBe([SWP_MIGRATION_READ, SWP_MIGRATION_READ_EXCLUSIVE, SWP_MIGRATION_WRITE].includes(type));
        expect(pteMarkers(pte)).toBe(type === SWP_PTE_MARKER ? offset : 0);
      }),
    );
  });
  test("is not what an empty or a present entry is", () => {
    fc.assert(
      fc.property(offsets, fc.nat(0xfff), fc.constantFrom(PTE_PRESENT, PTE_PROTNONE), (pfn, flags, bit) => {
        const pte = pteOf(pfn, (flags & ~(PTE_PRESENT | PTE_PROTNONE)) + bit);
        expect([pteIsSwap(pte), pteIsSwapped(pte), pteIsMigration(pte), pteMarkers(pte)]).toEqual([false, false, false, 0]);
      }),
    );
    expect([pteIsSwap(PTE_NONE), pteIsSwapped(PTE_NONE), pteIsMigration(PTE_NONE), pteMarkers(PTE_NONE)]).toEqual([false, false, false, 0]);
  });
  test("of a migration carries the frame, and of a marker its bits", () => {
    expect(swapPteOffset(migrationPteOf(SWP_MIGRATION_WRITE, 2 ** 40 - 1))).toBe(2 ** 40 - 1);
    expect([PTE_MARKER_UFFD_WP, PTE_MARKER_POISONED, PTE_MARKER_GUARD, PTE_MARKER_UFFD_WP + PTE_MARKER_GUARD].map((bits) => pteMarkers(markerPteOf(bits)))).toEqual([1, 2, 4, 5]);
  });
});
