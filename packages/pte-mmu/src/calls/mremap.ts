import { EFAULT, EINVAL, ENOMEM } from "@zeropfn/units";
import { movePages } from "../move-pages.ts";
import { VM_ACCOUNT, VM_DONTEXPAND, VM_LOCKED, VM_LOCKED_MASK, VM_MAYSHARE, VM_PFNMAP, VM_SHARED } from "../vm-flags.ts";
import { NO_VMA } from "../vma-index.ts";
import type { CallParts, CallResult } from "./call-parts.ts";
import { pageOf, pagesOf, pagesOfWord } from "./lengths.ts";
import { MAP_FIXED, overlaps, placeFor } from "./mmap.ts";
import { unmapRange } from "./munmap.ts";
import { populateRange } from "./populate-range.ts";

/** @kernel MREMAP_MAYMOVE … — include/uapi/linux/mman.h, v6.18 */
export const MREMAP_MAYMOVE = 1;
export const MREMAP_FIXED = 2;
export const MREMAP_DONTUNMAP = 4;

/** Areas that a move may need. @kernel check_mremap_params(), prep_move_vma() — mm/mremap.c, v6.18 */
const AREAS_OF_A_MOVE = 3;

/** One remapping, in pages. @kernel vma_remap_struct — mm/mremap.c, v6.18 */
interface Remap {
  readonly mm: number;
  page: number;
  oldPages: number;
  newPages: number;
  readonly flags: number;
  /** Where to, if `flags` say so. */
  newPage: number;
  vma: number;
  /** What grew is in a locked area. */
  populates: boolean;
}

/**
 * Shrinks, grows or moves what is mapped in a range.
 *
 * @returns The address where it is now, or -EINVAL, -EFAULT, -ENOMEM.
 * @kernel mremap(2), do_mremap() — mm/mremap.c, v6.18
 */
export function mremap(calls: CallParts, mm: number, address: number, oldLength: number, newLength: number, flags: number, newAddress: number): CallResult {
  const { pageSize } = calls;
  const remap: Remap = {
    mm, page: pageOf(address, pageSize), oldPages: pagesOf(oldLength, pageSize), newPages: pagesOf(newLength, pageSize), flags, newPage: pageOf(newAddress, pageSize), vma: NO_VMA, populates: false,
  };
  const refused = checkArguments(calls, remap);
  return refused < 0 ? refused : calls.mlockPages.inBatches(() => remapAndPopulate(calls, remap));
}

function remapAndPopulate(calls: CallParts, remap: Remap): CallResult {
  const { vmas, pageSize } = calls, { mm } = remap;
  vmas.mmapLock.lock(mm);
  const page = isMoveAlone(remap) ? moveAreas(calls, remap) : remapArea(calls, remap);
  vmas.mmapLock.unlock(mm);
  if (page < 0) return page;
  if (remap.populates) populateRange(calls, mm, page + remap.oldPages, page + remap.newPages, true);
  return page * pageSize;
}

