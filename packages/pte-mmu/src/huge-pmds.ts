import { isAnonMapping, PG_anon_exclusive, PG_dirty } from "@zeropfn/folio";
import type { MappedPages } from "./mapped-pages.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { protectionOf } from "./page-protection.ts";
import { NO_SLOT } from "./page-tables.ts";
import {
  pmdIsLeaf, pteIsAccessed, pteIsDirty, pteIsSpecial, pteIsWritable, pteOf, ptePfn, pteWithDirty, pteWithoutAccessed, pteWithoutUffdWp, pteWithoutWritable, pteWithSpecial,
  pteWithWritable,
} from "./pte.ts";
import { NO_TABLE } from "./table-pool.ts";
import { leafSlotOf } from "./table-walk.ts";

/** What came of an attempt to give a child a leaf. */
export type LeafCopy = 0 | 1 | 2;
export const LEAF_COPIED = 0;
/** There is no leaf any more: its pages are mapped one by one. */
export const LEAF_IS_SPLIT = 1;
export const NO_TABLE_FOR_LEAF = 2;

/**
 * Leaves one level above the lowest tables: a huge page of private memory, or the huge zero page. Each has a table kept for it, so
 * that it can be split at any time. A leaf is changed under the lock of the table that it lies in.
 *
 * @kernel mm/huge_memory.c, v6.18
 */
export class HugePmds {
  readonly #parts: MmuParts;
  readonly #maps: MappedPages;
  readonly #thpSplitPmd: number;

  constructor(parts: MmuParts, maps: MappedPages) {
    this.#parts = parts;
    this.#maps = maps;
    this.#thpSplitPmd = parts.tracer.event("thp_split_pmd");
  }

  /** Maps the pages of the leaf over `page` one by one, as they were. Nothing if there is no leaf. @kernel __split_huge_pmd() — mm/huge_memory.c, v6.18 */
  split(vma: number, page: number): void {
    const { tables, vmas } = this.#parts, slot = leafSlotOf(this.#parts, vmas.mmOf(vma), page);
    if (slot === NO_SLOT) return;
    tables.lock(slot);
    if (pmdIsLeaf(tables.load(slot))) this.splitLocked(vma, page, slot);
    tables.unlock(slot);
  }
  /** An area shall end at `page`, or begin: no leaf may reach across. @kernel split_huge_pmd_if_needed() — mm/huge_memory.c, v6.18 */
  splitAt(vma: number, page: number): void {
    const { thp } = this.#parts;
    if (thp.isSupported && page !== thp.firstOf(page) && thp.fits(vma, page)) this.split(vma, page);
  }

