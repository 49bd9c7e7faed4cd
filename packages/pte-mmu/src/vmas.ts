import { type Background, type ColumnAllocator, leaves, noBackground, RwLocks } from "@zeropfn/state";
import { IntervalTrees } from "./interval-trees.ts";
import type { VmFlags } from "./vm-flags.ts";
import { NO_VMA, VmaIndex } from "./vma-index.ts";

/** The mapping of an area that shows no file: private anonymous memory. */
export const NO_MAPPING = 0xffff_ffff;
/** No anonymous region. @see AnonVmas */
export const NO_ANON_VMA = 0xffff_ffff;

export interface VmasOptions {
  /** Address spaces, numbered from 0. */
  readonly mmCapacity: number;
  /** Areas of all address spaces. */
  readonly vmaCapacity: number;
  /** Files that can be mapped, numbered from 0. */
  readonly mappingCapacity: number;
  readonly background?: Background;
}

/**
 * Areas of address spaces (VMAs): a row of columns each, in order of address for each address space, and by the pages of
 * the file that they show, for each file. What may change an area holds the write lock of its address space (mmap_lock);
 * what reads one holds the read lock.
 *
 * @kernel vm_area_struct — include/linux/mm_types.h, v6.18
 */
export class Vmas {
  static {
    if (__EXPLORE__) {
      leaves(Vmas, "pte-mmu/vma", {
        allocate: {}, free: {},
        // Guarded by mmap_lock, so that these are no steps of their own.
        mmOf: { silent: true }, flagsOf: { silent: true }, mappingOf: { silent: true }, firstPageOf: { silent: true }, endPageOf: { silent: true },
        pageIndexOf: { silent: true }, anonVmaOf: { silent: true }, chainOf: { silent: true },
        setFlags: { silent: true }, setRange: { silent: true }, setAnonVma: { silent: true }, setChain: { silent: true },
      });
    }
  }
  readonly #mm: Uint32Array;
  readonly #firstPage: Float64Array;
  readonly #endPage: Float64Array;
  readonly #mapping: Uint32Array;
  readonly #pageIndex: Float64Array;
  readonly #flags: Uint32Array;
  readonly #anonVma: Uint32Array; // + 1
  readonly #chain: Uint32Array; // + 1; of a free row: the next free row + 1
  readonly #pool: Uint32Array; // [0] first free row + 1, [1] rows ever used
  /** Areas of each address space in order of address. */
  readonly index: VmaIndex;
  /** Areas of each file by the pages that they show. @kernel address_space::i_mmap — include/linux/fs.h, v6.18 */
  readonly iMmap: IntervalTrees;
  /** For each address space. @kernel mm_struct::mmap_lock — include/linux/mm_types.h, v6.18 */
  readonly mmapLock: RwLocks;
  /** For each file. @kernel address_space::i_mmap_rwsem — include/linux/fs.h, v6.18 */
  readonly iMmapLock: RwLocks;

