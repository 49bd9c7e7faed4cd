import { EEXIST, EINVAL, ENOMEM, EOPNOTSUPP, EOVERFLOW, GiB } from "@zeropfn/units";
import {
  VM_ACCOUNT, VM_EXEC, VM_LOCKED, VM_MAYEXEC, VM_MAYREAD, VM_MAYSHARE, VM_MAYWRITE, VM_NOHUGEPAGE, VM_NORESERVE, VM_READ, VM_SHARED, VM_SYNC, VM_WRITE, type VmFlags,
} from "../vm-flags.ts";
import { NO_VMA } from "../vma-index.ts";
import { NO_ANON_VMA, NO_MAPPING } from "../vmas.ts";
import type { CallParts, CallResult } from "./call-parts.ts";
import { isAligned, pageOf, pagesOf } from "./lengths.ts";
import { unmapRange } from "./munmap.ts";
import { populateRange } from "./populate-range.ts";

/** @kernel PROT_READ … — include/uapi/asm-generic/mman-common.h, v6.18 */
export const PROT_NONE = 0x0;
export const PROT_READ = 0x1;
export const PROT_WRITE = 0x2;
export const PROT_EXEC = 0x4;
export const PROT_SEM = 0x8;
export const PROT_GROWSDOWN = 0x0100_0000;
export const PROT_GROWSUP = 0x0200_0000;

/** @kernel MAP_SHARED … — include/uapi/linux/mman.h, include/uapi/asm-generic/mman-common.h, v6.18 */
export const MAP_SHARED = 0x01;
export const MAP_PRIVATE = 0x02;
export const MAP_SHARED_VALIDATE = 0x03;
export const MAP_FIXED = 0x10;
export const MAP_ANONYMOUS = 0x20;
/** Anywhere in the second GiB. @kernel MAP_32BIT — arch/x86/include/uapi/asm/mman.h, v6.18 */
export const MAP_32BIT = 0x40;
export const MAP_GROWSDOWN = 0x0100;
export const MAP_LOCKED = 0x2000;
export const MAP_NORESERVE = 0x4000;
export const MAP_POPULATE = 0x8000;
export const MAP_NONBLOCK = 0x1_0000;
export const MAP_STACK = 0x2_0000;
export const MAP_HUGETLB = 0x4_0000;
export const MAP_SYNC = 0x8_0000;
export const MAP_FIXED_NOREPLACE = 0x10_0000;
const MAP_TYPE = 0x0f;
/** What MAP_SHARED_VALIDATE knows: all but MAP_SYNC, MAP_FIXED_NOREPLACE, and bits that mean nothing. @kernel LEGACY_MAP_MASK — include/linux/mman.h, v6.18 */
const LEGACY_MAP_MASK = 0x7c07_f9f3;

export interface MmapRequest {
  /** Bytes. A hint, unless MAP_FIXED. */
  readonly address: number;
  /** Bytes: rounded up to pages. */
  readonly length: number;
  /** A sum of PROT_*. */
  readonly protection: number;
  /** A sum of MAP_*. */
  readonly flags: number;
  /** The file; ignored with MAP_ANONYMOUS. */
  readonly mapping: number;
  /** Where in the file, in bytes. */
  readonly offset: number;
}

/**
 * Maps pages of a file or anonymous memory.
 *
 * @returns The address, or -EINVAL, -ENOMEM, -EEXIST, -EOVERFLOW, -EOPNOTSUPP, -ENFILE.
 * @kernel mmap(2), do_mmap() — mm/mmap.c, v6.18
 * @differs MAP_GROWSDOWN is refused with -EOPNOTSUPP: stacks do not grow. MAP_HUGETLB with -ENOMEM: no huge pages are set aside.
 */
