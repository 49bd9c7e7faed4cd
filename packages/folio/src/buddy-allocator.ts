import { type ColumnAllocator, leaves } from "@zeropfn/state";
import { FolioError } from "./errors.ts";
import type { FolioColumns } from "./folio-columns.ts";
import { KIND_FREE, KIND_NOTHING, NONE, NO_FRAME } from "./layout.ts";

/** Items of the column that a zone has once. The heads of the free lists follow, one for each order. */
const LOCK = 0;
const FREE = 1;
const FRONTIER = 2;
const HEADS = 3;

/**
 * The buddy allocator: free blocks of 2^order frames, one list for each order. A block that is freed merges with its
 * buddy, the other half of the next larger block, as long as that is free too.
 *
 * Frames at and above the frontier were never handed out and are in no list, so that starting a large machine touches
 * no column. The block at the frontier enters its list when no other is large enough.
 *
 * `allocate` and `free` are what the kernel does under the zone's lock. Their steps are leaves too: an explorer that
 * does not gate `Folios.allocate` and `Folios.put` sees them one by one.
 *
 * @kernel rmqueue_buddy(), __free_one_page() — mm/page_alloc.c, v6.18
 * @differs One zone, one migrate type, no lists for each CPU, no watermarks.
 */
export class BuddyAllocator {
  static {
    if (__EXPLORE__) {
      leaves(BuddyAllocator, "folio/buddy", {
        lock: { when: (zone) => !zone.isLocked() },
        unlock: {},
        isLocked: {},
        firstFreeOrder: {},
        takeFree: {},
        addFree: {},
        isFree: {},
        removeFree: {},
      });
    }
  }
  readonly #blocks: Uint8Array<ArrayBuffer>;
  readonly #next: Uint32Array<ArrayBuffer>;
  readonly #previous: Uint32Array<ArrayBuffer>;
  readonly #zone: Uint32Array<ArrayBuffer>;
  readonly #end: number;
  readonly #maximumOrder: number;

  /** The frames `first` … `end`-1, all free. */
  constructor(columns: ColumnAllocator, frames: FolioColumns, first: number, end: number, maximumOrder: number) {
    this.#blocks = frames.blocks;
    this.#next = frames.next;
    this.#previous = frames.previous;
    this.#zone = columns.u32("folio.zone", HEADS + maximumOrder + 1);
    this.#end = end;
    this.#maximumOrder = maximumOrder;
    this.#zone[FRONTIER] = first;
    this.#zone[FREE] = end - first;
  }

  /** The first frame of a block of 2^`order` frames, aligned to its size, or `NO_FRAME`. @kernel rmqueue_buddy() — mm/page_alloc.c, v6.18 */
  allocate(order: number): number {
    this.lock();
    const from = this.firstFreeOrder(order);
    if (from === NO_FRAME) {
      this.unlock();
      return NO_FRAME;
    }
    const pfn = this.takeFree(from);
    // The upper halves stay free. @kernel expand() — mm/page_alloc.c
    for (let half = from - 1; half >= order; half--) this.addFree(pfn + (1 << half), half);
    this.unlock();
    return pfn;
  }

  /** Gives a block back. @kernel __free_one_page() — mm/page_alloc.c, v6.18 */
  free(pfn: number, order: number): void {
    this.lock();
    let first = pfn;
    let size = order;
    while (size < this.#maximumOrder) {
      const buddy = first ^ (1 << size);
      if (!this.isFree(buddy, size)) break;
      this.removeFree(buddy, size);
      first &= buddy; // the lower half
      size++;
    }
    this.addFree(first, size);
    this.unlock();
  }

  /** Waits for the zone's lock and takes it. In an ordinary run it is always free. @kernel zone::lock — include/linux/mmzone.h, v6.18 */
  lock(): void {
    this.#zone[LOCK] = 1;
  }
  unlock(): void {
    this.#zone[LOCK] = 0;
  }
  isLocked(): boolean {
    return this.#zone[LOCK] !== 0;
  }

