import type { Mms } from "../mms.ts";
import { NO_VMA } from "../vma-index.ts";
import { NO_ANON_VMA, NO_MAPPING } from "../vmas.ts";
import type { CallParts } from "./call-parts.ts";
import { HEAP_FLAGS, overlaps } from "./mmap.ts";
import { unmapRange } from "./munmap.ts";

/**
 * Moves the end of the heap.
 *
 * @param wanted In bytes.
 * @returns The end of the heap: `wanted`, or where it was if that cannot be.
 * @kernel brk(2), do_brk_flags() — mm/mmap.c, mm/vma.c, v6.18
 */
export function brk(calls: CallParts, mms: Mms, mm: number, wanted: number): number {
  const { pageSize, vmas } = calls;
  vmas.mmapLock.lock(mm);
  const start = mms.heapStart(mm), current = mms.heapEnd(mm);
  const isDone = wanted >= start && moveEnd(calls, mm, Math.ceil(current / pageSize), Math.ceil(wanted / pageSize));
  if (isDone) mms.setHeap(mm, start, wanted);
  vmas.mmapLock.unlock(mm);
  return isDone ? wanted : current;
}

/** In pages. False: it stays. */
function moveEnd(calls: CallParts, mm: number, oldEnd: number, newEnd: number): boolean {
  const { areas, counters, taskPages, folios } = calls;
  if (newEnd <= oldEnd) return newEnd === oldEnd || unmapRange(calls, mm, newEnd, oldEnd) === 0;
  // A page stays free behind the heap.
  if (newEnd > taskPages || newEnd - oldEnd > folios.firstDevicePfn || overlaps(calls, mm, oldEnd, newEnd + 1) || areas.isFull(mm, -1)) return false;
  const vma = areas.add({ mm, firstPage: oldEnd, endPage: newEnd, flags: HEAP_FLAGS, mapping: NO_MAPPING, pageIndex: oldEnd, anonVma: NO_ANON_VMA, copiedFrom: NO_VMA });
  if (vma === NO_VMA) return false;
  counters.addArea(mm, HEAP_FLAGS, newEnd - oldEnd);
  return true;
}
