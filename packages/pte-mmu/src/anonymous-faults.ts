import { type Folios, NO_FRAME } from "@zeropfn/folio";
import { type Access, type FaultResult, VM_FAULT_OOM, VM_FAULT_SIGBUS, WRITE } from "@zeropfn/units";
import type { MappedPages } from "./mapped-pages.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { protectionOf } from "./page-protection.ts";
import { LEAF_ABOVE, NO_SLOT } from "./page-tables.ts";
import { PTE_NONE, pteOf, pteWithDirty, pteWithSpecial, pteWithWritable } from "./pte.ts";
import { VM_SHARED, VM_WRITE } from "./vm-flags.ts";

/** The first access to a page of private memory: a read is shown the zero page, a write gets a page of its own. */
export class AnonymousFaults {
  readonly #parts: MmuParts;
  readonly #maps: MappedPages;

  constructor(parts: MmuParts, maps: MappedPages) {
    this.#parts = parts;
    this.#maps = maps;
  }

  /**
   * @param known The slot of the entry, or `NO_SLOT`: there was no table for it.
   * @returns 0, VM_FAULT_OOM, or VM_FAULT_SIGBUS for a shared area that shows no file.
   * @kernel do_anonymous_page() — mm/memory.c, v6.18
   */
  handle(vma: number, page: number, known: number, access: Access): FaultResult {
    const { tables, vmas } = this.#parts;
    if ((vmas.flagsOf(vma) & VM_SHARED) !== 0) return VM_FAULT_SIGBUS;
    const slot = known === NO_SLOT ? tables.createSlot(vmas.mmOf(vma), page) : known;
    if (slot === NO_SLOT) return VM_FAULT_OOM;
    if (slot === LEAF_ABOVE) return 0; // a huge page has come: try again
    return access === WRITE ? this.#mapNewPage(vma, page, slot) : this.#mapZeroPage(vma, slot);
  }

  #mapNewPage(vma: number, page: number, slot: number): FaultResult {
    const { tables, anonVmas, folios } = this.#parts;
    if (!anonVmas.prepare(vma)) return VM_FAULT_OOM;
    const pfn = allocateZeroed(folios);
    if (pfn === NO_FRAME) return VM_FAULT_OOM;
    tables.lock(slot);
    const isMissing = tables.load(slot) === PTE_NONE;
    if (isMissing) {
      this.#maps.mapNewAnonymous(vma, page, pfn);
      tables.store(slot, newPte(this.#parts, vma, pfn));
    }
    tables.unlock(slot);
    if (!isMissing) folios.put(pfn);
    return 0;
  }

  /** Neither counted nor referenced: nobody needs to know who sees it. */
  #mapZeroPage(vma: number, slot: number): FaultResult {
    const { tables, vmas, folios } = this.#parts;
    tables.lock(slot);
    if (tables.load(slot) === PTE_NONE) tables.store(slot, pteWithSpecial(pteOf(folios.zeroPfn, protectionOf(this.#parts, vmas.flagsOf(vma)))));
    tables.unlock(slot);
    return 0;
  }
}

/** The entry of a page of one's own that is written now: dirty, and writable where the area is. @kernel maybe_mkwrite() — include/linux/mm.h, v6.18 */
export function newPte(parts: MmuParts, vma: number, pfn: number): number {
  const flags = parts.vmas.flagsOf(vma), pte = pteWithDirty(pteOf(pfn, protectionOf(parts, flags)));
  return (flags & VM_WRITE) === 0 ? pte : pteWithWritable(pte);
}

/** A frame of zeros with one reference, or `NO_FRAME`. @kernel alloc_anon_folio(), vma_alloc_zeroed_movable_folio() — mm/memory.c, include/linux/highmem.h, v6.18 */
export function allocateZeroed(folios: Folios): number {
  const pfn = folios.allocate(0);
  if (pfn !== NO_FRAME) folios.zero(pfn);
  return pfn;
}
