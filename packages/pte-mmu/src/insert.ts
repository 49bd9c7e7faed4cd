import { type Access, type FaultResult, VM_FAULT_NOPAGE, VM_FAULT_OOM, WRITE } from "@zeropfn/units";
import type { MappedPages } from "./mapped-pages.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { NO_SLOT } from "./page-tables.ts";
import { PTE_ACCESSED, PTE_DIRTY, PTE_NONE, PTE_NX, PTE_PRESENT, PTE_SPECIAL, PTE_USER, PTE_WRITABLE, pteOf, ptePfn } from "./pte.ts";
import { VM_EXEC } from "./vm-flags.ts";

/** What handlers map themselves, instead of answering with a page. */
export class Inserts {
  readonly #parts: MmuParts;
  readonly #maps: MappedPages;

  constructor(parts: MmuParts, maps: MappedPages) {
    this.#parts = parts;
    this.#maps = maps;
  }

  /**
   * Maps a frame that has no folio to account: the zero page, or storage. Read-only, unless `access` is a write; then
   * dirty and writable in one step. A present entry stays, unless this is a write to the same frame.
   * @returns VM_FAULT_NOPAGE, or VM_FAULT_OOM.
   * @kernel insert_pfn() — mm/memory.c, v6.18
   */
  pfn(vma: number, page: number, pfn: number, access: Access): FaultResult {
    const { tables, vmas } = this.#parts, slot = tables.createSlot(vmas.mmOf(vma), page);
    if (slot === NO_SLOT) return VM_FAULT_OOM;
    const isWrite = access === WRITE;
    tables.lock(slot);
    const old = tables.load(slot);
    if (old === PTE_NONE || (isWrite && ptePfn(old) === pfn)) {
      tables.store(slot, pteOf(pfn, PTE_SPECIAL + (isWrite ? PTE_WRITABLE + PTE_DIRTY : 0) + rightsOf(vmas.flagsOf(vma))));
    }
    tables.unlock(slot);
    return VM_FAULT_NOPAGE;
  }

  /**
   * Maps a folio's page read-only, and takes a reference on it. A present entry stays.
   * @returns VM_FAULT_NOPAGE, or VM_FAULT_OOM.
   * @kernel finish_fault(), set_pte_range() — mm/memory.c, v6.18
   */
  folio(vma: number, page: number, pfn: number): FaultResult {
    const { tables, vmas, folios } = this.#parts, slot = tables.createSlot(vmas.mmOf(vma), page);
    if (slot === NO_SLOT) return VM_FAULT_OOM;
    tables.lock(slot);
    if (tables.load(slot) === PTE_NONE) {
      folios.get(pfn);
      this.#maps.mapFile(vma, pfn);
      tables.store(slot, pteOf(pfn, rightsOf(vmas.flagsOf(vma))));
    }
    tables.unlock(slot);
    return VM_FAULT_NOPAGE;
  }
}

/** What every entry of an area has. New entries are young: the access that faulted is about to use them. */
const rightsOf = (vmaFlags: number): number => PTE_PRESENT + PTE_USER + PTE_ACCESSED + ((vmaFlags & VM_EXEC) === 0 ? PTE_NX : 0);
