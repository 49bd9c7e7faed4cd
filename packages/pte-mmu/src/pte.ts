/**
 * A page table entry as one number below 2^53: the x86-64 word, its bit 63 moved to 52.
 *
 * | bits  | name       | meaning                                             |
 * |-------|------------|-----------------------------------------------------|
 * | 0     | PRESENT    | the hardware may use it                             |
 * | 1     | WRITABLE   |                                                     |
 * | 2     | USER       |                                                     |
 * | 5, 6  | ACCESSED, DIRTY | set by the hardware, cleared by software       |
 * | 9     | SPECIAL    | software: no folio behind it (zero page, storage)   |
 * | 12-51 | frame      | number of the frame                                 |
 * | 52    | NX         | no instruction fetch                                |
 *
 * @kernel _PAGE_BIT_PRESENT … _PAGE_BIT_SPECIAL, _PAGE_BIT_NX — arch/x86/include/asm/pgtable_types.h, v6.12
 * @differs NX is bit 63 there; a double holds 53 bits. The frame number begins at bit 12 whatever the page size.
 */
export const PTE_PRESENT = 0x001;
export const PTE_WRITABLE = 0x002;
export const PTE_USER = 0x004;
export const PTE_ACCESSED = 0x020;
export const PTE_DIRTY = 0x040;
export const PTE_SPECIAL = 0x200;
export const PTE_NX: number = 2 ** 52;
/** Nothing is mapped. */
export const PTE_NONE = 0;

const FRAME_UNIT = 4096;
/** The NX bit, seen from the frame number. */
const NX_OF_FRAME = 2 ** 40;

/** The entry for frame `pfn` (0 … 2^40-1) with `flags`, a sum of PTE_* bits. @kernel pfn_pte() — arch/x86/include/asm/pgtable.h, v6.12 */
export const pteOf = (pfn: number, flags: number): number => pfn * FRAME_UNIT + flags;
/** @kernel pte_pfn() — arch/x86/include/asm/pgtable.h, v6.12 */
export function ptePfn(pte: number): number {
  const frame = Math.floor(pte / FRAME_UNIT);
  return frame < NX_OF_FRAME ? frame : frame - NX_OF_FRAME; // `%` of doubles takes longer than a walk
}
/** @kernel pte_present() — arch/x86/include/asm/pgtable.h, v6.12 */
export const pteIsPresent = (pte: number): boolean => (pte & PTE_PRESENT) !== 0;
/** @kernel pte_write() — arch/x86/include/asm/pgtable.h, v6.12 */
export const pteIsWritable = (pte: number): boolean => (pte & PTE_WRITABLE) !== 0;
/** @kernel pte_young() — arch/x86/include/asm/pgtable.h, v6.12 */
export const pteIsAccessed = (pte: number): boolean => (pte & PTE_ACCESSED) !== 0;
/** @kernel pte_dirty() — arch/x86/include/asm/pgtable.h, v6.12 */
export const pteIsDirty = (pte: number): boolean => (pte & PTE_DIRTY) !== 0;
/** @kernel pte_special() — arch/x86/include/asm/pgtable.h, v6.12 */
export const pteIsSpecial = (pte: number): boolean => (pte & PTE_SPECIAL) !== 0;
/** @kernel pte_exec() — arch/x86/include/asm/pgtable.h, v6.12 */
export const pteIsExecutable = (pte: number): boolean => pte < PTE_NX;