  /** The same for who has locked the leaf's table and seen the leaf. @kernel __split_huge_pmd_locked() — mm/huge_memory.c, v6.18 */
  splitLocked(vma: number, page: number, slot: number): void {
    const { tables, tlbs, vmas, tracer, thp, folios } = this.#parts, mm = vmas.mmOf(vma), first = thp.firstOf(page);
    tracer.count(this.#thpSplitPmd, 1, first);
    const isZero = pteIsSpecial(tables.load(slot)), old = isZero ? tables.getAndClear(slot) : tables.invalidate(slot);
    tlbs.flushRange(mm, first, first + thp.pageCount);
    if (!isZero) {
      if (pteIsDirty(old)) folios.setFlag(ptePfn(old), PG_dirty);
      this.#maps.splitHuge(vma, ptePfn(old));
    }
    const table = tables.withdrawTable(slot), start = tables.slotInTable(table, first);
    const entry = isZero ? this.#zeroEntry(vma) : this.#entryLike(vma, old), step = isZero ? 0 : pteOf(1, 0);
    for (let nth = 0; nth < thp.pageCount; nth++) tables.store(start + nth, entry + nth * step);
    tables.populatePmd(slot, table);
  }
  /** @kernel __split_huge_zero_page_pmd() — mm/huge_memory.c, v6.18 */
  #zeroEntry(vma: number): number {
    const { vmas, folios } = this.#parts;
    return pteWithSpecial(pteOf(folios.zeroPfn, protectionOf(this.#parts, vmas.flagsOf(vma))));
  }
  /** An entry for the first page of the leaf `old`. */
  #entryLike(vma: number, old: number): number {
    const fresh = pteOf(ptePfn(old), protectionOf(this.#parts, this.#parts.vmas.flagsOf(vma)));
    const aged = pteIsAccessed(old) ? fresh : pteWithoutAccessed(fresh), written = pteIsDirty(old) ? pteWithDirty(aged) : aged;
    return pteIsWritable(old) ? pteWithWritable(written) : written;
  }

  /** Takes the leaf over `page` away; its frame goes to the gather. False if there is none any more. @kernel zap_huge_pmd() — mm/huge_memory.c, v6.18 */
  zap(vma: number, page: number): boolean {
    const { tables, vmas, gather, thp } = this.#parts, mm = vmas.mmOf(vma), first = thp.firstOf(page), slot = leafSlotOf(this.#parts, mm, page);
    if (slot === NO_SLOT) return false;
    tables.lock(slot);
    const isLeaf = pmdIsLeaf(tables.load(slot));
    if (isLeaf) {
      const pmd = tables.getAndClear(slot);
      gather.addPages(first, first + thp.pageCount);
      if (!pteIsSpecial(pmd)) {
        this.#maps.unmapHuge(vma, ptePfn(pmd));
        gather.addFrame(ptePfn(pmd));
      }
      this.freeDeposit(mm, slot);
    }
    tables.unlock(slot);
    if (gather.isFull) gather.flush();
    return isLeaf;
  }
  /** Frees a table that was kept for a leaf. @kernel zap_deposited_table() — mm/huge_memory.c, v6.18 */
  freeDeposit(mm: number, slot: number): void {
    const { tables } = this.#parts, table = tables.withdrawTable(slot);
    if (table !== NO_TABLE) tables.freeTable(mm, table);
  }

  /**
   * Moves the leaf over `from` to where `to` is, with what is kept for it. False if there is none any more, or something is mapped there.
   * @kernel move_huge_pmd() — mm/huge_memory.c, v6.18
   */
  move(mm: number, from: number, to: number): boolean {
    const { tables, tlbs, thp } = this.#parts, slot = leafSlotOf(this.#parts, mm, from), target = tables.createPmdSlot(mm, to);
    if (slot === NO_SLOT || target === NO_SLOT) return false;
    const isOneTable = tables.isSameTable(slot, target);
    tables.lock(slot);
    if (!isOneTable) tables.lock(target);
    const moves = pmdIsLeaf(tables.load(slot)) && tables.load(target) === 0;
    if (moves) {
      const pmd = tables.getAndClear(slot);
      if (!isOneTable) tables.depositTable(target, tables.withdrawTable(slot));
      tables.store(target, pmd);
      tlbs.flushRange(mm, from, from + thp.pageCount);
    }
    if (!isOneTable) tables.unlock(target);
    tables.unlock(slot);
    return moves;
  }

  /**
   * Gives a child's area `to` the leaf that `from` has over `page`: read-only in both, and exclusive to neither. One that a device may write
   * to by its frame is split instead.
   * @kernel copy_huge_pmd() — mm/huge_memory.c, v6.18
   */
  copy(to: number, from: number, page: number, mayBePinned: boolean): LeafCopy {
    const { tables, vmas, folios } = this.#parts, child = vmas.mmOf(to), table = tables.allocateTable(child);
    if (table === NO_TABLE) return NO_TABLE_FOR_LEAF;
    const target = tables.createPmdSlot(child, page), slot = leafSlotOf(this.#parts, vmas.mmOf(from), page);
    if (target === NO_SLOT || slot === NO_SLOT) {
      tables.freeTable(child, table);
      return target === NO_SLOT ? NO_TABLE_FOR_LEAF : LEAF_IS_SPLIT;
    }
    tables.lock(target);
    tables.lock(slot);
    const pmd = tables.load(slot), isLeaf = pmdIsLeaf(pmd), mustSplit = isLeaf && mayBePinned && this.#isPinned(pmd);
    if (isLeaf && !mustSplit) {
      if (!pteIsSpecial(pmd)) {
        folios.get(ptePfn(pmd));
        folios.clearOnPages(ptePfn(pmd), PG_anon_exclusive);
        this.#maps.mapHugeAgain(to, ptePfn(pmd));
      }
      tables.depositTable(target, table);
      if (pteIsWritable(pmd)) tables.setWriteProtect(slot);
      tables.store(target, pteWithoutUffdWp(pteWithoutAccessed(pteWithoutWritable(pmd))));
    }
    tables.unlock(slot);
    tables.unlock(target);
    if (isLeaf && !mustSplit) return LEAF_COPIED;
    tables.freeTable(child, table);
    if (mustSplit) this.split(from, page);
    return LEAF_IS_SPLIT;
  }
  #isPinned(pmd: number): boolean {
    const { folios } = this.#parts, pfn = ptePfn(pmd);
    return !pteIsSpecial(pmd) && isAnonMapping(folios.mapping(pfn)) && folios.testFlag(pfn, PG_anon_exclusive) && folios.maybeDmaPinned(pfn);
  }
}
