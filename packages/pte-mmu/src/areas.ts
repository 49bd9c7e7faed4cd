import type { HugePmds } from "./huge-pmds.ts";
import type { MappedFiles } from "./mapped-files.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { VM_SPECIAL, VM_STICKY, type VmFlags } from "./vm-flags.ts";
import { NO_VMA } from "./vma-index.ts";
import { NO_ANON_VMA, NO_MAPPING } from "./vmas.ts";

/** What an area that is wanted would be, for merging. A scratch record. @kernel vma_merge_struct — mm/vma.h, v6.18 */
export interface WantedArea {
  mm: number;
  firstPage: number;
  endPage: number;
  flags: VmFlags;
  /** The file, or `NO_MAPPING`. */
  mapping: number;
  pageIndex: number;
  /** The region whose pages it has already, or `NO_ANON_VMA`. */
  anonVma: number;
  /** The area that it has them from, or `NO_VMA`. */
  copiedFrom: number;
}

/**
 * How areas are made, merged, split and moved, so that neighbours that are alike are one. Who calls holds mmap_lock for writing.
 * @kernel mm/vma.c, v6.18
 */
export class Areas {
  readonly #parts: MmuParts;
  readonly #files: MappedFiles;
  readonly #huge: Pick<HugePmds, "splitAt">;
  /** Most areas of one address space. */
  readonly #maximumCount: number;

  constructor(parts: MmuParts, files: MappedFiles, huge: Pick<HugePmds, "splitAt">, maximumCount: number) {
    this.#huge = huge;
    this.#parts = parts;
    this.#files = files;
    this.#maximumCount = maximumCount;
  }

  /** True if an address space has as many areas as it may have. @kernel sysctl_max_map_count — mm/util.c, v6.18 */
  isFull(mm: number, room: number = 0): boolean {
    return this.#parts.vmas.index.count(mm) >= this.#maximumCount - room;
  }

  /**
   * Makes an area where none is, or makes a neighbour larger. `NO_VMA`: no memory.
   * @kernel __mmap_region() — mm/vma.c, v6.18
   */
  add(wanted: WantedArea): number {
    const merged = this.mergeNew(wanted);
    return merged === NO_VMA ? this.insertNew(wanted) : merged;
  }
  /** Makes an area, whatever its neighbours are. `NO_VMA`: no memory. @kernel __mmap_new_vma(), vma_link() — mm/vma.c, v6.18 */
  insertNew({ mm, firstPage, endPage, flags, mapping, pageIndex }: WantedArea): number {
    const vma = this.#parts.vmas.allocate(mm, firstPage, endPage, flags, mapping, pageIndex);
    if (vma === NO_VMA) return NO_VMA;
    if (mapping !== NO_MAPPING) this.#files.mapped(mapping);
    this.#link(vma);
    return vma;
  }

  /**
   * Makes a neighbour larger, or joins both, if they are like what is wanted. `NO_VMA`: they are not.
   * @kernel vma_merge_new_range() — mm/vma.c, v6.18
   */
  mergeNew(wanted: WantedArea): number {
    const { index } = this.#parts.vmas;
    const found = index.find(wanted.mm, wanted.firstPage);
    const next = found, previous = found === NO_VMA ? index.last(wanted.mm) : index.previous(found);
    return this.#mergeNewBetween(wanted, previous, next);
  }
  /** Makes an area larger at its end, where nothing is, and joins it with the next if that is alike. `NO_VMA`: it cannot be merged with itself. @kernel vma_merge_extend() — mm/vma.c, v6.18 */
  extend(vma: number, pageCount: number): number {
    const { vmas } = this.#parts, firstPage = vmas.endPageOf(vma);
    const wanted: WantedArea = {
      mm: vmas.mmOf(vma), firstPage, endPage: firstPage + pageCount, flags: vmas.flagsOf(vma), mapping: vmas.mappingOf(vma),
      pageIndex: vmas.pageIndexOf(vma) + firstPage - vmas.firstPageOf(vma), anonVma: vmas.anonVmaOf(vma), copiedFrom: NO_VMA,
    };
    return this.#mergeNewBetween(wanted, vma, vmas.index.next(vma));
  }

