import type { HugePmds } from "./huge-pmds.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { NO_SLOT } from "./page-tables.ts";
import { PTE_NONE, pmdIsLeaf, pteIsPresent } from "./pte.ts";
import { pmdOver } from "./table-walk.ts";

/**
 * Moves the entries of `count` pages from `oldFirst` of an area to `newFirst` of another one of the same address space,
 * with all their bits: pages, swap entries, markers. Where they go nothing is mapped. The caller holds mmap_lock alone.
 *
 * @returns Pages that were dealt with, in order: fewer than `count` if there was no room for a page table.
 * @kernel move_page_tables() — mm/mremap.c, v6.18
 */
export function movePages(parts: MmuParts, huge: HugePmds, oldVma: number, oldFirst: number, newVma: number, newFirst: number, count: number): number {
  const { tables, vmas } = parts, mm = vmas.mmOf(oldVma);
  for (let done = 0; done < count; ) {
    const from = oldFirst + done, to = newFirst + done, fromSlot = tables.slotOf(mm, from);
    const isWhole = count - done >= tables.pagesPerTable && isBlockStart(parts, from) && isBlockStart(parts, to);
    if (fromSlot === NO_SLOT) {
      const pmd = pmdOver(parts, mm, from);
      if (pmd === PTE_NONE) done = Math.min(count, tables.endOfHole(mm, from) - oldFirst);
      else if (!pmdIsLeaf(pmd)) continue;
      else if (isWhole && huge.move(mm, from, to)) done += tables.pagesPerTable;
      else huge.split(oldVma, from);
      continue;
    }
    if (isWhole && moveTable(parts, mm, from, to)) {
      done += tables.pagesPerTable;
      continue;
    }
    const toSlot = tables.createSlot(vmas.mmOf(newVma), to);
    if (toSlot === NO_SLOT) return done;
    const pages = Math.min(count - done, tables.endOfTable(from) - from, tables.endOfTable(to) - to);
    moveEntries(parts, mm, from, fromSlot, toSlot, pages);
    done += pages;
  }
  return count;
}

const isBlockStart = ({ tables }: MmuParts, page: number): boolean => (page & (tables.pagesPerTable - 1)) === 0;

/** Moves a lowest table with all that is in it. False if there is a table already where it would come to. @kernel move_normal_pmd() — mm/mremap.c, v6.18 */
function moveTable({ tables, tlbs }: MmuParts, mm: number, from: number, to: number): boolean {
  const target = tables.createPmdSlot(mm, to), slot = tables.pmdSlotOf(mm, from);
  if (target === NO_SLOT || slot === NO_SLOT) return false;
  const isOneTable = tables.isSameTable(slot, target);
  tables.lock(slot);
  if (!isOneTable) tables.lock(target);
  const moves = tables.load(target) === PTE_NONE;
  if (moves) {
    tables.populatePmd(target, tables.unlinkTableAt(mm, slot));
    tlbs.flushRange(mm, from, from + tables.pagesPerTable);
  }
  if (!isOneTable) tables.unlock(target);
  tables.unlock(slot);
  return moves;
}

/** Within one table each. @kernel move_ptes() — mm/mremap.c, v6.18 */
function moveEntries(parts: MmuParts, mm: number, from: number, fromSlot: number, toSlot: number, pages: number): void {
  const { tables, tlbs } = parts, endSlot = fromSlot + pages, isOneTable = tables.isSameTable(fromSlot, toSlot);
  let owesFlush = false;
  tables.lock(fromSlot);
  if (!isOneTable) tables.lock(toSlot);
  tlbs.flushBatchedPending(mm);
  for (let slot = tables.nextUsedSlot(fromSlot, endSlot); slot < endSlot; slot = tables.nextUsedSlot(slot + 1, endSlot)) {
    const pte = tables.getAndClear(slot);
    if (pte === PTE_NONE) continue;
    if (pteIsPresent(pte)) owesFlush = true;
    tables.store(toSlot + (slot - fromSlot), pte);
  }
  // Before anybody can find the entry gone, or act on the new one: a processor may still write through the old.
  if (owesFlush) tlbs.flushRange(mm, from, from + pages);
  if (!isOneTable) tables.unlock(toSlot);
  tables.unlock(fromSlot);
}
