import type { Folios } from "@zeropfn/folio";
import { type ColumnAllocator, leaves } from "@zeropfn/state";
import type { Thp } from "./thp.ts";

/** Address spaces that are told apart for one folio. */
const OWNERS = 2;

/**
 * Who maps a huge folio: how many entries, how many of them leaves, and whether more than one address space. Of a folio of several
 * pages the counts of its pages do not say that: each page may be mapped once, by one or by another.
 *
 * Two address spaces are told apart. Where a third has come and gone, a folio may count as shared that is not any more.
 *
 * @kernel folio::_large_mapcount, _entire_mapcount, _mm_id, _mm_id_mapcount — include/linux/mm_types.h, include/linux/rmap.h, v6.18
 */
export class HugeMappings {
  static {
    if (__EXPLORE__) leaves(HugeMappings, "pte-mmu/huge", { add: {}, remove: {}, addLeaf: {}, removeLeaf: {}, mapcount: {}, leafCount: {}, isShared: {} });
  }
  // A row for each block of frames that a huge folio can be.
  readonly #mapcounts: Uint32Array;
  readonly #leaves: Uint32Array;
  readonly #owners: Uint32Array; // OWNERS of each: an mm + 1, or 0
  readonly #ownerCounts: Uint32Array; // entries of each owner
  readonly #shared: Uint8Array;
  readonly #order: number;

  constructor(columns: ColumnAllocator, folios: Folios, { isSupported, order, pageCount }: Thp) {
    const rows = isSupported ? Math.floor(folios.firstDevicePfn / pageCount) : 0;
    this.#order = order;
    this.#mapcounts = columns.u32("huge.mapcount", rows);
    this.#leaves = columns.u32("huge.leaves", rows);
    this.#owners = columns.u32("huge.owner", rows * OWNERS);
    this.#ownerCounts = columns.u32("huge.ownerCount", rows * OWNERS);
    this.#shared = columns.u8("huge.shared", rows);
  }

  /** Blocks that a huge folio can be. */
  get rows(): number {
    return this.#mapcounts.length;
  }

  /** Huge folios that leaves map. For reports. @kernel NR_ANON_THPS — include/linux/mmzone.h, v6.18 */
  get leafFolios(): number {
    return this.#leaves.reduce((folios, leaves) => (leaves > 0 ? folios + 1 : folios), 0);
  }

  /** `count` more entries of `mm` map pages of the folio. @kernel folio_add_return_large_mapcount() — include/linux/rmap.h, v6.18 */
  add(pfn: number, mm: number, count: number): void {
    const row = pfn >>> this.#order, first = row * OWNERS, owners = this.#owners, counts = this.#ownerCounts;
    this.#mapcounts[row]! += count;
    if (owners[first] === mm + 1) counts[first]! += count;
    else if (owners[first + 1] === mm + 1) counts[first + 1]! += count;
    else if (owners[first] === 0) {
      owners[first] = mm + 1;
      counts[first] = count;
      if (this.#mapcounts[row] !== count) this.#shared[row] = 1;
    } else if (owners[first + 1] === 0) {
      owners[first + 1] = mm + 1;
      counts[first + 1] = count;
      this.#shared[row] = 1;
    }
  }
  /** `count` less. @kernel folio_sub_return_large_mapcount() — include/linux/rmap.h, v6.18 */
  remove(pfn: number, mm: number, count: number): void {
    const row = pfn >>> this.#order, first = row * OWNERS, owners = this.#owners, counts = this.#ownerCounts;
    this.#mapcounts[row]! -= count;
    const at = owners[first] === mm + 1 ? first : owners[first + 1] === mm + 1 ? first + 1 : -1;
    if (at >= 0) {
      // Some were added while both places were taken, and are not counted here.
      const left = counts[at]! - count;
      counts[at] = Math.max(left, 0);
      if (left > 0) return;
      owners[at] = 0;
    }
    const total = this.#mapcounts[row];
    if (counts[first] === total || counts[first + 1] === total) this.#shared[row] = 0;
  }
  /** A leaf of `mm` maps the folio. @returns The leaves that do. */
  addLeaf(pfn: number, mm: number): number {
    const row = pfn >>> this.#order;
    this.add(pfn, mm, 1);
    return ++this.#leaves[row]!;
  }
  /** One less. @returns The leaves that still do. */
  removeLeaf(pfn: number, mm: number): number {
    const row = pfn >>> this.#order;
    this.remove(pfn, mm, 1);
    return --this.#leaves[row]!;
  }

  /** Entries that map pages of the folio; a leaf counts once. @kernel folio_large_mapcount() — include/linux/mm.h, v6.18 */
  mapcount(pfn: number): number {
    return this.#mapcounts[pfn >>> this.#order]!;
  }
  /** Leaves that map the folio. @kernel folio_entire_mapcount() — include/linux/mm.h, v6.18 */
  leafCount(pfn: number): number {
    return this.#leaves[pfn >>> this.#order]!;
  }
  /** True if more than one address space maps pages of the folio, as far as is known. @kernel folio_maybe_mapped_shared() — include/linux/mm.h, v6.18 */
  isShared(pfn: number): boolean {
    const row = pfn >>> this.#order;
    return this.#mapcounts[row]! > 1 && this.#shared[row] !== 0;
  }
}
