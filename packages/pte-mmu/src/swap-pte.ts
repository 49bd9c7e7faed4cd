/**
 * Page table entries that map no page and are not empty: where the page went (swap), that it is on its way (migration), or what
 * shall happen at the next access (markers). One number below 2^53:
 *
 * | bits  | name       | meaning                                                                 |
 * |-------|------------|-------------------------------------------------------------------------|
 * | 0     | 0          | not present                                                             |
 * | 1     | SOFT_DIRTY |                                                                         |
 * | 2     | UFFD_WP    |                                                                         |
 * | 3     | EXCLUSIVE  | the page belongs to this address space alone                            |
 * | 4-6   | type       | its bits 0-2: 0-23 a swap device, 25-27 a migration, 31 a marker        |
 * | 7, 8  | 0          | neither a leaf one level above, nor PROTNONE                            |
 * | 9, 10 | type       | its bits 3, 4                                                           |
 * | 11    | 1          | so that no entry is `PTE_NONE`                                          |
 * | 12-51 | offset     | slot of a swap device; the frame that migrates; the bits of a marker    |
 * | 52    | 0          |                                                                         |
 *
 * @kernel __swp_entry_to_pte(), _PAGE_SWP_SOFT_DIRTY … _PAGE_SWP_EXCLUSIVE — arch/x86/include/asm/pgtable_64.h, pgtable_types.h, v6.18
 * @differs There the type has bits 59-63 and the offset is inverted, which also keeps the entry of type 0 from being empty.
 *   Migration entries do not carry accessed and dirty bits.
 */
import { PTE_PRESENT, PTE_PROTNONE } from "./pte.ts";

const SWP_SOFT_DIRTY = 0x002;
const SWP_UFFD_WP = 0x004;
const SWP_EXCLUSIVE = 0x008;
const SWP_ENTRY = 0x800;
const OFFSET_UNIT = 4096;

/** Types below are swap devices. @kernel MAX_SWAPFILES — include/linux/swap.h, v6.18 */
export const MAX_SWAPFILES = 24;
/** The page migrates and was read-only. @kernel SWP_MIGRATION_READ — include/linux/swap.h, v6.18 */
export const SWP_MIGRATION_READ = 25;
/** The page migrates; it was read-only and belongs to this address space alone. @kernel SWP_MIGRATION_READ_EXCLUSIVE — include/linux/swap.h, v6.18 */
export const SWP_MIGRATION_READ_EXCLUSIVE = 26;
/** The page migrates and was writable. @kernel SWP_MIGRATION_WRITE — include/linux/swap.h, v6.18 */
export const SWP_MIGRATION_WRITE = 27;
/** The offset is a set of PTE_MARKER_* bits. @kernel SWP_PTE_MARKER — include/linux/swap.h, v6.18 */
export const SWP_PTE_MARKER = 31;

/** Write-protected by userfaultfd before there was a page. @kernel PTE_MARKER_UFFD_WP — include/linux/swapops.h, v6.18 */
export const PTE_MARKER_UFFD_WP = 1;
/** The page is lost: an access is a SIGBUS. @kernel PTE_MARKER_POISONED — include/linux/swapops.h, v6.18 */
export const PTE_MARKER_POISONED = 2;
/** A guard page: an access is a SIGSEGV. @kernel PTE_MARKER_GUARD — include/linux/swapops.h, v6.18 */
export const PTE_MARKER_GUARD = 4;

