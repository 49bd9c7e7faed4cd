import { type Folios, isAnonMapping } from "@zeropfn/folio";
import { forEachEntry, NO_VMA, PTE_MARKER_GUARD, PTE_MARKER_UFFD_WP, pteIsMigration, pteIsPresent, pteIsSoftDirty, pteIsSpecial, pteIsUffdWp, pteMarkers, ptePfn,
  swapPteIsSoftDirty, swapPteIsUffdWp, swapPteOffset, swapPteType, VM_SOFTDIRTY,
} from "@zeropfn/pte-mmu";
import type { VirtualAddress } from "@zeropfn/units";
import type { Process } from "../process.ts";

/**
 * What /proc/PID/pagemap says of one page.
 * @kernel Documentation/admin-guide/mm/pagemap.rst, v6.18
 */
export interface PagemapEntry {
  readonly present: boolean;
  /** Not present, and not empty either: on swap, migrating, or a marker. */
  readonly swapped: boolean;
  /** Of a file, or shared anonymous memory. */
  readonly file: boolean;
  readonly guard: boolean;
  /** Present, and mapped here only. Of a page under a leaf: its first page is. */
  readonly exclusivelyMapped: boolean;
  readonly uffdWp: boolean;
  readonly softDirty: boolean;
  /** Of a page that is present, its frame. Of a swapped one, the type of the entry + 32 × its offset. Else 0. */
  readonly pfn: number;
}

/** Nothing is mapped. */
const HOLE: PagemapEntry = Object.freeze({
  present: false, swapped: false, file: false, guard: false, exclusivelyMapped: false, uffdWp: false, softDirty: false, pfn: 0,
});
const SOFT_DIRTY_HOLE: PagemapEntry = Object.freeze({ ...HOLE, softDirty: true });

/**
 * The entries of `pageCount` pages from the one at `address` on.
 * @kernel pagemap_read(), pagemap_pmd_range(), pagemap_pte_hole() — fs/proc/task_mmu.c, v6.18
 */
export function pagemap(process: Process, address: VirtualAddress, pageCount: number): PagemapEntry[] {
  const { folios, mmu } = process.machine.parts, first = Math.floor(address / process.machine.pageSize);
  const entries: PagemapEntry[] = new Array(pageCount).fill(HOLE);
  for (let page = first; page < first + pageCount; ) {
    const vma = mmu.vmas.index.find(process.mm, page);
    if (vma === NO_VMA) break;
    const from = Math.max(page, mmu.vmas.firstPageOf(vma)), end = Math.min(first + pageCount, mmu.vmas.endPageOf(vma));
    const isAreaSoftDirty = (mmu.vmas.flagsOf(vma) & VM_SOFTDIRTY) !== 0;
    if (isAreaSoftDirty && from < end) entries.fill(SOFT_DIRTY_HOLE, from - first, end - first);
    forEachEntry(mmu.tables, process.mm, from, end, (at, pte, isHuge) => (entries[at - first] = entryOf(folios, pte, isAreaSoftDirty, isHuge)));
    page = Math.max(end, from);
  }
  return entries;
}

/** @kernel pte_to_pagemap_entry() — fs/proc/task_mmu.c, v6.18 */
function entryOf(folios: Folios, pte: number, isAreaSoftDirty: boolean, isHuge: boolean): PagemapEntry {
  if (pteIsPresent(pte)) {
    const pfn = ptePfn(pte), hasFolio = !pteIsSpecial(pte) && !folios.isZeroPage(pfn);
    return {
      ...HOLE,
      present: true,
      file: hasFolio && !isAnonMapping(folios.mapping(pfn)),
      exclusivelyMapped: hasFolio && folios.mapcount(isHuge ? folios.head(pfn) : pfn) === 1,
      uffdWp: pteIsUffdWp(pte),
      softDirty: isAreaSoftDirty || pteIsSoftDirty(pte),
      pfn,
    };
  }
  const markers = pteMarkers(pte), offset = swapPteOffset(pte);
  return {
    ...HOLE,
    swapped: true,
    file: pteIsMigration(pte) && !isAnonMapping(folios.mapping(offset)),
    guard: (markers & PTE_MARKER_GUARD) !== 0,
    uffdWp: swapPteIsUffdWp(pte) || (markers & PTE_MARKER_UFFD_WP) !== 0,
    softDirty: isAreaSoftDirty || swapPteIsSoftDirty(pte),
    pfn: swapPteType(pte) + SWAP_TYPES * offset,
  };
}

/** @kernel MAX_SWAPFILES_SHIFT — include/linux/swap.h, v6.18 */
const SWAP_TYPES = 32;

/**
 * The 64-bit word that a program reads from /proc/PID/pagemap.
 *
 * | bits  | name               |
 * |-------|--------------------|
 * | 0-54  | pfn                |
 * | 55    | soft-dirty         |
 * | 56    | exclusively mapped |
 * | 57    | uffd-wp            |
 * | 58    | guard              |
 * | 61    | file               |
 * | 62    | swapped            |
 * | 63    | present            |
 *
 * @kernel PM_PFRAME_MASK … PM_PRESENT — fs/proc/task_mmu.c, v6.18
 */
export const pagemapWord = (entry: PagemapEntry): bigint =>
  BigInt(entry.pfn) | FLAGS.reduce((word, [flag, bit]) => (entry[flag] ? word | (1n << bit) : word), 0n);

const FLAGS: readonly (readonly [Exclude<keyof PagemapEntry, "pfn">, bigint])[] = [
  ["softDirty", 55n], ["exclusivelyMapped", 56n], ["uffdWp", 57n], ["guard", 58n], ["file", 61n], ["swapped", 62n], ["present", 63n],
];
