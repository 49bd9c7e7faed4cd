import { type Background, type ColumnAllocator, leaves, noBackground, waitFor } from "@zeropfn/state";
import { PteMmuError } from "./errors.ts";

/** No area covers this page, or the list ends. */
export const NO_VMA = 0xffff_ffff;

/** Rights and kinds of an area. @kernel VM_READ … VM_SHARED — include/linux/mm.h, v6.12 */
export const VM_READ = 0x1;
export const VM_WRITE = 0x2;
export const VM_EXEC = 0x4;
export const VM_SHARED = 0x8;

export interface VmasOptions {
  readonly mmCapacity: number;
  readonly vmaCapacity: number;
  /** Files that can be mapped, numbered from 0. */
  readonly mappingCapacity: number;
  readonly background?: Background;
}

/** An area to be made: pages [firstPage, firstPage + pageCount) of `mm` show pages of a file from `pageIndex` on. */
export interface VmaRange {
  readonly mm: number;
  readonly firstPage: number;
  readonly pageCount: number;
  readonly mapping: number;
  readonly pageIndex: number;
  /** A sum of VM_* bits. */
  readonly flags: number;
}

/** A lock that a writer holds. */
const WRITER = 0xffff_ffff;
/** Lists hold area + 1, so that a column of zeros is an empty list. */
const END = 0;

/**
 * Virtual memory areas: those of an address space in order, and those that map a file (i_mmap) under its lock.
 * @differs A sorted list for each address space, not a tree; a list for each file, not an interval tree.
 */
export class Vmas {
  static {
    if (__EXPLORE__) {
      leaves(Vmas, "pte-mmu/vma", {
        find: {},
        remove: { when: (vmas, vma) => vmas.canLockMapping(vmas.mappingOf(vma)) },
        firstOfMapping: {},
        nextInMapping: {},
        lockMappingShared: { when: (vmas, mapping) => vmas.canShareMapping(mapping) },
        unlockMappingShared: {},
        // An area does not change while it is mapped, so these are no steps of their own.
        mmOf: { silent: true },
        flagsOf: { silent: true },
        mappingOf: { silent: true },
        firstPageOf: { silent: true },
        endPageOf: { silent: true },
        pageIndexOf: { silent: true },
      });
    }
  }
  readonly #mm: Uint32Array;
  readonly #firstPage: Float64Array;
  readonly #endPage: Float64Array;
  readonly #mapping: Uint32Array;
  readonly #pageIndex: Float64Array; // in the file, of the first page
  readonly #flags: Uint32Array;
  readonly #nextInMm: Uint32Array; // + 1; of a free row: the next free row
  readonly #nextInMapping: Uint32Array; // + 1
  readonly #headOfMm: Uint32Array; // + 1
  readonly #headOfMapping: Uint32Array; // + 1
  readonly #locks: Uint32Array; // of a mapping, i_mmap_rwsem: readers, or WRITER
  readonly #pool: Uint32Array; // [0] first free row + 1, [1] rows ever used
  readonly #lastFound: Uint32Array; // of an mm, + 1: a hint
  readonly #background: Background;

  constructor(columns: ColumnAllocator, { mmCapacity, vmaCapacity, mappingCapacity, background = noBackground }: VmasOptions) {
    this.#background = background;
    this.#mm = columns.u32("vma.mm", vmaCapacity);
    this.#firstPage = columns.f64("vma.firstPage", vmaCapacity);
    this.#endPage = columns.f64("vma.endPage", vmaCapacity);
    this.#mapping = columns.u32("vma.mapping", vmaCapacity);
    this.#pageIndex = columns.f64("vma.pageIndex", vmaCapacity);
    this.#flags = columns.u32("vma.flags", vmaCapacity);
    this.#nextInMm = columns.u32("vma.nextInMm", vmaCapacity);
    this.#nextInMapping = columns.u32("vma.nextInMapping", vmaCapacity);
    this.#headOfMm = columns.u32("mm.vmas", mmCapacity);
    this.#headOfMapping = columns.u32("mapping.vmas", mappingCapacity);
    this.#locks = columns.u32("mapping.i_mmap_rwsem", mappingCapacity);
    this.#pool = columns.u32("vma.pool", 2);
    this.#lastFound = columns.u32("mm.lastVma", mmCapacity, "derived");
  }

