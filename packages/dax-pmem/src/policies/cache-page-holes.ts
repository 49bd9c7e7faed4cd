import { fileMapping, type Folios, NO_FRAME } from "@zeropfn/folio";
import { type FaultResult, VM_FAULT_OOM } from "@zeropfn/units";
import { DAX_CACHE_PAGE, daxEntry, daxIsCachePage, daxPfn } from "../dax-entry.ts";
import type { DaxEntryLock } from "../dax-entry-lock.ts";
import type { DaxHolePolicy } from "../dax-hole-policy.ts";
import type { DaxMapper } from "../dax-mapper.ts";

/**
 * A page of zeros of its own for each hole page, kept in the file's tree, which holds a reference on it.
 * @kernel dax_load_hole() — fs/dax.c, v4.0 to v4.13
 */
export class CachePageHoles implements DaxHolePolicy {
  readonly name = "cache page";
  readonly #folios: Folios;
  readonly #entries: DaxEntryLock;
  readonly #mapper: DaxMapper;

  constructor({ folios, entries, mapper }: { readonly folios: Folios; readonly entries: DaxEntryLock; readonly mapper: DaxMapper }) {
    this.#folios = folios;
    this.#entries = entries;
    this.#mapper = mapper;
  }

  load(file: number, index: number, vma: number, page: number, entry: number): FaultResult {
    const pfn = daxIsCachePage(entry) ? daxPfn(entry) : this.#newPage(file, index);
    return pfn === NO_FRAME ? VM_FAULT_OOM : this.#mapper.insertFolio(vma, page, pfn);
  }

  drop(entry: number): void {
    if (daxIsCachePage(entry)) this.#folios.put(daxPfn(entry));
  }

  /** A zeroed folio, in the tree before it is in any page table. */
  #newPage(file: number, index: number): number {
    const folios = this.#folios, pfn = folios.allocate(0);
    if (pfn === NO_FRAME) return NO_FRAME;
    folios.zero(pfn);
    folios.setMapping(pfn, fileMapping(file), index);
    this.#entries.replace(file, index, daxEntry(pfn, DAX_CACHE_PAGE));
    return pfn;
  }
}
