import { EAGAIN, EFAULT, EINVAL, ENOMEM } from "@zeropfn/units";
import { VM_LOCKED, VM_LOCKED_MASK, VM_LOCKONFAULT, VM_SPECIAL, type VmFlags } from "../vm-flags.ts";
import { NO_VMA } from "../vma-index.ts";
import type { CallParts, CallResult } from "./call-parts.ts";
import { endOf, pageOf, pagesOf } from "./lengths.ts";
import { populateRange } from "./populate-range.ts";

/** Pages are locked when they are touched, not at once. @kernel MLOCK_ONFAULT — include/uapi/asm-generic/mman-common.h, v6.18 */
export const MLOCK_ONFAULT = 0x01;

/**
 * Locks the pages of a range, and makes them present.
 * @returns 0, -EINVAL, -EAGAIN, or -ENOMEM: a hole, or a page that cannot be had. What comes before it is locked.
 * @kernel mlock(2), mlock2(2), do_mlock() — mm/mlock.c, v6.18
 */
export function mlock(calls: CallParts, mm: number, address: number, length: number, flags: number): CallResult {
  if ((flags & ~MLOCK_ONFAULT) !== 0) return -EINVAL;
  const { pageSize } = calls, first = Math.floor(pageOf(address, pageSize)), pages = pagesFromPageStart(address, length, pageSize);
  const locked = applyLock(calls, mm, first, pages, VM_LOCKED | ((flags & MLOCK_ONFAULT) === 0 ? 0 : VM_LOCKONFAULT));
  if (locked < 0) return locked;
  const populated = populateRange(calls, mm, first, first + pages, false);
  return populated === -EFAULT ? -ENOMEM : populated === -ENOMEM ? -EAGAIN : populated;
}

/** Unlocks the pages of a range. @returns 0, -EINVAL or -ENOMEM. @kernel munlock(2) — mm/mlock.c, v6.18 */
export function munlock(calls: CallParts, mm: number, address: number, length: number): CallResult {
  const { pageSize } = calls;
  return applyLock(calls, mm, Math.floor(pageOf(address, pageSize)), pagesFromPageStart(address, length, pageSize), 0);
}

/** Pages of a range that may begin in the midst of one. */
function pagesFromPageStart(address: number, length: number, pageSize: number): number {
  const inPage = address % pageSize;
  return length < 0 && length + inPage >= 0 ? 0 : pagesOf(length + inPage, pageSize);
}

/** @kernel apply_vma_lock_flags() — mm/mlock.c, v6.18 */
function applyLock(calls: CallParts, mm: number, first: number, pages: number, flags: VmFlags): CallResult {
  const end = endOf(first, pages, calls.pageSize);
  if (end < 0) return -EINVAL;
  if (pages === 0) return 0;
  const { vmas } = calls;
  vmas.mmapLock.lock(mm);
  const result = applyLocked(calls, mm, first, end, flags);
  vmas.mmapLock.unlock(mm);
  return result;
}

function applyLocked(calls: CallParts, mm: number, first: number, end: number, flags: VmFlags): CallResult {
  const { vmas } = calls;
  for (let page = first; page < end; ) {
    const vma = vmas.lookUp(mm, page);
    if (vma === NO_VMA) return -ENOMEM;
    const stop = Math.min(end, vmas.endPageOf(vma)), result = lockArea(calls, vma, page, stop, flags);
    if (result < 0) return result;
    page = stop;
  }
  return 0;
}

/** @kernel mlock_fixup() — mm/mlock.c, v6.18 */
function lockArea({ vmas, areas, counters, mlockPages }: CallParts, vma: number, first: number, end: number, lockFlags: VmFlags): CallResult {
  const old = vmas.flagsOf(vma), flags = ((old & ~VM_LOCKED_MASK) | lockFlags) >>> 0;
  if (flags === old || (old & VM_SPECIAL) !== 0) return 0;
  const changed = areas.modify(vma, first, end, flags);
  if (changed === NO_VMA) return -ENOMEM;
  const isLocked = (flags & VM_LOCKED) !== 0, wasLocked = (old & VM_LOCKED) !== 0;
  if (isLocked !== wasLocked) counters.addLocked(vmas.mmOf(changed), isLocked ? end - first : first - end);
  if (!isLocked) mlockPages.unlock(changed, first, end);
  else if (!wasLocked) mlockPages.lock(changed, first, end); // locking twice would count twice
  return 0;
}
