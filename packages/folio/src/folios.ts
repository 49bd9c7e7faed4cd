import { type Background, type ColumnAllocator, leaves, type Tracer, waitFor } from "@zeropfn/state";
import { BuddyAllocator } from "./buddy-allocator.ts";
import { FolioError } from "./errors.ts";
import { type FolioColumns, folioColumns } from "./folio-columns.ts";
import type { FrameSource } from "./frame-source.ts";
import { checkFolios } from "./invariants.ts";
import { GUP_PIN_COUNTING_BIAS, KIND, KIND_HEAD, KIND_NOTHING, KIND_TAIL, KIND_ZERO, NO_FRAME, NONE, ORDER, REFCOUNT_LIMIT, WORD_BYTES, ZERO_PFN } from "./layout.ts";
import { type FoliosOptions, type MachineMemory, machineMemory } from "./machine-memory.ts";
import { PageContent } from "./page-content.ts";
import { FLAGS_CHECKED_AT_FREE, FLAGS_OF_PAGES, type PageFlag, PG_anon_exclusive, PG_head, PG_locked, PG_lru, PG_mlocked, PG_swapbacked, PG_uptodate, PG_writeback } from "./page-flags.ts";

/** Items of the column of what a machine has once. */
const USED = 0;
const HUGE_ZERO = 1;
const FAIL_IN = 2;
const MLOCKED: number = 1 << PG_mlocked;
/** Flags of a page of anonymous memory when it is mapped first. */
const NEW_ANONYMOUS: number = (1 << PG_uptodate) | (1 << PG_swapbacked) | (1 << PG_anon_exclusive);
/** Beside the order that `prepareFree` answers. */
const WAS_MLOCKED = 0x100;

/**
 * Physical memory: frames, the folios they form, who holds them, and their bytes.
 *
 * Frames are numbered 0 … `firstDevicePfn`-1 (DRAM) and on to `totalFrames`-1 (persistent memory). A folio is 2^order
 * frames under one reference count; what is said of a folio may be said with the number of any of its frames.
 * Frame 0 is the zero page: it is not counted, and getting or putting it does nothing.
 *
 * A device frame is a folio of its own. It is idle at 0 references; `get` makes it busy, and `put` of the last
 * reference answers true and frees nothing.
 */
export class Folios implements FrameSource {
  static {
    if (__EXPLORE__) {
      leaves(Folios, "folio/folios", {
        allocate: {}, allocationFails: {}, prepareNew: {}, failAllocation: {},
        get: {}, tryGet: { coarse: true }, tryGetHead: {}, isHeadOf: {}, refcount: {}, freeze: {}, unfreeze: {},
        put: { coarse: true }, putTestZero: {}, free: {}, prepareFree: {},
        pin: {}, unpin: { coarse: true }, unpinTestZero: {}, pincount: {}, maybeDmaPinned: {},
        head: {}, order: {}, split: { coarse: true }, splitFrozen: {},
        isZeroPage: { silent: true }, hugeZeroFrame: { coarse: true }, hugeZeroPfn: {}, publishHugeZero: {},
        addNewAnonymous: {}, addRmap: {}, removeRmap: {}, addRmaps: {}, removeRmaps: {}, mapcount: {}, folioMapcount: {}, getMany: {}, setOnPages: {}, clearOnPages: {},
        setMapping: {}, mapping: {}, index: {},
        testFlag: {}, setFlag: {}, clearFlag: {}, testAndSetFlag: {}, testAndClearFlag: {},
        lock: { when: (folios, pfn) => !folios.testFlag(pfn, PG_locked) },
        waitUnlocked: { when: (folios, pfn) => !folios.testFlag(pfn, PG_locked) },
        waitWriteback: { when: (folios, pfn) => !folios.testFlag(pfn, PG_writeback) },
        tryLock: {}, unlock: {},
      });
    }
  }
  /** The allocator of DRAM frames: its reports, and its steps for scenarios. */
  readonly buddy: BuddyAllocator;
  readonly #content: PageContent;
  readonly #memory: MachineMemory;
  readonly #columns: FolioColumns;
  readonly #blocks: Uint8Array<ArrayBuffer>;
  readonly #refcounts: Uint32Array<ArrayBuffer>;
  readonly #pincounts: Uint32Array<ArrayBuffer>;
  readonly #mapcounts: Uint32Array<ArrayBuffer>;
  readonly #flags: Uint32Array<ArrayBuffer>;
  readonly #machine: Uint32Array<ArrayBuffer>;
  readonly #peak: Float64Array<ArrayBuffer>;
  readonly #tracer: Tracer;
  readonly #background: Background;
  readonly #events: { readonly allocated: number; readonly freed: number; readonly mlock: number; readonly hugeZero: number; readonly hugeZeroFailed: number };