  constructor(columns: ColumnAllocator, { mmCapacity, vmaCapacity, mappingCapacity, background = noBackground }: VmasOptions) {
    this.#mm = columns.u32("vma.mm", vmaCapacity);
    this.#firstPage = columns.f64("vma.firstPage", vmaCapacity);
    this.#endPage = columns.f64("vma.endPage", vmaCapacity);
    this.#mapping = columns.u32("vma.mapping", vmaCapacity);
    this.#pageIndex = columns.f64("vma.pageIndex", vmaCapacity);
    this.#flags = columns.u32("vma.flags", vmaCapacity);
    this.#anonVma = columns.u32("vma.anonVma", vmaCapacity);
    this.#chain = columns.u32("vma.chain", vmaCapacity);
    this.#pool = columns.u32("vma.pool", 2);
    this.index = new VmaIndex(columns, { mmCapacity, vmaCapacity, firstPage: this.#firstPage, endPage: this.#endPage });
    this.iMmap = new IntervalTrees(columns, { name: "i_mmap", rootCapacity: mappingCapacity, rowCapacity: vmaCapacity });
    this.mmapLock = new RwLocks(columns, "mm.mmap_lock", mmCapacity, background);
    this.iMmapLock = new RwLocks(columns, "mapping.i_mmap_rwsem", mappingCapacity, background);
  }

  /** A row for an area that is in no order yet, or `NO_VMA` if there is none. @kernel vm_area_alloc() — mm/vma_init.c, v6.18 */
  allocate(mm: number, firstPage: number, endPage: number, flags: VmFlags, mapping: number, pageIndex: number): number {
    const vma = this.#takeRow();
    if (vma === NO_VMA) return NO_VMA;
    this.#mm[vma] = mm;
    this.#firstPage[vma] = firstPage;
    this.#endPage[vma] = endPage;
    this.#mapping[vma] = mapping;
    this.#pageIndex[vma] = pageIndex;
    this.#flags[vma] = flags;
    this.#anonVma[vma] = 0;
    this.#chain[vma] = 0;
    return vma;
  }
  /** Gives a row back. @kernel vm_area_free() — mm/vma_init.c, v6.18 */
  free(vma: number): void {
    this.#chain[vma] = this.#pool[0]!;
    this.#pool[0] = vma + 1;
  }

  /** The area that covers `page`, or `NO_VMA`. @kernel vma_lookup() — include/linux/mm.h, v6.18 */
  lookUp(mm: number, page: number): number {
    const vma = this.index.find(mm, page);
    return vma !== NO_VMA && this.firstPageOf(vma) <= page ? vma : NO_VMA;
  }

  mmOf(vma: number): number {
    return this.#mm[vma]!;
  }
  /** A sum of VM_* bits. */
  flagsOf(vma: number): VmFlags {
    return this.#flags[vma]!;
  }
  /** The file that is mapped, or `NO_MAPPING`. */
  mappingOf(vma: number): number {
    return this.#mapping[vma]!;
  }
  firstPageOf(vma: number): number {
    return this.#firstPage[vma]!;
  }
  /** One past the last page. */
  endPageOf(vma: number): number {
    return this.#endPage[vma]!;
  }
  /** The page of the file, or of the anonymous region, that the first page shows. @kernel vm_area_struct::vm_pgoff — include/linux/mm_types.h, v6.18 */
  pageIndexOf(vma: number): number {
    return this.#pageIndex[vma]!;
  }
  /** The anonymous region that new pages belong to, or `NO_ANON_VMA`. @kernel vm_area_struct::anon_vma — include/linux/mm_types.h, v6.18 */
  anonVmaOf(vma: number): number {
    return (this.#anonVma[vma]! - 1) >>> 0;
  }
  /** The first link + 1 of the chain of anonymous regions that the area's pages may belong to; 0: none. */
  chainOf(vma: number): number {
    return this.#chain[vma]!;
  }

  setFlags(vma: number, flags: VmFlags): void {
    this.#flags[vma] = flags;
  }
  /** The caller takes the area out of orders by page index before it, and puts it in again behind it. */
  setRange(vma: number, firstPage: number, endPage: number, pageIndex: number): void {
    this.#firstPage[vma] = firstPage;
    this.#endPage[vma] = endPage;
    this.#pageIndex[vma] = pageIndex;
  }
  setAnonVma(vma: number, anonVma: number): void {
    this.#anonVma[vma] = anonVma + 1;
  }
  setChain(vma: number, chain: number): void {
    this.#chain[vma] = chain;
  }

  /** The areas of an address space, in order of address. For reports. */
  *of(mm: number): Generator<number, void> {
    for (let vma = this.index.first(mm); vma !== NO_VMA; vma = this.index.next(vma)) yield vma;
  }

  #takeRow(): number {
    const free = this.#pool[0]!;
    if (free !== 0) {
      this.#pool[0] = this.#chain[free - 1]!;
      return free - 1;
    }
    const vma = this.#pool[1]!;
    if (vma >= this.#mm.length) return NO_VMA;
    this.#pool[1] = vma + 1;
    return vma;
  }
}

/** @kernel vma_is_anonymous() — include/linux/mm.h, v6.18 */
export const vmaIsAnonymous = (vmas: Vmas, vma: number): boolean => vmas.mappingOf(vma) === NO_MAPPING;
/** The page of the file or anonymous region that `page` of the area shows. @kernel linear_page_index() — include/linux/pagemap.h, v6.18 */
export const linearPageIndex = (vmas: Vmas, vma: number, page: number): number => page - vmas.firstPageOf(vma) + vmas.pageIndexOf(vma);