  /**
   * Adds an area. Its pages must be free.
   * @throws {PteMmuError} PTE_MMU_BAD_RANGE, PTE_MMU_NO_VMA
   */
  add({ mm, firstPage, pageCount, mapping, pageIndex, flags }: VmaRange): number {
    const endPage = firstPage + pageCount;
    if (!(pageCount > 0)) throw new PteMmuError("PTE_MMU_BAD_RANGE", `an area of ${pageCount} pages, expected at least 1`);
    let before = END, after = this.#headOfMm[mm]!;
    while (after !== END && this.#firstPage[after - 1]! < firstPage) {
      before = after;
      after = this.#nextInMm[after - 1]!;
    }
    const isFree = (before === END || this.#endPage[before - 1]! <= firstPage) && (after === END || endPage <= this.#firstPage[after - 1]!);
    if (!isFree) throw new PteMmuError("PTE_MMU_BAD_RANGE", `pages ${firstPage} to ${endPage - 1} overlap an area`);
    const vma = this.#takeRow();
    this.#mm[vma] = mm;
    this.#firstPage[vma] = firstPage;
    this.#endPage[vma] = endPage;
    this.#mapping[vma] = mapping;
    this.#pageIndex[vma] = pageIndex;
    this.#flags[vma] = flags;
    this.#nextInMm[vma] = after;
    if (before === END) this.#headOfMm[mm] = vma + 1;
    else this.#nextInMm[before - 1] = vma + 1;
    this.#nextInMapping[vma] = this.#headOfMapping[mapping]!;
    this.#headOfMapping[mapping] = vma + 1;
    return vma;
  }

  /** Takes an area out of both lists, under the file's lock. Its pages must be unmapped. */
  remove(vma: number): void {
    const mm = this.#mm[vma]!, mapping = this.#mapping[vma]!;
    if (!this.canLockMapping(mapping)) waitFor(`vma.remove(${vma}): i_mmap_rwsem is held`, this.#background, () => this.canLockMapping(mapping));
    unlink(this.#headOfMm, mm, this.#nextInMm, vma);
    unlink(this.#headOfMapping, mapping, this.#nextInMapping, vma);
    this.#lastFound[mm] = END;
    this.#nextInMm[vma] = this.#pool[0]!;
    this.#pool[0] = vma + 1;
  }

  /** The area that covers `page`, or `NO_VMA`. @kernel vma_lookup() — include/linux/mm.h, v6.12 */
  find(mm: number, page: number): number {
    const hint = this.#lastFound[mm]!;
    if (hint !== END && page >= this.#firstPage[hint - 1]! && page < this.#endPage[hint - 1]!) return hint - 1;
    for (let next = this.#headOfMm[mm]!; next !== END && this.#firstPage[next - 1]! <= page; next = this.#nextInMm[next - 1]!) {
      if (page >= this.#endPage[next - 1]!) continue;
      this.#lastFound[mm] = next;
      return next - 1;
    }
    return NO_VMA;
  }

  /**
   * First page of the highest gap of `pageCount` pages below `topPage`, or -1.
   * @kernel unmapped_area_topdown() — mm/vma.c, v6.12
   */
  findGap(mm: number, pageCount: number, topPage: number): number {
    let found = -1, gapStart = 1; // page 0 stays free: a null pointer must fault
    for (let next = this.#headOfMm[mm]!; ; next = this.#nextInMm[next - 1]!) {
      const gapEnd = next === END ? topPage : Math.min(topPage, this.#firstPage[next - 1]!);
      if (gapEnd - gapStart >= pageCount) found = gapEnd - pageCount;
      if (next === END) return found;
      gapStart = Math.max(gapStart, this.#endPage[next - 1]!);
    }
  }

  /** True if no further area can be made. */
  get isFull(): boolean {
    return this.#pool[0] === END && this.#pool[1] === this.#mm.length;
  }

  /** The areas of an address space, in order of address. For reports. */
  *of(mm: number): Generator<number, void> {
    for (let next = this.#headOfMm[mm]!; next !== END; next = this.#nextInMm[next - 1]!) yield next - 1;
  }

  /** An area that maps the file, or `NO_VMA`. */
  firstOfMapping(mapping: number): number {
    return (this.#headOfMapping[mapping]! - 1) >>> 0;
  }
  /** The next area that maps the same file, or `NO_VMA`. */
  nextInMapping(vma: number): number {
    return (this.#nextInMapping[vma]! - 1) >>> 0;
  }

  /** @kernel i_mmap_lock_read() — include/linux/fs.h, v6.12 */
  lockMappingShared(mapping: number): void {
    if (!this.canShareMapping(mapping)) waitFor(`vma.lockMappingShared(${mapping})`, this.#background, () => this.canShareMapping(mapping));
    this.#locks[mapping]!++;
  }
  unlockMappingShared(mapping: number): void {
    this.#locks[mapping]!--;
  }
  /** For wait conditions. */
  canShareMapping(mapping: number): boolean {
    return this.#locks[mapping] !== WRITER;
  }
  /** For wait conditions. */
  canLockMapping(mapping: number): boolean {
    return this.#locks[mapping] === 0;
  }

  mmOf(vma: number): number {
    return this.#mm[vma]!;
  }
  flagsOf(vma: number): number {
    return this.#flags[vma]!;
  }
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
  /** The file's page that the area's first page shows. */
  pageIndexOf(vma: number): number {
    return this.#pageIndex[vma]!;
  }

  #takeRow(): number {
    const free = this.#pool[0]!;
    if (free !== END) {
      this.#pool[0] = this.#nextInMm[free - 1]!;
      return free - 1;
    }
    const vma = this.#pool[1]!;
    if (vma >= this.#mm.length) throw new PteMmuError("PTE_MMU_NO_VMA", `vmaCapacity ${this.#mm.length} is reached`);
    this.#pool[1] = vma + 1;
    return vma;
  }
}

function unlink(heads: Uint32Array, owner: number, nexts: Uint32Array, vma: number): void {
  if (heads[owner] === vma + 1) {
    heads[owner] = nexts[vma]!;
    return;
  }
  let before = heads[owner]!;
  while (nexts[before - 1] !== vma + 1) before = nexts[before - 1]!;
  nexts[before - 1] = nexts[vma]!;
}