  #mergeNewBetween(wanted: WantedArea, previous: number, next: number): number {
    const { vmas } = this.#parts;
    if ((wanted.flags & VM_SPECIAL) !== 0) return NO_VMA;
    const joinsLeft = previous !== NO_VMA && this.#canJoinLeft(wanted, previous, NO_VMA);
    const joinsRight = next !== NO_VMA && this.#canJoinRight(wanted, next, NO_VMA) && (!joinsLeft || this.#areCompatible(previous, next));
    if (!joinsLeft && !joinsRight) return NO_VMA;
    const target = joinsLeft ? previous : next, removed = joinsLeft && joinsRight ? next : NO_VMA;
    const sticky = (wanted.flags | (removed === NO_VMA ? 0 : vmas.flagsOf(removed))) & VM_STICKY;
    const source = removed !== NO_VMA && vmas.anonVmaOf(removed) !== NO_ANON_VMA ? removed : wanted.copiedFrom;
    if (source !== NO_VMA && !this.#takeRegion(target, source)) return NO_VMA;
    const end = joinsRight ? vmas.endPageOf(next) : wanted.endPage;
    if (removed !== NO_VMA) this.#discard(removed);
    if (joinsLeft) this.#resize(target, vmas.firstPageOf(target), end, vmas.pageIndexOf(target));
    else this.#resize(target, wanted.firstPage, end, wanted.pageIndex);
    vmas.setFlags(target, (vmas.flagsOf(target) | sticky) >>> 0);
    return target;
  }

  /**
   * Gives pages [first, end) of an area other flags: an area of exactly these pages, or one that they were merged into.
   * `NO_VMA`: no memory.
   * @kernel vma_modify_flags(), vma_modify() — mm/vma.c, v6.18
   */
  modify(vma: number, first: number, end: number, flags: VmFlags): number {
    const merged = this.#mergeExisting(vma, first, end, flags);
    if (merged !== NO_VMA) return merged;
    const { vmas } = this.#parts;
    if (vmas.firstPageOf(vma) < first && !this.split(vma, first, true)) return NO_VMA;
    if (vmas.endPageOf(vma) > end && !this.split(vma, end, false)) return NO_VMA;
    vmas.setFlags(vma, flags);
    return vma;
  }

