import { FOLL_GET } from "@zeropfn/pte-mmu";
import { EAGAIN, EFAULT } from "@zeropfn/units";
import type { MachineParts } from "./parts.ts";

/** Pages that are looked up at once. @kernel iter_to_pipe() — fs/splice.c, v6.18 */
const BATCH_PAGES = 16;

/**
 * Puts user memory into a pipe, page by page, without a copy: the pipe shows what the pages hold when it is read. It holds
 * references and no pins: the next write to a page that is shared goes to a copy, and the pipe keeps the old one.
 *
 * @returns Bytes; or -EFAULT, -ENOMEM, or -EAGAIN if the pipe is full.
 * @kernel vmsplice(2), vmsplice_to_pipe() — fs/splice.c, v6.18
 */
export function vmsplice(parts: MachineParts, mm: number, pipe: number, address: number, length: number): number {
  const { pipes, rings } = parts;
  pipes.mutex.lock(pipe);
  const done = pipes.count(pipe) === pipes.bufferCount ? -EAGAIN : spliceLocked(parts, mm, pipe, address, length);
  pipes.mutex.unlock(pipe);
  if (done > 0) rings.dataArrived(pipe);
  return done;
}

function spliceLocked(parts: MachineParts, mm: number, pipe: number, address: number, length: number): number {
  const { folios, mmu } = parts, { pageSize } = folios, frames = new Uint32Array(BATCH_PAGES);
  let done = 0;
  while (done < length) {
    const at = address + done, first = Math.floor(at / pageSize), start = at - first * pageSize, pages = Math.min(BATCH_PAGES, Math.ceil((start + length - done) / pageSize));
    const found = mmu.calls.gup.fast(mm, first, pages, FOLL_GET, frames);
    if (found <= 0) return done > 0 ? done : found < 0 ? found : -EFAULT;
    const added = addPages(parts, pipe, frames.subarray(0, found), start, Math.min(length - done, found * pageSize - start));
    done += added;
    if (added === 0) return done > 0 ? done : -EAGAIN;
  }
  return done;
}

/** Bytes that went in. The pages for which there is no room are let go. */
function addPages({ pipes, folios }: MachineParts, pipe: number, frames: Uint32Array, start: number, length: number): number {
  let done = 0, offset = start;
  for (const pfn of frames) {
    const size = Math.min(folios.pageSize - offset, length - done);
    if (pipes.add(pipe, pfn, offset, size)) done += size;
    else folios.put(pfn);
    offset = 0;
  }
  return done;
}
