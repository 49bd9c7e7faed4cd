import { FOLL_PIN, FOLL_WRITE } from "@zeropfn/pte-mmu";
import { type Access, EFAULT, EINVAL, READ, type Status, WRITE } from "@zeropfn/units";
import { copyFrames, loadFrame, storeFrame } from "./frame-bytes.ts";
import type { MachineParts } from "./parts.ts";

/** Pages of one request. @kernel BIO_MAX_VECS — include/linux/bio.h, v6.18 */
const BATCH_PAGES = 256;

/**
 * What stores bytes and reaches memory by itself: a file that is open with O_DIRECT.
 *
 * A device that keeps JavaScript state of its own works in runs, and is a black box to the explorer.
 */
export interface BlockDevice {
  /** Addresses and lengths are multiples of this: a power of two. */
  readonly sectorBytes: number;
  readonly sizeBytes: number;
  /** Fills `out` with what is stored at `offset`. @returns 0, or an error number: EIO. */
  read(offset: number, out: Uint8Array): Status;
  /** Stores `bytes` at `offset`. @returns 0, or an error number: EIO, ENOSPC. */
  write(offset: number, bytes: Uint8Array): Status;
}

/**
 * Copies between a device and user memory, whose pages are pinned for so long.
 *
 * @param access What is done to the device. READ writes to memory.
 * @returns Bytes: fewer where the device ends. Or -EINVAL, -EFAULT, -ENOMEM, -EIO; then some of it may be done all the same.
 * @kernel iomap_dio_rw(), bio_iov_iter_get_pages() — fs/iomap/direct-io.c, block/bio.c, v6.18
 */
export function directTransfer(parts: MachineParts, mm: number, device: BlockDevice, offset: number, address: number, length: number, access: Access): number {
  const { folios, mmu } = parts, { pageSize } = folios, { sectorBytes, sizeBytes } = device;
  if (offset % sectorBytes !== 0 || address % sectorBytes !== 0 || length % sectorBytes !== 0 || !(offset >= 0 && length >= 0)) return -EINVAL;
  const frames = new Uint32Array(BATCH_PAGES), end = Math.max(0, Math.min(length, sizeBytes - offset)), flags = FOLL_PIN | (access === READ ? FOLL_WRITE : 0);
  for (let done = 0; done < end; ) {
    const at = address + done, first = Math.floor(at / pageSize), start = at - first * pageSize, pages = Math.min(BATCH_PAGES, Math.ceil((start + end - done) / pageSize));
    const found = mmu.calls.gup.fast(mm, first, pages, flags, frames);
    if (found <= 0) return found < 0 ? found : -EFAULT;
    const size = Math.min(end - done, found * pageSize - start);
    const status = transferPinned(parts, device, offset + done, frames.subarray(0, found), start, size, access);
    if (status !== 0) return -status;
    done += size;
  }
  return end;
}

/** One request: the device does it, and the pins are gone. */
function transferPinned({ folios, mmu }: MachineParts, device: BlockDevice, offset: number, frames: Uint32Array, start: number, length: number, access: Access): Status {
  const { gup } = mmu.calls, bytes = new Uint8Array(length);
  if (access === WRITE) copyFrames(folios, frames, start, bytes, 0, length, loadFrame);
  else for (const pfn of frames) gup.markDirty(pfn); // before: who writes the page back meanwhile must find it newer
  const status = access === WRITE ? device.write(offset, bytes) : device.read(offset, bytes);
  if (access === READ && status === 0) copyFrames(folios, frames, start, bytes, 0, length, storeFrame);
  for (const pfn of frames) {
    if (access === READ) gup.releaseDirty(pfn, FOLL_PIN);
    else gup.release(pfn, FOLL_PIN);
  }
  return status;
}
