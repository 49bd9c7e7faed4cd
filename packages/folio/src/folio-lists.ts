import { type ColumnAllocator, leaves } from "@zeropfn/state";
import { FolioError } from "./errors.ts";
import type { Folios } from "./folios.ts";
import { NONE } from "./layout.ts";
import { PG_lru } from "./page-flags.ts";

export interface FolioListsOptions {
  /** Lists, numbered 0 … `listCount`-1. Integer ≥ 1. Default 5: inactive and active of anonymous and file folios, and the unevictable. @kernel NR_LRU_LISTS — include/linux/mmzone.h, v6.18 */
  readonly listCount?: number;
  /** Tells the columns of several sets of lists in one machine apart. Default "lru". */
  readonly name?: string;
}

/** Items of each list's row. */
const FIRST = 0;
const LAST = 1;
const LENGTH = 2;
const ROW = 3;

/**
 * Lists of folios, linked through the columns that every folio has for it: a folio is in one list at most. What the
 * lists mean, and who is moved when, is the business of whoever reclaims.
 *
 * @kernel lruvec::lists — include/linux/mmzone.h, v6.18
 * @differs Ends of a list are 0, the zero page, which is in no list; the kernel's lists are circular.
 */
export class FolioLists {
  static {
    if (__EXPLORE__) leaves(FolioLists, "folio/lists", { addFirst: {}, addLast: {}, remove: {}, first: {}, last: {}, next: {}, previous: {}, size: {}, isListed: {} });
  }
  readonly #folios: Folios;
  readonly #next: Uint32Array<ArrayBuffer>;
  readonly #previous: Uint32Array<ArrayBuffer>;
  readonly #rows: Uint32Array<ArrayBuffer>;

  /** @throws {FolioError} FOLIO_BAD_OPTION */
  constructor(columns: ColumnAllocator, folios: Folios, { listCount = 5, name = "lru" }: FolioListsOptions = {}) {
    if (!Number.isInteger(listCount) || listCount < 1) throw new FolioError("FOLIO_BAD_OPTION", `listCount is ${listCount}, expected an integer ≥ 1`);
    this.#folios = folios;
    this.#next = folios.links.next;
    this.#previous = folios.links.previous;
    this.#rows = columns.u32(`folio.${name}`, listCount * ROW);
  }

  /** Puts a folio in front of a list, and sets PG_lru. @throws {FolioError} FOLIO_BUSY if it is in one, FOLIO_BAD_FRAME @kernel lruvec_add_folio() — include/linux/mm_inline.h, v6.18 */
  addFirst(list: number, pfn: number): void {
    this.#link(list, pfn, NONE, this.#rows[list * ROW + FIRST]);
  }
  /** Puts a folio at the end of a list, and sets PG_lru. @throws {FolioError} FOLIO_BUSY if it is in one, FOLIO_BAD_FRAME @kernel lruvec_add_folio_tail() — include/linux/mm_inline.h, v6.18 */
  addLast(list: number, pfn: number): void {
    this.#link(list, pfn, this.#rows[list * ROW + LAST], NONE);
  }
  /** Takes a folio out of the list that it is in, and clears PG_lru. @throws {FolioError} FOLIO_BAD_FRAME if it is in none. @kernel lruvec_del_folio() — include/linux/mm_inline.h, v6.18 */
  remove(list: number, pfn: number): void {
    if (!this.#folios.testFlag(pfn, PG_lru)) throw new FolioError("FOLIO_BAD_FRAME", `lists.remove(${list}, ${pfn}): the folio is in no list`);
    const next = this.#next[pfn];
    const previous = this.#previous[pfn];
    if ((next === NONE && this.last(list) !== pfn) || (previous === NONE && this.first(list) !== pfn)) {
      throw new FolioError("FOLIO_BAD_FRAME", `lists.remove(${list}, ${pfn}): the folio is in another list`);
    }
    if (next === NONE) this.#rows[list * ROW + LAST] = previous;
    else this.#previous[next] = previous;
    if (previous === NONE) this.#rows[list * ROW + FIRST] = next;
    else this.#next[previous] = next;
    this.#next[pfn] = NONE;
    this.#previous[pfn] = NONE;
    this.#rows[list * ROW + LENGTH]--;
    this.#folios.clearFlag(pfn, PG_lru);
  }
  /** The folio in front, or 0. */
  first(list: number): number {
    return this.#rows[list * ROW + FIRST];
  }
  /** The folio at the end, or 0: what reclaim takes first. */
  last(list: number): number {
    return this.#rows[list * ROW + LAST];
  }
  /** The folio after `pfn` in its list, or 0. */
  next(pfn: number): number {
    return this.#next[pfn];
  }
  /** The folio before `pfn` in its list, or 0. */
  previous(pfn: number): number {
    return this.#previous[pfn];
  }
  /** Folios in a list. */
  size(list: number): number {
    return this.#rows[list * ROW + LENGTH];
  }
  /** True if the folio is in a list. */
  isListed(pfn: number): boolean {
    return this.#folios.testFlag(pfn, PG_lru);
  }

  #link(list: number, pfn: number, previous: number, next: number): void {
    if (this.#folios.refcount(pfn) === 0 || this.#folios.head(pfn) !== pfn) throw new FolioError("FOLIO_BAD_FRAME", `lists.add(${list}, ${pfn}): no folio in use begins there`);
    if (this.#folios.testFlag(pfn, PG_lru)) throw new FolioError("FOLIO_BUSY", `lists.add(${list}, ${pfn}): the folio is in a list`);
    if (previous === NONE) this.#rows[list * ROW + FIRST] = pfn;
    else this.#next[previous] = pfn;
    if (next === NONE) this.#rows[list * ROW + LAST] = pfn;
    else this.#previous[next] = pfn;
    this.#next[pfn] = next;
    this.#previous[pfn] = previous;
    this.#rows[list * ROW + LENGTH]++;
    this.#folios.setFlag(pfn, PG_lru);
  }
}
