import type { MmuParts } from "./mmu-parts.ts";
import { NO_SLOT } from "./page-tables.ts";
import { PTE_NONE, pteIsPresent } from "./pte.ts";
import { pteIsSwapped, pteMarkers } from "./swap-pte.ts";
import { leafSlotOf } from "./table-walk.ts";
import { linearPageIndex, vmaIsAnonymous } from "./vmas.ts";

/**
 * Says of pages [first, end) of an area whether they are in memory: 1 or 0 in `out`, from `offset` on.
 *
 * @kernel do_mincore(), mincore_pte_range() — mm/mincore.c, v6.18
 * @differs A page on a swap device counts as not in memory; there is no swap cache to look into.
 */
export function mincorePages(parts: MmuParts, vma: number, first: number, end: number, out: Uint8Array, offset: number): void {
  const { tables, vmas } = parts, mm = vmas.mmOf(vma);
  for (let page = first; page < end; ) {
    const slot = tables.slotOf(mm, page), next = Math.min(end, slot === NO_SLOT ? tables.endOfHole(mm, page) : tables.endOfTable(page));
    if (slot === NO_SLOT && leafSlotOf(parts, mm, page) !== NO_SLOT) {
      out.fill(1, offset + (page - first), offset + (next - first));
      page = next;
      continue;
    }
    if (slot !== NO_SLOT) tables.lock(slot);
    for (let at = page; at < next; at++) {
      const pte = slot === NO_SLOT ? PTE_NONE : tables.load(slot + (at - page));
      const isResident = pte === PTE_NONE || pteMarkers(pte) !== 0 ? isCached(parts, vma, at) : pteIsPresent(pte) || !pteIsSwapped(pte);
      out[offset + (at - first)] = isResident ? 1 : 0;
    }
    if (slot !== NO_SLOT) tables.unlock(slot);
    page = next;
  }
}

/** @kernel __mincore_unmapped_range() — mm/mincore.c, v6.18 */
function isCached(parts: MmuParts, vma: number, page: number): boolean {
  const { vmas, handler } = parts;
  return !vmaIsAnonymous(vmas, vma) && handler().isCached(vmas.mappingOf(vma), linearPageIndex(vmas, vma, page));
}
