import { VM_IO, VM_PFNMAP } from "../vm-flags.ts";
import { NO_VMA } from "../vma-index.ts";
import type { CallParts, CallResult } from "./call-parts.ts";

/**
 * Makes pages [first, end) present, as far as areas cover them.
 *
 * @param ignoresErrors Goes on with the next area where one fails.
 * @returns 0, -EFAULT or -ENOMEM.
 * @kernel __mm_populate() — mm/gup.c, v6.18
 */
export function populateRange(calls: CallParts, mm: number, first: number, end: number, ignoresErrors: boolean): CallResult {
  if (first >= end) return 0; // an area may begin before it, and reach beyond
  const { vmas, mlockPages } = calls;
  vmas.mmapLock.lockShared(mm);
  const result = mlockPages.inBatches(() => populateAreas(calls, mm, first, end, ignoresErrors));
  vmas.mmapLock.unlockShared(mm);
  return result;
}

function populateAreas({ vmas, populate }: CallParts, mm: number, first: number, end: number, ignoresErrors: boolean): CallResult {
  for (let vma = vmas.index.find(mm, first); vma !== NO_VMA && vmas.firstPageOf(vma) < end; vma = vmas.index.next(vma)) {
    if ((vmas.flagsOf(vma) & (VM_IO | VM_PFNMAP)) !== 0) continue;
    const result = populate.area(vma, Math.max(first, vmas.firstPageOf(vma)), Math.min(end, vmas.endPageOf(vma)));
    if (result < 0 && !ignoresErrors) return result;
  }
  return 0;
}
