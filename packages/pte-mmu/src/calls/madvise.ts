import { EACCES, EAGAIN, EINVAL, ENOMEM, READ, WRITE } from "@zeropfn/units";
import {
  VM_DONTCOPY, VM_DONTDUMP, VM_HUGEPAGE, VM_HUGETLB, VM_IO, VM_LOCKED, VM_MAYBE_GUARD, VM_MAYSHARE, VM_MAYWRITE, VM_MERGEABLE, VM_NOHUGEPAGE, VM_PFNMAP, VM_RAND_READ, VM_SEQ_READ,
  VM_SHARED, VM_SPECIAL, VM_WIPEONFORK, type VmFlags,
} from "../vm-flags.ts";
import { NO_VMA } from "../vma-index.ts";
import { NO_MAPPING } from "../vmas.ts";
import { ZAP_EVEN_COWS, ZAP_RECLAIM_TABLES } from "../zap.ts";
import type { CallParts, CallResult } from "./call-parts.ts";
import { endOf, isAligned, pageOf, pagesOf } from "./lengths.ts";

/** @kernel MADV_NORMAL … — include/uapi/asm-generic/mman-common.h, v6.18 */
export const MADV_NORMAL = 0;
export const MADV_RANDOM = 1;
export const MADV_SEQUENTIAL = 2;
export const MADV_WILLNEED = 3;
export const MADV_DONTNEED = 4;
export const MADV_FREE = 8;
export const MADV_REMOVE = 9;
export const MADV_DONTFORK = 10;
export const MADV_DOFORK = 11;
export const MADV_MERGEABLE = 12;
export const MADV_UNMERGEABLE = 13;
export const MADV_HUGEPAGE = 14;
export const MADV_NOHUGEPAGE = 15;
export const MADV_DONTDUMP = 16;
export const MADV_DODUMP = 17;
export const MADV_WIPEONFORK = 18;
export const MADV_KEEPONFORK = 19;
export const MADV_COLD = 20;
export const MADV_PAGEOUT = 21;
export const MADV_POPULATE_READ = 22;
export const MADV_POPULATE_WRITE = 23;
export const MADV_DONTNEED_LOCKED = 24;
export const MADV_COLLAPSE = 25;
export const MADV_GUARD_INSTALL = 102;
export const MADV_GUARD_REMOVE = 103;

/** What an advice does to pages [first, end) of one area. */
type PageAdvice = (calls: CallParts, vma: number, first: number, end: number) => CallResult;
/** The flags of an area that takes an advice, or an errno negated. */
type FlagAdvice = (calls: CallParts, vma: number, flags: VmFlags) => VmFlags | CallResult;

const always = (set: VmFlags, clear: VmFlags): FlagAdvice => (_calls, _vma, flags) => (flags & ~clear) | set;

const FLAG_ADVICES: Readonly<Record<number, FlagAdvice>> = {
  [MADV_NORMAL]: always(0, VM_RAND_READ | VM_SEQ_READ),
  [MADV_RANDOM]: always(VM_RAND_READ, VM_SEQ_READ),
  [MADV_SEQUENTIAL]: always(VM_SEQ_READ, VM_RAND_READ),
  [MADV_DONTFORK]: always(VM_DONTCOPY, 0),
  [MADV_DOFORK]: (_calls, _vma, flags) => ((flags & VM_IO) !== 0 ? -EINVAL : flags & ~VM_DONTCOPY),
  [MADV_WIPEONFORK]: ({ vmas }, vma, flags) => (vmas.mappingOf(vma) !== NO_MAPPING || (flags & VM_SHARED) !== 0 ? -EINVAL : flags | VM_WIPEONFORK),
  [MADV_KEEPONFORK]: always(0, VM_WIPEONFORK),
  [MADV_DONTDUMP]: always(VM_DONTDUMP, 0),
  [MADV_DODUMP]: (_calls, _vma, flags) => ((flags & VM_SPECIAL) !== 0 ? -EINVAL : flags & ~VM_DONTDUMP),
  [MADV_MERGEABLE]: (_calls, _vma, flags) => ((flags & (VM_MAYSHARE | VM_SPECIAL | VM_HUGETLB)) !== 0 ? flags : flags | VM_MERGEABLE),
  [MADV_UNMERGEABLE]: always(0, VM_MERGEABLE),
  [MADV_HUGEPAGE]: always(VM_HUGEPAGE, VM_NOHUGEPAGE),
  [MADV_NOHUGEPAGE]: always(VM_NOHUGEPAGE, VM_HUGEPAGE),
};

