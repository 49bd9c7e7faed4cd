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
export function populateRange({ vmas, populate }: CallParts, mm: number, first: number, end: number, ignoresErrors: boolean): CallResult {
  let result: CallResult = 0;
  if (first >= end) return 0; // an area may begin before it, and reach beyond
  vmas.mmapLock.lockShared(mm);
  for (let vma = vmas.index.find(mm, first); vma !== NO_VMA && vmas.firstPageOf(vma) < end; vma = vmas.index.next(vma)) {
    if ((vmas.flagsOf(vma) & (VM_IO | VM_PFNMAP)) !== 0) continue;
    result = populate.area(vma, Math.max(first, vmas.firstPageOf(vma)), Math.min(end, vmas.endPageOf(vma)));
    if (result < 0 && !ignoresErrors) break;
    result = 0;
  }
  vmas.mmapLock.unlockShared(mm);
  return result;
}
