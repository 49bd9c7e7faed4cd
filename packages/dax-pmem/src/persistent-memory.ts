import type { Folios } from "@zeropfn/folio";

/**
 * The medium under DAX files: the device frames of physical memory, seen as blocks of one page.
 * @differs Bytes are durable as soon as they are stored; the persistence domain (lines, flushes, fences) is not modelled yet.
 */
export class PersistentMemory {
  readonly #folios: Folios;

  constructor(folios: Folios) {
    this.#folios = folios;
  }

  /** The frame of a block. @kernel pmem_dax_direct_access() — drivers/nvdimm/pmem.c, v6.1 */
  pfnOf(block: number): number {
    return this.#folios.firstDevicePfn + block;
  }
  /** @kernel dax_zero_page_range() — drivers/dax/super.c, v6.1 */
  zero(block: number): void {
    this.#folios.zero(this.pfnOf(block));
  }
  /** Zeroes bytes [offset, offset + length) of a block. */
  zeroBytes(block: number, offset: number, length: number): void {
    this.#folios.writeBytes(this.pfnOf(block), offset, new Uint8Array(length), 0, length);
  }
  /** Copies out of a block. For the edge: it fills the caller's array. */
  read(block: number, offset: number, out: Uint8Array, outOffset: number, length: number): void {
    this.#folios.readBytes(this.pfnOf(block), offset, out, outOffset, length);
  }
  write(block: number, offset: number, bytes: Uint8Array, from: number, length: number): void {
    this.#folios.writeBytes(this.pfnOf(block), offset, bytes, from, length);
  }
}
