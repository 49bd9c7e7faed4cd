import type { MmuParts } from "./mmu-parts.ts";
import { NO_SLOT } from "./page-tables.ts";
import { PTE_NONE, pmdIsLeaf } from "./pte.ts";

/** What `visitLeaf` answers if its leaf is gone: a table may have taken its place, which is visited then. */
export const WALK_AGAIN = -1;

/** Shown the lowest tables of a range, a piece of one at a time. */
export interface TableVisitor {
  /**
   * @param page    What `slot` maps; the slot of page + 1 is slot + 1, up to `endSlot`.
   * @param context Whatever `walkTables` was given.
   * @returns 0 to go on. Anything else ends the walk.
   */
  visitTable(vma: number, page: number, slot: number, endSlot: number, context: number): number;
  /**
   * A leaf one level above maps pages [page, end) of the area: all of its pages or, where the range begins or ends within, a part.
   * @returns As `visitTable`, or `WALK_AGAIN`.
   */
  visitLeaf(vma: number, page: number, end: number, context: number): number;
}

/** The slot of the leaf over `page`, where no lowest table is; `NO_SLOT` if there is none. @kernel pmd_trans_huge() — arch/x86/include/asm/pgtable.h, v6.18 */
export function leafSlotOf({ tables, thp }: MmuParts, mm: number, page: number): number {
  if (!thp.isSupported) return NO_SLOT;
  const slot = tables.pmdSlotOf(mm, page);
  return slot !== NO_SLOT && pmdIsLeaf(tables.load(slot)) ? slot : NO_SLOT;
}

/**
 * What is there instead of a lowest table, for who has just found none over `page`: a leaf, or `PTE_NONE`. Anything else: a table has
 * come meanwhile, because a leaf was split, and is to be looked for again. One look: a second could find what the first did not.
 * @kernel pmdp_get_lockless() — include/linux/pgtable.h, v6.18
 */
export function pmdOver({ tables, thp }: MmuParts, mm: number, page: number): number {
  const slot = thp.isSupported ? tables.pmdSlotOf(mm, page) : NO_SLOT;
  return slot === NO_SLOT ? PTE_NONE : tables.load(slot);
}

/**
 * Walks the lowest tables that pages [first, end) of an area have, and the leaves above, in order. What has neither is passed over.
 *
 * @returns 0, or what the visitor ended the walk with.
 * @kernel walk_page_range_vma() — mm/pagewalk.c, v6.18
 */
export function walkTables(parts: MmuParts, vma: number, first: number, end: number, visitor: TableVisitor, context: number = 0): number {
  const { tables, vmas } = parts, mm = vmas.mmOf(vma);
  for (let page = first; page < end; ) {
    const slot = tables.slotOf(mm, page);
    if (slot === NO_SLOT) {
      const holeEnd = tables.endOfHole(mm, page), pmd = pmdOver(parts, mm, page);
      const result = pmd === PTE_NONE ? 0 : pmdIsLeaf(pmd) ? visitor.visitLeaf(vma, page, Math.min(end, holeEnd), context) : WALK_AGAIN;
      if (result === WALK_AGAIN) continue;
      if (result !== 0) return result;
      page = holeEnd;
      continue;
    }
    const next = Math.min(end, tables.endOfTable(page));
    const result = visitor.visitTable(vma, page, slot, slot + (next - page), context);
    if (result !== 0) return result;
    page = next;
  }
  return 0;
}
