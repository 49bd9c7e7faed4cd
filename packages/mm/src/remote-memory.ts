import { FOLL_FORCE, FOLL_GET, FOLL_PIN, FOLL_WRITE } from "@zeropfn/pte-mmu";
import { type Access, EFAULT, EIO, ESRCH, WRITE } from "@zeropfn/units";
import { copyFrames, loadFrame, storeFrame } from "./frame-bytes.ts";
import type { MachineParts } from "./parts.ts";

/** Pages that are pinned at once. @kernel PVM_MAX_PP_ARRAY_COUNT — mm/process_vm_access.c, v6.18 */
const BATCH_PAGES = 16;

/** Whose memory it is: a process, which may end meanwhile. */
export interface RemoteMemory {
  readonly mm: number;
  readonly birth: number;
}

/**
 * Copies between an array and the memory of another process, whose rights count.
 *
 * @param access READ: to `bytes`. WRITE: from them.
 * @returns Bytes before the first page that cannot be had; -EFAULT if that is the first; -ESRCH if the process has ended.
 * @kernel process_vm_rw_core(), mm_access() — mm/process_vm_access.c, kernel/fork.c, v6.18
 */
export function processVmTransfer(parts: MachineParts, of: RemoteMemory, address: number, bytes: Uint8Array, access: Access): number {
  const { mmu } = parts;
  if (!mmu.mms.tryGet(of.mm, of.birth)) return -ESRCH;
  const done = transferPinned(parts, of.mm, address, bytes, access);
  mmu.putMm(of.mm);
  return done;
}

/** @kernel process_vm_rw_single_vec() — mm/process_vm_access.c, v6.18 */
function transferPinned({ folios, mmu }: MachineParts, mm: number, address: number, bytes: Uint8Array, access: Access): number {
  const { pageSize } = folios, { gup } = mmu.calls, frames = new Uint32Array(BATCH_PAGES), isWrite = access === WRITE;
  const flags = FOLL_PIN | (isWrite ? FOLL_WRITE : 0);
  let done = 0;
  while (done < bytes.length) {
    const at = address + done, first = Math.floor(at / pageSize), start = at - first * pageSize;
    const pages = Math.min(BATCH_PAGES, Math.ceil((start + bytes.length - done) / pageSize)), found = gup.remote(mm, first, pages, flags, frames);
    if (found <= 0) return done > 0 ? done : -EFAULT;
    const size = Math.min(bytes.length - done, found * pageSize - start);
    copyFrames(folios, frames, start, bytes, done, size, isWrite ? storeFrame : loadFrame);
    for (let nth = 0; nth < found; nth++) {
      if (isWrite) gup.releaseDirty(frames[nth]!, flags);
      else gup.release(frames[nth]!, flags);
    }
    done += size;
  }
  return done;
}

/**
 * A debugger's access to a process's memory. It goes through protections: what is written to a private area that may not be
 * written gets a copy, which is not writable either.
 *
 * @returns Bytes before the first page that cannot be had; -EIO if that is the first; 0 if the process has ended.
 * @kernel mem_rw() — fs/proc/base.c, v6.18
 */
export function memTransfer(parts: MachineParts, of: RemoteMemory, address: number, bytes: Uint8Array, access: Access): number {
  const { mmu } = parts;
  if (!mmu.mms.tryGet(of.mm, of.birth)) return 0;
  const done = transferForced(parts, of.mm, address, bytes, access);
  mmu.putMm(of.mm);
  return done;
}

/** @kernel __access_remote_vm() — mm/memory.c, v6.18 @differs Takes mmap_lock for each page. */
function transferForced({ folios, mmu }: MachineParts, mm: number, address: number, bytes: Uint8Array, access: Access): number {
  const { pageSize } = folios, { gup } = mmu.calls, frame = new Uint32Array(1), isWrite = access === WRITE;
  const flags = FOLL_GET | FOLL_FORCE | (isWrite ? FOLL_WRITE : 0);
  let done = 0;
  while (done < bytes.length) {
    const at = address + done, page = Math.floor(at / pageSize), start = at - page * pageSize, size = Math.min(pageSize - start, bytes.length - done);
    if (gup.remote(mm, page, 1, flags, frame) !== 1) return done > 0 ? done : -EIO;
    copyFrames(folios, frame, start, bytes, done, size, isWrite ? storeFrame : loadFrame);
    if (isWrite) gup.releaseDirty(frame[0]!, flags);
    else gup.release(frame[0]!, flags);
    done += size;
  }
  return done;
}
