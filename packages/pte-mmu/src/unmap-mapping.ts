import type { MmuParts } from "./mmu-parts.ts";
import { NO_ROW } from "./interval-trees.ts";
import { ZAP_EVEN_COWS, type Zap } from "./zap.ts";

/**
 * Unmaps pages [firstIndex, firstIndex + pageCount) of a file from every address space. When it returns no processor
 * reaches the old frames.
 *
 * @param pageCount Integer, or Infinity: to the end.
 * @param isEvenCows Private copies of those pages too, as when the file is truncated.
 * @kernel unmap_mapping_range(), unmap_mapping_range_tree() — mm/memory.c, v6.18
 */
export function unmapMappingRange(parts: MmuParts, zap: Zap, mapping: number, firstIndex: number, pageCount: number, isEvenCows: boolean): void {
  const { vmas } = parts, lastIndex = Math.min(firstIndex + pageCount, Number.MAX_SAFE_INTEGER) - 1;
  vmas.iMmapLock.lockShared(mapping);
  for (let vma = vmas.iMmap.first(mapping, firstIndex, lastIndex); vma !== NO_ROW; vma = vmas.iMmap.next(vma, firstIndex, lastIndex)) {
    const shift = vmas.firstPageOf(vma) - vmas.pageIndexOf(vma);
    const first = Math.max(vmas.firstPageOf(vma), firstIndex + shift);
    const end = Math.min(vmas.endPageOf(vma), lastIndex + 1 + shift);
    zap.single(vma, first, end, isEvenCows ? ZAP_EVEN_COWS : 0);
  }
  vmas.iMmapLock.unlockShared(mapping);
}
