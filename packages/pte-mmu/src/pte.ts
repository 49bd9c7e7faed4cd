/**
 * A page table entry as one number below 2^53: the x86-64 word, its bit 63 moved to 52.
 *
 * | bits  | name       | meaning                                                          |
 * |-------|------------|------------------------------------------------------------------|
 * | 0     | PRESENT    | the hardware may use it                                          |
 * | 1     | WRITABLE   |                                                                  |
 * | 2     | USER       |                                                                  |
 * | 3, 4  | PWT, PCD   | how it is cached; nothing here looks at them                     |
 * | 5, 6  | ACCESSED, DIRTY | set by the hardware, cleared by software                    |
 * | 7     | PAT        | in the lowest table, as PWT and PCD                              |
 * | 7     | PS         | one level above: a leaf, which maps a whole lowest table's pages |
 * | 8     | GLOBAL     | where PRESENT is set                                             |
 * | 8     | PROTNONE   | where PRESENT is clear: a page is mapped, and no access allowed  |
 * | 9     | SPECIAL    | software: no folio behind it (zero page, storage)                |
 * | 10    | UFFD_WP    | software: userfaultfd wants to know of writes                    |
 * | 11    | SOFT_DIRTY | software: written since clear_refs                               |
 * | 12-51 | frame      | number of the frame                                              |
 * | 52    | NX         | no instruction fetch                                             |
 *
 * An entry with neither PRESENT nor PROTNONE that is not `PTE_NONE` is drawn in `swap-pte.ts`.
 *
 * @kernel _PAGE_BIT_PRESENT … _PAGE_BIT_SOFT_DIRTY, _PAGE_BIT_NX — arch/x86/include/asm/pgtable_types.h, v6.18
 * @differs NX is bit 63 there; a double holds 53 bits. The frame number begins at bit 12 whatever the page size, is not inverted
 *   in PROTNONE entries, and leaves no room for protection keys. There is no saved dirty bit: no shadow stacks.
 */
export const PTE_PRESENT = 0x001;
export const PTE_WRITABLE = 0x002;
export const PTE_USER = 0x004;
export const PTE_PWT = 0x008;
export const PTE_PCD = 0x010;
export const PTE_ACCESSED = 0x020;
export const PTE_DIRTY = 0x040;
/** In an entry of the lowest level. */
export const PTE_PAT = 0x080;
/** In an entry one level above: it is a leaf. */
export const PMD_PS = 0x080;
/** In an entry that is PRESENT. */
export const PTE_GLOBAL = 0x100;
/** In an entry that is not PRESENT: present to software alone. */
export const PTE_PROTNONE = 0x100;
export const PTE_SPECIAL = 0x200;
export const PTE_UFFD_WP = 0x400;
export const PTE_SOFT_DIRTY = 0x800;
export const PTE_NX: number = 2 ** 52;
/** Nothing is mapped. */
export const PTE_NONE = 0;

const FRAME_UNIT = 4096;
/** The NX bit, seen from the frame number. */
const NX_OF_FRAME = 2 ** 40;
/** What `pteModify` replaces, beside NX. @kernel ~_PAGE_CHG_MASK — arch/x86/include/asm/pgtable_types.h, v6.18 */
const PROTECTION = PTE_PRESENT | PTE_WRITABLE | PTE_USER | PTE_PROTNONE;

// All flags but NX lie in the low 12 bits. `&` looks at the low 32 bits of a number of 53, so it finds them; what it gives is
// small, and adding or subtracting it is exact.

const withFlags = (pte: number, flags: number): number => pte + (flags & ~pte);
const withoutFlags = (pte: number, flags: number): number => pte - (pte & flags);

/** The entry for frame `pfn` (0 … 2^40-1) with `flags`, a sum of PTE_* bits. @kernel pfn_pte() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteOf = (pfn: number, flags: number): number => pfn * FRAME_UNIT + flags;
/** @kernel pte_pfn() — arch/x86/include/asm/pgtable.h, v6.18 */
export function ptePfn(pte: number): number {
  const frame = Math.floor(pte / FRAME_UNIT);
  return frame < NX_OF_FRAME ? frame : frame - NX_OF_FRAME; // `%` of doubles takes longer than a walk
}
/** All bits but the frame: a sum of PTE_*. @kernel pte_flags() — arch/x86/include/asm/pgtable_types.h, v6.18 */
export const pteFlags = (pte: number): number => (pte & 0xfff) + (pte < PTE_NX ? 0 : PTE_NX);

