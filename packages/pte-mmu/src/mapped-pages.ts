import { anonMapping, type Folios, isAnonMapping, PG_active, PG_anon_exclusive, PG_mlocked, PG_swapbacked, PG_unevictable, PG_uptodate } from "@zeropfn/folio";
import { leaves, type Tracer } from "@zeropfn/state";
import type { HugeMappings } from "./huge-mappings.ts";
import { BATCHED_MLOCK, BATCHED_MUNLOCK, MlockBatch } from "./mlock-batch.ts";
import { MM_ANONPAGES, MM_FILEPAGES, MM_SHMEMPAGES, type MmCounter, type MmCounters } from "./mm-counters.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { VM_LOCKED, VM_SPECIAL, type VmFlags } from "./vm-flags.ts";
import { linearPageIndex, type Vmas } from "./vmas.ts";

/**
 * What is counted when an entry begins or ceases to map a page: the mappings of the page, the pages of the address space,
 * and the locked areas that show it. Under the page table lock of the entry. References are the caller's business.
 *
 * @kernel mm/rmap.c, mm/mlock.c, v6.18
 */
export class MappedPages {
  static {
    if (__EXPLORE__) {
      leaves(MappedPages, "pte-mmu/rmap", {
        addNewAnonymous: {}, add: {}, remove: {}, addNewHuge: {}, addLeaf: {}, removeLeaf: {}, splitLeaf: {}, mapcountOf: {}, isMappedShared: {},
        // What a mapped page is of does not change while it is mapped.
        kindOf: { silent: true },
        moveAnonymous: {}, setMlocked: {}, mlock: {}, munlock: {},
      });
    }
  }
  readonly #folios: Folios;
  readonly #vmas: Vmas;
  readonly #counters: MmCounters;
  readonly #tracer: Tracer;
  readonly #huge: HugeMappings;
  readonly #hugePages: number;
  readonly #anonymousEvent: number;
  readonly #mappedEvent: number;
  readonly #events: { readonly mlock: number; readonly huge: number };
  /** Of a mlocked folio: how many locked areas map it. The kernel too counts in the link of a list that mlocked folios are not in. */
  readonly #mlockCounts: Uint32Array;
  readonly #batch: MlockBatch = new MlockBatch();

  constructor({ folios, vmas, counters, tracer, thp, hugeMappings }: Pick<MmuParts, "folios" | "vmas" | "counters" | "tracer" | "thp" | "hugeMappings">) {
    this.#huge = hugeMappings;
    this.#hugePages = thp.pageCount;
    this.#folios = folios;
    this.#vmas = vmas;
    this.#counters = counters;
    this.#tracer = tracer;
    this.#anonymousEvent = tracer.event("nr_anon_pages");
    this.#mappedEvent = tracer.event("nr_mapped");
    this.#events = { mlock: tracer.event("nr_mlock"), huge: tracer.event("nr_anon_transparent_hugepages") };
    this.#mlockCounts = folios.links.previous;
  }

