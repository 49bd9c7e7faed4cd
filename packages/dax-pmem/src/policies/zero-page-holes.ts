import type { Folios } from "@zeropfn/folio";
import { type FaultResult, READ } from "@zeropfn/units";
import { DAX_ZERO_PAGE, daxEntry, daxIsZeroPage } from "../dax-entry.ts";
import type { DaxEntryLock } from "../dax-entry-lock.ts";
import type { DaxHolePolicy } from "../dax-hole-policy.ts";
import type { DaxMapper } from "../dax-mapper.ts";

/**
 * The common 4 KiB zero page, mapped read-only, and an entry that says so. Costs no frame; the entry costs its place in
 * the tree.
 * @kernel dax_load_hole() — fs/dax.c, v4.14 to v6.1
 */
export class ZeroPageHoles implements DaxHolePolicy {
  readonly name = "zero page";
  readonly #folios: Folios;
  readonly #entries: DaxEntryLock;
  readonly #mapper: DaxMapper;

  constructor({ folios, entries, mapper }: { readonly folios: Folios; readonly entries: DaxEntryLock; readonly mapper: DaxMapper }) {
    this.#folios = folios;
    this.#entries = entries;
    this.#mapper = mapper;
  }

  load(file: number, index: number, vma: number, page: number, entry: number): FaultResult {
    const pfn = this.#folios.zeroPfn;
    if (!daxIsZeroPage(entry)) this.#entries.replace(file, index, daxEntry(pfn, DAX_ZERO_PAGE));
    return this.#mapper.insertPfn(vma, page, pfn, READ);
  }

  drop(_entry: number): void {}
}
