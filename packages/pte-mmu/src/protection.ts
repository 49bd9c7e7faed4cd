import { isAnonMapping, PG_anon_exclusive } from "@zeropfn/folio";
import type { HugePmds } from "./huge-pmds.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { protectionOf, wantsWriteNotify } from "./page-protection.ts";
import { NO_SLOT } from "./page-tables.ts";
import {
  pmdIsLeaf, pteIsDirty, pteIsExecutable, pteIsPresent, pteIsProtnone, pteIsSpecial, pteIsUsable, pteIsWritable, pteModify, ptePfn, pteWithWritable,
} from "./pte.ts";
import { leafSlotOf, type TableVisitor, WALK_AGAIN, walkTables } from "./table-walk.ts";
import { VM_SHARED, VM_WRITE } from "./vm-flags.ts";

const TRY_WRITABLE = 1;

/** Gives present entries the protection of their area, after that has changed. */
export class Protection implements TableVisitor {
  readonly #parts: MmuParts;
  readonly #huge: HugePmds;

  constructor(parts: MmuParts, huge: HugePmds) {
    this.#parts = parts;
    this.#huge = huge;
  }

  /**
   * Pages [first, end) of an area get its protection. A page that would become writable at the next write without anybody
   * being asked becomes so at once. The caller holds mmap_lock alone.
   * @kernel change_protection(), vma_wants_manual_pte_write_upgrade() — mm/mprotect.c, include/linux/mm.h, v6.18
   */
  change(vma: number, first: number, end: number): void {
    const { gather, vmas } = this.#parts, flags = vmas.flagsOf(vma);
    const isTry = (flags & VM_SHARED) === 0 ? (flags & VM_WRITE) !== 0 : wantsWriteNotify(this.#parts, flags);
    gather.begin(vmas.mmOf(vma));
    walkTables(this.#parts, vma, first, end, this, isTry ? TRY_WRITABLE : 0);
    gather.finish();
  }

  /** @kernel change_pmd_range(), change_huge_pmd() — mm/mprotect.c, mm/huge_memory.c, v6.18 */
  visitLeaf(vma: number, page: number, end: number, context: number): number {
    const { tables, vmas, gather, thp } = this.#parts, flags = vmas.flagsOf(vma), slot = leafSlotOf(this.#parts, vmas.mmOf(vma), page);
    if (slot === NO_SLOT) return WALK_AGAIN;
    if (end - page < thp.pageCount) {
      this.#huge.split(vma, page);
      return WALK_AGAIN;
    }
    tables.lock(slot);
    const isLeaf = pmdIsLeaf(tables.load(slot));
    if (isLeaf) {
      const old = tables.invalidate(slot), changed = pteModify(old, protectionOf(this.#parts, flags));
      const pmd = context === TRY_WRITABLE && !pteIsWritable(changed) && this.#canBeWritable(flags, changed) ? pteWithWritable(changed) : changed;
      tables.store(slot, pmd);
      if (losesRight(old, pmd)) gather.addPages(page, end);
    }
    tables.unlock(slot);
    return isLeaf ? 0 : WALK_AGAIN;
  }

  /** @kernel change_pte_range() — mm/mprotect.c, v6.18 */
  visitTable(vma: number, page: number, slot: number, endSlot: number, context: number): number {
    const { tables, tlbs, vmas, gather } = this.#parts, flags = vmas.flagsOf(vma), protection = protectionOf(this.#parts, flags);
    tables.lock(slot);
    tlbs.flushBatchedPending(vmas.mmOf(vma));
    for (let at = tables.nextUsedSlot(slot, endSlot); at < endSlot; at = tables.nextUsedSlot(at + 1, endSlot)) {
      if (!pteIsPresent(tables.load(at))) continue;
      const old = tables.getAndClear(at); // the hardware sets no bit in an entry that is not there
      let pte = pteModify(old, protection);
      if (context === TRY_WRITABLE && !pteIsWritable(pte) && this.#canBeWritable(flags, pte)) pte = pteWithWritable(pte);
      tables.store(at, pte);
      if (losesRight(old, pte)) gather.addPage(page + (at - slot));
    }
    tables.unlock(slot);
    return 0;
  }

  /** @kernel can_change_pte_writable() — mm/mprotect.c, v6.18 */
  #canBeWritable(flags: number, pte: number): boolean {
    if (pteIsProtnone(pte)) return false;
    if ((flags & VM_SHARED) !== 0) return pteIsDirty(pte);
    if (pteIsSpecial(pte)) return false;
    const { folios } = this.#parts, pfn = ptePfn(pte);
    return isAnonMapping(folios.mapping(pfn)) && folios.testFlag(pfn, PG_anon_exclusive);
  }
}

/** True if a processor that remembers the old entry may do more than the new one allows. @kernel pte_needs_flush() — arch/x86/include/asm/tlbflush.h, v6.18 */
const losesRight = (old: number, pte: number): boolean =>
  pteIsUsable(old) && (!pteIsUsable(pte) || (pteIsWritable(old) && !pteIsWritable(pte)) || (pteIsExecutable(old) && !pteIsExecutable(pte)));
