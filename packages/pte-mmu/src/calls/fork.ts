import { ENOMEM } from "@zeropfn/units";
import type { CopyPages } from "../copy-pages.ts";
import { VM_ACCOUNT, VM_DONTCOPY, VM_LOCKED_MASK, VM_WIPEONFORK } from "../vm-flags.ts";
import { NO_VMA } from "../vma-index.ts";
import { NO_ANON_VMA } from "../vmas.ts";
import type { CallParts, CallResult } from "./call-parts.ts";

/**
 * Gives the empty address space `child` the areas of `parent` and their pages. The parent's processors are flushed once, at the end:
 * until then they may write to pages that are read-only already.
 *
 * @returns 0, or -ENOMEM: the child has a part, and is to be destroyed.
 * @kernel dup_mmap() — mm/mmap.c, v6.18
 */
export function fork(calls: CallParts, copyPages: CopyPages, parent: number, child: number): CallResult {
  const { vmas, tlbs } = calls;
  vmas.mmapLock.lock(parent);
  vmas.mmapLock.lock(child);
  let result: CallResult = 0;
  for (let vma = vmas.index.first(parent); vma !== NO_VMA && result === 0; vma = vmas.index.next(vma)) {
    if ((vmas.flagsOf(vma) & VM_DONTCOPY) === 0) result = forkArea(calls, copyPages, vma, child);
  }
  tlbs.flushMm(parent);
  vmas.mmapLock.unlock(child);
  vmas.mmapLock.unlock(parent);
  return result;
}

function forkArea(calls: CallParts, copyPages: CopyPages, vma: number, child: number): CallResult {
  const { vmas, anonVmas, areas, counters, pins } = calls, parent = vmas.mmOf(vma), flags = (vmas.flagsOf(vma) & ~VM_LOCKED_MASK) >>> 0;
  const firstPage = vmas.firstPageOf(vma), endPage = vmas.endPageOf(vma), isWiped = (flags & VM_WIPEONFORK) !== 0;
  if ((flags & VM_ACCOUNT) !== 0 && endPage - firstPage > calls.folios.firstDevicePfn) return -ENOMEM;
  const copy = areas.insertNew({
    mm: child, firstPage, endPage, flags, mapping: vmas.mappingOf(vma), pageIndex: vmas.pageIndexOf(vma), anonVma: NO_ANON_VMA, copiedFrom: NO_VMA,
  });
  if (copy === NO_VMA) return -ENOMEM;
  counters.addArea(child, flags, endPage - firstPage);
  if (isWiped) return 0;
  if (!anonVmas.fork(copy, vma)) return -ENOMEM;
  // Who pins without a lock must not do it between our look for pins and our taking the page away.
  pins.beginCopy(parent);
  const isCopied = copyPages.area(copy, vma);
  pins.endCopy(parent);
  return isCopied ? 0 : -ENOMEM;
}
