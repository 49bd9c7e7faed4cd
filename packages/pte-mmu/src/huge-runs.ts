import type { MmuParts } from "./mmu-parts.ts";
import { pteIsPresent, pteIsSpecial, ptePfn } from "./pte.ts";

/**
 * How many entries from `slot` on map the pages of one folio in a row, page `pfn` first: all of its pages, if it is mapped whole.
 * Under the lock of the table.
 *
 * @kernel folio_pte_batch() — mm/util.c, v6.18
 */
export function runOfFolio({ tables, folios }: MmuParts, slot: number, endSlot: number, pfn: number): number {
  const head = folios.head(pfn), end = Math.min(endSlot - slot, head + (1 << folios.order(pfn)) - pfn);
  let run = 1;
  for (; run < end; run++) {
    const pte = tables.load(slot + run);
    if (!pteIsPresent(pte) || pteIsSpecial(pte) || ptePfn(pte) !== pfn + run) break;
  }
  return run;
}
