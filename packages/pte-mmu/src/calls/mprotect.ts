import { EACCES, EINVAL, ENOMEM } from "@zeropfn/units";
import { VM_ACCESS_FLAGS, VM_ACCOUNT, VM_GROWSDOWN, VM_HUGETLB, VM_LOCKED, VM_NORESERVE, VM_SHARED, VM_WRITE, type VmFlags } from "../vm-flags.ts";
import { NO_VMA } from "../vma-index.ts";
import { NO_ANON_VMA, NO_MAPPING } from "../vmas.ts";
import type { CallParts, CallResult } from "./call-parts.ts";
import { endOf, isAligned, pageOf, pagesOf } from "./lengths.ts";
import { PROT_EXEC, PROT_GROWSDOWN, PROT_GROWSUP, PROT_READ, PROT_SEM, PROT_WRITE, rightsOf } from "./mmap.ts";

/**
 * Gives a range other rights, area by area. What comes before the first hole has them, even if -ENOMEM is answered.
 * @returns 0, -EINVAL, -ENOMEM or -EACCES.
 * @kernel mprotect(2), do_mprotect_pkey() — mm/mprotect.c, v6.18
 */
export function mprotect(calls: CallParts, mm: number, address: number, length: number, protection: number): CallResult {
  const { pageSize, vmas } = calls, grows = protection & (PROT_GROWSDOWN | PROT_GROWSUP), wanted = protection & ~grows;
  if (grows === (PROT_GROWSDOWN | PROT_GROWSUP) || !isAligned(address, pageSize)) return -EINVAL;
  if (length === 0) return 0;
  const first = pageOf(address, pageSize), pages = pagesOf(length, pageSize), end = endOf(first, pages, pageSize);
  if (pages === 0 || end < 0) return -ENOMEM;
  if ((wanted & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM)) !== 0) return -EINVAL;
  vmas.mmapLock.lock(mm);
  const result = protectLocked(calls, mm, first, end, wanted, grows);
  vmas.mmapLock.unlock(mm);
  return result;
}

function protectLocked(calls: CallParts, mm: number, first: number, end: number, protection: number, grows: number): CallResult {
  const { vmas } = calls, lowest = vmas.index.find(mm, first);
  if (lowest === NO_VMA) return -ENOMEM;
  let from = first, to = end;
  if (grows === PROT_GROWSDOWN) {
    if (vmas.firstPageOf(lowest) >= end) return -ENOMEM;
    from = vmas.firstPageOf(lowest);
    if ((vmas.flagsOf(lowest) & VM_GROWSDOWN) === 0) return -EINVAL;
  } else if (vmas.firstPageOf(lowest) > first) return -ENOMEM;
  else if (grows === PROT_GROWSUP) return -EINVAL; // no area of x86 grows upwards
  for (let vma = lowest, page = from; page < to; vma = vmas.index.find(mm, page)) {
    if (vma === NO_VMA || vmas.firstPageOf(vma) > page) return -ENOMEM;
    const flags = ((vmas.flagsOf(vma) & ~VM_ACCESS_FLAGS) | rightsOf(protection)) >>> 0;
    if ((flags & ~(flags >>> 4) & VM_ACCESS_FLAGS) !== 0) return -EACCES;
    const stop = Math.min(to, vmas.endPageOf(vma)), result = protectArea(calls, vma, page, stop, flags);
    if (result < 0) return result;
    page = stop;
  }
  return 0;
}

/** @kernel mprotect_fixup() — mm/mprotect.c, v6.18 */
function protectArea(calls: CallParts, vma: number, first: number, end: number, flags: VmFlags): CallResult {
  const { vmas, areas, counters } = calls, mm = vmas.mmOf(vma), old = vmas.flagsOf(vma);
  if (flags === old) return 0;
  const wanted = withAccount(calls, vma, old, flags, end - first);
  if (wanted < 0) return wanted;
  const changed = areas.modify(vma, first, end, wanted);
  if (changed === NO_VMA) return -ENOMEM;
  calls.protection.change(changed, first, end);
  counters.addArea(mm, old, first - end);
  counters.addArea(mm, wanted, end - first);
  // What is locked and becomes writable is copied now, not by a fault.
  if ((old & (VM_WRITE | VM_SHARED | VM_LOCKED)) === VM_LOCKED && (wanted & VM_WRITE) !== 0) calls.populate.area(changed, first, end);
  return 0;
}

/** Memory is committed when a private area becomes writable, and given back only where nothing was written yet. */
function withAccount({ vmas, folios }: CallParts, vma: number, old: VmFlags, flags: VmFlags, pages: number): VmFlags | CallResult {
  if ((flags & VM_WRITE) !== 0) {
    if ((old & (VM_ACCOUNT | VM_WRITE | VM_HUGETLB | VM_SHARED | VM_NORESERVE)) !== 0) return flags;
    return pages > folios.firstDevicePfn ? -ENOMEM : (flags | VM_ACCOUNT) >>> 0;
  }
  const givesBack = (old & VM_ACCOUNT) !== 0 && vmas.mappingOf(vma) === NO_MAPPING && vmas.anonVmaOf(vma) === NO_ANON_VMA;
  return givesBack ? (flags & ~VM_ACCOUNT) >>> 0 : flags;
}
