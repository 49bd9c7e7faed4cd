import type { MappedPages } from "./mapped-pages.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { pteIsPresent, pteIsSpecial, ptePfn } from "./pte.ts";
import { type TableVisitor, walkTables } from "./table-walk.ts";

const LOCK = 1;
const UNLOCK = 0;

/** Locks and unlocks the pages that an area maps already. The area's flags are the caller's business, before it. */
export class MlockPages implements TableVisitor {
  readonly #parts: MmuParts;
  readonly #maps: MappedPages;

  constructor(parts: MmuParts, maps: MappedPages) {
    this.#parts = parts;
    this.#maps = maps;
  }

  /** The area was not locked, and is now. @kernel mlock_vma_pages_range() — mm/mlock.c, v6.18 */
  lock(vma: number, first: number, end: number): void {
    walkTables(this.#parts, vma, first, end, this, LOCK);
  }
  /** The area was locked, and is not any more. @kernel mlock_vma_pages_range() — mm/mlock.c, v6.18 */
  unlock(vma: number, first: number, end: number): void {
    walkTables(this.#parts, vma, first, end, this, UNLOCK);
  }

  /** @kernel mlock_pte_range() — mm/mlock.c, v6.18 */
  visitTable(_vma: number, _page: number, slot: number, endSlot: number, context: number): number {
    const { tables } = this.#parts;
    tables.lock(slot);
    for (let at = tables.nextUsedSlot(slot, endSlot); at < endSlot; at = tables.nextUsedSlot(at + 1, endSlot)) {
      const pte = tables.load(at);
      if (!pteIsPresent(pte) || pteIsSpecial(pte)) continue;
      if (context === LOCK) this.#maps.mlockFolio(ptePfn(pte));
      else this.#maps.munlockFolio(ptePfn(pte));
    }
    tables.unlock(slot);
    return 0;
  }
}