  /** @throws {FolioError} FOLIO_BAD_OPTION */
  constructor(columns: ColumnAllocator, options: FoliosOptions) {
    const memory = machineMemory(options);
    const frames = folioColumns(columns, memory.totalFrames);
    this.#memory = memory;
    this.#columns = frames;
    this.#blocks = frames.blocks;
    this.#refcounts = frames.refcounts;
    this.#pincounts = frames.pincounts;
    this.#mapcounts = frames.mapcounts;
    this.#flags = frames.flags;
    this.#machine = columns.u32("folio.machine", 3);
    this.#peak = columns.f64("folio.peak", 1, "derived");
    this.buddy = new BuddyAllocator(columns, frames, ZERO_PFN + 1, memory.frameCount, memory.maximumOrder);
    this.#content = new PageContent(columns, memory);
    this.#blocks[ZERO_PFN] = KIND_ZERO;
    this.#refcounts[ZERO_PFN] = 1;
    const { tracer, background } = memory;
    this.#tracer = tracer;
    this.#background = background;
    this.#events = {
      allocated: tracer.event("pgalloc_normal"),
      freed: tracer.event("pgfree"),
      mlock: tracer.event("nr_mlock"),
      hugeZero: tracer.event("thp_zero_page_alloc"),
      hugeZeroFailed: tracer.event("thp_zero_page_alloc_failed"),
    };
  }

  /** The columns that link folios in lists: for `FolioLists`, which owns them while a folio is allocated. */
  get links(): Pick<FolioColumns, "next" | "previous"> {
    return this.#columns;
  }

  // The machine: constants and accounts

  /** The zero page. @kernel my_zero_pfn() — include/linux/pgtable.h, v6.18 */
  get zeroPfn(): number {
    return ZERO_PFN;
  }
  /** The first frame of persistent memory. There are as many DRAM frames, the zero page included. */
  get firstDevicePfn(): number {
    return this.#memory.frameCount;
  }
  /** All frames, of DRAM and of persistent memory. */
  get totalFrames(): number {
    return this.#memory.totalFrames;
  }
  /** The largest order that `allocate` takes. */
  get maximumOrder(): number {
    return this.#memory.maximumOrder;
  }
  /** The huge zero page has 2^hugeZeroOrder frames. */
  get hugeZeroOrder(): number {
    return this.#memory.hugeZeroOrder;
  }
  /** Bytes of a page: a power of two. */
  get pageSize(): number {
    return 2 ** this.#memory.pageShift;
  }
  /** Words of `WORD_BYTES` in a page. */
  get wordsPerPage(): number {
    return this.pageSize / WORD_BYTES;
  }
  /** Frames allocated now. The zero pages are not counted. */
  get usedFrames(): number {
    return this.#machine[USED];
  }
  /** The most frames that were ever allocated at once. */
  get peakFrames(): number {
    return this.#peak[0];
  }
  /** Frames that can still be allocated. @kernel NR_FREE_PAGES — include/linux/mmzone.h, v6.18 */
  get freeFrames(): number {
    return this.buddy.freeFrames;
  }
  /** Bytes zeroed so far by `zero` and `zeroWord`. */
  get zeroedBytes(): number {
    return this.#content.zeroedBytes;
  }
  /** Bytes copied so far by `copy` and `copyWord`. */
  get copiedBytes(): number {
    return this.#content.copiedBytes;
  }
  /** The content operations in use: "simd", "typed-array", "no-bytes", or a plug-in's name. */
  get contentName(): string {
    return this.#content.name;
  }
  /** True if frame `pfn` is persistent memory. */
  isDevice(pfn: number): boolean {
    return pfn >= this.#memory.frameCount;
  }
  /** @throws {FolioError} FOLIO_INVARIANT if columns contradict each other, or a zero page is not zero. Slow: for tests. */
  checkInvariants(): void {
    checkFolios(this.#memory, this.#columns, this.buddy, this.usedFrames);
    for (let pfn = 0; pfn < this.totalFrames; pfn++) {
      if (this.isZeroPage(pfn) && !this.isZero(pfn)) throw new FolioError("FOLIO_INVARIANT", `zero page ${pfn} has a byte that is not 0`);
    }
  }

  // Allocating and freeing

  /**
   * A folio of 2^`order` frames, aligned to its size, with one reference. Its bytes are whatever they were.
   *
   * @param order 0 … maximumOrder.
   * @returns Its first frame, or `NO_FRAME`: no memory is an outcome.
   * @throws {FolioError} FOLIO_BAD_ORDER
   * @kernel alloc_pages_noprof() — mm/mempolicy.c, v6.18
   */
  allocate(order: number): number {
    if (order >>> 0 !== order || order > this.#memory.maximumOrder) throw this.#badOrder("allocate", order, this.#memory.maximumOrder);
    if (this.allocationFails()) return NO_FRAME;
    const pfn = this.buddy.allocate(order);
    if (pfn === NO_FRAME) return NO_FRAME;
    this.prepareNew(pfn, order);
    this.#tracer.count(this.#events.allocated, 1 << order, pfn);
    return pfn;
  }
  /** Makes the `nth` allocation from now fail, once: 1 is the next. 0 disarms. @kernel should_fail_alloc_page() — mm/fail_page_alloc.c, v6.18 */
  failAllocation(nth: number): void {
    this.#machine[FAIL_IN] = nth;
  }
  /** One step of `allocate`: true if this allocation is to fail. */
  allocationFails(): boolean {
    const machine = this.#machine;
    if (machine[FAIL_IN] === 0) return false;
    machine[FAIL_IN]--;
    return machine[FAIL_IN] === 0;
  }
  /** One step of `allocate`: makes a block a folio with one reference. @kernel prep_new_page() — mm/page_alloc.c, v6.18 */
  prepareNew(pfn: number, order: number): void {
    const end = pfn + (1 << order);
    if (this.#blocks[pfn] !== KIND_NOTHING) throw this.#inUse(pfn, order);
    this.#blocks[pfn] = KIND_HEAD | order;
    if (order > 0) this.#blocks.fill(KIND_TAIL | order, pfn + 1, end);
    this.#refcounts[pfn] = 1;
    this.#account(1 << order);
  }
  /**
   * Gives a folio's frames back. For a folio that nobody can get: after `putTestZero`, or frozen.
   *
   * @throws {FolioError} FOLIO_NOT_REFERENCED, FOLIO_BUSY, FOLIO_BAD_FRAME
   * @kernel free_frozen_pages() — mm/page_alloc.c, v6.18
   */
  free(pfn: number): void {
    const prepared = this.prepareFree(pfn), order = prepared & ORDER;
    const head = pfn & -(1 << order);
    this.buddy.free(head, order);
    this.#tracer.count(this.#events.freed, 1 << order, head);
    if (prepared !== order) this.#tracer.count(this.#events.mlock, -(1 << order), head);
  }
  /** One step of `free`: makes a folio a block again, and answers its order, plus `WAS_MLOCKED` if it was mlocked. @kernel free_pages_prepare() — mm/page_alloc.c, v6.18 */
  prepareFree(pfn: number): number {
    const head = this.head(pfn);
    if ((this.#blocks[head] & KIND) !== KIND_HEAD) throw this.#isFrame(pfn) && !this.isDevice(pfn) ? this.#notReferenced("free", pfn) : this.#badFrame("free", pfn);
    if (this.#refcounts[head] !== 0) throw this.#stillHeld(pfn, head);
    const order = this.#blocks[head] & ORDER;
    this.#checkFreeable(head, order);
    this.#blocks[head] = KIND_NOTHING;
    // Freed while it was mlocked, it still has the number of locked areas where the free lists have a link.
    const isMlocked = (this.#flags[head] & MLOCKED) !== 0;
    if (isMlocked) this.#columns.previous[head] = NONE;
    this.#flags[head] = 0;
    if (order > 0) {
      this.#blocks.fill(KIND_NOTHING, head, head + (1 << order));
      this.#flags.fill(0, head, head + (1 << order));
    }
    this.#columns.mappings[head] = 0;
    this.#columns.indices[head] = 0;
    this.#account(-(1 << order));
    return isMlocked ? order | WAS_MLOCKED : order;
  }

  // References

  /**
   * Takes a reference, for one who has one already. Nothing for a zero page.
   *
   * @throws {FolioError} FOLIO_NOT_REFERENCED if the folio is free or frozen, FOLIO_BAD_FRAME
   * @kernel folio_get() — include/linux/mm.h, v6.18
   */
  get(pfn: number): void {
    const head = this.#counted(pfn, "get");
    if (head === NO_FRAME) return;
    const count = this.#refcounts[head];
    if (count === 0 && !this.isDevice(head)) throw this.#notReferenced("get", pfn);
    if (count >= REFCOUNT_LIMIT) throw this.#overflow("get", pfn);
    this.#refcounts[head] = count + 1;
  }
  /** Takes `count` references, for one who has one already. @throws {FolioError} FOLIO_NOT_REFERENCED, FOLIO_BAD_FRAME @kernel folio_ref_add() — include/linux/page_ref.h, v6.18 */
  getMany(pfn: number, count: number): void {
    if (count === 0) return;
    this.get(pfn);
    this.#refcounts[this.head(pfn)] += count - 1;
  }
  /**
   * Takes a reference unless the folio is free, frozen or idle: for one who has found its number without holding it.
   * The folio may have been split meanwhile, so its head is looked up again: true says that `pfn` itself is held.
   *
   * @kernel try_get_folio() — mm/gup.c, v6.18
   */
  tryGet(pfn: number): boolean {
    const head = this.head(pfn);
    if (!this.tryGetHead(head)) return false;
    if (this.isHeadOf(head, pfn)) return true;
    this.put(head);
    return false;
  }
  /** One step of `tryGet`. @kernel folio_try_get() — include/linux/page_ref.h, v6.18 */
  tryGetHead(head: number): boolean {
    if (!this.#isFrame(head)) throw this.#badFrame("tryGet", head);
    if ((this.#blocks[head] & KIND) === KIND_ZERO) return true;
    const count = this.#refcounts[head];
    if (count === 0 || count >= REFCOUNT_LIMIT) return false;
    this.#refcounts[head] = count + 1;
    return true;
  }
  /** One step of `tryGet`: true if `head` is still the first frame of the folio of `pfn`. */
  isHeadOf(head: number, pfn: number): boolean {
    return this.head(pfn) === head;
  }
  /**
   * Drops a reference; the last one frees the folio. Nothing for a zero page.
   *
   * @returns True if that was the last one.
   * @throws {FolioError} FOLIO_NOT_REFERENCED (freed twice), FOLIO_PINNED (the reference is a pin's), FOLIO_BUSY (the
   *   last one, of a folio mapped, locked, on a list or under writeback), FOLIO_BAD_FRAME. Nothing has changed.
   * @kernel folio_put() — include/linux/mm.h, v6.18
   * @differs The kernel warns of bad page state and goes on.
   */
  put(pfn: number): boolean {
    if (!this.putTestZero(pfn)) return false;
    if (!this.isDevice(pfn)) this.free(pfn);
    return true;
  }
  /** One step of `put`: true if no reference is left, and the folio is the caller's to free. @kernel folio_put_testzero() — include/linux/mm.h, v6.18 */
  putTestZero(pfn: number): boolean {
    const head = this.#counted(pfn, "put");
    if (head === NO_FRAME) return false;
    const count = this.#refcounts[head];
    if (count === 0) throw this.#notReferenced("put", pfn);
    if (this.#pincounts[head] !== 0 && count <= this.#referencesOfPins(head, this.#pincounts[head])) throw this.#pinned(pfn, head);
    if (count === 1) this.#checkFreeable(head, this.#blocks[head] & ORDER);
    this.#refcounts[head] = count - 1;
    return count === 1;
  }
  /** References to the folio, its pins' included; 0 if it is free, frozen or idle. @kernel folio_ref_count() — include/linux/page_ref.h, v6.18 */
  refcount(pfn: number): number {
    return this.#refcounts[this.head(pfn)];
  }
  /**
   * Makes the folio ungettable if its references are exactly `expected`: all those that the caller knows of. Nobody
   * knows of others' pins, so a pinned folio is never frozen, whatever the number.
   *
   * @kernel folio_ref_freeze() — include/linux/page_ref.h, v6.18
   */
  freeze(pfn: number, expected: number): boolean {
    const head = this.#counted(pfn, "freeze");
    if (head === NO_FRAME || expected === 0 || this.#refcounts[head] !== expected || this.#pincounts[head] !== 0) return false;
    this.#refcounts[head] = 0;
    return true;
  }
  /** Gives a frozen folio `count` references. @throws {FolioError} FOLIO_BAD_FRAME if it is not frozen. @kernel folio_ref_unfreeze() — include/linux/page_ref.h, v6.18 */
  unfreeze(pfn: number, count: number): void {
    const head = this.#counted(pfn, "unfreeze");
    if (head === NO_FRAME || this.#refcounts[head] !== 0) throw new FolioError("FOLIO_BAD_FRAME", `unfreeze(${pfn}, ${count}): the folio is not frozen`);
    this.#refcounts[head] = count;
  }

  // Pins: references of those who reach the bytes without the page tables

  /**
   * Pins the folio for a device or another process: false if it is free, frozen or idle. Nothing for a zero page.
   * A pin of a folio of one frame adds `GUP_PIN_COUNTING_BIAS` references; one of a larger folio adds one.
   *
   * @kernel try_grab_folio() with FOLL_PIN — mm/gup.c, v6.18
   * @differs The pins of small folios are counted too, so that a reference of theirs cannot be put.
   */
  pin(pfn: number): boolean {
    const head = this.#counted(pfn, "pin");
    if (head === NO_FRAME) return true;
    const count = this.#refcounts[head];
    if (count === 0) return false;
    if (count >= REFCOUNT_LIMIT) throw this.#overflow("pin", pfn);
    this.#refcounts[head] = count + this.#referencesOfPins(head, 1);
    this.#pincounts[head]++;
    return true;
  }
  /** Drops a pin; true if that freed the folio. @throws {FolioError} FOLIO_NOT_PINNED, FOLIO_BUSY @kernel gup_put_folio() with FOLL_PIN — mm/gup.c, v6.18 */
  unpin(pfn: number): boolean {
    if (!this.unpinTestZero(pfn)) return false;
    if (!this.isDevice(pfn)) this.free(pfn);
    return true;
  }
  /** One step of `unpin`: true if no reference is left, and the folio is the caller's to free. */
  unpinTestZero(pfn: number): boolean {
    const head = this.#counted(pfn, "unpin");
    if (head === NO_FRAME) return false;
    if (this.#pincounts[head] === 0) throw new FolioError("FOLIO_NOT_PINNED", `unpin(${pfn}): nobody pins the folio`);
    const left = this.#refcounts[head] - this.#referencesOfPins(head, 1);
    if (left === 0) this.#checkFreeable(head, this.#blocks[head] & ORDER);
    this.#pincounts[head]--;
    this.#refcounts[head] = left;
    return left === 0;
  }
  /** Pins of the folio. */
  pincount(pfn: number): number {
    return this.#pincounts[this.head(pfn)];
  }
  /** What the kernel can know: true if pinned, and for a folio of one frame also if it has very many references. @kernel folio_maybe_dma_pinned() — include/linux/mm.h, v6.18 */
  maybeDmaPinned(pfn: number): boolean {
    const head = this.head(pfn);
    return this.#isLarge(head) ? this.#pincounts[head] > 0 : this.#refcounts[head] >= GUP_PIN_COUNTING_BIAS;
  }

  // Large folios

  /** The first frame of the folio of `pfn`; of a frame that is in none, itself. @kernel page_folio() — include/linux/page-flags.h, v6.18 */
  head(pfn: number): number {
    const block = this.#blocks[pfn];
    return (block & KIND) === KIND_TAIL ? pfn & -(1 << (block & ORDER)) : pfn;
  }
  /** The folio has 2^order frames. 0 for a frame that is in none. @kernel folio_order() — include/linux/mm.h, v6.18 */
  order(pfn: number): number {
    const block = this.#blocks[pfn];
    const kind = block & KIND;
    return kind === KIND_HEAD || kind === KIND_TAIL ? block & ORDER : 0;
  }
  /**
   * Makes folios of 2^`newOrder` frames of a larger one. The caller holds one reference and knows of `others`; with any
   * more the folio is busy and stays as it is. Afterwards the caller has one reference to each piece, and the others
   * are spread evenly: a page cache has one for each page.
   *
   * @returns False if somebody else holds the folio.
   * @throws {FolioError} FOLIO_BAD_ORDER if `newOrder` is not below the folio's, or `others` cannot be spread.
   * @kernel __folio_split() — mm/huge_memory.c, v6.18
   */
  split(pfn: number, newOrder: number, others: number = 0): boolean {
    const order = this.order(pfn);
    if (newOrder >>> 0 !== newOrder || newOrder >= order) throw this.#badOrder("split", newOrder, order - 1);
    const pieces = 1 << (order - newOrder);
    if (others % pieces !== 0) throw new FolioError("FOLIO_BAD_ORDER", `split(${pfn}, ${newOrder}, ${others}): the references cannot be spread over ${pieces} pieces`);
    const head = this.head(pfn);
    if (!this.freeze(head, 1 + others)) return false;
    this.splitFrozen(head, newOrder);
    // The head last: until then a lookup that saw the large folio finds it frozen.
    for (let piece = pieces - 1; piece >= 0; piece--) this.unfreeze(head + (piece << newOrder), 1 + others / pieces);
    return true;
  }
  /** One step of `split`: the pieces take over flags, mapping and index. The head stays in its list. @kernel __split_folio_to_order() — mm/huge_memory.c, v6.18 */
  splitFrozen(head: number, newOrder: number): void {
    const { mappings, indices } = this.#columns;
    const end = head + (1 << (this.#blocks[head] & ORDER));
    const flags = this.#flags[head] & ~(FLAGS_OF_PAGES | (1 << PG_lru));
    for (let piece = end - (1 << newOrder); piece >= head; piece -= 1 << newOrder) {
      this.#blocks.fill(KIND_TAIL | newOrder, piece + 1, piece + (1 << newOrder));
      this.#blocks[piece] = KIND_HEAD | newOrder;
      if (piece === head) continue;
      this.#flags[piece] = (this.#flags[piece] & FLAGS_OF_PAGES) | flags;
      mappings[piece] = mappings[head];
      indices[piece] = indices[head] + (piece - head);
    }
  }

  // Zero pages

  /** True for the zero page and the frames of the huge zero page. @kernel is_zero_pfn(), is_huge_zero_pfn() — include/linux/pgtable.h, include/linux/huge_mm.h, v6.18 */
  isZeroPage(pfn: number): boolean {
    return (this.#blocks[pfn] & KIND) === KIND_ZERO;
  }
  /**
   * The first frame of the huge zero page, which is made when it is first asked for and never freed. Its frames leave
   * the allocator and are not counted as used. `NO_FRAME` if there is no memory for it.
   *
   * @kernel get_huge_zero_folio() — mm/huge_memory.c, v6.18
   * @differs The kernel's is freed when no process uses it, unless CONFIG_PERSISTENT_HUGE_ZERO_FOLIO.
   */
  hugeZeroFrame(): number {
    const known = this.hugeZeroPfn();
    if (known !== NO_FRAME) return known;
    const { hugeZeroOrder } = this.#memory;
    const pfn = this.allocate(hugeZeroOrder);
    this.#tracer.count(pfn === NO_FRAME ? this.#events.hugeZeroFailed : this.#events.hugeZero, 1, pfn);
    if (pfn === NO_FRAME) return NO_FRAME;
    for (let page = 0; page < 1 << hugeZeroOrder; page++) this.zero(pfn + page);
    if (!this.publishHugeZero(pfn)) this.put(pfn);
    return this.hugeZeroPfn();
  }
  /** The first frame of the huge zero page, or `NO_FRAME` if there is none yet. */
  hugeZeroPfn(): number {
    const pfn = this.#machine[HUGE_ZERO];
    return pfn === ZERO_PFN ? NO_FRAME : pfn;
  }
  /** One step of `hugeZeroFrame`: makes a zeroed folio the huge zero page; false if there is one. */
  publishHugeZero(pfn: number): boolean {
    if (this.#machine[HUGE_ZERO] !== ZERO_PFN) return false;
    const order = this.#memory.hugeZeroOrder;
    this.#machine[HUGE_ZERO] = pfn;
    this.#blocks.fill(KIND_ZERO, pfn, pfn + (1 << order));
    this.#refcounts.fill(1, pfn, pfn + (1 << order)); // each of them is a zero page, and never free
    this.#account(-(1 << order));
    return true;
  }

  // Who maps a page, and what it is of

  /** The first entry maps a folio of one frame that nobody has seen: anonymous memory, of its owner alone, page `index` of `mapping`. @throws {FolioError} FOLIO_BAD_FRAME @kernel folio_add_new_anon_rmap() — mm/rmap.c, v6.18 */
  addNewAnonymous(pfn: number, mapping: number, index: number): void {
    if (this.#blocks[pfn] !== KIND_HEAD) throw this.#badFrame("addNewAnonymous", pfn);
    this.#flags[pfn] |= NEW_ANONYMOUS;
    this.#columns.mappings[pfn] = mapping;
    this.#columns.indices[pfn] = index;
    this.#mapcounts[pfn]++;
  }
  /** One more page table entry maps this page. True if none had mapped it. @throws {FolioError} FOLIO_BAD_FRAME for a zero page: those have no rmap. @kernel folio_add_file_rmap_pte() — mm/rmap.c, v6.18 */
  addRmap(pfn: number): boolean {
    if (this.#counted(pfn, "addRmap") === NO_FRAME) throw this.#badFrame("addRmap", pfn);
    return this.#mapcounts[pfn]++ === 0;
  }
  /** One less. True if none maps it any more. @throws {FolioError} FOLIO_NOT_MAPPED @kernel folio_remove_rmap_pte() — mm/rmap.c, v6.18 */
  removeRmap(pfn: number): boolean {
    const left = this.#mapcounts[pfn] - 1;
    if (!(left >= 0)) throw this.#notMapped(pfn);
    this.#mapcounts[pfn] = left;
    return left === 0;
  }
  /**
   * One more mapping of each of `count` pages, all of one folio.
   *
   * @returns How many of them nothing had mapped.
   * @kernel __folio_add_rmap() — mm/rmap.c, v6.18
   * @differs The kernel counts a mapping of a whole folio once; here each page counts it.
   */
  addRmaps(pfn: number, count: number): number {
    if (this.#counted(pfn, "addRmaps") === NO_FRAME) throw this.#badFrame("addRmaps", pfn);
    const mapcounts = this.#mapcounts;
    let fresh = 0;
    for (let page = pfn; page < pfn + count; page++) if (mapcounts[page]++ === 0) fresh++;
    return fresh;
  }
  /** One less of each. @returns How many of them nothing maps any more. @throws {FolioError} FOLIO_NOT_MAPPED @kernel __folio_remove_rmap() — mm/rmap.c, v6.18 */
  removeRmaps(pfn: number, count: number): number {
    const mapcounts = this.#mapcounts;
    let gone = 0;
    for (let page = pfn; page < pfn + count; page++) {
      if (!(mapcounts[page] > 0)) throw new FolioError("FOLIO_NOT_MAPPED", `removeRmaps(${pfn}, ${count}): nothing maps page ${page}`);
      if (--mapcounts[page] === 0) gone++;
    }
    return gone;
  }
  /** Page table entries that map this page. @kernel page::_mapcount — include/linux/mm_types.h, v6.18 @differs The kernel's begins at -1. */
  mapcount(pfn: number): number {
    return this.#mapcounts[pfn];
  }
  /** Page table entries that map any page of the folio. @kernel folio_mapcount() — include/linux/mm.h, v6.18 */
  folioMapcount(pfn: number): number {
    return this.#mapcountOf(this.head(pfn), this.order(pfn));
  }
  /**
   * Says that the folio is page `index` and following of `mapping`.
   *
   * @param mapping A number that its owner gives it, 1 … 2^32-1; 0: of none.
   * @param index Where the folio begins, in pages: 0 … 2^53-1.
   */
  setMapping(pfn: number, mapping: number, index: number): void {
    const head = this.head(pfn);
    this.#columns.mappings[head] = mapping;
    this.#columns.indices[head] = index;
  }
  /** The mapping of the folio, or 0. @kernel folio::mapping — include/linux/mm_types.h, v6.18 */
  mapping(pfn: number): number {
    return this.#columns.mappings[this.head(pfn)];
  }
  /** Where page `pfn` lies in its mapping, in pages. @kernel page_pgoff() — include/linux/pagemap.h, v6.18 */
  index(pfn: number): number {
    const head = this.head(pfn);
    return this.#columns.indices[head] + (pfn - head);
  }

  // Flags

  /** @kernel folio_test_dirty() and its like — include/linux/page-flags.h, v6.18 */
  testFlag(pfn: number, flag: PageFlag): boolean {
    if (flag === PG_head) return this.#isLarge(pfn);
    return (this.#flags[this.#flagged(pfn, flag)] & (1 << flag)) !== 0;
  }
  /** @kernel folio_set_dirty() and its like — include/linux/page-flags.h, v6.18 */
  setFlag(pfn: number, flag: PageFlag): void {
    this.#flags[this.#flagged(pfn, flag)] |= 1 << flag;
  }
  /** @kernel folio_clear_dirty() and its like — include/linux/page-flags.h, v6.18 */
  clearFlag(pfn: number, flag: PageFlag): void {
    this.#flags[this.#flagged(pfn, flag)] &= ~(1 << flag);
  }
  /** Sets a flag that each page has for itself on all pages of the folio. */
  setOnPages(pfn: number, flag: PageFlag): void {
    const head = this.head(pfn), end = head + (1 << this.order(pfn));
    const flags = this.#flags, bit = 1 << flag;
    for (let page = head; page < end; page++) flags[page] |= bit;
  }
  /** Clears it on all of them. */
  clearOnPages(pfn: number, flag: PageFlag): void {
    const head = this.head(pfn), end = head + (1 << this.order(pfn));
    const flags = this.#flags, others = ~(1 << flag);
    for (let page = head; page < end; page++) flags[page] &= others;
  }
  /** Sets the flag; true if it was set already. @kernel folio_test_set_dirty() and its like — include/linux/page-flags.h, v6.18 */
  testAndSetFlag(pfn: number, flag: PageFlag): boolean {
    const was = this.testFlag(pfn, flag);
    this.setFlag(pfn, flag);
    return was;
  }
  /** Clears the flag; true if it was set. @kernel folio_test_clear_dirty() and its like — include/linux/page-flags.h, v6.18 */
  testAndClearFlag(pfn: number, flag: PageFlag): boolean {
    const was = this.testFlag(pfn, flag);
    this.clearFlag(pfn, flag);
    return was;
  }
  /** Waits until nobody holds the folio's lock, and takes it. @throws {StateError} STATE_DEADLOCK @kernel folio_lock() — include/linux/pagemap.h, v6.18 */
  lock(pfn: number): void {
    if (this.testFlag(pfn, PG_locked)) this.#waitUntilUnlocked("lock", pfn);
    this.setFlag(pfn, PG_locked);
  }
  /** Takes the lock if it is free. @kernel folio_trylock() — include/linux/pagemap.h, v6.18 */
  tryLock(pfn: number): boolean {
    return !this.testAndSetFlag(pfn, PG_locked);
  }
  /** @throws {FolioError} FOLIO_BAD_FRAME if nobody holds the lock. @kernel folio_unlock() — mm/filemap.c, v6.18 */
  unlock(pfn: number): void {
    if (!this.testFlag(pfn, PG_locked)) throw this.#notLocked(pfn);
    this.clearFlag(pfn, PG_locked);
  }
  /** Waits until nobody holds the folio's lock, and does not take it. @throws {StateError} STATE_DEADLOCK @kernel folio_wait_locked() — include/linux/pagemap.h, v6.18 */
  waitUnlocked(pfn: number): void {
    if (this.testFlag(pfn, PG_locked)) this.#waitUntilUnlocked("waitUnlocked", pfn);
  }
  /** Waits until the folio is not under writeback. @throws {StateError} STATE_DEADLOCK @kernel folio_wait_writeback() — mm/page-writeback.c, v6.18 */
  waitWriteback(pfn: number): void {
    const isIdle = (): boolean => !this.testFlag(pfn, PG_writeback);
    if (!isIdle()) waitFor(`folios.waitWriteback(${pfn}): the folio is under writeback`, this.#background, isIdle);
  }

  // Bytes. Leaves of PageContent under the same names.

  /** The byte at `offset` of a page, 0 … pageSize-1: 0 … 255. Nothing is checked. */
  load8(pfn: number, offset: number): number {
    return this.#content.load8(pfn, offset);
  }
  /** Stores the low 8 bits of `value`. Nothing is checked: not even that it is not the zero page. */
  store8(pfn: number, offset: number, value: number): void {
    this.#content.store8(pfn, offset, value);
  }
  /** Word `word` of a page, 0 … wordsPerPage-1: 0 … 2^32-1, lowest byte first. */
  loadWord(pfn: number, word: number): number {
    return this.#content.loadWord(pfn, word);
  }
  /** Stores the low 32 bits of `value`. */
  storeWord(pfn: number, word: number, value: number): void {
    this.#content.storeWord(pfn, word, value);
  }
  /** One step of `zero`. */
  zeroWord(pfn: number, word: number): void {
    this.#content.zeroWord(pfn, word);
  }
  /** One step of `copy`. */
  copyWord(to: number, from: number, word: number): void {
    this.#content.copyWord(to, from, word);
  }
  /** One step of `isZero`. */
  isZeroWord(pfn: number, word: number): boolean {
    return this.#content.isZeroWord(pfn, word);
  }
  /** One step of `equal` and `compare`: -1, 0 or 1. */
  compareWord(a: number, b: number, word: number): number {
    return this.#content.compareWord(a, b, word);
  }
  /** Zeroes a page. @kernel clear_highpage() — include/linux/highmem.h, v6.18 */
  zero(pfn: number): void {
    this.#content.zero(pfn);
  }
  /** Copies a page. @kernel copy_highpage() — include/linux/highmem.h, v6.18 */
  copy(to: number, from: number): void {
    this.#content.copy(to, from);
  }
  /** True if every byte of the page is 0. Looks at the last word first. @kernel is_folio_zero_filled() — mm/page_io.c, v6.18 */
  isZero(pfn: number): boolean {
    return this.#content.isZero(pfn);
  }
  /** True if two pages hold the same bytes. @kernel pages_identical() — include/linux/mm.h, v6.18 */
  equal(a: number, b: number): boolean {
    return this.#content.equal(a, b);
  }
  /** -1, 0 or 1: the order of the first bytes that differ. @kernel memcmp_pages() — mm/util.c, v6.18 */
  compare(a: number, b: number): number {
    return this.#content.compare(a, b);
  }
  /** Low 53 bits of XXH3 of the page's bytes. @kernel calc_checksum() — mm/ksm.c, v6.18 @differs The kernel's is XXH64, 32 bits of it. */
  hash(pfn: number): number {
    return this.#content.hash(pfn);
  }
  /**
   * Copies `length` bytes, from `offset` of page `pfn` on, into `out[outOffset …]`. Goes on into the frames that follow.
   * For the edge: no leaf.
   *
   * @throws {FolioError} FOLIO_BAD_FRAME if the range leaves the memory or `out`.
   */
  readBytes(pfn: number, offset: number, out: Uint8Array, outOffset: number, length: number): void {
    this.#checkRange("readBytes", pfn, offset, out.length - outOffset, length);
    this.#content.read(pfn, offset, out, outOffset, length);
  }
  /** Copies `length` bytes of `bytes[from …]` to `offset` of page `pfn` and on. For the edge: no leaf. @throws {FolioError} FOLIO_BAD_FRAME */
  writeBytes(pfn: number, offset: number, bytes: Uint8Array, from: number, length: number): void {
    this.#checkRange("writeBytes", pfn, offset, bytes.length - from, length);
    this.#content.write(pfn, offset, bytes, from, length);
  }

  // Below: not for others

  /** The frame with the folio's counts, or `NO_FRAME` for a zero page. A frame of no folio is an error. */
  #counted(pfn: number, operation: string): number {
    const kind = this.#blocks[pfn] & KIND;
    if (kind === KIND_HEAD) return pfn;
    if (kind === KIND_TAIL) return this.head(pfn);
    if (kind === KIND_ZERO) return NO_FRAME;
    if (!this.#isFrame(pfn)) throw this.#badFrame(operation, pfn);
    if (!this.isDevice(pfn)) throw this.#notReferenced(operation, pfn);
    return pfn;
  }
  #waitUntilUnlocked(operation: string, pfn: number): void {
    waitFor(`folios.${operation}(${pfn}): the folio is locked`, this.#background, () => !this.testFlag(pfn, PG_locked));
  }
  #isFrame(pfn: number): boolean {
    return pfn >>> 0 === pfn && pfn < this.totalFrames;
  }
  /** Where a flag of this page is: with the page, or with its folio. */
  #flagged(pfn: number, flag: PageFlag): number {
    return (FLAGS_OF_PAGES & (1 << flag)) === 0 ? this.head(pfn) : pfn;
  }
  #isLarge(pfn: number): boolean {
    return this.order(pfn) > 0;
  }
  #referencesOfPins(head: number, pins: number): number {
    return this.#isLarge(head) ? pins : pins * GUP_PIN_COUNTING_BIAS;
  }
  #mapcountOf(head: number, order: number): number {
    let count = 0;
    for (let pfn = head; pfn < head + (1 << order); pfn++) count += this.#mapcounts[pfn];
    return count;
  }
  #account(frames: number): void {
    const used = this.#machine[USED] + frames;
    this.#machine[USED] = used;
    if (used > this.#peak[0]) this.#peak[0] = used;
  }
  #checkFreeable(head: number, order: number): void {
    const flags = this.#flags[head] & FLAGS_CHECKED_AT_FREE;
    const mapcount = order === 0 ? this.#mapcounts[head] : this.#mapcountOf(head, order);
    if (flags !== 0 || mapcount !== 0) throw this.#busy(head, flags, mapcount);
  }
  #busy(head: number, flags: number, mapcount: number): FolioError {
    return new FolioError("FOLIO_BUSY", `folio ${head}: its last reference goes with flags 0x${flags.toString(16)} and ${mapcount} mappings`);
  }
  #checkRange(operation: string, pfn: number, offset: number, room: number, length: number): void {
    const first = pfn * this.pageSize + offset;
    if (offset >= 0 && length >= 0 && length <= room && first >= 0 && first + length <= this.totalFrames * this.pageSize) return;
    throw new FolioError("FOLIO_BAD_FRAME", `${operation}: ${length} bytes from ${offset} of page ${pfn}, with room for ${room} in the array and ${this.totalFrames} frames`);
  }
  #badOrder(operation: string, order: number, most: number): FolioError {
    return new FolioError("FOLIO_BAD_ORDER", `${operation}: order ${order}, expected an integer from 0 to ${most}`);
  }
  #badFrame(operation: string, pfn: number): FolioError {
    return new FolioError("FOLIO_BAD_FRAME", `${operation}(${pfn}): expected a frame from 0 to ${this.totalFrames - 1} that is not a zero page`);
  }
  #notReferenced(operation: string, pfn: number): FolioError {
    return new FolioError("FOLIO_NOT_REFERENCED", `${operation}(${pfn}): the folio is free or frozen`);
  }
  // Errors are made apart: the text of one in a function that runs all the time may be put together before it is known to be needed.

  #inUse(pfn: number, order: number): FolioError {
    return new FolioError("FOLIO_BAD_BLOCK", `prepareNew(${pfn}, ${order}): the frame is in use`);
  }
  #stillHeld(pfn: number, head: number): FolioError {
    return new FolioError("FOLIO_BAD_FRAME", `free(${pfn}): the folio has ${this.#refcounts[head]} references`);
  }
  #pinned(pfn: number, head: number): FolioError {
    return new FolioError("FOLIO_PINNED", `put(${pfn}): the references left are those of ${this.#pincounts[head]} pins`);
  }
  #notLocked(pfn: number): FolioError {
    return new FolioError("FOLIO_BAD_FRAME", `unlock(${pfn}): the folio is not locked`);
  }
  #notMapped(pfn: number): FolioError {
    return new FolioError("FOLIO_NOT_MAPPED", `removeRmap(${pfn}): nothing maps the page`);
  }
  #overflow(operation: string, pfn: number): FolioError {
    return new FolioError("FOLIO_REFCOUNT_OVERFLOW", `${operation}(${pfn}): ${REFCOUNT_LIMIT} references and more`);
  }
}
