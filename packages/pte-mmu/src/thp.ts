import type { Folios } from "@zeropfn/folio";
import { type ColumnAllocator, leaves } from "@zeropfn/state";
import type { PageTables } from "./page-tables.ts";
import { VM_HUGEPAGE, VM_HUGETLB, VM_NOHUGEPAGE, VM_SPECIAL } from "./vm-flags.ts";
import { NO_ANON_VMA, type Vmas, vmaIsAnonymous } from "./vmas.ts";

/** Which anonymous areas get huge pages when they are touched. @kernel transparent_hugepage_flags — mm/huge_memory.c, v6.18 */
export type ThpMode = 0 | 1 | 2;
/** None. */
export const THP_NEVER = 0;
/** Those of MADV_HUGEPAGE. */
export const THP_MADVISE = 1;
/** All but those of MADV_NOHUGEPAGE. */
export const THP_ALWAYS = 2;

/**
 * Transparent huge pages: how large they are, and where they may be put. A huge page is what one leaf above the lowest table maps.
 * @kernel thp_vma_allowable_orders() — include/linux/huge_mm.h, mm/huge_memory.c, v6.18
 * @differs One size; no khugepaged, which would put them in place later by itself.
 */
export class Thp {
  static {
    if (__EXPLORE__) leaves(Thp, "pte-mmu/thp", { mode: { silent: true }, setMode: {}, isDisabled: { silent: true }, setDisabled: {} });
  }
  /** False: the machine has no huge pages. Constant. */
  readonly isSupported: boolean;
  /** A huge page has 2^order pages. */
  readonly order: number;
  /** 2^order. */
  readonly pageCount: number;
  readonly #vmas: Vmas;
  readonly #mode: Uint8Array; // [0]
  readonly #disabled: Uint8Array; // of an mm

  /** @param isWanted False: the machine shall have none, and no columns for them. */
  constructor(columns: ColumnAllocator, folios: Folios, tables: PageTables, vmas: Vmas, isWanted: boolean) {
    this.pageCount = tables.pagesPerTable;
    this.order = Math.log2(this.pageCount);
    this.isSupported = isWanted && tables.hasPmds && folios.hugeZeroOrder === this.order;
    this.#vmas = vmas;
    this.#mode = columns.u8("thp.mode", this.isSupported ? 1 : 0);
    this.#disabled = columns.u8("mm.thpDisabled", this.isSupported ? tables.mmCapacity : 0);
  }

  mode(): ThpMode {
    return (this.isSupported ? this.#mode[0]! : THP_NEVER) as ThpMode;
  }
  /** Of what is touched from now on. Nothing if the machine has no huge pages. @kernel enabled_store() — mm/huge_memory.c, v6.18 */
  setMode(mode: ThpMode): void {
    if (this.isSupported) this.#mode[0] = mode;
  }
  /** True if an address space gets none, not even by advice. @kernel MMF_DISABLE_THP_COMPLETELY — include/linux/mm_types.h, v6.18 */
  isDisabled(mm: number): boolean {
    return !this.isSupported || this.#disabled[mm] !== 0;
  }
  /** @kernel prctl(PR_SET_THP_DISABLE) — kernel/sys.c, v6.18 */
  setDisabled(mm: number, isDisabled: boolean): void {
    if (this.isSupported) this.#disabled[mm] = isDisabled ? 1 : 0;
  }

  /** The first page of the block that a leaf over `page` would map. */
  firstOf(page: number): number {
    return page - (page & (this.pageCount - 1));
  }
  /** True if the block of `page` lies wholly in the area. @kernel thp_vma_suitable_order() — include/linux/huge_mm.h, v6.18 */
  fits(vma: number, page: number): boolean {
    const first = this.firstOf(page);
    return first >= this.#vmas.firstPageOf(vma) && first + this.pageCount <= this.#vmas.endPageOf(vma);
  }

  /** True if a fault may put a huge page into the area, where its block fits. @kernel thp_vma_allowable_order() with TVA_PAGEFAULT — include/linux/huge_mm.h, v6.18 */
  allowsFault(vma: number): boolean {
    return vmaIsAnonymous(this.#vmas, vma) && this.#isModeFor(vma) && this.#isNotForbidden(vma);
  }
  /** True if advice may collapse pages of the area, whatever the mode is. @kernel thp_vma_allowable_order() with TVA_FORCED_COLLAPSE — include/linux/huge_mm.h, v6.18 */
  allowsCollapse(vma: number): boolean {
    const vmas = this.#vmas;
    if (!vmaIsAnonymous(vmas, vma) || !this.#isNotForbidden(vma) || (vmas.flagsOf(vma) & (VM_SPECIAL | VM_HUGETLB)) !== 0) return false;
    return this.#hasBlock(vma) && vmas.anonVmaOf(vma) !== NO_ANON_VMA;
  }
  /** What smaps shows as THPeligible. @kernel thp_vma_allowable_orders() with TVA_SMAPS — include/linux/huge_mm.h, v6.18 */
  isEligible(vma: number): boolean {
    return this.allowsFault(vma) && this.#hasBlock(vma);
  }

  /** True if the last block that could lie in the area does. */
  #hasBlock(vma: number): boolean {
    const last = this.#vmas.endPageOf(vma) - this.pageCount;
    return last >= 0 && this.fits(vma, last);
  }
  #isModeFor(vma: number): boolean {
    const mode = this.mode();
    return mode === THP_ALWAYS || (mode === THP_MADVISE && (this.#vmas.flagsOf(vma) & VM_HUGEPAGE) !== 0);
  }
  /** @kernel vma_thp_disabled() — include/linux/huge_mm.h, v6.18 */
  #isNotForbidden(vma: number): boolean {
    return (this.#vmas.flagsOf(vma) & VM_NOHUGEPAGE) === 0 && !this.isDisabled(this.#vmas.mmOf(vma));
  }
}