const PAGE_ADVICES: Readonly<Record<number, PageAdvice>> = {
  [MADV_WILLNEED]: () => 0, // nothing is on a device
  [MADV_DONTNEED]: (calls, vma, first, end) => dontneed(calls, vma, first, end, VM_PFNMAP | VM_LOCKED),
  [MADV_DONTNEED_LOCKED]: (calls, vma, first, end) => dontneed(calls, vma, first, end, VM_PFNMAP),
  [MADV_FREE]: free,
  [MADV_REMOVE]: remove,
  [MADV_COLD]: cold,
  [MADV_PAGEOUT]: pageout,
  [MADV_GUARD_INSTALL]: guardInstall,
  [MADV_GUARD_REMOVE]: guardRemove,
  [MADV_COLLAPSE]: ({ collapse }, vma, first, end) => collapse.advise(vma, first, end),
};

const isKnown = (advice: number): boolean => advice in FLAG_ADVICES || advice in PAGE_ADVICES || advice === MADV_POPULATE_READ || advice === MADV_POPULATE_WRITE;
/** Those that change areas need mmap_lock alone. @kernel get_lock_mode() — mm/madvise.c, v6.18 */
const changesAreas = (advice: number): boolean => advice in FLAG_ADVICES || advice === MADV_GUARD_INSTALL;

/**
 * Advice about a range, area by area; holes are passed over.
 *
 * @returns 0; -ENOMEM if there was a hole, after all areas were dealt with; or the errno at which an area refused.
 * @kernel madvise(2), do_madvise(), madvise_walk_vmas() — mm/madvise.c, v6.18
 */
export function madvise(calls: CallParts, mm: number, address: number, length: number, advice: number): CallResult {
  const { pageSize, vmas } = calls;
  if (!isKnown(advice) || !isAligned(address, pageSize)) return -EINVAL;
  const first = pageOf(address, pageSize), pages = pagesOf(length, pageSize), end = endOf(first, pages, pageSize);
  if ((pages === 0 && length !== 0) || end < 0) return -EINVAL;
  if (pages === 0) return 0;
  const isAlone = changesAreas(advice);
  if (isAlone) vmas.mmapLock.lock(mm);
  else vmas.mmapLock.lockShared(mm);
  const result = advice === MADV_POPULATE_READ || advice === MADV_POPULATE_WRITE ? calls.mlockPages.inBatches(() => populate(calls, mm, first, end, advice)) : adviseAreas(calls, mm, first, end, advice);
  if (isAlone) vmas.mmapLock.unlock(mm);
  else vmas.mmapLock.unlockShared(mm);
  return result;
}

function adviseAreas(calls: CallParts, mm: number, first: number, end: number, advice: number): CallResult {
  const { vmas } = calls;
  let holes: CallResult = 0;
  for (let page = first; page < end; ) {
    const vma = vmas.index.find(mm, page);
    if (vma === NO_VMA) return -ENOMEM;
    if (vmas.firstPageOf(vma) > page) {
      holes = -ENOMEM;
      page = vmas.firstPageOf(vma);
      if (page >= end) break;
    }
    const stop = Math.min(end, vmas.endPageOf(vma)), pageAdvice = PAGE_ADVICES[advice];
    const result = pageAdvice === undefined ? changeFlags(calls, vma, page, stop, FLAG_ADVICES[advice]!) : pageAdvice(calls, vma, page, stop);
    if (result < 0) return result;
    page = stop;
  }
  return holes;
}