export function mmap(calls: CallParts, mm: number, request: MmapRequest): CallResult {
  const { flags, offset } = request;
  if (!isAligned(offset, calls.pageSize)) return -EINVAL;
  const populates = (flags & MAP_LOCKED) !== 0 || (flags & (MAP_POPULATE | MAP_NONBLOCK)) === MAP_POPULATE;
  return populates ? calls.mlockPages.inBatches(() => mmapAndPopulate(calls, mm, request)) : mmapAlone(calls, mm, request);
}

function mmapAlone(calls: CallParts, mm: number, request: MmapRequest): CallResult {
  const { vmas } = calls;
  vmas.mmapLock.lock(mm);
  const result = mmapLocked(calls, mm, request);
  vmas.mmapLock.unlock(mm);
  return result;
}
/** What comes may be what was there, and not be settled yet. */
function mmapAndPopulate(calls: CallParts, mm: number, request: MmapRequest): CallResult {
  const { pageSize } = calls, result = mmapAlone(calls, mm, request);
  // What cannot be populated is left to faults.
  if (result >= 0) populateRange(calls, mm, result / pageSize, result / pageSize + pagesOf(request.length, pageSize), true);
  return result;
}

function mmapLocked(calls: CallParts, mm: number, { address, length, protection, flags, mapping, offset }: MmapRequest): CallResult {
  const { pageSize, taskPages, areas } = calls;
  if (length === 0) return -EINVAL;
  const pages = pagesOf(length, pageSize), isAnonymous = (flags & MAP_ANONYMOUS) !== 0, fileIndex = pageOf(offset, pageSize);
  if (pages === 0 || pages > taskPages) return -ENOMEM;
  if (areas.isFull(mm, -1)) return -ENOMEM;
  const first = placeFor(calls, mm, address, pages, flags);
  if (first < 0) return first;
  const isNoReplace = (flags & MAP_FIXED_NOREPLACE) !== 0;
  if (isNoReplace && overlaps(calls, mm, first, first + pages)) return -EEXIST;
  // A file ends at 2^63-1 bytes.
  if (!isAnonymous && fileIndex + pages > 2 ** 63 / pageSize - 1) return -EOVERFLOW;
  const vmFlags = flagsOf(protection, flags, isAnonymous);
  if (vmFlags < 0) return vmFlags;
  if (isAccountable(vmFlags) && pages > calls.folios.firstDevicePfn) return -ENOMEM;
  const unmapped = unmapRange(calls, mm, first, first + pages);
  if (unmapped < 0) return unmapped;
  const isShared = (vmFlags & VM_SHARED) !== 0, shown = !isAnonymous ? mapping : isShared ? calls.files.createShared(pages) : NO_MAPPING;
  if (shown < 0) return shown;
  const account = isAccountable(vmFlags) ? VM_ACCOUNT : 0, areaFlags = (vmFlags | account) >>> 0;
  const vma = areas.add({
    mm, firstPage: first, endPage: first + pages, flags: areaFlags, mapping: shown, pageIndex: isAnonymous ? (isShared ? 0 : first) : fileIndex, anonVma: NO_ANON_VMA, copiedFrom: NO_VMA,
  });
  if (vma === NO_VMA) {
    // A file that only this area would have known of is let go by being mapped by none.
    if (isAnonymous && isShared) dropUnmapped(calls, shown);
    return -ENOMEM;
  }
  calls.counters.addArea(mm, areaFlags, pages);
  if ((areaFlags & VM_LOCKED) !== 0) calls.counters.addLocked(mm, pages);
  return first * pageSize;
}

function dropUnmapped({ files }: CallParts, mapping: number): void {
  files.mapped(mapping);
  files.unmapped(mapping);
}

