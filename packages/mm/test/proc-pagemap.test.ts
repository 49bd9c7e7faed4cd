import { anonMapping, fileMapping, Folios } from "@zeropfn/folio";
import {
  markerPteOf, migrationPteOf, PTE_MARKER_GUARD, PTE_MARKER_UFFD_WP, PTE_NX, PTE_PRESENT, PTE_PROTNONE, PTE_SOFT_DIRTY, PTE_SPECIAL, PTE_UFFD_WP,
  pmdOf, pteOf, swapPteOf, swapPteWithSoftDirty, swapPteWithUffdWp, SWP_MIGRATION_READ, VM_READ, VM_SOFTDIRTY,
} from "@zeropfn/pte-mmu";
import { reservedColumns } from "@zeropfn/state";
import type { VirtualAddress } from "@zeropfn/units";
import { expect, test } from "vitest";
import { type PagemapEntry, pagemap, pagemapWord } from "../src/index.ts";
import { drawnProcess, PAGES_PER_LEAF } from "./proc-fixture.ts";

const folios = new Folios(reservedColumns(), { frameCount: 16, deviceFrameCount: 2, pageShift: 12 });
const frameOf = (mapping: number, mapcount: number): number => {
  const pfn = folios.allocate(0);
  folios.setMapping(pfn, mapping, 0);
  for (let times = 0; times < mapcount; times++) folios.addRmap(pfn);
  return pfn;
};
const alone = frameOf(anonMapping(1), 1), shared = frameOf(anonMapping(1), 2), ofFile = frameOf(fileMapping(0), 1);

/** What is set in the entry of one page of an area, and the number it has. */
function shown(pte: number, areaFlags: number = VM_READ): Partial<PagemapEntry> {
  const process = drawnProcess(folios, [{ first: 100, end: 101, flags: areaFlags, entries: new Map(pte === 0 ? [] : [[100, pte]]) }]);
  const [entry] = pagemap(process, (100 * 4096) as VirtualAddress, 1);
  return Object.fromEntries(Object.entries(entry!).filter(([, value]) => value !== false && value !== 0));
}

test("a page shows its frame, whether it is of a file, and whether it is mapped once", () => {
  expect(shown(pteOf(alone, PTE_PRESENT))).toEqual({ present: true, exclusivelyMapped: true, pfn: alone });
  expect(shown(pteOf(alone, PTE_PRESENT + PTE_NX))).toEqual({ present: true, exclusivelyMapped: true, pfn: alone });
  expect(shown(pteOf(shared, PTE_PRESENT))).toEqual({ present: true, pfn: shared });
  expect(shown(pteOf(ofFile, PTE_PRESENT))).toEqual({ present: true, exclusivelyMapped: true, file: true, pfn: ofFile });
});

test("a page without access is present all the same", () => {
  expect(shown(pteOf(alone, PTE_PROTNONE))).toEqual({ present: true, exclusivelyMapped: true, pfn: alone });
});

test("the zero page and storage show their frame and nothing else", () => {
  expect(shown(pteOf(folios.zeroPfn, PTE_PRESENT + PTE_SPECIAL))).toEqual({ present: true });
  expect(shown(pteOf(folios.firstDevicePfn, PTE_PRESENT + PTE_SPECIAL))).toEqual({ present: true, pfn: folios.firstDevicePfn });
});

test("soft-dirty and write protection come from the entry, soft-dirty also from the area, even where nothing is mapped", () => {
  expect(shown(pteOf(shared, PTE_PRESENT + PTE_SOFT_DIRTY))).toMatchObject({ present: true, softDirty: true });
  expect(shown(pteOf(shared, PTE_PRESENT + PTE_UFFD_WP))).toMatchObject({ present: true, uffdWp: true });
  expect(shown(pteOf(shared, PTE_PRESENT), VM_READ + VM_SOFTDIRTY)).toMatchObject({ softDirty: true });
  expect(shown(0, VM_READ + VM_SOFTDIRTY)).toEqual({ softDirty: true });
  expect(shown(swapPteWithSoftDirty(swapPteOf(1, 5)))).toMatchObject({ swapped: true, softDirty: true });
  expect(shown(swapPteWithUffdWp(swapPteOf(1, 5)))).toMatchObject({ swapped: true, uffdWp: true });
});

test("what is not present counts as swapped and shows type and offset: swap, migration, guard, marker", () => {
  expect(shown(swapPteOf(1, 5))).toEqual({ swapped: true, pfn: 5 * 32 + 1 });
  expect(shown(swapPteOf(23, 2 ** 40 - 1))).toEqual({ swapped: true, pfn: (2 ** 40 - 1) * 32 + 23 });
  expect(shown(migrationPteOf(SWP_MIGRATION_READ, ofFile))).toEqual({ swapped: true, file: true, pfn: ofFile * 32 + SWP_MIGRATION_READ });
  expect(shown(migrationPteOf(SWP_MIGRATION_READ, alone))).toEqual({ swapped: true, pfn: alone * 32 + SWP_MIGRATION_READ });
  expect(shown(markerPteOf(PTE_MARKER_UFFD_WP))).toMatchObject({ swapped: true, uffdWp: true });
});

test("each page of a leaf shows its own frame", () => {
  const head = folios.allocate(2);
  folios.setMapping(head, fileMapping(0), 0);
  for (let nth = 0; nth < PAGES_PER_LEAF; nth++) folios.addRmap(head + nth);
  const process = drawnProcess(folios, [{ first: 100, end: 104, flags: VM_READ, leaves: new Map([[100, pmdOf(head, PTE_PRESENT)]]) }]);
  const entry = { present: true, file: true, exclusivelyMapped: true };
  expect(pagemap(process, (101 * 4096) as VirtualAddress, 2)).toMatchObject([{ ...entry, pfn: head + 1 }, { ...entry, pfn: head + 2 }]);
});

test("a guard page gives the word that Linux 6.18.44 gives", () => {
  const process = drawnProcess(folios, [{ first: 100, end: 101, flags: VM_READ, entries: new Map([[100, markerPteOf(PTE_MARKER_GUARD)]]) }]);
  expect(pagemap(process, (100 * 4096) as VirtualAddress, 1).map(pagemapWord)).toEqual([0x440000000000009fn]);
});

test("pages before, between and behind areas are holes, and a range may begin and end inside areas", () => {
  const entries = (first: number, count: number) => new Map(Array.from({ length: count }, (_, nth) => [first + nth, pteOf(shared, PTE_PRESENT)]));
  const bounds = [[10, 14], [17, 18], [18, 25]];
  const areas = bounds.map(([first, end]) => ({ first: first!, end: end!, flags: VM_READ + VM_SOFTDIRTY, entries: entries(first!, end! - first!) }));
  const process = drawnProcess(folios, areas), isMapped = (page: number): boolean => areas.some(({ first, end }) => page >= first && page < end);
  for (let from = 8; from < 28; from++) {
    for (let count = 0; count < 20; count++) {
      const expected = Array.from({ length: count }, (_, nth) => [isMapped(from + nth), isMapped(from + nth)]);
      const shown = pagemap(process, (from * 4096) as VirtualAddress, count);
      expect(shown.map(({ present, softDirty }) => [present, softDirty]), `${count} pages from ${from}`).toEqual(expected);
    }
  }
});
