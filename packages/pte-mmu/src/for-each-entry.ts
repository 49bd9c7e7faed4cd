import { NO_SLOT, type PageTables } from "./page-tables.ts";
import { PTE_NONE, pmdIsLeaf, pteInLeaf } from "./pte.ts";

/**
 * Told of a page of the address space, and of the entry that maps it.
 * @param isHuge True if the entry is a part of a leaf one level above, with the frame of this page.
 */
export type EntryVisitor = (page: number, pte: number, isHuge: boolean) => void;

/**
 * Visits pages [firstPage, endPage) whose entry is not empty: present ones, those that may not be accessed included, swap
 * entries, markers. For reports: it asks for no lock.
 * @kernel walk_page_range() — mm/pagewalk.c, v6.18
 */
export function forEachEntry(tables: PageTables, mm: number, firstPage: number, endPage: number, visit: EntryVisitor): void {
  for (let page = firstPage; page < endPage; ) {
    const first = tables.slotOf(mm, page), end = Math.min(endPage, first === NO_SLOT ? tables.endOfHole(mm, page) : tables.endOfTable(page));
    if (first === NO_SLOT) visitLeaf(tables, mm, page, end, visit);
    else visitTable(tables, page, first, first + (end - page), visit);
    page = end;
  }
}

function visitTable(tables: PageTables, firstPage: number, firstSlot: number, endSlot: number, visit: EntryVisitor): void {
  for (let slot = tables.nextUsedSlot(firstSlot, endSlot); slot < endSlot; slot = tables.nextUsedSlot(slot + 1, endSlot)) {
    visit(firstPage + slot - firstSlot, tables.load(slot), false);
  }
}

/** Pages without a lowest table: parts of one leaf, or nothing. */
function visitLeaf(tables: PageTables, mm: number, firstPage: number, endPage: number, visit: EntryVisitor): void {
  const slot = tables.pmdSlotOf(mm, firstPage), pmd = slot === NO_SLOT ? PTE_NONE : tables.load(slot);
  if (!pmdIsLeaf(pmd)) return;
  for (let page = firstPage; page < endPage; page++) visit(page, pteInLeaf(pmd, page % tables.pagesPerTable), true);
}
