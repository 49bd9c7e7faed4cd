import { isAnonMapping, PG_anon_exclusive, PG_dirty } from "@zeropfn/folio";
import { NO_SLOT, PTE_MARKER_GUARD, PTE_NONE, pmdIsLeaf, pteIsPresent, pteIsSwapped, pteMarkers, ptePfn } from "@zeropfn/pte-mmu";
import type { VirtualAddress } from "@zeropfn/units";
import type { Machine } from "./machine.ts";
import type { Process } from "./process.ts";

/**
 * What a page of a process is: "." absent, "Z" a zero page, "A" anonymous, "F" and "D" of a file, without and with its folio's
 * dirty flag, "H" of a large folio, whatever it is of, "X" storage, "S" swapped out, "G" a guard marker.
 */
export type PageLetter = "." | "Z" | "A" | "F" | "D" | "H" | "X" | "S" | "G";

/** One page of a process. */
export interface PageInfo {
  readonly letter: PageLetter;
  /** True if an entry maps a frame: not of ".", "S" and "G". @kernel PM_PRESENT */
  readonly isPresent: boolean;
  /** The frame, or -1 if it is not present. */
  readonly pfn: number;
  /** True if no other entry maps the frame; of one under a leaf, the leaf's first frame. False of zero pages and storage, whose entries nobody counts. @kernel PM_MMAP_EXCLUSIVE */
  readonly isMappedOnce: boolean;
  /** True if an anonymous page belongs to this process alone; of a page of a large folio, if its first page does. @kernel PG_anon_exclusive — include/linux/page-flags.h, v6.18 */
  readonly isExclusive: boolean;
  /** True if one entry of the level above maps it and its neighbours. */
  readonly isPmdMapped: boolean;
}

/**
 * What /proc/PID/pagemap and /proc/kpageflags say of the page at `address`.
 * @kernel pagemap_pmd_range(), stable_page_flags() — fs/proc/task_mmu.c, fs/proc/page.c, v6.18
 */
export function pageInfo(process: Process, address: VirtualAddress): PageInfo {
  const { machine, mm } = process, { tables } = machine.parts.mmu, page = Math.floor(address / machine.pageSize);
  const pmdSlot = tables.pmdSlotOf(mm, page), pmd = pmdSlot === NO_SLOT ? PTE_NONE : tables.load(pmdSlot);
  if (pmdIsLeaf(pmd)) return presentPage(machine, ptePfn(pmd) + (page % tables.pagesPerTable), true);
  const slot = tables.slotOf(mm, page), pte = slot === NO_SLOT ? PTE_NONE : tables.load(slot);
  if (pteIsPresent(pte)) return presentPage(machine, ptePfn(pte), false);
  return (pteMarkers(pte) & PTE_MARKER_GUARD) !== 0 ? GUARD : pteIsSwapped(pte) ? SWAPPED : ABSENT;
}

const withoutFrame = (letter: PageLetter): PageInfo =>
  Object.freeze({ letter, isPresent: false, pfn: -1, isMappedOnce: false, isExclusive: false, isPmdMapped: false });
const ABSENT: PageInfo = withoutFrame("."), GUARD: PageInfo = withoutFrame("G"), SWAPPED: PageInfo = withoutFrame("S");

function presentPage(machine: Machine, pfn: number, isPmdMapped: boolean): PageInfo {
  const { folios } = machine.parts;
  if (folios.isZeroPage(pfn) || folios.isDevice(pfn)) {
    return { letter: folios.isDevice(pfn) ? "X" : "Z", isPresent: true, pfn, isMappedOnce: false, isExclusive: false, isPmdMapped };
  }
  const isAnonymous = isAnonMapping(folios.mapping(pfn));
  const letter = folios.order(pfn) > 0 ? "H" : isAnonymous ? "A" : folios.testFlag(pfn, PG_dirty) ? "D" : "F";
  const isExclusive = isAnonymous && folios.testFlag(folios.head(pfn), PG_anon_exclusive);
  return { letter, isPresent: true, pfn, isMappedOnce: folios.mapcount(isPmdMapped ? folios.head(pfn) : pfn) === 1, isExclusive, isPmdMapped };
}