/** The first page of where a mapping goes, or an errno negated. @kernel __get_unmapped_area() — mm/mmap.c, v6.18 */
export function placeFor(calls: CallParts, mm: number, address: number, pages: number, flags: number): number {
  const { vmas, pageSize, taskPages } = calls, isFixed = (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) !== 0;
  if (pages > taskPages) return -ENOMEM;
  if (isFixed) {
    if (!(address >= 0) || Math.floor(address / pageSize) > taskPages - pages) return -ENOMEM;
    return isAligned(address, pageSize) ? address / pageSize : -EINVAL;
  }
  const hint = Math.floor(address / pageSize);
  if (hint > 0 && hint + pages <= taskPages && !overlaps(calls, mm, hint, hint + pages)) return hint;
  const is32Bit = (flags & MAP_32BIT) !== 0, low = is32Bit ? GiB / pageSize : LOWEST_PAGE;
  const found = vmas.index.findGapBelow(mm, pages, low, Math.min(taskPages, (is32Bit ? 2 * GiB : hint * pageSize > DEFAULT_MAP_WINDOW ? Infinity : DEFAULT_MAP_WINDOW) / pageSize));
  return found < 0 ? -ENOMEM : found;
}

/** Mappings lie below, unless a hint asks for more: programs may use the high bits of pointers. @kernel DEFAULT_MAP_WINDOW — arch/x86/include/asm/page_64_types.h, v6.18 */
const DEFAULT_MAP_WINDOW = 2 ** 47;
/** A null pointer faults. @kernel mmap_min_addr — mm/util.c, v6.18 @differs One page, not 64 KiB: who wants page 0 must say so. */
const LOWEST_PAGE = 1;

/** True if an area has a page of [first, end). @kernel find_vma_intersection() — mm/mmap.c, v6.18 */
export function overlaps({ vmas }: CallParts, mm: number, first: number, end: number): boolean {
  const vma = vmas.index.find(mm, first);
  return vma !== NO_VMA && vmas.firstPageOf(vma) < end;
}

/** @kernel calc_vm_prot_bits() — include/linux/mman.h, v6.18 */
export const rightsOf = (protection: number): VmFlags =>
  ((protection & PROT_READ) === 0 ? 0 : VM_READ) | ((protection & PROT_WRITE) === 0 ? 0 : VM_WRITE) | ((protection & PROT_EXEC) === 0 ? 0 : VM_EXEC);

/** What protection and flags say of an area, or an errno negated. @kernel do_mmap(), calc_vm_flag_bits() — mm/mmap.c, include/linux/mman.h, v6.18 */
function flagsOf(protection: number, flags: number, isAnonymous: boolean): VmFlags | CallResult {
  const type = flags & MAP_TYPE, isValidated = type === MAP_SHARED_VALIDATE && !isAnonymous, isShared = type === MAP_SHARED || isValidated;
  if (isAnonymous && (flags & MAP_HUGETLB) !== 0) return -ENOMEM; // no huge pages are set aside
  if (isValidated && (flags & ~LEGACY_MAP_MASK) !== 0) return -EOPNOTSUPP;
  if (!isShared && type !== MAP_PRIVATE) return -EINVAL;
  if ((flags & MAP_GROWSDOWN) !== 0) return isShared ? -EINVAL : -EOPNOTSUPP;
  return rightsOf(protection) | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | (isShared ? VM_SHARED | VM_MAYSHARE : 0) | ((flags & MAP_STACK) === 0 ? 0 : VM_NOHUGEPAGE) |
    ((flags & MAP_LOCKED) === 0 ? 0 : VM_LOCKED) | ((flags & MAP_NORESERVE) === 0 ? 0 : VM_NORESERVE) | ((flags & MAP_SYNC) === 0 ? 0 : VM_SYNC);
}

/** @kernel accountable_mapping() — mm/vma.c, v6.18 */
const isAccountable = (flags: VmFlags): boolean => (flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) === VM_WRITE;

/** Flags that a heap begins with. @kernel VM_DATA_DEFAULT_FLAGS — arch/x86/include/asm/page_types.h, v6.18 */
export const HEAP_FLAGS: VmFlags = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_ACCOUNT;
