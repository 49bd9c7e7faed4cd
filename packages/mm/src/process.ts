import { NO_VMA, PTE_NONE, NO_SLOT, pteIsPresent, ptePfn, VM_EXEC, VM_READ, VM_SHARED, VM_WRITE } from "@zeropfn/pte-mmu";
import { EINVAL, ENOMEM, EOPNOTSUPP, OK, READ, type Status, type VirtualAddress, WRITE } from "@zeropfn/units";
import type { MachineFile } from "./file.ts";
import type { Machine } from "./machine.ts";

/** @kernel PROT_READ … — include/uapi/asm-generic/mman-common.h, v6.12 */
export const PROT_NONE = 0x0;
export const PROT_READ = 0x1;
export const PROT_WRITE = 0x2;
export const PROT_EXEC = 0x4;
/** @kernel MAP_SHARED, MAP_PRIVATE — include/uapi/linux/mman.h, v6.12 */
export const MAP_SHARED = 0x01;
export const MAP_PRIVATE = 0x02;

export interface MmapOptions {
  /** Bytes to map: rounded up to pages. Default: to the end of the file. */
  readonly length?: number;
  /** Byte of the file where the mapping begins: a multiple of the page size. Default 0. */
  readonly offset?: number;
  /** A sum of PROT_*. Default PROT_READ + PROT_WRITE. */
  readonly protection?: number;
  /** MAP_SHARED, the default. Anything else gives -EOPNOTSUPP. */
  readonly flags?: number;
}

/** A program's view of the machine: an address space, and loads and stores in it. Addresses are in bytes. */
export class Process {
  /** Its address space, in the page tables. */
  readonly mm: number;
  /** The processor its thread runs on. */
  readonly cpu: number;
  readonly machine: Machine;
  readonly #pageSize: number;
  /** 1 / page size: exact, a power of two. */
  readonly #perByte: number;

  /** For the machine. */
  constructor(machine: Machine, mm: number, cpu: number) {
    this.machine = machine;
    this.mm = mm;
    this.cpu = cpu;
    this.#pageSize = machine.pageSize;
    this.#perByte = 1 / machine.pageSize;
  }

  /** Maps a file below the mappings that exist: the address, or -EINVAL, -ENOMEM, -EOPNOTSUPP. @kernel mmap(2) */
  mmap(file: MachineFile, { offset = 0, length = file.size - offset, protection = PROT_READ + PROT_WRITE, flags = MAP_SHARED }: MmapOptions = {}): VirtualAddress {
    const pageSize = this.#pageSize, { vmas, tables } = this.machine.parts.mmu;
    if (!(length > 0) || offset < 0 || offset % pageSize !== 0) return -EINVAL as VirtualAddress;
    if (flags !== MAP_SHARED) return -EOPNOTSUPP as VirtualAddress;
    const pageCount = Math.ceil(length / pageSize);
    const firstPage = vmas.findGap(this.mm, pageCount, userPages(tables.pageCount));
    if (firstPage < 0 || vmas.isFull) return -ENOMEM as VirtualAddress;
    this.machine.parts.mmu.map({ mm: this.mm, firstPage, pageCount, mapping: file.id, pageIndex: offset / pageSize, flags: VM_SHARED + vmFlags(protection) });
    return (firstPage * pageSize) as VirtualAddress;
  }

  /** Unmaps a whole mapping. @returns OK; EINVAL if nothing is mapped at `address`; EOPNOTSUPP for a part of a mapping. @kernel munmap(2) */
  munmap(address: VirtualAddress, length: number): Status {
    const { vmas } = this.machine.parts.mmu, page = address * this.#perByte, vma = vmas.find(this.mm, page);
    if (!Number.isInteger(page) || !(length > 0) || vma === NO_VMA) return EINVAL;
    if (vmas.firstPageOf(vma) !== page || vmas.endPageOf(vma) !== page + Math.ceil(length * this.#perByte)) return EOPNOTSUPP;
    this.machine.parts.mmu.unmap(vma);
    return OK;
  }

  /** Loads a byte: 0 … 255, or a negative signal (-7 SIGBUS, -11 SIGSEGV, -9 out of memory). */
  load8(address: VirtualAddress): number {
    const page = Math.floor(address * this.#perByte);
    return this.machine.parts.mmu.load8(this.cpu, this.mm, page, address - page * this.#pageSize);
  }

  /** Stores a byte: 0, or a negative signal. */
  store8(address: VirtualAddress, value: number): number {
    const page = Math.floor(address * this.#perByte);
    return this.machine.parts.mmu.store8(this.cpu, this.mm, page, address - page * this.#pageSize, value);
  }

  /** Loads `out.length` bytes from `address` on: 0, or a negative signal; the pages before it are read then. */
  read(address: VirtualAddress, out: Uint8Array): number {
    return this.#transfer(address, out, READ);
  }

  /** Stores `bytes` at `address`: 0, or a negative signal; the pages before it are written then. */
  write(address: VirtualAddress, bytes: Uint8Array): number {
    return this.#transfer(address, bytes, WRITE);
  }

  /** Page by page: each is made accessible, and its bytes are copied. */
  #transfer(address: VirtualAddress, bytes: Uint8Array, access: typeof READ | typeof WRITE): number {
    const { mmu, folios } = this.machine.parts, pageSize = this.#pageSize;
    for (let done = 0; done < bytes.length; ) {
      const page = Math.floor((address + done) * this.#perByte), offset = address + done - page * pageSize;
      const pfn = mmu.translate(this.cpu, this.mm, page, access);
      if (pfn < 0) return pfn;
      const size = Math.min(pageSize - offset, bytes.length - done);
      if (access === READ) folios.readBytes(pfn, offset, bytes, done, size);
      else folios.writeBytes(pfn, offset, bytes, done, size);
      done += size;
    }
    return 0;
  }

  /** What a page table entry maps: "." nothing, "Z" the zero page, "X" storage, "P" a page of memory. */
  pageLetter(address: VirtualAddress): "." | "Z" | "X" | "P" {
    const { mmu, folios } = this.machine.parts, slot = mmu.tables.slotOf(this.mm, Math.floor(address * this.#perByte));
    const pte = slot === NO_SLOT ? PTE_NONE : mmu.tables.load(slot);
    if (!pteIsPresent(pte)) return ".";
    const pfn = ptePfn(pte);
    return folios.isZeroPage(pfn) ? "Z" : folios.isDevice(pfn) ? "X" : "P";
  }
}

const vmFlags = (protection: number): number =>
  ((protection & PROT_READ) === 0 ? 0 : VM_READ) + ((protection & PROT_WRITE) === 0 ? 0 : VM_WRITE) + ((protection & PROT_EXEC) === 0 ? 0 : VM_EXEC);

/**
 * Where user space ends: the lower half of what the tables reach, less a guard page. All of it on a machine too small to share.
 * @kernel TASK_SIZE_MAX — arch/x86/include/asm/page_64.h, v6.12. @differs Mappings begin right below it: there is no stack.
 */
const userPages = (pageCount: number): number => (pageCount >= 2 ** 20 ? pageCount / 2 - 1 : pageCount);
