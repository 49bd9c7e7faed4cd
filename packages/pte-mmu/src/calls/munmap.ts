import { EINVAL, ENOMEM } from "@zeropfn/units";
import { VM_LOCKED } from "../vm-flags.ts";
import { NO_VMA } from "../vma-index.ts";
import { ZAP_DROP_MARKERS, ZAP_EVEN_COWS } from "../zap.ts";
import type { CallParts, CallResult } from "./call-parts.ts";
import { isAligned, pageOf, pagesOf } from "./lengths.ts";

/** Unmaps whatever lies in a range. @returns 0, -EINVAL, or -ENOMEM if an area cannot be split. @kernel munmap(2), do_vmi_munmap() — mm/vma.c, v6.18 */
export function munmap(calls: CallParts, mm: number, address: number, length: number): CallResult {
  const { pageSize, taskPages, vmas } = calls;
  if (!isAligned(address, pageSize)) return -EINVAL;
  const first = pageOf(address, pageSize), pages = pagesOf(length, pageSize);
  if (first > taskPages || pages > taskPages - first || pages === 0) return -EINVAL;
  vmas.mmapLock.lock(mm);
  const result = unmapRange(calls, mm, first, first + pages);
  vmas.mmapLock.unlock(mm);
  return result;
}

/** Unmaps pages [first, end). @returns 0, or -ENOMEM. @kernel do_vmi_align_munmap() — mm/vma.c, v6.18 */
export function unmapRange(calls: CallParts, mm: number, first: number, end: number): CallResult {
  const { vmas } = calls, lowest = vmas.index.find(mm, first);
  if (lowest === NO_VMA || vmas.firstPageOf(lowest) >= end) return 0;
  if (!cutOut(calls, mm, lowest, first, end)) return -ENOMEM;
  const floor = vmas.index.previous(lowest), areas: number[] = [];
  let ceiling = lowest;
  for (; ceiling !== NO_VMA && vmas.firstPageOf(ceiling) < end; ceiling = vmas.index.next(ceiling)) areas.push(ceiling);
  const floorPage = floor === NO_VMA ? 0 : vmas.endPageOf(floor), ceilingPage = ceiling === NO_VMA ? calls.tables.pageCount : vmas.firstPageOf(ceiling);
  for (const vma of areas) calls.areas.detach(vma);
  unmapAreas(calls, mm, areas, floorPage, ceilingPage);
  return 0;
}

/** Splits areas that reach beyond the range, so that it holds whole areas alone. `lowest` becomes the first of them. */
function cutOut({ vmas, areas }: CallParts, mm: number, lowest: number, first: number, end: number): boolean {
  if (vmas.firstPageOf(lowest) < first) {
    // A hole in its midst leaves one area more than before. Whatever else is cut off goes at once, and is not counted.
    if (vmas.endPageOf(lowest) > end && areas.isFull(mm)) return false;
    if (!areas.cut(lowest, first, true)) return false;
  }
  const highest = vmas.index.find(mm, end - 1);
  return highest === NO_VMA || vmas.firstPageOf(highest) >= end || vmas.endPageOf(highest) <= end || areas.cut(highest, end, false);
}

/** Unmaps the pages of areas that no access finds any more, and frees the areas. @kernel vms_clear_ptes(), vms_complete_munmap_vmas() — mm/vma.c, v6.18 */
export function unmapAreas(calls: CallParts, mm: number, areas: readonly number[], floorPage: number, ceilingPage: number): void {
  const { vmas, tables, counters } = calls;
  if (areas.length === 0) return;
  if (areAnyLocked(calls, areas)) calls.mlockPages.inBatches(() => zapAreas(calls, mm, areas));
  else zapAreas(calls, mm, areas);
  tables.freeTables(mm, vmas.firstPageOf(areas[0]!), vmas.endPageOf(areas[areas.length - 1]!), floorPage, ceilingPage);
  for (const vma of areas) {
    const pages = vmas.endPageOf(vma) - vmas.firstPageOf(vma), flags = vmas.flagsOf(vma);
    counters.addArea(mm, flags, -pages);
    if ((flags & VM_LOCKED) !== 0) counters.addLocked(mm, -pages);
    calls.areas.free(vma);
  }
}

function areAnyLocked({ vmas }: CallParts, areas: readonly number[]): boolean {
  for (const vma of areas) if ((vmas.flagsOf(vma) & VM_LOCKED) !== 0) return true;
  return false;
}

/** @kernel unmap_vmas() — mm/memory.c, v6.18 */
function zapAreas({ vmas, gather, zap, areas }: CallParts, mm: number, doomed: readonly number[]): void {
  gather.begin(mm);
  for (const vma of doomed) zap.range(vma, vmas.firstPageOf(vma), vmas.endPageOf(vma), ZAP_EVEN_COWS + ZAP_DROP_MARKERS);
  for (const vma of doomed) areas.unlink(vma);
  gather.finish();
}
