import { EINVAL, ENOMEM } from "@zeropfn/units";
import { mincorePages } from "../mincore-pages.ts";
import { NO_VMA } from "../vma-index.ts";
import type { CallParts, CallResult } from "./call-parts.ts";
import { isAligned, pageOf, pagesOf } from "./lengths.ts";

/**
 * Says which pages of a range are in memory: a byte for each page, 0 or 1.
 *
 * @param out At least as many bytes as the range has pages.
 * @returns 0, -EINVAL, or -ENOMEM: a hole, or beyond user space. The pages before the hole are answered.
 * @kernel mincore(2) — mm/mincore.c, v6.18
 */
export function mincore(calls: CallParts, mm: number, address: number, length: number, out: Uint8Array): CallResult {
  const { pageSize, taskPages, vmas } = calls;
  if (!isAligned(address, pageSize)) return -EINVAL;
  const first = pageOf(address, pageSize), pages = pagesOf(length, pageSize), end = first + pages;
  if (end > taskPages || length < 0) return -ENOMEM;
  vmas.mmapLock.lockShared(mm);
  let page = first;
  while (page < end) {
    const vma = vmas.lookUp(mm, page);
    if (vma === NO_VMA) break;
    const stop = Math.min(end, vmas.endPageOf(vma));
    mincorePages(calls, vma, page, stop, out, page - first);
    page = stop;
  }
  vmas.mmapLock.unlockShared(mm);
  return page < end ? -ENOMEM : 0;
}
