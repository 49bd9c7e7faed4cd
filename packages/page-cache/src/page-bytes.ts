import type { Folios } from "@zeropfn/folio";
import { gateHolder } from "@zeropfn/state";

/**
 * Copies parts of pages from and to arrays, at once; explored, a byte at a time through leaves, since system calls race
 * with stores to the same page.
 *
 * @differs The kernel copies words where it can. A schedule here may stop between any two bytes.
 */
export class PageBytes {
  readonly #folios: Folios;
  readonly #zeros: Uint8Array;

  constructor(folios: Folios) {
    this.#folios = folios;
    this.#zeros = new Uint8Array(folios.pageSize);
  }

  /** Copies `length` bytes, from `offset` of the page on, to `out[at …]`. @kernel copy_folio_to_iter() — include/linux/uio.h, v6.18 */
  read(pfn: number, offset: number, out: Uint8Array, at: number, length: number): void {
    if (__EXPLORE__ && gateHolder.gate !== null) {
      for (let nth = 0; nth < length; nth++) out[at + nth] = this.#folios.load8(pfn, offset + nth);
    } else this.#folios.readBytes(pfn, offset, out, at, length);
  }
  /** Copies `length` bytes of `bytes[at …]` to `offset` of the page and on. @kernel copy_folio_from_iter_atomic() — include/linux/uio.h, v6.18 */
  write(pfn: number, offset: number, bytes: Uint8Array, at: number, length: number): void {
    if (__EXPLORE__ && gateHolder.gate !== null) {
      for (let nth = 0; nth < length; nth++) this.#folios.store8(pfn, offset + nth, bytes[at + nth]!);
    } else this.#folios.writeBytes(pfn, offset, bytes, at, length);
  }
  /** Zeroes bytes [from, end) of the page. @kernel folio_zero_range() — include/linux/highmem.h, v6.18 */
  zero(pfn: number, from: number, end: number): void {
    if (from < end) this.write(pfn, from, this.#zeros, 0, end - from);
  }
}