  /** The smallest order from `order` on that has a free block, or `NO_FRAME`. */
  firstFreeOrder(order: number): number {
    const zone = this.#zone;
    const largest = this.#maximumOrder;
    for (let size = order; size <= largest; size++) if (zone[HEADS + size] !== NONE) return size;
    return this.#advanceFrontier(order);
  }
  /** Takes the first block from the list of `order`: the one freed last. */
  takeFree(order: number): number {
    const pfn = this.#zone[HEADS + order];
    if (pfn === NONE) throw badBlock("takeFree", pfn, order, "the list is empty");
    this.removeFree(pfn, order);
    return pfn;
  }
  /** True if a free block of 2^`order` frames begins at `pfn`. @kernel find_buddy_page_pfn() — mm/internal.h, v6.18 */
  isFree(pfn: number, order: number): boolean {
    return pfn < this.#end && this.#blocks[pfn] === (KIND_FREE | order);
  }
  /** Puts a block at the head of its list. */
  addFree(pfn: number, order: number): void {
    if (this.#blocks[pfn] !== KIND_NOTHING) throw badBlock("addFree", pfn, order, "the frame is in use or free already");
    const zone = this.#zone;
    const first = zone[HEADS + order];
    this.#blocks[pfn] = KIND_FREE | order;
    this.#next[pfn] = first;
    if (first !== NONE) this.#previous[first] = pfn;
    zone[HEADS + order] = pfn;
    zone[FREE] += 1 << order;
  }
  /** Takes the block at `pfn` out of its list. */
  removeFree(pfn: number, order: number): void {
    if (!this.isFree(pfn, order)) throw badBlock("removeFree", pfn, order, "no such block is free");
    const zone = this.#zone;
    const next = this.#next[pfn];
    const previous = this.#previous[pfn];
    if (previous === NONE) zone[HEADS + order] = next;
    else this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    this.#blocks[pfn] = KIND_NOTHING;
    this.#next[pfn] = NONE;
    this.#previous[pfn] = NONE;
    zone[FREE] -= 1 << order;
  }

  /** Free frames: in the lists and beyond the frontier. */
  get freeFrames(): number {
    return this.#zone[FREE];
  }
  /** Free blocks of each order in the lists, as /proc/buddyinfo shows them; the frontier's frames are not in one yet. */
  get freeBlocks(): number[] {
    return Array.from({ length: this.#maximumOrder + 1 }, (_, order) => this.blocksOf(order).length);
  }
  /** The free blocks of one order, the first to be handed out first. For reports and tests. */
  blocksOf(order: number): number[] {
    const blocks: number[] = [];
    for (let pfn = this.#zone[HEADS + order]; pfn !== NONE && blocks.length < this.#end; pfn = this.#next[pfn]) blocks.push(pfn);
    return blocks;
  }
  /** The first frame that was never handed out. */
  get frontier(): number {
    return this.#zone[FRONTIER];
  }

  /** Puts blocks at the frontier into their lists until there is one of `order` or larger: that order, or `NO_FRAME`. */
  #advanceFrontier(order: number): number {
    const zone = this.#zone;
    while (zone[FRONTIER] < this.#end) {
      const pfn = zone[FRONTIER];
      const size = this.#largestBlockAt(pfn);
      zone[FREE] -= 2 ** size; // it was free beyond the frontier, and addFree counts it again
      zone[FRONTIER] = pfn + 2 ** size;
      this.addFree(pfn, size);
      if (size >= order) return size;
    }
    return NO_FRAME;
  }
  /** The largest order of a block that begins at `pfn`: by its alignment, and by what is left. */
  #largestBlockAt(pfn: number): number {
    let size = 0;
    while (size < this.#maximumOrder && pfn % 2 ** (size + 1) === 0 && pfn + 2 ** (size + 1) <= this.#end) size++;
    return size;
  }
}

/** Apart: in a function that runs all the time the text may be put together before it is known to be needed. */
const badBlock = (operation: string, pfn: number, order: number, what: string): FolioError => new FolioError("FOLIO_BAD_BLOCK", `${operation}(${pfn}, ${order}): ${what}`);
