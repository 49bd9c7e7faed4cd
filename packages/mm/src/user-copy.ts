import { gateHolder } from "@zeropfn/state";
import { type Access, EFAULT, READ, WRITE } from "@zeropfn/units";
import type { MachineParts } from "./parts.ts";
import { loadFrame, storeFrame } from "./frame-bytes.ts";

/** Whose memory, and by which processor's TLB. */
export interface UserMemory {
  readonly mm: number;
  readonly cpu: number;
}

/**
 * Copies `length` bytes between `bytes[at …]` and user memory as instructions do, faults included, page by page.
 *
 * @param access READ: out of user memory. WRITE: into it.
 * @returns How many there were before the first that could not be accessed; then the mmu's `signal` says why.
 * @kernel copy_to_user(), copy_from_user() — include/linux/uaccess.h, v6.18
 */
export function copyUser({ mmu, folios }: MachineParts, { cpu, mm }: UserMemory, address: number, bytes: Uint8Array, at: number, length: number, access: Access): number {
  const { pageSize } = mmu.calls, isRead = access === READ;
  for (let done = 0; done < length; ) {
    const page = Math.floor((address + done) / pageSize), offset = address + done - page * pageSize;
    if (__EXPLORE__ && gateHolder.gate !== null) {
      const value = isRead ? mmu.load8(cpu, mm, page, offset) : mmu.store8(cpu, mm, page, offset, bytes[at + done]!);
      if (value < 0) return done;
      if (isRead) bytes[at + done] = value;
      done++;
      continue;
    }
    const pfn = mmu.translate(cpu, mm, page, access);
    if (pfn < 0) return done;
    const size = Math.min(pageSize - offset, length - done);
    if (isRead) loadFrame(folios, pfn, offset, bytes, at + done, size);
    else storeFrame(folios, pfn, offset, bytes, at + done, size);
    done += size;
  }
  return length;
}

/**
 * Reads a file into user memory, page of the file by page.
 *
 * @returns Bytes, fewer at the end of the file or before memory that cannot be written; -EFAULT, -EINVAL.
 * @kernel pread64(2), shmem_file_read_iter() — fs/read_write.c, mm/shmem.c, v6.18
 * @differs A page goes through an array: who stores to it meanwhile is seen or not, byte by byte, a little earlier.
 */
export function readFile(parts: MachineParts, user: UserMemory, file: number, offset: number, address: number, length: number): number {
  const { files, folios } = parts, { pageSize } = folios, bytes = new Uint8Array(pageSize);
  if (!isUserRange(parts, address, length)) return -EFAULT;
  for (let done = 0; done < length; ) {
    const size = Math.min(length - done, pageSize - ((offset + done) % pageSize)), found = files.read(file, offset + done, bytes.subarray(0, size));
    if (found < 0) return done > 0 ? done : found;
    const copied = copyUser(parts, user, address + done, bytes, 0, found, WRITE);
    done += copied;
    if (copied < found) return done > 0 ? done : -EFAULT;
    if (found < size) return done;
  }
  return length;
}

/**
 * Writes user memory to a file, page of the file by page.
 *
 * @returns Bytes, fewer before memory that cannot be read, or without room; -EFAULT, -EINVAL, -EFBIG, -ENOSPC, -ENOMEM.
 * @kernel pwrite64(2), generic_perform_write() — fs/read_write.c, mm/filemap.c, v6.18
 */
export function writeFile(parts: MachineParts, user: UserMemory, file: number, offset: number, address: number, length: number): number {
  const { files, folios } = parts, { pageSize } = folios, bytes = new Uint8Array(pageSize);
  if (!isUserRange(parts, address, length)) return -EFAULT;
  for (let done = 0; done < length; ) {
    const size = Math.min(length - done, pageSize - ((offset + done) % pageSize)), copied = copyUser(parts, user, address + done, bytes, 0, size, READ);
    if (copied === 0) return done > 0 ? done : -EFAULT;
    const written = files.write(file, offset + done, bytes.subarray(0, copied));
    if (written < 0) return done > 0 ? done : written;
    done += written;
    if (written < size) return done;
  }
  return length;
}

/** @kernel access_ok() — arch/x86/include/asm/uaccess_64.h, v6.18 */
const isUserRange = ({ mmu, folios }: MachineParts, address: number, length: number): boolean =>
  address >= 0 && length >= 0 && address + length <= mmu.calls.taskPages * folios.pageSize;
