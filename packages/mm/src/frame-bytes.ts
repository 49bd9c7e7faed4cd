import type { Folios } from "@zeropfn/folio";
import { gateHolder } from "@zeropfn/state";

// What devices and the kernel itself do to memory: by the frame, past page tables and their rights. Explored, a byte is a step.

/** Copies `length` bytes, from `offset` of frame `pfn` on, to `out[at …]`. */
export function loadFrame(folios: Folios, pfn: number, offset: number, out: Uint8Array, at: number, length: number): void {
  if (__EXPLORE__ && gateHolder.gate !== null) {
    for (let nth = 0; nth < length; nth++) out[at + nth] = folios.load8(pfn, offset + nth);
  } else folios.readBytes(pfn, offset, out, at, length);
}
/** Copies `length` bytes of `bytes[at …]` to `offset` of frame `pfn` and on. */
export function storeFrame(folios: Folios, pfn: number, offset: number, bytes: Uint8Array, at: number, length: number): void {
  if (__EXPLORE__ && gateHolder.gate !== null) {
    for (let nth = 0; nth < length; nth++) folios.store8(pfn, offset + nth, bytes[at + nth]!);
  } else folios.writeBytes(pfn, offset, bytes, at, length);
}

/**
 * Copies bytes between an array and frames in a row, as pages of user memory are.
 *
 * @param frames Their numbers: the first holds the byte at `offset` of its page, 0 … pageSize-1.
 * @param bytes  What is copied, from `at` on: `length` bytes.
 */
export function copyFrames(folios: Folios, frames: Uint32Array, offset: number, bytes: Uint8Array, at: number, length: number, copy: typeof loadFrame): void {
  const { pageSize } = folios;
  for (let done = 0, nth = 0, start = offset; done < length; nth++, start = 0) {
    const size = Math.min(pageSize - start, length - done);
    copy(folios, frames[nth]!, start, bytes, at + done, size);
    done += size;
  }
}