/** @param type 0 … 31. @param offset 0 … 2^40-1. @kernel swp_entry(), swp_entry_to_pte() — include/linux/swapops.h, v6.18 */
export const swapPteOf = (type: number, offset: number): number => offset * OFFSET_UNIT + (SWP_ENTRY | ((type & 7) << 4) | ((type & 0x18) << 6));
/** True if the entry is neither empty nor present, whatever its type. @kernel is_swap_pte() — include/linux/swapops.h, v6.18 */
export const pteIsSwap = (pte: number): boolean => (pte & (PTE_PRESENT | PTE_PROTNONE | SWP_ENTRY)) === SWP_ENTRY;
/** Of an entry that `pteIsSwap`: 0 … 31. @kernel swp_type() — include/linux/swapops.h, v6.18 */
export const swapPteType = (pte: number): number => ((pte >>> 4) & 7) | ((pte >>> 6) & 0x18);
/** Of an entry that `pteIsSwap`: 0 … 2^40-1. @kernel swp_offset() — include/linux/swapops.h, v6.18 */
export const swapPteOffset = (pte: number): number => Math.floor(pte / OFFSET_UNIT);
/** True if the page lies on a swap device: no migration, no marker. @kernel non_swap_entry() — include/linux/swapops.h, v6.18 */
export const pteIsSwapped = (pte: number): boolean => pteIsSwap(pte) && swapPteType(pte) < MAX_SWAPFILES;

/** @kernel pte_swp_exclusive() — arch/x86/include/asm/pgtable.h, v6.18 */
export const swapPteIsExclusive = (pte: number): boolean => (pte & SWP_EXCLUSIVE) !== 0;
/** @kernel pte_swp_soft_dirty() — arch/x86/include/asm/pgtable.h, v6.18 */
export const swapPteIsSoftDirty = (pte: number): boolean => (pte & SWP_SOFT_DIRTY) !== 0;
/** @kernel pte_swp_uffd_wp() — arch/x86/include/asm/pgtable.h, v6.18 */
export const swapPteIsUffdWp = (pte: number): boolean => (pte & SWP_UFFD_WP) !== 0;
/** @kernel pte_swp_mkexclusive() — arch/x86/include/asm/pgtable.h, v6.18 */
export const swapPteWithExclusive = (pte: number): number => pte + (SWP_EXCLUSIVE & ~pte);
/** @kernel pte_swp_clear_exclusive() — arch/x86/include/asm/pgtable.h, v6.18 */
export const swapPteWithoutExclusive = (pte: number): number => pte - (pte & SWP_EXCLUSIVE);
/** @kernel pte_swp_mksoft_dirty() — arch/x86/include/asm/pgtable.h, v6.18 */
export const swapPteWithSoftDirty = (pte: number): number => pte + (SWP_SOFT_DIRTY & ~pte);
/** @kernel pte_swp_clear_soft_dirty() — arch/x86/include/asm/pgtable.h, v6.18 */
export const swapPteWithoutSoftDirty = (pte: number): number => pte - (pte & SWP_SOFT_DIRTY);
/** @kernel pte_swp_mkuffd_wp() — arch/x86/include/asm/pgtable.h, v6.18 */
export const swapPteWithUffdWp = (pte: number): number => pte + (SWP_UFFD_WP & ~pte);
/** @kernel pte_swp_clear_uffd_wp() — arch/x86/include/asm/pgtable.h, v6.18 */
export const swapPteWithoutUffdWp = (pte: number): number => pte - (pte & SWP_UFFD_WP);

/** @param type SWP_MIGRATION_*. @kernel make_readable_migration_entry(), make_writable_migration_entry() — include/linux/swapops.h, v6.18 */
export const migrationPteOf = (type: number, pfn: number): number => swapPteOf(type, pfn);
/** True if the page migrates; its frame is the offset. @kernel is_migration_entry() — include/linux/swapops.h, v6.18 */
export const pteIsMigration = (pte: number): boolean => {
  const type = swapPteType(pte);
  return pteIsSwap(pte) && type >= SWP_MIGRATION_READ && type <= SWP_MIGRATION_WRITE;
};
/** @param bits PTE_MARKER_*, one or more. @kernel make_pte_marker() — include/linux/swapops.h, v6.18 */
export const markerPteOf = (bits: number): number => swapPteOf(SWP_PTE_MARKER, bits);
/** The PTE_MARKER_* bits of a marker, 0 of anything else. @kernel is_pte_marker(), pte_marker_get() — include/linux/swapops.h, v6.18 */
export const pteMarkers = (pte: number): number => (pteIsSwap(pte) && swapPteType(pte) === SWP_PTE_MARKER ? swapPteOffset(pte) : 0);
