/**
 * What an area permits and how it behaves: a sum of bits, 0 … 2^32-1.
 * @kernel VM_READ … VM_MERGEABLE — include/linux/mm.h, v6.18
 */
export type VmFlags = number;

export const VM_NONE = 0;
export const VM_READ = 0x1;
export const VM_WRITE = 0x2;
export const VM_EXEC = 0x4;
export const VM_SHARED = 0x8;
/** What mprotect() may add. Four bits above what they permit. */
export const VM_MAYREAD = 0x10;
export const VM_MAYWRITE = 0x20;
export const VM_MAYEXEC = 0x40;
export const VM_MAYSHARE = 0x80;
export const VM_GROWSDOWN = 0x100;
export const VM_UFFD_MISSING = 0x200;
/** Frames without folios. */
export const VM_PFNMAP = 0x400;
/** Guard markers were installed, and may still be there. Never taken away. */
export const VM_MAYBE_GUARD = 0x800;
export const VM_UFFD_WP = 0x1000;
export const VM_LOCKED = 0x2000;
export const VM_IO = 0x4000;
export const VM_SEQ_READ = 0x8000;
export const VM_RAND_READ = 0x1_0000;
/** Not copied by fork(). */
export const VM_DONTCOPY = 0x2_0000;
export const VM_DONTEXPAND = 0x4_0000;
/** Locked pages are locked when they are first touched, not before. */
export const VM_LOCKONFAULT = 0x8_0000;
/** Its pages count as committed memory. */
export const VM_ACCOUNT = 0x10_0000;
export const VM_NORESERVE = 0x20_0000;
export const VM_HUGETLB = 0x40_0000;
/** A store is durable when the metadata is: MAP_SYNC. */
export const VM_SYNC = 0x80_0000;
/** Empty in the child after fork(). */
export const VM_WIPEONFORK = 0x200_0000;
export const VM_DONTDUMP = 0x400_0000;
export const VM_SOFTDIRTY = 0x800_0000;
/** Frames with folios and without. */
export const VM_MIXEDMAP = 0x1000_0000;
export const VM_HUGEPAGE = 0x2000_0000;
export const VM_NOHUGEPAGE = 0x4000_0000;
export const VM_MERGEABLE = 0x8000_0000;

/** @kernel VM_ACCESS_FLAGS — include/linux/mm.h, v6.18 */
export const VM_ACCESS_FLAGS: VmFlags = VM_READ | VM_WRITE | VM_EXEC;
/** @kernel VM_LOCKED_MASK — include/linux/mm.h, v6.18 */
export const VM_LOCKED_MASK: VmFlags = VM_LOCKED | VM_LOCKONFAULT;
/** Areas that are neither merged nor locked. @kernel VM_SPECIAL — include/linux/mm.h, v6.18 */
export const VM_SPECIAL: VmFlags = VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP;
/** What a merged area has if one of its parts had it, and what does not keep areas apart. @kernel VM_STICKY — include/linux/mm.h, v6.19 */
export const VM_STICKY: VmFlags = VM_SOFTDIRTY | VM_MAYBE_GUARD;

/** True if a write gives the area a copy of its own. @kernel is_cow_mapping() — include/linux/mm.h, v6.18 */
export const isCowMapping = (flags: VmFlags): boolean => (flags & (VM_SHARED | VM_MAYWRITE)) === VM_MAYWRITE;
