import { NO_SLOT, PTE_NONE } from "@zeropfn/pte-mmu";
import type { Process } from "../process.ts";

/** Told of a page of the address space, and of its page table entry. */
export type EntryVisitor = (page: number, pte: number) => void;

/**
 * Visits the page table entries of pages [firstPage, endPage) that are not empty: present ones, swap entries, markers.
 * @kernel walk_page_range() — mm/pagewalk.c, v6.18
 */
export function forEachEntry(process: Process, firstPage: number, endPage: number, visit: EntryVisitor): void {
  const { tables } = process.machine.parts.mmu, { pagesPerTable } = tables;
  for (let page = firstPage; page < endPage; page++) {
    const slot = tables.slotOf(process.mm, page);
    if (slot === NO_SLOT) {
      page = Math.floor(page / pagesPerTable) * pagesPerTable + pagesPerTable - 1;
      continue;
    }
    const pte = tables.load(slot);
    if (pte !== PTE_NONE) visit(page, pte);
  }
}
