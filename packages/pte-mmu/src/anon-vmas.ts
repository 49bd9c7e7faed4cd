import { type Background, type ColumnAllocator, leaves, noBackground, RwLocks } from "@zeropfn/state";
import { IntervalTrees, NO_ROW } from "./interval-trees.ts";
import { VM_ACCESS_FLAGS, VM_STICKY } from "./vm-flags.ts";
import { NO_VMA } from "./vma-index.ts";
import { NO_ANON_VMA, type Vmas } from "./vmas.ts";

/** No link, or the end of a chain. */
export const NO_LINK = 0xffff_ffff;

export interface AnonVmasOptions {
  /** Anonymous regions (anon_vma). May be 0 where no anonymous memory is used. */
  readonly anonVmaCapacity: number;
  /** Links between areas and regions (anon_vma_chain). */
  readonly linkCapacity: number;
  readonly background?: Background;
}

/** Chains hold link + 1, so that a column of zeros is an empty chain. */
const END = 0;

/**
 * Anonymous regions: which areas may map an anonymous page? A page belongs to one region, for ever; an area is linked to its
 * own region and, after fork, to those of its ancestors; the areas of a region lie in an interval tree by the pages they show.
 *
 * @kernel anon_vma, anon_vma_chain — include/linux/rmap.h; mm/rmap.c, v6.18
 */
export class AnonVmas {
  static {
    if (__EXPLORE__) {
      leaves(AnonVmas, "pte-mmu/anonVma", {
        allocate: {}, allocateLink: {}, freeLink: {}, get: {}, put: {},
        // Guarded by mmap_lock or by the lock of the root.
        addChild: { silent: true }, addActive: { silent: true }, childrenOf: { silent: true }, activeOf: { silent: true }, parentOf: { silent: true },
        rootOf: { silent: true }, vmaOfLink: { silent: true }, regionOfLink: { silent: true }, nextInChain: { silent: true }, setLink: { silent: true },
      });
    }
  }
  readonly #root: Uint32Array;
  readonly #parent: Uint32Array; // of a free region: the next free one + 1
  readonly #references: Uint32Array;
  readonly #children: Uint32Array; // of the region, itself included if it is a root
  readonly #active: Uint32Array; // areas whose own region it is
  readonly #linkVma: Uint32Array;
  readonly #linkRegion: Uint32Array;
  readonly #linkNext: Uint32Array; // + 1, in the chain of its area; of a free link: the next free one + 1
  readonly #pool: Uint32Array; // [0] first free region + 1, [1] regions ever used, [2] first free link + 1, [3] links ever used
  readonly #vmas: Vmas;
  readonly #trees: IntervalTrees;
  /** Of the root of each region. @kernel anon_vma::rwsem — include/linux/rmap.h, v6.18 */
  readonly #locks: RwLocks;

  constructor(columns: ColumnAllocator, vmas: Vmas, { anonVmaCapacity, linkCapacity, background = noBackground }: AnonVmasOptions) {
    this.#root = columns.u32("anonVma.root", anonVmaCapacity);
    this.#parent = columns.u32("anonVma.parent", anonVmaCapacity);
    this.#references = columns.u32("anonVma.refcount", anonVmaCapacity);
    this.#children = columns.u32("anonVma.num_children", anonVmaCapacity);
    this.#active = columns.u32("anonVma.num_active_vmas", anonVmaCapacity);
    this.#linkVma = columns.u32("anonVma.linkVma", linkCapacity);
    this.#linkRegion = columns.u32("anonVma.linkRegion", linkCapacity);
    this.#linkNext = columns.u32("anonVma.linkNext", linkCapacity);
    this.#pool = columns.u32("anonVma.pool", 4);
    this.#vmas = vmas;
    this.#trees = new IntervalTrees(columns, { name: "anon_vma", rootCapacity: anonVmaCapacity, rowCapacity: linkCapacity });
    this.#locks = new RwLocks(columns, "anonVma.rwsem", anonVmaCapacity, background);
  }

