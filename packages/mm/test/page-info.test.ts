import { anonMapping, fileMapping, Folios, PG_anon_exclusive, PG_dirty } from "@zeropfn/folio";
import {
  markerPteOf, PTE_MARKER_GUARD, PTE_MARKER_UFFD_WP, PTE_NX, PTE_PRESENT, PTE_PROTNONE, PTE_SPECIAL, pmdOf, pteOf, swapPteOf, VM_READ,
} from "@zeropfn/pte-mmu";
import { reservedColumns } from "@zeropfn/state";
import type { VirtualAddress } from "@zeropfn/units";
import { expect, test } from "vitest";
import { pageInfo, type PageInfo } from "../src/page-info.ts";
import { drawnProcess, PAGES_PER_LEAF } from "./proc-fixture.ts";

const folios = new Folios(reservedColumns(), { frameCount: 64, deviceFrameCount: 2, pageShift: 12 });

/** A folio of `mapping`, each page of it mapped `mapcount` times. */
function frameOf(mapping: number, mapcount: number, order = 0): number {
  const pfn = folios.allocate(order);
  folios.setMapping(pfn, mapping, 0);
  for (let page = 0; page < 2 ** order; page++) for (let times = 0; times < mapcount; times++) folios.addRmap(pfn + page);
  return pfn;
}

const PAGE = 4 * PAGES_PER_LEAF;
/** What page `PAGE` is while this entry stands in its place. */
function infoOf(pte: number): PageInfo {
  const process = drawnProcess(folios, [{ first: PAGE, end: PAGE + 1, flags: VM_READ, entries: new Map(pte === 0 ? [] : [[PAGE, pte]]) }]);
  return pageInfo(process, (PAGE * 4096 + 123) as VirtualAddress);
}

test("an anonymous page is A, with who else has it", () => {
  const alone = frameOf(anonMapping(0), 1), shared = frameOf(anonMapping(0), 2), exclusive = frameOf(anonMapping(0), 1);
  folios.setFlag(exclusive, PG_anon_exclusive);
  expect(infoOf(pteOf(alone, PTE_PRESENT))).toMatchObject({ letter: "A", isPresent: true, pfn: alone, isMappedOnce: true, isExclusive: false, isPmdMapped: false });
  expect(infoOf(pteOf(shared, PTE_PRESENT))).toMatchObject({ letter: "A", isMappedOnce: false, isExclusive: false });
  expect(infoOf(pteOf(exclusive, PTE_PRESENT + PTE_NX))).toMatchObject({ letter: "A", pfn: exclusive, isMappedOnce: true, isExclusive: true });
});

test("a page of a file is F or D by its dirty flag, whatever the entry says, and is never exclusive", () => {
  const page = frameOf(fileMapping(0), 1), pte = pteOf(page, PTE_PRESENT + 0x40);
  expect(infoOf(pte)).toMatchObject({ letter: "F", pfn: page, isMappedOnce: true, isExclusive: false });
  folios.setFlag(page, PG_dirty);
  expect(infoOf(pte)).toMatchObject({ letter: "D" });
  folios.setFlag(page, PG_anon_exclusive);
  expect(infoOf(pte)).toMatchObject({ letter: "D", isExclusive: false });
});

test("a page without access is present all the same", () => {
  expect(infoOf(pteOf(frameOf(anonMapping(0), 1), PTE_PROTNONE))).toMatchObject({ letter: "A", isPresent: true, isMappedOnce: true });
});

test("a page of a large folio is H, whosever it is", () => {
  const file = frameOf(fileMapping(0), 1, 1);
  folios.setFlag(file, PG_dirty);
  expect(infoOf(pteOf(file + 1, PTE_PRESENT))).toMatchObject({ letter: "H", pfn: file + 1, isMappedOnce: true });
  expect(infoOf(pteOf(frameOf(anonMapping(0), 1, 1), PTE_PRESENT))).toMatchObject({ letter: "H" });
});

test("a page below a leaf one level above has its own frame of the folio", () => {
  const head = frameOf(anonMapping(0), 1, 2), leaves = new Map([[PAGE, pmdOf(head, PTE_PRESENT)]]);
  const process = drawnProcess(folios, [{ first: PAGE, end: PAGE + PAGES_PER_LEAF, flags: VM_READ, leaves }]);
  for (let page = 0; page < PAGES_PER_LEAF; page++) {
    expect(pageInfo(process, ((PAGE + page) * 4096) as VirtualAddress)).toMatchObject({ letter: "H", pfn: head + page, isPmdMapped: true });
  }
  expect(pageInfo(process, ((PAGE + PAGES_PER_LEAF) * 4096) as VirtualAddress).letter).toBe(".");
});

test("the zero page is Z and storage X: present, and nobody counts who maps them", () => {
  for (const [pfn, letter] of [[folios.zeroPfn, "Z"], [folios.firstDevicePfn, "X"]] as const) {
    expect(infoOf(pteOf(pfn, PTE_PRESENT + PTE_SPECIAL))).toEqual({ letter, isPresent: true, pfn, isMappedOnce: false, isExclusive: false, isPmdMapped: false });
  }
});

test("what is not present has no frame: nothing, a swap entry, a guard marker, and another marker, which is nothing", () => {
  const absent = { isPresent: false, pfn: -1, isMappedOnce: false, isExclusive: false, isPmdMapped: false };
  expect(infoOf(0)).toEqual({ letter: ".", ...absent });
  expect(infoOf(swapPteOf(0, 77))).toEqual({ letter: "S", ...absent });
  expect(infoOf(markerPteOf(PTE_MARKER_GUARD))).toEqual({ letter: "G", ...absent });
  expect(infoOf(markerPteOf(PTE_MARKER_UFFD_WP))).toEqual({ letter: ".", ...absent });
});
