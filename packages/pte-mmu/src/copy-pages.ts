import { isAnonMapping, NO_FRAME, PG_anon_exclusive } from "@zeropfn/folio";
import { newPte } from "./anonymous-faults.ts";
import { type HugePmds, LEAF_COPIED, LEAF_IS_SPLIT } from "./huge-pmds.ts";
import type { MappedPages } from "./mapped-pages.ts";
import { MM_ANONPAGES, RSS_KINDS } from "./mm-counters.ts";
import type { MmPins } from "./mm-pins.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { NO_SLOT } from "./page-tables.ts";
import { PTE_NONE, pteIsPresent, pteIsSpecial, pteIsWritable, ptePfn, pteWithoutAccessed, pteWithoutDirty, pteWithoutUffdWp, pteWithoutWritable } from "./pte.ts";
import { markerPteOf, migrationPteOf, PTE_MARKER_GUARD, PTE_MARKER_POISONED, pteIsMigration, pteMarkers, SWP_MIGRATION_READ, swapPteOffset } from "./swap-pte.ts";
import { type TableVisitor, WALK_AGAIN, walkTables } from "./table-walk.ts";
import { isCowMapping, VM_MAYBE_GUARD, VM_SHARED, type VmFlags } from "./vm-flags.ts";
import { NO_ANON_VMA } from "./vmas.ts";

/** Ends a walk: no frame or no table could be had. */
const NO_MEMORY = 1;

/** Gives a child the pages of its parent, each under the locks of both tables. */
export class CopyPages implements TableVisitor {
  readonly #parts: MmuParts;
  readonly #maps: MappedPages;
  readonly #pins: MmPins;
  readonly #huge: HugePmds;
  /** A frame for a page that must be copied. Scratch: written before it is read. */
  #spare: number = NO_FRAME;
  /** Pages of each kind that the child has more, of one table. Scratch too. */
  readonly #rss: Int32Array = new Int32Array(RSS_KINDS);

  constructor(parts: MmuParts, maps: MappedPages, pins: MmPins, huge: HugePmds) {
    this.#parts = parts;
    this.#huge = huge;
    this.#maps = maps;
    this.#pins = pins;
  }

