import type { MmuParts } from "./mmu-parts.ts";
import { PTE_ACCESSED, PTE_NX, PTE_PRESENT, PTE_PROTNONE, PTE_USER, PTE_WRITABLE } from "./pte.ts";
import { VM_ACCESS_FLAGS, VM_EXEC, VM_SHARED, VM_WRITE, type VmFlags } from "./vm-flags.ts";

/**
 * The bits that an entry of an area begins with. Young, because what maps a page is about to use it. Writable only where
 * the area is shared: a private page becomes writable when its copy is made.
 *
 * @param isWriteNotified The filesystem wants to be asked before a shared page becomes writable.
 * @kernel vm_get_page_prot(), vma_set_page_prot() — arch/x86/mm/pgprot.c, mm/vma.c, v6.18
 * @differs Computed from the area's flags each time; the kernel keeps it in vm_page_prot.
 */
export function pageProtection(flags: VmFlags, isWriteNotified: boolean): number {
  if ((flags & VM_ACCESS_FLAGS) === 0) return PTE_PROTNONE + PTE_ACCESSED;
  const isWritable = (flags & (VM_SHARED | VM_WRITE)) === (VM_SHARED | VM_WRITE) && !isWriteNotified;
  return PTE_PRESENT + PTE_USER + PTE_ACCESSED + (isWritable ? PTE_WRITABLE : 0) + ((flags & VM_EXEC) === 0 ? PTE_NX : 0);
}

/** The same for an area of these parts. */
export const protectionOf = (parts: MmuParts, flags: VmFlags): number => pageProtection(flags, wantsWriteNotify(parts, flags));

/** True if the area's shared pages stay read-only until the filesystem was asked. @kernel vma_wants_writenotify() — mm/vma.c, v6.18 */
export const wantsWriteNotify = (parts: MmuParts, flags: VmFlags): boolean =>
  (flags & (VM_SHARED | VM_WRITE)) === (VM_SHARED | VM_WRITE) && parts.handler().features.writeNotify;

/** True if somebody may read, write or execute it. A write-only area can be read on x86. @kernel vma_is_accessible() — include/linux/mm.h, v6.18 */
export const isAccessible = (flags: VmFlags): boolean => (flags & VM_ACCESS_FLAGS) !== 0;