  /** A page that nobody has seen becomes an anonymous page of the area, exclusively. @kernel folio_add_new_anon_rmap(), folio_add_lru_vma() — mm/rmap.c, mm/swap.c, v6.18 */
  mapNewAnonymous(vma: number, page: number, pfn: number): void {
    const vmas = this.#vmas;
    this.addNewAnonymous(pfn, anonMapping(vmas.anonVmaOf(vma)), linearPageIndex(vmas, vma, page));
    this.#counters.add(vmas.mmOf(vma), MM_ANONPAGES, 1);
    this.#tracer.count(this.#anonymousEvent, 1, pfn);
    this.#mlockIn(vma, pfn);
  }
  /** One more entry maps a page of a file. @kernel folio_add_file_rmap_pte() — mm/rmap.c, v6.18 */
  mapFile(vma: number, pfn: number): void {
    const mm = this.#vmas.mmOf(vma);
    this.#counters.add(mm, this.kindOf(pfn), 1);
    if (this.add(pfn, mm)) this.#tracer.count(this.#mappedEvent, 1, pfn);
    this.#mlockIn(vma, pfn);
  }
  /** An entry of the area does not map the page any more. @kernel folio_remove_rmap_pte(), munlock_vma_folio() — mm/rmap.c, mm/internal.h, v6.18 */
  unmap(vma: number, pfn: number): void {
    const mm = this.#vmas.mmOf(vma), kind = this.kindOf(pfn);
    this.#counters.add(mm, kind, -1);
    this.unmapAs(mm, this.#vmas.flagsOf(vma), pfn, kind);
  }
  /** The same of an area of these flags, but for the pages of the address space, which the caller counts for many at once. `kind`: what it counts as. */
  unmapAs(mm: number, flags: VmFlags, pfn: number, kind: MmCounter): void {
    if (this.remove(pfn, mm)) this.#tracer.count(kind === MM_ANONPAGES ? this.#anonymousEvent : this.#mappedEvent, -1, pfn);
    if ((flags & VM_LOCKED) !== 0) this.munlockFolio(pfn);
  }

  // Huge pages: what one leaf maps

  /** A huge page that nobody has seen becomes one of the area, exclusively. @kernel folio_add_new_anon_rmap(), folio_add_lru_vma() — mm/rmap.c, mm/swap.c, v6.18 */
  mapNewHuge(vma: number, firstPage: number, pfn: number): void {
    const mm = this.#vmas.mmOf(vma);
    this.addNewHuge(pfn, anonMapping(this.#vmas.anonVmaOf(vma)), linearPageIndex(this.#vmas, vma, firstPage), mm);
    this.#counters.add(mm, MM_ANONPAGES, this.#hugePages);
    this.#tracer.count(this.#anonymousEvent, this.#hugePages, pfn);
    this.#tracer.count(this.#events.huge, 1, pfn);
    this.#mlockIn(vma, pfn);
  }
  /** One more leaf maps a huge page: a child's. @kernel folio_try_dup_anon_rmap_pmd() — include/linux/rmap.h, v6.18 */
  mapHugeAgain(vma: number, pfn: number): void {
    const mm = this.#vmas.mmOf(vma);
    this.#counters.add(mm, MM_ANONPAGES, this.#hugePages);
    this.addLeaf(pfn, mm);
  }
  /** A leaf of the area does not map the huge page any more. @kernel folio_remove_rmap_pmd() — mm/rmap.c, v6.18 */
  unmapHuge(vma: number, pfn: number): void {
    const mm = this.#vmas.mmOf(vma);
    this.#counters.add(mm, MM_ANONPAGES, -this.#hugePages);
    const gone = this.removeLeaf(pfn, mm);
    if (gone > 0) this.#tracer.count(this.#anonymousEvent, -gone, pfn);
    this.#leafIsGone(vma, pfn);
  }
  /** Small entries take the place of a leaf. A locked area does not keep a part of a huge page in memory. @kernel __split_huge_pmd_locked() — mm/huge_memory.c, v6.18 */
  splitHuge(vma: number, pfn: number): void {
    this.splitLeaf(pfn, this.#vmas.mmOf(vma));
    this.#leafIsGone(vma, pfn);
  }
  #leafIsGone(vma: number, pfn: number): void {
    if (this.#huge.leafCount(pfn) === 0) this.#tracer.count(this.#events.huge, -1, pfn);
    if ((this.#vmas.flagsOf(vma) & VM_LOCKED) !== 0) this.munlockFolio(pfn);
  }
  /** A migration entry takes the place of the entry: the page still counts as one of the address space. @kernel try_to_migrate_one() — mm/rmap.c, v6.18 */
  unmapMigrating(vma: number, pfn: number): void {
    if (this.remove(pfn, this.#vmas.mmOf(vma))) this.#tracer.count(this.#anonymousEvent, -1, pfn);
    if ((this.#vmas.flagsOf(vma) & VM_LOCKED) !== 0) this.munlockFolio(pfn);
  }
  /** The zero page takes the place of a migration entry: nothing counts any more. @kernel try_to_map_unused_to_zeropage() — mm/migrate.c, v6.18 */
  forgetMigrating(vma: number): void {
    this.#counters.add(this.#vmas.mmOf(vma), MM_ANONPAGES, -1);
  }
  /** An entry takes the place of a migration entry. @kernel remove_migration_pte() — mm/migrate.c, v6.18 */
  mapMigrated(vma: number, pfn: number): void {
    if (this.add(pfn, this.#vmas.mmOf(vma))) this.#tracer.count(this.#anonymousEvent, 1, pfn);
    if (this.#folios.order(pfn) === 0) this.#mlockIn(vma, pfn);
  }

  /** A locked area maps the folio. @kernel mlock_folio() — mm/mlock.c, v6.18 */
  mlockFolio(pfn: number): void {
    if (this.#isBatched(pfn)) {
      if (this.setMlocked(pfn)) this.#tracer.count(this.#events.mlock, 1, pfn);
      this.#addToBatch(pfn, BATCHED_MLOCK);
    } else if (this.mlock(pfn)) this.#tracer.count(this.#events.mlock, 1, pfn);
  }
  /** One locked area less maps it. @kernel munlock_folio() — mm/mlock.c, v6.18 */
  munlockFolio(pfn: number): void {
    if (this.#isBatched(pfn)) this.#addToBatch(pfn, BATCHED_MUNLOCK);
    else if (this.munlock(pfn)) this.#tracer.count(this.#events.mlock, -1, pfn);
  }

  /** While it is open, folios are put in it. Who opens it first settles it, by `settleMlocks`. */
  get mlockBatch(): Pick<MlockBatch, "begin" | "end" | "isOutermost" | "contents"> {
    return this.#batch;
  }
  /** How many locked areas map the folios of the batch, and with it which are unevictable. @kernel mlock_folio_batch() — mm/mlock.c, v6.18 */
  settleMlocks(): void {
    const batch = this.#batch;
    for (let nth = 0; nth < batch.count; nth++) {
      const pfn = batch.pfnAt(nth);
      if (batch.kindAt(nth) === BATCHED_MUNLOCK) {
        if (this.munlock(pfn)) this.#tracer.count(this.#events.mlock, -1, pfn);
      } else if (this.mlock(pfn)) this.#tracer.count(this.#events.mlock, 1, pfn); // an entry before it was the last of others
      this.#folios.put(pfn);
    }
    batch.empty();
  }
  /** False for a large folio, which does not wait, nor do those before it. @kernel folio_may_be_lru_cached() — include/linux/swap.h, v6.18 */
  #isBatched(pfn: number): boolean {
    if (!this.#batch.isOpen) return false;
    if (this.#folios.order(pfn) === 0) return true;
    this.settleMlocks();
    return false;
  }
  #addToBatch(pfn: number, kind: number): void {
    this.#folios.get(pfn);
    this.#batch.add(pfn, kind);
    if (this.#batch.isFull) this.settleMlocks();
  }

  /** True if a locked area maps the folio. @kernel folio_test_mlocked() — include/linux/page-flags.h, v6.18 */
  isMlocked(pfn: number): boolean {
    return this.#folios.testFlag(pfn, PG_mlocked);
  }

  // Steps

  addNewAnonymous(pfn: number, mapping: number, index: number): void {
    this.#folios.addNewAnonymous(pfn, mapping, index);
  }
  /** True if nothing had mapped it. */
  add(pfn: number, mm: number): boolean {
    if (this.#folios.order(pfn) > 0) this.#huge.add(pfn, mm, 1);
    return this.#folios.addRmap(pfn);
  }
  /** True if nothing maps it any more. */
  remove(pfn: number, mm: number): boolean {
    if (this.#folios.order(pfn) > 0) this.#huge.remove(pfn, mm, 1);
    return this.#folios.removeRmap(pfn);
  }
  addNewHuge(pfn: number, mapping: number, index: number, mm: number): void {
    const folios = this.#folios;
    folios.setFlag(pfn, PG_uptodate);
    folios.setFlag(pfn, PG_swapbacked);
    folios.setMapping(pfn, mapping, index);
    folios.setOnPages(pfn, PG_anon_exclusive);
    this.addLeaf(pfn, mm);
  }
  addLeaf(pfn: number, mm: number): void {
    this.#huge.addLeaf(pfn, mm);
    this.#folios.addRmaps(pfn, this.#hugePages);
  }
  /** How many pages nothing maps any more. */
  removeLeaf(pfn: number, mm: number): number {
    this.#huge.removeLeaf(pfn, mm);
    return this.#folios.removeRmaps(pfn, this.#hugePages);
  }
  /** Each entry that takes the leaf's place has a reference; a leaf has one. */
  splitLeaf(pfn: number, mm: number): void {
    this.#folios.getMany(pfn, this.#hugePages - 1);
    this.#huge.add(pfn, mm, this.#hugePages);
    this.#huge.removeLeaf(pfn, mm);
  }
  /** Entries that map pages of the folio, a leaf as one: each has a reference. @kernel folio_mapcount() — include/linux/mm.h, v6.18 */
  mapcountOf(pfn: number): number {
    return this.#folios.order(pfn) === 0 ? this.#folios.mapcount(pfn) : this.#huge.mapcount(pfn);
  }
  /** True if more than one address space maps the folio, as far as is known. @kernel folio_maybe_mapped_shared() — include/linux/mm.h, v6.18 */
  isMappedShared(pfn: number): boolean {
    return this.#folios.order(pfn) === 0 ? this.#folios.mapcount(pfn) > 1 : this.#huge.isShared(pfn);
  }
  /** What a mapped page counts as. @kernel mm_counter() — include/linux/mm.h, v6.18 */
  kindOf(pfn: number): MmCounter {
    const folios = this.#folios;
    return isAnonMapping(folios.mapping(pfn)) ? MM_ANONPAGES : folios.testFlag(pfn, PG_swapbacked) ? MM_SHMEMPAGES : MM_FILEPAGES;
  }
  /** The page belongs to this anonymous region alone, and its index in it stays. @kernel folio_move_anon_rmap() — mm/rmap.c, v6.18 */
  moveAnonymous(pfn: number, mapping: number): void {
    this.#folios.setMapping(pfn, mapping, this.#folios.index(this.#folios.head(pfn)));
  }
  /** True if it was not mlocked. That makes it unevictable only when the batch is settled. */
  setMlocked(pfn: number): boolean {
    return !this.#folios.testAndSetFlag(pfn, PG_mlocked);
  }
  /** True if it was not mlocked. @kernel __mlock_folio() — mm/mlock.c, v6.18 @differs One that was let go of before in the same batch is mlocked all the same. */
  mlock(pfn: number): boolean {
    const folios = this.#folios, head = folios.head(pfn);
    this.#mlockCounts[head]++;
    const wasMlocked = folios.testAndSetFlag(pfn, PG_mlocked);
    if (folios.testAndSetFlag(pfn, PG_unevictable)) return !wasMlocked;
    folios.clearFlag(pfn, PG_active); // it leaves the list of active folios, and comes back as an inactive one
    return !wasMlocked;
  }
  /** True if it is not mlocked any more. @kernel __munlock_folio() — mm/mlock.c, v6.18 */
  munlock(pfn: number): boolean {
    const folios = this.#folios, head = folios.head(pfn);
    if (!folios.testFlag(pfn, PG_mlocked)) return false;
    // A piece of a huge page that was mlocked begins at 0, without an area that said so.
    if (this.#mlockCounts[head] > 0) this.#mlockCounts[head]--;
    if (this.#mlockCounts[head] > 0) return false;
    folios.clearFlag(pfn, PG_mlocked);
    folios.clearFlag(pfn, PG_unevictable);
    return true;
  }

  /** @kernel mlock_vma_folio() — mm/internal.h, v6.18 */
  #mlockIn(vma: number, pfn: number): void {
    if ((this.#vmas.flagsOf(vma) & (VM_LOCKED | VM_SPECIAL)) === VM_LOCKED) this.mlockFolio(pfn);
  }
}