  /**
   * Copies the entries of `from`, an area of the parent, to `to`, the same pages of the child. Private pages become read-only
   * in both, and belong to neither alone; who writes first copies. A page that a device may write to by its frame stays the
   * parent's alone: the child gets a copy at once. An area that has written nothing, and has no guard, is filled by the child's own faults.
   * The parent's processors may write on until the caller has flushed them.
   *
   * @returns False: no memory. What was copied by then is the child's.
   * @kernel copy_page_range(), vma_needs_copy() — mm/memory.c, v6.18
   */
  area(to: number, from: number): boolean {
    const { vmas } = this.#parts;
    if (vmas.anonVmaOf(from) === NO_ANON_VMA && (vmas.flagsOf(from) & VM_MAYBE_GUARD) === 0) return true;
    return walkTables(this.#parts, from, vmas.firstPageOf(from), vmas.endPageOf(from), this, to) === 0;
  }

  /** @kernel copy_pmd_range() — mm/memory.c, v6.18 */
  visitLeaf(from: number, page: number, _end: number, to: number): number {
    const copied = this.#huge.copy(to, from, page, this.#pins.hasPinned(this.#parts.vmas.mmOf(from)));
    return copied === LEAF_COPIED ? 0 : copied === LEAF_IS_SPLIT ? WALK_AGAIN : NO_MEMORY;
  }

  /** @kernel copy_pte_range() — mm/memory.c, v6.18 */
  visitTable(from: number, firstPage: number, slot: number, endSlot: number, to: number): number {
    const { tables, vmas, folios } = this.#parts, child = vmas.mmOf(to), shift = firstPage - slot;
    this.#spare = NO_FRAME;
    for (let at = tables.nextUsedSlot(slot, endSlot); at < endSlot; ) {
      const target = tables.createSlot(child, at + shift);
      if (target === NO_SLOT) return NO_MEMORY;
      tables.lock(target);
      tables.lock(at);
      const stop = this.#copyEntries(from, to, at, endSlot, target - at, shift);
      tables.unlock(at);
      tables.unlock(target);
      if (stop === endSlot) break;
      // A page must be copied, and that needs a frame, which is not to be had under locks.
      this.#spare = folios.allocate(0);
      if (this.#spare === NO_FRAME) return NO_MEMORY;
      at = stop;
    }
    if (this.#spare !== NO_FRAME) folios.put(this.#spare); // the page was unpinned meanwhile
    return 0;
  }

  /** From slot `at` to the end, or to an entry that needs a frame and finds none spare: the slot where to go on. */
  #copyEntries(from: number, to: number, at: number, endSlot: number, toTarget: number, shift: number): number {
    const { tables, vmas, counters } = this.#parts, child = vmas.mmOf(to), flags = vmas.flagsOf(from);
    let stop = endSlot;
    this.#rss.fill(0);
    for (let slot = at; slot < endSlot; slot = tables.nextUsedSlot(slot + 1, endSlot)) {
      const pte = tables.load(slot);
      if (pte === PTE_NONE) continue;
      if (!pteIsPresent(pte)) this.#copyNotPresent(to, pte, slot, slot + toTarget);
      else if (!this.#mustCopyNow(from, pte)) this.#share(flags, child, to, pte, slot, slot + toTarget);
      else if (this.#spare === NO_FRAME) {
        stop = slot;
        break;
      } else {
        this.#copyNow(to, slot + shift, pte, slot + toTarget, this.#spare);
        this.#spare = NO_FRAME;
      }
    }
    counters.addAll(child, this.#rss);
    return stop;
  }

  /** @kernel copy_nonpresent_pte(), copy_pte_marker() — mm/memory.c, v6.18 @differs No page is swapped out yet. */
  #copyNotPresent(to: number, pte: number, slot: number, target: number): void {
    const { tables, vmas, counters } = this.#parts, markers = pteMarkers(pte) & (PTE_MARKER_GUARD | PTE_MARKER_POISONED);
    if (markers !== 0) tables.store(target, markerPteOf(markers));
    if (!pteIsMigration(pte)) return;
    // Who migrates it finds both, and gives neither the right to write.
    const entry = migrationPteOf(SWP_MIGRATION_READ, swapPteOffset(pte));
    counters.add(vmas.mmOf(to), MM_ANONPAGES, 1);
    tables.store(slot, entry);
    tables.store(target, entry);
  }

  /** True if a device may write to the page by its frame. @kernel folio_try_dup_anon_rmap_pte(), folio_needs_cow_for_dma() — include/linux/rmap.h, include/linux/mm.h, v6.18 */
  #mustCopyNow(from: number, pte: number): boolean {
    const { folios, vmas } = this.#parts, pfn = ptePfn(pte);
    if (pteIsSpecial(pte) || !isAnonMapping(folios.mapping(pfn)) || !folios.testFlag(pfn, PG_anon_exclusive)) return false;
    return this.#pins.hasPinned(vmas.mmOf(from)) && folios.maybeDmaPinned(pfn);
  }

  /** @kernel copy_present_ptes(), folio_try_dup_anon_rmap_pte() — mm/memory.c, include/linux/rmap.h, v6.18 */
  #share(flags: VmFlags, child: number, to: number, pte: number, slot: number, target: number): void {
    const { tables, folios } = this.#parts, isCow = isCowMapping(flags);
    if (!pteIsSpecial(pte)) {
      const pfn = ptePfn(pte);
      folios.get(pfn);
      if (isAnonMapping(folios.mapping(pfn))) {
        folios.clearFlag(pfn, PG_anon_exclusive);
        this.#rss[MM_ANONPAGES]!++;
        this.#maps.add(pfn, child);
      } else this.#maps.mapFile(to, pfn);
    }
    if (isCow && pteIsWritable(pte)) tables.setWriteProtect(slot);
    const shared = isCow ? pteWithoutWritable(pte) : (flags & VM_SHARED) !== 0 ? pteWithoutDirty(pte) : pte;
    tables.store(target, pteWithoutUffdWp(pteWithoutAccessed(shared)));
  }

  /** @kernel copy_present_page() — mm/memory.c, v6.18 */
  #copyNow(to: number, page: number, pte: number, target: number, copy: number): void {
    const { folios, tables } = this.#parts;
    folios.copy(copy, ptePfn(pte));
    this.#maps.mapNewAnonymous(to, page, copy);
    tables.store(target, newPte(this.#parts, to, copy));
  }
}