/** @kernel madvise_vma_behavior(), madvise_update_vma() — mm/madvise.c, v6.18 */
function changeFlags(calls: CallParts, vma: number, first: number, end: number, advice: FlagAdvice): CallResult {
  const old = calls.vmas.flagsOf(vma), wanted = advice(calls, vma, old);
  // A set of flags with its highest bit is negative here, but never as near to 0 as an errno.
  if (wanted < 0 && wanted > -4096) return wanted;
  const flags = wanted >>> 0;
  return flags === old || calls.areas.modify(vma, first, end, flags) !== NO_VMA ? 0 : -EAGAIN;
}

/** @kernel madvise_dontneed_single_vma() — mm/madvise.c, v6.18 */
function dontneed({ vmas, zap }: CallParts, vma: number, first: number, end: number, forbidden: VmFlags): CallResult {
  if ((vmas.flagsOf(vma) & forbidden) !== 0) return -EINVAL;
  zap.single(vma, first, end, ZAP_EVEN_COWS | ZAP_RECLAIM_TABLES);
  return 0;
}
/** @kernel madvise_free_single_vma() — mm/madvise.c, v6.18 */
function free({ vmas, lazyfree }: CallParts, vma: number, first: number, end: number): CallResult {
  if ((vmas.flagsOf(vma) & (VM_PFNMAP | VM_LOCKED)) !== 0 || vmas.mappingOf(vma) !== NO_MAPPING) return -EINVAL;
  lazyfree.free(vma, first, end);
  return 0;
}
/** @kernel madvise_remove() — mm/madvise.c, v6.18 */
function remove({ vmas, handler }: CallParts, vma: number, first: number, end: number): CallResult {
  const flags = vmas.flagsOf(vma), mapping = vmas.mappingOf(vma);
  if ((flags & VM_LOCKED) !== 0 || mapping === NO_MAPPING) return -EINVAL;
  if ((flags & (VM_SHARED | VM_MAYWRITE)) !== (VM_SHARED | VM_MAYWRITE)) return -EACCES;
  return handler().punch(mapping, first - vmas.firstPageOf(vma) + vmas.pageIndexOf(vma), end - first);
}
/** @kernel madvise_cold() — mm/madvise.c, v6.18 */
function cold({ vmas, coldPageout }: CallParts, vma: number, first: number, end: number): CallResult {
  if ((vmas.flagsOf(vma) & (VM_LOCKED | VM_PFNMAP | VM_HUGETLB)) !== 0) return -EINVAL;
  coldPageout.cold(vma, first, end);
  return 0;
}
/** @kernel madvise_pageout() — mm/madvise.c, v6.18 */
function pageout({ vmas, coldPageout }: CallParts, vma: number, first: number, end: number): CallResult {
  if ((vmas.flagsOf(vma) & (VM_LOCKED | VM_PFNMAP | VM_HUGETLB)) !== 0) return -EINVAL;
  coldPageout.pageout(vma, first, end);
  return 0;
}
/** @kernel madvise_guard_install() — mm/madvise.c, v6.18 */
function guardInstall({ vmas, guards }: CallParts, vma: number, first: number, end: number): CallResult {
  const flags = vmas.flagsOf(vma);
  if ((flags & (VM_SPECIAL | VM_HUGETLB | VM_LOCKED)) !== 0) return -EINVAL;
  vmas.setFlags(vma, (flags | VM_MAYBE_GUARD) >>> 0);
  return guards.install(vma, first, end);
}
/** @kernel madvise_guard_remove() — mm/madvise.c, v6.18 */
function guardRemove({ vmas, guards }: CallParts, vma: number, first: number, end: number): CallResult {
  if ((vmas.flagsOf(vma) & (VM_SPECIAL | VM_HUGETLB)) !== 0) return -EINVAL;
  guards.remove(vma, first, end);
  return 0;
}

/** @kernel madvise_populate() — mm/madvise.c, v6.18 */
function populate(calls: CallParts, mm: number, first: number, end: number, advice: number): CallResult {
  const { vmas } = calls;
  for (let page = first; page < end; ) {
    const vma = vmas.lookUp(mm, page);
    if (vma === NO_VMA) return -ENOMEM;
    const stop = Math.min(end, vmas.endPageOf(vma)), result = calls.populate.forAccess(vma, page, stop, advice === MADV_POPULATE_READ ? READ : WRITE);
    if (result < 0) return result;
    page = stop;
  }
  return 0;
}
