import { type Folios, isAnonMapping, PG_anon_exclusive } from "@zeropfn/folio";
import { isCowMapping, VM_MAYSHARE, VM_MAYWRITE, VM_SHARED, VM_WRITE, type VmFlags } from "./vm-flags.ts";

/** What is wanted of a user page by who reaches it without its entry: a sum of FOLL_*. @kernel FOLL_WRITE … — include/linux/mm_types.h, mm/internal.h, v6.18 */
export type GupFlags = number;
/** Its bytes will be written. */
export const FOLL_WRITE = 0x0000_0001;
/** A reference, for who only looks, or whose writes may get lost. */
export const FOLL_GET = 0x0000_0002;
/** A debugger's access: rights that the area could have are enough. */
export const FOLL_FORCE = 0x0000_0008;
/** Pinned for as long as user space likes. */
export const FOLL_LONGTERM = 0x0000_0100;
/** The page counts as accessed. */
export const FOLL_TOUCH = 0x0001_0000;
/** A pin: the page stays that of this mapping, whatever is forked and written. */
export const FOLL_PIN = 0x0008_0000;

/**
 * True if the page must first become this mapping's own: a pin that reads would not see what is written later, since a
 * write would be to a copy.
 *
 * @param vmFlags Of the area, or `undefined` for who does not know it.
 * @kernel gup_must_unshare() — mm/internal.h, v6.18
 */
export function gupMustUnshare(folios: Folios, pfn: number, flags: GupFlags, vmFlags: VmFlags | undefined): boolean {
  if ((flags & (FOLL_WRITE | FOLL_PIN)) !== FOLL_PIN) return false;
  if (!folios.isZeroPage(pfn) && isAnonMapping(folios.mapping(pfn))) return !folios.testFlag(pfn, PG_anon_exclusive);
  // A page of a file changes under any mapping of it; only who keeps it for long is owed what is stored to a private one.
  return (flags & FOLL_LONGTERM) !== 0 && (vmFlags === undefined || isCowMapping(vmFlags));
}

/**
 * True if a debugger may write to the page although its entry is read-only: it is this mapping's own already.
 *
 * @kernel can_follow_write_pte() — mm/gup.c, v6.18
 */
export function canForceWrite(folios: Folios, pfn: number, flags: GupFlags, vmFlags: VmFlags): boolean {
  if ((flags & FOLL_FORCE) === 0 || (vmFlags & (VM_MAYSHARE | VM_SHARED | VM_MAYWRITE | VM_WRITE)) !== VM_MAYWRITE) return false;
  return !folios.isZeroPage(pfn) && isAnonMapping(folios.mapping(pfn)) && folios.testFlag(pfn, PG_anon_exclusive);
}
