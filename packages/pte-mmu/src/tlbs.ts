import type { Folios } from "@zeropfn/folio";
import { type ColumnAllocator, leaves } from "@zeropfn/state";
import { type Access, WRITE } from "@zeropfn/units";
import { PteMmuError } from "./errors.ts";
import { NO_SLOT, type PageTables } from "./page-tables.ts";
import { PTE_ACCESSED, PTE_DIRTY, pteIsAccessed, pteIsDirty, pteIsPresent, pteIsWritable, ptePfn } from "./pte.ts";

/** The access cannot be completed: the kernel must make the page present, or writable. */
export const TLB_MISS = -1;

export interface TlbsOptions {
  /** Processors: integer ≥ 1. */
  readonly cpuCount: number;
  /** log2 of the entries of one processor's TLB: 10 by default in `mm`, 0 when explored. */
  readonly tlbShift: number;
}

/**
 * What each processor remembers of the page tables, and the loads and stores that go through it.
 *
 * A TLB is direct-mapped by the low bits of the page and tagged by page and address space. An entry may outlive the page
 * table entry it was filled from: only a flush removes it. A store through an entry that is not dirty walks again, sets
 * the dirty bit in the table or finds the page read-only.
 *
 * @differs One way, and the address space's number as tag: no ASID is ever reused.
 */
export class Tlbs {
  static {
    if (__EXPLORE__) leaves(Tlbs, "pte-mmu/tlb", { load8: {}, store8: {}, translate: {}, flushPage: { coarse: true }, flushPageOn: {} });
  }
  readonly #pages: Float64Array; // page + 1, or 0 for an empty entry
  readonly #mms: Uint32Array;
  readonly #pfns: Uint32Array;
  readonly #dirty: Uint8Array; // 1: the dirty bit was set when it was filled
  readonly #tables: PageTables;
  readonly #folios: Folios;
  readonly #tlbShift: number;
  readonly #mask: number;
  readonly #cpuCount: number;

  constructor(columns: ColumnAllocator, tables: PageTables, folios: Folios, { cpuCount, tlbShift }: TlbsOptions) {
    if (!Number.isInteger(cpuCount) || cpuCount < 1) throw new PteMmuError("PTE_MMU_BAD_OPTION", `cpuCount ${cpuCount}, expected an integer ≥ 1`);
    if (!Number.isInteger(tlbShift) || tlbShift < 0 || tlbShift > 16) throw new PteMmuError("PTE_MMU_BAD_OPTION", `tlbShift ${tlbShift}, expected 0 to 16`);
    this.#tables = tables;
    this.#folios = folios;
    this.#tlbShift = tlbShift;
    this.#mask = (1 << tlbShift) - 1;
    this.#cpuCount = cpuCount;
    this.#pages = columns.f64("tlb.page", cpuCount << tlbShift);
    this.#mms = columns.u32("tlb.mm", cpuCount << tlbShift);
    this.#pfns = columns.u32("tlb.pfn", cpuCount << tlbShift);
    this.#dirty = columns.u8("tlb.dirty", cpuCount << tlbShift);
  }

  /** One load instruction: the byte at `offset` of `page`, or `TLB_MISS`. */
  load8(cpu: number, mm: number, page: number, offset: number): number {
    const at = (cpu << this.#tlbShift) | (page & this.#mask);
    if ((this.#pages[at] !== page + 1 || this.#mms[at] !== mm) && !this.#fill(at, mm, page)) return TLB_MISS;
    return this.#folios.load8(this.#pfns[at]!, offset);
  }

  /** One store instruction: 0, or `TLB_MISS`. */
  store8(cpu: number, mm: number, page: number, offset: number, value: number): number {
    const at = (cpu << this.#tlbShift) | (page & this.#mask);
    const isDirty = this.#pages[at] === page + 1 && this.#mms[at] === mm && this.#dirty[at] !== 0;
    if (!isDirty && !this.#fillDirty(at, mm, page)) return TLB_MISS;
    this.#folios.store8(this.#pfns[at]!, offset, value);
    return 0;
  }

  /** The frame that an access to `page` reaches, with the accessed and dirty bits set as it sets them, or `TLB_MISS`. */
  translate(cpu: number, mm: number, page: number, access: Access): number {
    const at = (cpu << this.#tlbShift) | (page & this.#mask);
    const isFilled = this.#pages[at] === page + 1 && this.#mms[at] === mm;
    if (access === WRITE) {
      if (!(isFilled && this.#dirty[at] !== 0) && !this.#fillDirty(at, mm, page)) return TLB_MISS;
    } else if (!isFilled && !this.#fill(at, mm, page)) return TLB_MISS;
    return this.#pfns[at]!;
  }

  /** Makes every processor forget the page. As one step; split, it is one `flushPageOn` for each. */
  flushPage(mm: number, page: number): void {
    for (let cpu = 0; cpu < this.#cpuCount; cpu++) this.flushPageOn(cpu, mm, page);
  }
  /** @kernel flush_tlb_func(), invlpg — arch/x86/mm/tlb.c, v6.12 */
  flushPageOn(cpu: number, mm: number, page: number): void {
    const at = (cpu << this.#tlbShift) | (page & this.#mask);
    if (this.#pages[at] === page + 1 && this.#mms[at] === mm) this.#pages[at] = 0;
  }

  /** The hardware's walk for a load. */
  #fill(at: number, mm: number, page: number): boolean {
    const slot = this.#tables.slotOf(mm, page);
    if (slot === NO_SLOT) return false;
    const pte = this.#tables.load(slot);
    if (!pteIsPresent(pte)) return false;
    if (!pteIsAccessed(pte)) this.#tables.store(slot, pte + PTE_ACCESSED);
    this.#remember(at, mm, page, ptePfn(pte), pteIsWritable(pte) && pteIsDirty(pte) ? 1 : 0);
    return true;
  }

  /** The hardware's walk for a store: sets the dirty bit, or fails because the page is absent or read-only. */
  #fillDirty(at: number, mm: number, page: number): boolean {
    const slot = this.#tables.slotOf(mm, page);
    if (slot === NO_SLOT) return false;
    const pte = this.#tables.load(slot);
    if (!pteIsPresent(pte) || !pteIsWritable(pte)) return false;
    const missing = (pteIsAccessed(pte) ? 0 : PTE_ACCESSED) + (pteIsDirty(pte) ? 0 : PTE_DIRTY);
    if (missing !== 0) this.#tables.store(slot, pte + missing);
    this.#remember(at, mm, page, ptePfn(pte), 1);
    return true;
  }

  #remember(at: number, mm: number, page: number, pfn: number, dirty: number): void {
    this.#pages[at] = page + 1;
    this.#mms[at] = mm;
    this.#pfns[at] = pfn;
    this.#dirty[at] = dirty;
  }
}