const impliesPlace = ({ flags }: Remap): boolean => (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0;
const isMoveAlone = ({ flags, oldPages, newPages }: Remap): boolean => (flags & MREMAP_FIXED) !== 0 && oldPages === newPages;

/** @kernel check_mremap_params() — mm/mremap.c, v6.18 */
function checkArguments({ taskPages, areas, pageSize }: CallParts, remap: Remap): CallResult {
  const { mm, page, oldPages, newPages, flags, newPage } = remap;
  if ((flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0 || !Number.isInteger(page)) return -EINVAL;
  if (newPages === 0 || newPages > taskPages) return -EINVAL;
  if (!impliesPlace(remap)) return 0;
  if (newPage > taskPages - newPages || !Number.isInteger(newPage) || (flags & MREMAP_MAYMOVE) === 0) return -EINVAL;
  if ((flags & MREMAP_DONTUNMAP) !== 0 && oldPages !== newPages) return -EINVAL;
  // The old end may wrap around: then nothing overlaps.
  if ((page + oldPages) % pagesOfWord(pageSize) > newPage && newPage + newPages > page) return -EINVAL;
  return areas.isFull(mm, AREAS_OF_A_MOVE + 2) ? -ENOMEM : 0;
}

/** Moves all areas of a range, with the holes between them. @kernel remap_move() — mm/mremap.c, v6.18 */
function moveAreas(calls: CallParts, remap: Remap): CallResult {
  const { vmas } = calls, start = remap.page, end = start + remap.oldPages;
  let target = remap.newPage, lastEnd = -1, result: CallResult = -EFAULT;
  // An area that has grown into its own target is not met again.
  for (let vma = vmas.index.find(remap.mm, start); lastEnd < end && vma !== NO_VMA && vmas.firstPageOf(vma) < end; vma = vmas.index.find(remap.mm, lastEnd)) {
    const first = vmas.firstPageOf(vma);
    if (lastEnd < 0 && start < first) return -EFAULT;
    const gap = lastEnd < 0 ? 0 : first - lastEnd;
    lastEnd = vmas.endPageOf(vma);
    remap.vma = vma;
    remap.page = Math.max(first, start);
    remap.oldPages = remap.newPages = Math.min(end, lastEnd) - remap.page;
    remap.newPage = target + gap;
    const moved = prepare(calls, remap) || remapTo(calls, remap);
    if (moved < 0) return moved;
    if (result < 0) result = moved;
    target = moved + remap.newPages;
  }
  return result;
}

/** @kernel do_mremap() — mm/mremap.c, v6.18 */
function remapArea(calls: CallParts, remap: Remap): CallResult {
  remap.vma = calls.vmas.lookUp(remap.mm, remap.page);
  const refused = prepare(calls, remap);
  if (refused < 0) return refused;
  return impliesPlace(remap) ? remapTo(calls, remap) : remapAt(calls, remap);
}

/** What the area allows. @kernel check_prep_vma() — mm/mremap.c, v6.18 */
function prepare({ vmas, taskPages }: CallParts, remap: Remap): CallResult {
  const { vma, page, newPages } = remap;
  if (vma === NO_VMA) return -EFAULT;
  if (!impliesPlace(remap) && newPages <= remap.oldPages) return 0; // nothing is mapped anew
  const flags = vmas.flagsOf(vma);
  if (remap.oldPages === 0 && (flags & (VM_SHARED | VM_MAYSHARE)) === 0) return -EINVAL;
  if ((remap.flags & MREMAP_DONTUNMAP) !== 0 && (flags & (VM_DONTEXPAND | VM_PFNMAP)) !== 0) return -EINVAL;
  const oldPages = Math.min(remap.oldPages, newPages);
  if (oldPages > vmas.endPageOf(vma) - page) return -EFAULT;
  if (newPages === oldPages) return 0;
  if ((flags & VM_LOCKED) !== 0) remap.populates = true;
  if ((flags & (VM_DONTEXPAND | VM_PFNMAP)) !== 0) return -EFAULT;
  return newPages > taskPages ? -ENOMEM : 0;
}

/** To where the caller says. @kernel mremap_to() — mm/mremap.c, v6.18 */
function remapTo(calls: CallParts, remap: Remap): CallResult {
  if ((remap.flags & MREMAP_FIXED) !== 0) {
    const unmapped = unmapRange(calls, remap.mm, remap.newPage, remap.newPage + remap.newPages);
    if (unmapped < 0) return unmapped;
    remap.vma = calls.vmas.lookUp(remap.mm, remap.page);
    if (remap.vma === NO_VMA) return -EFAULT;
  }
  if (remap.newPages < remap.oldPages) {
    const shrunk = shrink(calls, remap);
    if (shrunk < 0) return shrunk;
    remap.vma = calls.vmas.lookUp(remap.mm, remap.page);
    if (remap.vma === NO_VMA) return -EFAULT;
    remap.oldPages = remap.newPages;
  }
  return place(calls, remap) || move(calls, remap);
}

/** Where it is, or anywhere. @kernel mremap_at() — mm/mremap.c, v6.18 */
function remapAt(calls: CallParts, remap: Remap): CallResult {
  if (remap.newPages === remap.oldPages) return remap.page;
  if (remap.newPages < remap.oldPages) return shrink(calls, remap) || remap.page;
  if (canGrow(calls, remap)) return grow(calls, remap);
  if ((remap.flags & MREMAP_MAYMOVE) === 0) return -ENOMEM;
  return place(calls, remap) || move(calls, remap);
}

/** @kernel shrink_vma() — mm/mremap.c, v6.18 */
const shrink = (calls: CallParts, { mm, page, oldPages, newPages }: Remap): CallResult =>
  page + oldPages > calls.taskPages ? -EINVAL : unmapRange(calls, mm, page + newPages, page + oldPages);

/** Nothing lies behind the area, and the range reaches to its end. @kernel vma_expandable() — mm/mremap.c, v6.18 */
function canGrow(calls: CallParts, { mm, vma, page, oldPages, newPages }: Remap): boolean {
  const end = calls.vmas.endPageOf(vma), grown = end + newPages - oldPages;
  return page + oldPages === end && grown <= calls.taskPages && !overlaps(calls, mm, end, grown);
}
/** @kernel expand_vma_in_place() — mm/mremap.c, v6.18 */
function grow(calls: CallParts, { mm, vma, page, oldPages, newPages }: Remap): CallResult {
  const flags = calls.vmas.flagsOf(vma), more = newPages - oldPages;
  if (!canCommit(calls, flags, more)) return -ENOMEM;
  if (calls.areas.extend(vma, more) === NO_VMA) return -ENOMEM;
  account(calls, mm, flags, more);
  return page;
}

/** Finds the place for a move: 0, or an errno negated. @kernel vrm_set_new_addr() — mm/mremap.c, v6.18 */
function place(calls: CallParts, remap: Remap): CallResult {
  const hint = impliesPlace(remap) ? remap.newPage * calls.pageSize : 0;
  const found = placeFor(calls, remap.mm, hint, remap.newPages, (remap.flags & MREMAP_FIXED) !== 0 ? MAP_FIXED : 0);
  if (found < 0) return found;
  remap.newPage = found;
  return 0;
}

/** @kernel move_vma(), copy_vma_and_data() — mm/mremap.c, v6.18 */
function move(calls: CallParts, remap: Remap): CallResult {
  const { vmas, areas } = calls, { mm, vma, page, oldPages, newPages, newPage } = remap, flags = vmas.flagsOf(vma);
  if (areas.isFull(mm, AREAS_OF_A_MOVE)) return -ENOMEM;
  if (!canCommit(calls, flags, newPages)) return -ENOMEM;
  const first = vmas.firstPageOf(vma), copy = areas.copy(vma, newPage, newPages, vmas.pageIndexOf(vma) + page - first);
  if (copy === NO_VMA) return -ENOMEM;
  // What is moved may have been taken over by the copy.
  const source = vmas.lookUp(mm, page);
  account(calls, mm, flags, newPages);
  if (movePages(calls, calls.huge, source, page, copy, newPage, oldPages) < oldPages) {
    movePages(calls, calls.huge, copy, newPage, source, page, oldPages);
    unmapRange(calls, mm, newPage, newPage + newPages);
    return -ENOMEM;
  }
  if ((remap.flags & MREMAP_DONTUNMAP) !== 0) leaveEmpty(calls, source, copy, page, oldPages);
  else if (oldPages > 0) unmapRange(calls, mm, page, page + oldPages); // 0: the source stays, and is mapped twice
  return newPage;
}

/** The source stays, without its pages, and unlocked. @kernel dontunmap_complete() — mm/mremap.c, v6.18 */
function leaveEmpty({ vmas, anonVmas }: CallParts, source: number, copy: number, page: number, pages: number): void {
  vmas.setFlags(source, (vmas.flagsOf(source) & ~VM_LOCKED_MASK) >>> 0);
  if (source !== copy && vmas.firstPageOf(source) === page && vmas.endPageOf(source) === page + pages) anonVmas.unlink(source);
}

/** @kernel vrm_calc_charge() — mm/mremap.c, v6.18 */
const canCommit = ({ folios }: CallParts, flags: number, pages: number): boolean => (flags & VM_ACCOUNT) === 0 || pages <= folios.firstDevicePfn;

/** @kernel vrm_stat_account() — mm/mremap.c, v6.18 */
function account({ counters }: CallParts, mm: number, flags: number, pages: number): void {
  counters.addArea(mm, flags, pages);
  if ((flags & VM_LOCKED) !== 0) counters.addLocked(mm, pages);
}
