import { EBUSY, EINVAL, ENOMEM } from "@zeropfn/units";
import { VM_LOCKED, VM_SHARED } from "../vm-flags.ts";
import { NO_VMA } from "../vma-index.ts";
import { NO_MAPPING } from "../vmas.ts";
import type { CallParts, CallResult } from "./call-parts.ts";
import { endOf, isAligned, pageOf, pagesOf } from "./lengths.ts";

/** @kernel MS_ASYNC … — include/uapi/asm-generic/mman-common.h, v6.18 */
export const MS_ASYNC = 1;
export const MS_INVALIDATE = 2;
export const MS_SYNC = 4;

/**
 * Writes the dirty pages of shared mappings back to their files.
 * @returns 0, -EINVAL, -EBUSY (MS_INVALIDATE of a locked area), or -ENOMEM: there was a hole, but all areas were dealt with.
 * @kernel msync(2) — mm/msync.c, v6.18
 */
export function msync(calls: CallParts, mm: number, address: number, length: number, flags: number): CallResult {
  const { pageSize, vmas } = calls;
  if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) !== 0 || !isAligned(address, pageSize) || (flags & (MS_ASYNC | MS_SYNC)) === (MS_ASYNC | MS_SYNC)) return -EINVAL;
  const first = pageOf(address, pageSize), pages = pagesOf(length, pageSize), end = endOf(first, pages, pageSize);
  if (end < 0) return -ENOMEM;
  if (pages === 0) return 0;
  vmas.mmapLock.lockShared(mm);
  const result = syncShared(calls, mm, first, end, flags);
  vmas.mmapLock.unlockShared(mm);
  return result;
}

function syncShared({ vmas, handler }: CallParts, mm: number, first: number, end: number, flags: number): CallResult {
  let holes: CallResult = 0;
  for (let page = first; page < end; ) {
    const vma = vmas.index.find(mm, page);
    if (vma === NO_VMA) return -ENOMEM;
    if (vmas.firstPageOf(vma) > page) {
      if (flags === MS_ASYNC || vmas.firstPageOf(vma) >= end) return -ENOMEM;
      holes = -ENOMEM;
      page = vmas.firstPageOf(vma);
    }
    if ((flags & MS_INVALIDATE) !== 0 && (vmas.flagsOf(vma) & VM_LOCKED) !== 0) return -EBUSY;
    const stop = Math.min(end, vmas.endPageOf(vma));
    if ((flags & MS_SYNC) !== 0 && vmas.mappingOf(vma) !== NO_MAPPING && (vmas.flagsOf(vma) & VM_SHARED) !== 0) {
      const shift = vmas.pageIndexOf(vma) - vmas.firstPageOf(vma), status = handler().sync(vmas.mappingOf(vma), page + shift, stop - page);
      if (status < 0) return status;
    }
    page = stop;
  }
  return holes;
}
