import type { MmuParts } from "./mmu-parts.ts";
import { NO_SLOT } from "./page-tables.ts";

/** Shown the lowest tables of a range, a piece of one at a time. */
export interface TableVisitor {
  /**
   * @param page    What `slot` maps; the slot of page + 1 is slot + 1, up to `endSlot`.
   * @param context Whatever `walkTables` was given.
   * @returns 0 to go on. Anything else ends the walk.
   */
  visitTable(vma: number, page: number, slot: number, endSlot: number, context: number): number;
}

/**
 * Walks the lowest tables that pages [first, end) of an area have, in order. What has no table is passed over.
 *
 * @returns 0, or what the visitor ended the walk with.
 * @kernel walk_page_range_vma() — mm/pagewalk.c, v6.18
 */
export function walkTables(parts: MmuParts, vma: number, first: number, end: number, visitor: TableVisitor, context: number = 0): number {
  const { tables, vmas } = parts, mm = vmas.mmOf(vma);
  for (let page = first; page < end; ) {
    const slot = tables.slotOf(mm, page);
    if (slot === NO_SLOT) {
      page = tables.endOfHole(mm, page);
      continue;
    }
    const next = Math.min(end, tables.endOfTable(page));
    const result = visitor.visitTable(vma, page, slot, slot + (next - page), context);
    if (result !== 0) return result;
    page = next;
  }
  return 0;
}
