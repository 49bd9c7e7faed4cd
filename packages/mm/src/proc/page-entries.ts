import { NO_SLOT, PTE_NONE, pmdIsLeaf, pteFlags, pteOf, ptePfn } from "@zeropfn/pte-mmu";
import type { Process } from "../process.ts";

/**
 * Told of a page of the address space, and of the page table entry that maps it.
 * @param isHuge True if the entry is a part of a leaf one level above, with the frame of this page.
 */
export type EntryVisitor = (page: number, pte: number, isHuge: boolean) => void;

/**
 * Visits pages [firstPage, endPage) whose page table entry is not empty: present ones, swap entries, markers.
 * @kernel walk_page_range() — mm/pagewalk.c, v6.18
 */
export function forEachEntry(process: Process, firstPage: number, endPage: number, visit: EntryVisitor): void {
  const { mm } = process, { tables } = process.machine.parts.mmu;
  for (let page = firstPage; page < endPage; ) {
    const first = tables.slotOf(mm, page);
    const end = Math.min(endPage, first === NO_SLOT ? tables.endOfHole(mm, page) : tables.endOfTable(page));
    if (first === NO_SLOT) visitLeaf(process, page, end, visit);
    else visitTable(process, page, first, first + (end - page), visit);
    page = end;
  }
}

function visitTable({ machine }: Process, firstPage: number, firstSlot: number, endSlot: number, visit: EntryVisitor): void {
  const { tables } = machine.parts.mmu;
  for (let slot = tables.nextUsedSlot(firstSlot, endSlot); slot < endSlot; slot = tables.nextUsedSlot(slot + 1, endSlot)) {
    visit(firstPage + slot - firstSlot, tables.load(slot), false);
  }
}

/** Pages without a lowest table: parts of one leaf, or nothing. */
function visitLeaf({ mm, machine }: Process, firstPage: number, endPage: number, visit: EntryVisitor): void {
  const { tables } = machine.parts.mmu, slot = tables.pmdSlotOf(mm, firstPage), pmd = slot === NO_SLOT ? PTE_NONE : tables.load(slot);
  if (!pmdIsLeaf(pmd)) return;
  for (let page = firstPage; page < endPage; page++) visit(page, pteOf(ptePfn(pmd) + (page % tables.pagesPerTable), pteFlags(pmd)), true);
}