/** @kernel pte_none() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteIsNone = (pte: number): boolean => pte === PTE_NONE;
/** True if it maps a page, be it to software alone. `pteIsUsable` asks what the hardware thinks. @kernel pte_present() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteIsPresent = (pte: number): boolean => (pte & (PTE_PRESENT | PTE_PROTNONE)) !== 0;
/** True if the hardware may use it: neither empty, nor PROTNONE, nor a swap entry. */
export const pteIsUsable = (pte: number): boolean => (pte & PTE_PRESENT) !== 0;
/** @kernel pte_protnone() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteIsProtnone = (pte: number): boolean => (pte & (PTE_PRESENT | PTE_PROTNONE)) === PTE_PROTNONE;
/** @kernel pte_write() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteIsWritable = (pte: number): boolean => (pte & PTE_WRITABLE) !== 0;
/** @kernel pte_young() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteIsAccessed = (pte: number): boolean => (pte & PTE_ACCESSED) !== 0;
/** @kernel pte_dirty() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteIsDirty = (pte: number): boolean => (pte & PTE_DIRTY) !== 0;
/** @kernel pte_special() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteIsSpecial = (pte: number): boolean => (pte & PTE_SPECIAL) !== 0;
/** Of a present entry. @kernel pte_soft_dirty() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteIsSoftDirty = (pte: number): boolean => (pte & PTE_SOFT_DIRTY) !== 0;
/** Of a present entry. @kernel pte_uffd_wp() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteIsUffdWp = (pte: number): boolean => (pte & PTE_UFFD_WP) !== 0;
/** @kernel pte_exec() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteIsExecutable = (pte: number): boolean => pte < PTE_NX;

/** Soft-dirty as well: software that makes an entry dirty writes to the page. @kernel pte_mkdirty() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteWithDirty = (pte: number): number => withFlags(pte, PTE_DIRTY | PTE_SOFT_DIRTY);
/** @kernel pte_mkclean() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteWithoutDirty = (pte: number): number => withoutFlags(pte, PTE_DIRTY);
/** @kernel pte_mkyoung() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteWithAccessed = (pte: number): number => withFlags(pte, PTE_ACCESSED);
/** @kernel pte_mkold() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteWithoutAccessed = (pte: number): number => withoutFlags(pte, PTE_ACCESSED);
/** @kernel pte_mkwrite_novma() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteWithWritable = (pte: number): number => withFlags(pte, PTE_WRITABLE);
/** @kernel pte_wrprotect() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteWithoutWritable = (pte: number): number => withoutFlags(pte, PTE_WRITABLE);
/** @kernel pte_mkspecial() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteWithSpecial = (pte: number): number => withFlags(pte, PTE_SPECIAL);
/** Of a present entry. @kernel pte_mksoft_dirty() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteWithSoftDirty = (pte: number): number => withFlags(pte, PTE_SOFT_DIRTY);
/** Of a present entry. @kernel pte_clear_soft_dirty() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteWithoutSoftDirty = (pte: number): number => withoutFlags(pte, PTE_SOFT_DIRTY);
/** Write-protected as well. Of a present entry. @kernel pte_mkuffd_wp() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteWithUffdWp = (pte: number): number => withoutFlags(withFlags(pte, PTE_UFFD_WP), PTE_WRITABLE);
/** Of a present entry; it stays read-only. @kernel pte_clear_uffd_wp() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pteWithoutUffdWp = (pte: number): number => withoutFlags(pte, PTE_UFFD_WP);
/**
 * The same page under another protection: PRESENT or PROTNONE, WRITABLE, USER and NX are those of `protection`, everything
 * else stays. Of a present entry, in either of the two lowest levels.
 * @kernel pte_modify(), pmd_modify() — arch/x86/include/asm/pgtable.h, v6.18
 */
export function pteModify(pte: number, protection: number): number {
  const kept = withoutFlags(pte < PTE_NX ? pte : pte - PTE_NX, PROTECTION); // first take away: a sum must not pass 2^53
  return kept + (protection & PROTECTION) + (protection < PTE_NX ? 0 : PTE_NX);
}

// Entries one level above the lowest. What is said above of flags and frames holds for their leaves too.

/** A leaf for the frames from `pfn` on. @kernel pfn_pmd(), pmd_mkhuge() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pmdOf = (pfn: number, flags: number): number => pteOf(pfn, flags + PMD_PS);
/** What the entry of the `nth` page would be if the leaf `pmd` were split. */
export const pteInLeaf = (pmd: number, nth: number): number => pteOf(ptePfn(pmd) + nth, pteFlags(pmd) - PMD_PS);
/** True if it maps pages itself, and no table is below it. @kernel pmd_leaf() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pmdIsLeaf = (pmd: number): boolean => (pmd & PMD_PS) !== 0;
/** True if a table is below it. */
export const pmdIsTable = (pmd: number): boolean => (pmd & (PTE_PRESENT | PMD_PS)) === PTE_PRESENT;
/** True of a table and of a leaf, of one that `pmdInvalid` made too. @kernel pmd_present() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pmdIsPresent = (pmd: number): boolean => (pmd & (PTE_PRESENT | PTE_PROTNONE | PMD_PS)) !== 0;
/** A leaf that the hardware may not use while it is split. @kernel pmd_mkinvalid() — arch/x86/include/asm/pgtable.h, v6.18 */
export const pmdInvalid = (pmd: number): number => withoutFlags(pmd, PTE_PRESENT | PTE_PROTNONE);