  /**
   * Gives an area its own region, if it has none: that of a neighbour with which it could merge but for its access rights, or a
   * new one. False: no memory.
   * @kernel __anon_vma_prepare() — mm/rmap.c, v6.18
   */
  prepare(vma: number): boolean {
    if (this.#vmas.anonVmaOf(vma) !== NO_ANON_VMA) return true;
    const link = this.allocateLink();
    if (link === NO_LINK) return false;
    let region = this.#mergeable(vma);
    if (region === NO_ANON_VMA) {
      region = this.allocate(NO_ANON_VMA);
      if (region === NO_ANON_VMA) {
        this.freeLink(link);
        return false;
      }
      this.addChild(region, 1); // itself
    }
    this.lock(region);
    this.#vmas.setAnonVma(vma, region);
    this.#join(vma, link, region);
    this.addActive(region, 1);
    this.unlock(region);
    return true;
  }

  /** The next area first. @kernel find_mergeable_anon_vma() — mm/vma.c, v6.18 */
  #mergeable(vma: number): number {
    const { index } = this.#vmas, next = index.next(vma);
    const found = next === NO_VMA ? NO_ANON_VMA : this.#reusable(next, vma, next);
    if (found !== NO_ANON_VMA) return found;
    const previous = index.previous(vma);
    return previous === NO_VMA ? NO_ANON_VMA : this.#reusable(previous, previous, vma);
  }
  /** The region of `old` if areas `a` and `b`, in order, are alike but for their access rights. @kernel reusable_anon_vma(), anon_vma_compatible() — mm/vma.c, v6.18 */
  #reusable(old: number, a: number, b: number): number {
    const vmas = this.#vmas, region = vmas.anonVmaOf(old);
    if (region === NO_ANON_VMA || vmas.endPageOf(a) !== vmas.firstPageOf(b) || vmas.mappingOf(a) !== vmas.mappingOf(b)) return NO_ANON_VMA;
    if (((vmas.flagsOf(a) ^ vmas.flagsOf(b)) & ~(VM_ACCESS_FLAGS | VM_STICKY)) !== 0) return NO_ANON_VMA;
    if (vmas.pageIndexOf(b) !== vmas.pageIndexOf(a) + vmas.firstPageOf(b) - vmas.firstPageOf(a)) return NO_ANON_VMA;
    return this.hasOneLink(old) ? region : NO_ANON_VMA;
  }

  /**
   * Links area `to` to all regions of `from`: for a split, a copy and a fork. If `to` has no region of its own yet and `from` has, it
   * may take over one that nobody uses any more. False: no memory, and `to` is as it was.
   * @kernel anon_vma_clone() — mm/rmap.c, v6.18
   */
  clone(to: number, from: number): boolean {
    const vmas = this.#vmas, mayReuse = vmas.anonVmaOf(from) !== NO_ANON_VMA;
    // The chain has the youngest link in front. Going from its end keeps the order; chains are short.
    for (let depth = this.#lengthOf(from) - 1; depth >= 0; depth--) {
      const region = this.regionOfLink(this.#linkAt(from, depth)), link = this.allocateLink();
      if (link === NO_LINK) {
        vmas.setAnonVma(to, NO_ANON_VMA);
        this.unlink(to);
        return false;
      }
      this.lock(region);
      this.#join(to, link, region);
      this.unlock(region);
      if (mayReuse && vmas.anonVmaOf(to) === NO_ANON_VMA && this.childrenOf(region) < 2 && this.activeOf(region) === 0) vmas.setAnonVma(to, region);
    }
    if (vmas.anonVmaOf(to) !== NO_ANON_VMA) this.addActive(vmas.anonVmaOf(to), 1);
    return true;
  }

  /** Links a child's area to its parent's regions, and gives it one of its own. False: no memory. @kernel anon_vma_fork() — mm/rmap.c, v6.18 */
  fork(child: number, parent: number): boolean {
    const vmas = this.#vmas, above = vmas.anonVmaOf(parent);
    if (above === NO_ANON_VMA) return true;
    vmas.setAnonVma(child, NO_ANON_VMA);
    if (!this.clone(child, parent)) return false;
    if (vmas.anonVmaOf(child) !== NO_ANON_VMA) return true; // taken over
    const region = this.allocate(above), link = region === NO_ANON_VMA ? NO_LINK : this.allocateLink();
    if (link === NO_LINK) {
      if (region !== NO_ANON_VMA) this.#release(region);
      this.unlink(child);
      return false;
    }
    this.addActive(region, 1);
    vmas.setAnonVma(child, region);
    this.lock(region);
    this.#join(child, link, region);
    this.addChild(above, 1);
    this.unlock(region);
    return true;
  }

  /** Takes an area out of all its regions; those that nobody needs any more are freed. @kernel unlink_anon_vmas() — mm/rmap.c, v6.18 */
  unlink(vma: number): void {
    const vmas = this.#vmas, own = vmas.anonVmaOf(vma);
    if (own !== NO_ANON_VMA) {
      this.addActive(own, -1);
      vmas.setAnonVma(vma, NO_ANON_VMA);
    }
    for (let link = this.firstInChain(vma); link !== NO_LINK; ) {
      const next = this.nextInChain(link), region = this.regionOfLink(link);
      this.lock(region);
      this.#trees.erase(region, link);
      const isEmpty = this.#trees.first(region, 0, Number.MAX_SAFE_INTEGER) === NO_ROW;
      if (isEmpty) this.addChild(this.parentOf(region), -1);
      this.unlock(region);
      this.freeLink(link);
      if (isEmpty) this.#release(region);
      link = next;
    }
    vmas.setChain(vma, END);
  }

  /** Before the pages that an area shows change. @kernel anon_vma_interval_tree_pre_update_vma() — mm/vma.c, v6.18 */
  beforeChange(vma: number): void {
    for (let link = this.firstInChain(vma); link !== NO_LINK; link = this.nextInChain(link)) this.#trees.erase(this.regionOfLink(link), link);
  }
  /** And behind it. @kernel anon_vma_interval_tree_post_update_vma() — mm/vma.c, v6.18 */
  afterChange(vma: number): void {
    for (let link = this.firstInChain(vma); link !== NO_LINK; link = this.nextInChain(link)) this.#insert(vma, link, this.regionOfLink(link));
  }

  /** True if the area is linked to one region alone: nothing was inherited. */
  hasOneLink(vma: number): boolean {
    const first = this.firstInChain(vma);
    return first !== NO_LINK && this.nextInChain(first) === NO_LINK;
  }

  /** The first link of the region whose area shows a page of [firstIndex, lastIndex], or `NO_LINK`. @kernel anon_vma_interval_tree_iter_first() — mm/interval_tree.c, v6.18 */
  firstOverlapping(region: number, firstIndex: number, lastIndex: number): number {
    return this.#trees.first(region, firstIndex, lastIndex);
  }
  /** The next one, or `NO_LINK`. */
  nextOverlapping(link: number, firstIndex: number, lastIndex: number): number {
    return this.#trees.next(link, firstIndex, lastIndex);
  }
  /** Waits until nobody walks or changes the region or its relatives. @kernel anon_vma_lock_write() — include/linux/rmap.h, v6.18 */
  lock(region: number): void {
    this.#locks.lock(this.rootOf(region));
  }
  unlock(region: number): void {
    this.#locks.unlock(this.rootOf(region));
  }
  /** Keeps the region and its relatives from changing. @kernel anon_vma_lock_read() — include/linux/rmap.h, v6.18 */
  lockShared(region: number): void {
    this.#locks.lockShared(this.rootOf(region));
  }
  unlockShared(region: number): void {
    this.#locks.unlockShared(this.rootOf(region));
  }

  // Steps

  /** A region with one reference, of the family of `parent`; `NO_ANON_VMA` for `parent`: a root. `NO_ANON_VMA`: no memory. @kernel anon_vma_alloc() — mm/rmap.c, v6.18 */
  allocate(parent: number): number {
    const region = takeRow(this.#pool, 0, this.#parent);
    if (region === NO_ROW) return NO_ANON_VMA;
    this.#root[region] = parent === NO_ANON_VMA ? region : this.#root[parent]!;
    this.#parent[region] = parent === NO_ANON_VMA ? region : parent;
    this.#references[region] = 1;
    this.#children[region] = 0;
    this.#active[region] = 0;
    if (parent !== NO_ANON_VMA) this.#references[this.#root[parent]!]!++;
    return region;
  }
  get(region: number): void {
    this.#references[region]!++;
  }
  /** True if that was the last reference: the region is free. */
  put(region: number): boolean {
    if (--this.#references[region]! > 0) return false;
    this.#parent[region] = this.#pool[0]!;
    this.#pool[0] = region + 1;
    return true;
  }
  allocateLink(): number {
    return takeRow(this.#pool, 2, this.#linkNext);
  }
  freeLink(link: number): void {
    this.#linkNext[link] = this.#pool[2]!;
    this.#pool[2] = link + 1;
  }
  setLink(link: number, vma: number, region: number, next: number): void {
    this.#linkVma[link] = vma;
    this.#linkRegion[link] = region;
    this.#linkNext[link] = next;
  }
  addChild(region: number, count: number): void {
    this.#children[region]! += count;
  }
  addActive(region: number, count: number): void {
    this.#active[region]! += count;
  }
  childrenOf(region: number): number {
    return this.#children[region]!;
  }
  activeOf(region: number): number {
    return this.#active[region]!;
  }
  parentOf(region: number): number {
    return this.#parent[region]!;
  }
  rootOf(region: number): number {
    return this.#root[region]!;
  }
  vmaOfLink(link: number): number {
    return this.#linkVma[link]!;
  }
  regionOfLink(link: number): number {
    return this.#linkRegion[link]!;
  }
  /** The youngest link of an area, or `NO_LINK`. */
  firstInChain(vma: number): number {
    return (this.#vmas.chainOf(vma) - 1) >>> 0;
  }
  nextInChain(link: number): number {
    return (this.#linkNext[link]! - 1) >>> 0;
  }

  /** @kernel anon_vma_chain_link() — mm/rmap.c, v6.18 */
  #join(vma: number, link: number, region: number): void {
    this.setLink(link, vma, region, this.#vmas.chainOf(vma));
    this.#vmas.setChain(vma, link + 1);
    this.#insert(vma, link, region);
  }
  #insert(vma: number, link: number, region: number): void {
    const vmas = this.#vmas, start = vmas.pageIndexOf(vma);
    this.#trees.insert(region, link, start, start + vmas.endPageOf(vma) - vmas.firstPageOf(vma) - 1);
  }
  #lengthOf(vma: number): number {
    let length = 0;
    for (let link = this.firstInChain(vma); link !== NO_LINK; link = this.nextInChain(link)) length++;
    return length;
  }
  #linkAt(vma: number, depth: number): number {
    let link = this.firstInChain(vma);
    for (let at = 0; at < depth; at++) link = this.nextInChain(link);
    return link;
  }
  /** @kernel __put_anon_vma() — mm/rmap.c, v6.18 */
  #release(region: number): void {
    const root = this.rootOf(region);
    if (this.put(region) && root !== region) this.put(root);
  }
}

/** A row from a pool at items `at` (first free + 1) and `at` + 1 (ever used), or `NO_ROW`. */
function takeRow(pool: Uint32Array, at: number, next: Uint32Array): number {
  const free = pool[at]!;
  if (free !== 0) {
    pool[at] = next[free - 1]!;
    return free - 1;
  }
  const row = pool[at + 1]!;
  if (row >= next.length) return NO_ROW;
  pool[at + 1] = row + 1;
  return row;
}
