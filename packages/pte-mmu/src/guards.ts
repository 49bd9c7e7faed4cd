import { ENOMEM } from "@zeropfn/units";
import { mark } from "@zeropfn/state";
import type { MmuParts } from "./mmu-parts.ts";
import { LEAF_ABOVE, NO_SLOT } from "./page-tables.ts";
import { PTE_NONE } from "./pte.ts";
import { markerPteOf, PTE_MARKER_GUARD, pteMarkers } from "./swap-pte.ts";
import { type TableVisitor, walkTables } from "./table-walk.ts";
import { vmaIsAnonymous } from "./vmas.ts";
import { ZAP_EVEN_COWS, type Zap } from "./zap.ts";

const GUARD: number = markerPteOf(PTE_MARKER_GUARD);
/** Something is mapped where a guard shall be. */
const NEEDS_ZAP = 1;

/** MADV_GUARD_INSTALL and MADV_GUARD_REMOVE: markers at which an access is a SIGSEGV. */
export class Guards implements TableVisitor {
  readonly #parts: MmuParts;
  readonly #zap: Zap;

  constructor(parts: MmuParts, zap: Zap) {
    this.#parts = parts;
    this.#zap = zap;
  }

  /**
   * Puts a marker at each of pages [first, end) of an area. What is mapped there goes.
   *
   * @returns 0, or -ENOMEM: some markers may be there.
   * @kernel madvise_guard_install() — mm/madvise.c, v6.18
   * @kernel VM_MAYBE_GUARD — include/linux/mm.h, v6.19: later 6.18 kernels have it too
   * @differs Tries for ever; the kernel restarts the system call after three times. VM_MAYBE_GUARD is the caller's business.
   */
  install(vma: number, first: number, end: number): number {
    const { vmas, anonVmas } = this.#parts;
    // An area of a file gets no region: fork sees by VM_MAYBE_GUARD that it has to copy the entries.
    if (vmaIsAnonymous(vmas, vma) && !anonVmas.prepare(vma)) return -ENOMEM;
    for (;;) {
      mark("guards.install", vma, first, end);
      const result = this.#tryInstall(vma, first, end);
      if (result !== NEEDS_ZAP) return result;
      this.#zap.single(vma, first, end, ZAP_EVEN_COWS);
    }
  }

  /** Takes the markers of pages [first, end) of an area away. @kernel madvise_guard_remove() — mm/madvise.c, v6.18 */
  remove(vma: number, first: number, end: number): void {
    walkTables(this.#parts, vma, first, end, this);
  }

  /** No marker is under a leaf. @kernel guard_remove_pmd_entry() — mm/madvise.c, v6.18 */
  visitLeaf(): number {
    return 0;
  }

  /** @kernel guard_remove_pte_entry() — mm/madvise.c, v6.18 */
  visitTable(_vma: number, _page: number, slot: number, endSlot: number): number {
    const { tables } = this.#parts;
    tables.lock(slot);
    for (let at = tables.nextUsedSlot(slot, endSlot); at < endSlot; at = tables.nextUsedSlot(at + 1, endSlot)) {
      if ((pteMarkers(tables.load(at)) & PTE_MARKER_GUARD) !== 0) tables.store(at, PTE_NONE);
    }
    tables.unlock(slot);
    return 0;
  }

  /** @kernel guard_install_pte_entry(), guard_install_set_pte() — mm/madvise.c, v6.18 */
  #tryInstall(vma: number, first: number, end: number): number {
    const { tables, vmas } = this.#parts, mm = vmas.mmOf(vma);
    for (let page = first; page < end; ) {
      const slot = tables.createSlot(mm, page);
      if (slot === NO_SLOT) return -ENOMEM;
      if (slot === LEAF_ABOVE) return NEEDS_ZAP;
      const next = Math.min(end, tables.endOfTable(page));
      if (!this.#fillTable(slot, slot + (next - page))) return NEEDS_ZAP;
      page = next;
    }
    return 0;
  }

  /** False at the first entry that is no guard. */
  #fillTable(slot: number, endSlot: number): boolean {
    const { tables } = this.#parts;
    let isFilled = true;
    tables.lock(slot);
    for (let at = slot; at < endSlot && isFilled; at++) {
      const pte = tables.load(at);
      if (pte === PTE_NONE) tables.store(at, GUARD);
      else isFilled = (pteMarkers(pte) & PTE_MARKER_GUARD) !== 0;
    }
    tables.unlock(slot);
    return isFilled;
  }
}