  /** @kernel vma_merge_existing_range() — mm/vma.c, v6.18 */
  #mergeExisting(middle: number, first: number, end: number, flags: VmFlags): number {
    const { vmas } = this.#parts, isLeft = vmas.firstPageOf(middle) === first, isRight = vmas.endPageOf(middle) === end;
    if ((flags & VM_SPECIAL) !== 0 || (!isLeft && !isRight)) return NO_VMA;
    const wanted: WantedArea = {
      mm: vmas.mmOf(middle), firstPage: first, endPage: end, flags, mapping: vmas.mappingOf(middle),
      pageIndex: vmas.pageIndexOf(middle) + first - vmas.firstPageOf(middle), anonVma: vmas.anonVmaOf(middle), copiedFrom: NO_VMA,
    };
    const previous = vmas.index.previous(middle), next = vmas.index.next(middle);
    const joinsLeft = isLeft && previous !== NO_VMA && this.#canJoinLeft(wanted, previous, middle);
    const joinsRight = isRight && next !== NO_VMA && this.#canJoinRight(wanted, next, middle) && (!joinsLeft || this.#areCompatible(previous, next));
    if (joinsLeft && joinsRight) return this.#joinBoth(previous, middle, next, flags);
    if (joinsLeft) return this.#joinLeft(previous, middle, end, flags);
    return joinsRight ? this.#joinRight(middle, next, first, flags) : NO_VMA;
  }
  /** The area before takes over all of the middle and the next. */
  #joinBoth(previous: number, middle: number, next: number, flags: VmFlags): number {
    const { vmas } = this.#parts, sticky = (flags | vmas.flagsOf(next)) & VM_STICKY, end = vmas.endPageOf(next);
    if (!this.#takeRegion(previous, vmas.anonVmaOf(next) !== NO_ANON_VMA ? next : middle)) return NO_VMA;
    this.#discard(middle);
    this.#discard(next);
    this.#resize(previous, vmas.firstPageOf(previous), end, vmas.pageIndexOf(previous));
    vmas.setFlags(previous, (vmas.flagsOf(previous) | sticky) >>> 0);
    return previous;
  }
  /** The area before takes over the middle up to `end`. */
  #joinLeft(previous: number, middle: number, end: number, flags: VmFlags): number {
    const { vmas } = this.#parts, middleEnd = vmas.endPageOf(middle);
    if (!this.#takeRegion(previous, middle)) return NO_VMA;
    if (end === middleEnd) this.#discard(middle);
    else this.#resize(middle, end, middleEnd, vmas.pageIndexOf(middle) + end - vmas.firstPageOf(middle));
    this.#resize(previous, vmas.firstPageOf(previous), end, vmas.pageIndexOf(previous));
    vmas.setFlags(previous, (vmas.flagsOf(previous) | (flags & VM_STICKY)) >>> 0);
    return previous;
  }
  /** The next area takes over the middle from `first` on. */
  #joinRight(middle: number, next: number, first: number, flags: VmFlags): number {
    const { vmas } = this.#parts, middleFirst = vmas.firstPageOf(middle), taken = vmas.firstPageOf(next) - first;
    if (!this.#takeRegion(next, middle)) return NO_VMA;
    if (first === middleFirst) this.#discard(middle);
    else this.#resize(middle, middleFirst, first, vmas.pageIndexOf(middle));
    this.#resize(next, first, vmas.endPageOf(next), vmas.pageIndexOf(next) - taken);
    vmas.setFlags(next, (vmas.flagsOf(next) | (flags & VM_STICKY)) >>> 0);
    return next;
  }

  /**
   * Makes two areas of one, at a page in its midst, if there may be one more.
   *
   * @param isNewBelow The new area is the lower one.
   * @returns False: too many areas or no memory, and nothing has changed.
   * @kernel split_vma() — mm/vma.c, v6.18
   */
  split(vma: number, page: number, isNewBelow: boolean): boolean {
    return !this.isFull(this.#parts.vmas.mmOf(vma)) && this.cut(vma, page, isNewBelow);
  }
  /** The same, however many areas there are: for who takes one of both away at once. @kernel __split_vma() — mm/vma.c, v6.18 */
  cut(vma: number, page: number, isNewBelow: boolean): boolean {
    const { vmas, anonVmas } = this.#parts;
    const first = vmas.firstPageOf(vma), end = vmas.endPageOf(vma), pageIndex = vmas.pageIndexOf(vma), upperIndex = pageIndex + page - first;
    const piece = vmas.allocate(vmas.mmOf(vma), isNewBelow ? first : page, isNewBelow ? page : end, vmas.flagsOf(vma), vmas.mappingOf(vma), isNewBelow ? pageIndex : upperIndex);
    if (piece === NO_VMA) return false;
    vmas.setAnonVma(piece, vmas.anonVmaOf(vma));
    if (!anonVmas.clone(piece, vma)) {
      vmas.free(piece);
      return false;
    }
    if (vmas.mappingOf(vma) !== NO_MAPPING) this.#files.mapped(vmas.mappingOf(vma));
    if (isNewBelow) this.#resize(vma, page, end, upperIndex);
    else this.#resize(vma, first, page, pageIndex);
    this.#link(piece);
    return true;
  }

  /**
   * An area of pages [firstPage, firstPage + pageCount) that shows what `vma` shows from `pageIndex` on, where no area is. A
   * neighbour may grow instead; that may be `vma` itself. `NO_VMA`: no memory.
   * @kernel copy_vma() — mm/vma.c, v6.18
   */
  copy(vma: number, firstPage: number, pageCount: number, pageIndex: number): number {
    const { vmas, anonVmas } = this.#parts, mapping = vmas.mappingOf(vma), mm = vmas.mmOf(vma);
    // Nothing of it was written yet, so that it may be numbered anew, and merge where it comes to.
    const isFresh = mapping === NO_MAPPING && vmas.anonVmaOf(vma) === NO_ANON_VMA;
    const wanted: WantedArea = {
      mm, firstPage, endPage: firstPage + pageCount, flags: vmas.flagsOf(vma), mapping, pageIndex: isFresh ? firstPage : pageIndex,
      anonVma: vmas.anonVmaOf(vma), copiedFrom: vma,
    };
    const merged = this.mergeNew(wanted);
    if (merged !== NO_VMA) return merged;
    const copy = vmas.allocate(mm, firstPage, wanted.endPage, wanted.flags, mapping, wanted.pageIndex);
    if (copy === NO_VMA) return NO_VMA;
    vmas.setAnonVma(copy, vmas.anonVmaOf(vma));
    if (!anonVmas.clone(copy, vma)) {
      vmas.free(copy);
      return NO_VMA;
    }
    if (mapping !== NO_MAPPING) this.#files.mapped(mapping);
    this.#link(copy);
    return copy;
  }

  /** Takes an area out of the order of its address space: no access finds it any more. Its pages are still mapped. @kernel vms_gather_munmap_vmas() — mm/vma.c, v6.18 */
  detach(vma: number): void {
    this.#parts.vmas.index.erase(this.#parts.vmas.mmOf(vma), vma);
  }
  /** Takes a detached area out of the orders by page index: no walk finds it any more. Its pages are unmapped. @kernel free_pgtables() — mm/memory.c, v6.18 */
  unlink(vma: number): void {
    const { vmas, anonVmas } = this.#parts, mapping = vmas.mappingOf(vma);
    anonVmas.unlink(vma);
    if (mapping !== NO_MAPPING) this.#leaveFile(vma, mapping);
  }
  /** Frees an area that is in no order, and lets go of its file. @kernel remove_vma() — mm/vma.c, v6.18 */
  free(vma: number): void {
    const { vmas } = this.#parts, mapping = vmas.mappingOf(vma);
    vmas.free(vma);
    if (mapping !== NO_MAPPING) this.#files.unmapped(mapping);
  }

  /** Puts a new area into all orders. */
  #link(vma: number): void {
    const { vmas } = this.#parts, mapping = vmas.mappingOf(vma);
    vmas.index.insert(vmas.mmOf(vma), vma);
    if (mapping !== NO_MAPPING) this.#enterFile(vma, mapping);
  }
  /** An area that others have taken over. */
  #discard(vma: number): void {
    this.detach(vma);
    this.unlink(vma);
    this.free(vma);
  }
  /** @kernel vma_prepare(), vma_adjust_trans_huge(), vma_set_range(), vma_complete() — mm/vma.c, v6.18 */
  #resize(vma: number, firstPage: number, endPage: number, pageIndex: number): void {
    const { vmas, anonVmas } = this.#parts, mapping = vmas.mappingOf(vma), region = vmas.anonVmaOf(vma);
    this.#huge.splitAt(vma, firstPage);
    this.#huge.splitAt(vma, endPage);
    if (mapping !== NO_MAPPING) {
      vmas.iMmapLock.lock(mapping);
      vmas.iMmap.erase(mapping, vma);
    }
    if (region !== NO_ANON_VMA) {
      anonVmas.lock(region);
      anonVmas.beforeChange(vma);
    }
    vmas.setRange(vma, firstPage, endPage, pageIndex);
    vmas.index.changed(vma);
    if (region !== NO_ANON_VMA) {
      anonVmas.afterChange(vma);
      anonVmas.unlock(region);
    }
    if (mapping !== NO_MAPPING) {
      vmas.iMmap.insert(mapping, vma, pageIndex, pageIndex + endPage - firstPage - 1);
      vmas.iMmapLock.unlock(mapping);
    }
  }
  #enterFile(vma: number, mapping: number): void {
    const { vmas } = this.#parts, pageIndex = vmas.pageIndexOf(vma);
    vmas.iMmapLock.lock(mapping);
    vmas.iMmap.insert(mapping, vma, pageIndex, pageIndex + vmas.endPageOf(vma) - vmas.firstPageOf(vma) - 1);
    vmas.iMmapLock.unlock(mapping);
  }
  #leaveFile(vma: number, mapping: number): void {
    const { vmas } = this.#parts;
    vmas.iMmapLock.lock(mapping);
    vmas.iMmap.erase(mapping, vma);
    vmas.iMmapLock.unlock(mapping);
  }
  /** `to` gets the region of `from`, if it has none. @kernel dup_anon_vma() — mm/vma.c, v6.18 */
  #takeRegion(to: number, from: number): boolean {
    const { vmas, anonVmas } = this.#parts, region = vmas.anonVmaOf(from);
    if (region === NO_ANON_VMA || vmas.anonVmaOf(to) !== NO_ANON_VMA) return true;
    vmas.setAnonVma(to, region);
    return anonVmas.clone(to, from);
  }

  /** @kernel can_vma_merge_after() — mm/vma.c, v6.18 */
  #canJoinLeft(wanted: WantedArea, previous: number, middle: number): boolean {
    const { vmas } = this.#parts, first = vmas.firstPageOf(previous);
    return vmas.endPageOf(previous) === wanted.firstPage && this.#isAlike(wanted, previous, middle) && vmas.pageIndexOf(previous) + wanted.firstPage - first === wanted.pageIndex;
  }
  /** @kernel can_vma_merge_before() — mm/vma.c, v6.18 */
  #canJoinRight(wanted: WantedArea, next: number, middle: number): boolean {
    const { vmas } = this.#parts;
    return vmas.firstPageOf(next) === wanted.endPage && this.#isAlike(wanted, next, middle) && wanted.pageIndex + wanted.endPage - wanted.firstPage === vmas.pageIndexOf(next);
  }
  /** @kernel is_mergeable_vma(), is_mergeable_anon_vma() — mm/vma.c, v6.18 */
  #isAlike({ flags, mapping, anonVma, copiedFrom }: WantedArea, neighbour: number, middle: number): boolean {
    const { vmas, anonVmas } = this.#parts, region = vmas.anonVmaOf(neighbour);
    if (((flags ^ vmas.flagsOf(neighbour)) & ~VM_STICKY) !== 0 || mapping !== vmas.mappingOf(neighbour)) return false;
    if (region === anonVma) return true;
    // One side has no region: it takes the other's, unless that was inherited.
    if (region === NO_ANON_VMA) {
      const source = middle !== NO_VMA ? middle : copiedFrom;
      return source === NO_VMA || anonVmas.hasOneLink(source);
    }
    return anonVma === NO_ANON_VMA && anonVmas.hasOneLink(neighbour);
  }
  /** Both are like what is wanted; but are they like each other? */
  #areCompatible(previous: number, next: number): boolean {
    const { vmas } = this.#parts, a = vmas.anonVmaOf(previous), b = vmas.anonVmaOf(next);
    return a === NO_ANON_VMA || b === NO_ANON_VMA || a === b;
  }
}
