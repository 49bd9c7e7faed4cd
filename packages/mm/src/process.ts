import {
  brk, madvise, MAP_ANONYMOUS, MAP_SHARED, mincore, mlock, mmap, type Mmu, mprotect, mremap, msync, munlock, munmap, NO_MAPPING, PROT_READ, PROT_WRITE, type SignalInfo,
} from "@zeropfn/pte-mmu";
import { EBADF, EOPNOTSUPP, READ, type VirtualAddress, WRITE } from "@zeropfn/units";
import { type BlockDevice, directTransfer } from "./direct-io.ts";
import type { MachineFile } from "./file.ts";
import type { Machine } from "./machine.ts";
import { pageInfo, type PageLetter } from "./page-info.ts";
import type { Pipe } from "./pipe.ts";
import { memTransfer, processVmTransfer } from "./remote-memory.ts";
import { copyUser, readFile, writeFile } from "./user-copy.ts";
import { vmsplice } from "./vmsplice.ts";

const MAP_TYPE = 0x0f;

export interface MmapOptions {
  /** Where: a hint in bytes, or exactly there with MAP_FIXED. Default 0: anywhere. */
  readonly address?: number;
  /** Bytes to map: rounded up to pages. Default: to the end of the file. */
  readonly length?: number;
  /** Byte of the file where the mapping begins: a multiple of the page size. Default 0. */
  readonly offset?: number;
  /** A sum of PROT_*. Default PROT_READ + PROT_WRITE. */
  readonly protection?: number;
  /** A sum of MAP_*. Default MAP_SHARED. */
  readonly flags?: number;
}

/** Why an access failed. @kernel siginfo_t — include/uapi/asm-generic/siginfo.h, v6.18 */
export interface Siginfo {
  /** 7 SIGBUS, 9 SIGKILL (no memory), 11 SIGSEGV. */
  readonly signal: number;
  /** si_code: 1 SEGV_MAPERR, 2 SEGV_ACCERR or BUS_ADRERR; 0 for SIGKILL. */
  readonly code: number;
  /** The byte that could not be accessed. */
  readonly address: number;
}

/**
 * A program's view of the machine: an address space, system calls, and loads and stores. Addresses and lengths are in bytes.
 * A system call answers 0 or more, or an errno negated.
 */
export class Process {
  /** Its address space, in the page tables. */
  readonly mm: number;
  /** Tells its address space from those that have the number later. */
  readonly birth: number;
  /** The processor its thread runs on. */
  readonly cpu: number;
  readonly machine: Machine;
  /** Why the last access that failed did. */
  siginfo: Siginfo | undefined;
  readonly #mmu: Mmu;
  readonly #pageSize: number;
  /** 1 / page size: exact, a power of two. */
  readonly #perByte: number;

  /** For the machine. */
  constructor(machine: Machine, mm: number, cpu: number, birth: number = machine.parts.mmu.mms.birthOf(mm)) {
    this.machine = machine;
    this.mm = mm;
    this.birth = birth;
    this.cpu = cpu;
    this.#mmu = machine.parts.mmu;
    this.#pageSize = machine.pageSize;
    this.#perByte = 1 / machine.pageSize;
  }

  /** Another thread of the process, which runs on processor `cpu`: the same memory, and a `siginfo` of its own. */
  onCpu(cpu: number): Process {
    return new Process(this.machine, this.mm, this.machine.checkedCpu(cpu), this.birth);
  }

  // System calls

  /** Maps a file, or anonymous memory if there is none. @returns The address, or an errno negated. @kernel mmap(2) */
  mmap(file: MachineFile | null, options: MmapOptions = {}): VirtualAddress {
    const { address = 0, offset = 0, protection = PROT_READ + PROT_WRITE } = options, anonymous = file === null ? MAP_ANONYMOUS : 0;
    const flags = options.flags ?? MAP_SHARED | anonymous, length = options.length ?? (file === null ? 0 : file.size - offset), isAnonymous = (flags & MAP_ANONYMOUS) !== 0;
    if (file === null && !isAnonymous) return -EBADF as VirtualAddress;
    const isShared = (flags & MAP_TYPE & MAP_SHARED) !== 0;
    if (!this.machine.parts.files.hasPrivateMappings && !isAnonymous && !isShared) return -EOPNOTSUPP as VirtualAddress;
    const { calls } = this.machine.parts.mmu;
    return mmap(calls, this.mm, { address, length, protection, flags, mapping: file?.id ?? NO_MAPPING, offset }) as VirtualAddress;
  }
  /** @kernel munmap(2) */
  munmap(address: VirtualAddress, length: number): number {
    return munmap(this.machine.parts.mmu.calls, this.mm, address, length);
  }
  /** @kernel mprotect(2) */
  mprotect(address: VirtualAddress, length: number, protection: number): number {
    return mprotect(this.machine.parts.mmu.calls, this.mm, address, length, protection);
  }
  /** @returns The address where it is now, or an errno negated. @kernel mremap(2) */
  mremap(address: VirtualAddress, oldLength: number, newLength: number, flags: number = 0, newAddress: number = 0): VirtualAddress {
    return mremap(this.machine.parts.mmu.calls, this.mm, address, oldLength, newLength, flags, newAddress) as VirtualAddress;
  }
  /** @kernel madvise(2) */
  madvise(address: VirtualAddress, length: number, advice: number): number {
    return madvise(this.machine.parts.mmu.calls, this.mm, address, length, advice);
  }
  /** @kernel mlock2(2) */
  mlock(address: VirtualAddress, length: number, flags: number = 0): number {
    return mlock(this.machine.parts.mmu.calls, this.mm, address, length, flags);
  }
  /** @kernel munlock(2) */
  munlock(address: VirtualAddress, length: number): number {
    return munlock(this.machine.parts.mmu.calls, this.mm, address, length);
  }
  /** @kernel msync(2) */
  msync(address: VirtualAddress, length: number, flags: number): number {
    return msync(this.machine.parts.mmu.calls, this.mm, address, length, flags);
  }
  /** A byte for each page: 1 if it is in memory. @kernel mincore(2) */
  mincore(address: VirtualAddress, length: number, out: Uint8Array): number {
    return mincore(this.machine.parts.mmu.calls, this.mm, address, length, out);
  }
  /** Moves the end of the heap. @returns The end of the heap now: the old one if it could not be moved. @kernel brk(2) */
  brk(address: number): VirtualAddress {
    const { calls, mms } = this.machine.parts.mmu;
    return brk(calls, mms, this.mm, address) as VirtualAddress;
  }
  /** Says where the heap begins, before anything uses it. @kernel mm_struct::start_brk, set by load_elf_binary() — fs/binfmt_elf.c, v6.18 */
  setHeap(address: VirtualAddress): void {
    this.machine.parts.mmu.mms.setHeap(this.mm, address, address);
  }
  /**
   * A child with a copy of this address space: pages are shared until one of both writes.
   * @returns The child, on the same processor; or -ENOMEM, or -EAGAIN: `processCapacity` is reached.
   * @kernel fork(2)
   */
  fork(): Process | number {
    const child = this.machine.parts.mmu.fork(this.mm);
    return child < 0 ? child : new Process(this.machine, child, this.cpu);
  }
  /** True: no huge pages for this process and its children from now on, not even by advice. @kernel prctl(PR_SET_THP_DISABLE) */
  setThpDisabled(isDisabled: boolean): void {
    this.machine.parts.mmu.thp.setDisabled(this.mm, isDisabled);
  }
  /** Ends the process: all its memory is unmapped when nobody is at work in it, and nothing of it may be used any more. @kernel exit_mm() — kernel/exit.c, v6.18 */
  exit(): void {
    this.machine.parts.rings.release(this.mm);
    this.machine.parts.mmu.putMm(this.mm);
  }

  // System calls that reach memory without its page tables, or for another

  /** Reads a file into memory. @returns Bytes, or an errno negated. @kernel pread64(2) */
  pread(file: MachineFile, offset: number, address: VirtualAddress, length: number): number {
    return readFile(this.machine.parts, this, file.id, offset, address, length);
  }
  /** Writes memory to a file. @returns Bytes, or an errno negated. @kernel pwrite64(2) */
  pwrite(file: MachineFile, offset: number, address: VirtualAddress, length: number): number {
    return writeFile(this.machine.parts, this, file.id, offset, address, length);
  }
  /** Reads a device into memory. @returns Bytes, or an errno negated. @kernel pread64(2) with O_DIRECT */
  directRead(device: BlockDevice, offset: number, address: VirtualAddress, length: number): number {
    return directTransfer(this.machine.parts, this.mm, device, offset, address, length, READ);
  }
  /** Writes memory to a device. @returns Bytes, or an errno negated. @kernel pwrite64(2) with O_DIRECT */
  directWrite(device: BlockDevice, offset: number, address: VirtualAddress, length: number): number {
    return directTransfer(this.machine.parts, this.mm, device, offset, address, length, WRITE);
  }
  /** Puts memory into a pipe without copying it: what it holds when the pipe is read, comes out. @kernel vmsplice(2) */
  vmsplice(pipe: Pipe, address: VirtualAddress, length: number): number {
    return vmsplice(this.machine.parts, this.mm, pipe.id, address, length);
  }
  /** Reads another process's memory. @returns Bytes, or -EFAULT, or -ESRCH: it has ended. @kernel process_vm_readv(2) @differs What is read goes to an array. */
  processVmReadv(of: Process, address: VirtualAddress, out: Uint8Array): number {
    return processVmTransfer(this.machine.parts, of, address, out, READ);
  }
  /** Writes another process's memory. @returns Bytes, or -EFAULT, or -ESRCH: it has ended. @kernel process_vm_writev(2) */
  processVmWritev(of: Process, address: VirtualAddress, bytes: Uint8Array): number {
    return processVmTransfer(this.machine.parts, of, address, bytes, WRITE);
  }
  /** Reads this process's memory as a debugger does, through protections. @returns Bytes, 0 when it has ended, or -EIO. @kernel /proc/PID/mem, mem_read() — fs/proc/base.c, v6.18 */
  readMem(address: VirtualAddress, out: Uint8Array): number {
    return memTransfer(this.machine.parts, this, address, out, READ);
  }
  /** Writes it so. @returns Bytes, 0 when it has ended, or -EIO. @kernel /proc/PID/mem, mem_write() — fs/proc/base.c, v6.18 */
  writeMem(address: VirtualAddress, bytes: Uint8Array): number {
    return memTransfer(this.machine.parts, this, address, bytes, WRITE);
  }
  /** Registers memory with the process's ring: it stays pinned. @returns 0, or -EFAULT, -EBUSY, -ENOMEM. @kernel IORING_REGISTER_BUFFERS — io_uring_register(2) */
  registerBuffer(address: VirtualAddress, length: number): number {
    return this.machine.parts.rings.register(this.mm, address, length);
  }
  /** @returns 0, or -ENXIO. @kernel IORING_UNREGISTER_BUFFERS — io_uring_register(2) */
  unregisterBuffer(): number {
    return this.machine.parts.rings.unregister(this.mm);
  }
  /** Submits a read from a pipe into registered memory. @returns 0: see `waitForRing`. Or -EBUSY. @kernel IORING_OP_READ_FIXED — io_uring_enter(2) */
  readFixed(pipe: Pipe, address: VirtualAddress, length: number): number {
    return this.machine.parts.rings.submitRead(this.mm, address, length, pipe.id);
  }
  /** Writes registered memory to a pipe. @returns Bytes, or an errno negated. @kernel IORING_OP_WRITE_FIXED — io_uring_enter(2) */
  writeFixed(pipe: Pipe, address: VirtualAddress, length: number): number {
    return this.machine.parts.rings.write(this.mm, address, length, pipe.id);
  }
  /** What became of what was submitted: bytes, or an errno negated; -EAGAIN if it is not done. @kernel IORING_ENTER_GETEVENTS — io_uring_enter(2) */
  waitForRing(): number {
    return this.machine.parts.rings.wait(this.mm);
  }

  // Loads and stores

  /** Loads a byte: 0 … 255, or a negative signal (-7 SIGBUS, -11 SIGSEGV, -9 out of memory), which `siginfo` explains. */
  load8(address: VirtualAddress): number {
    const page = Math.floor(address * this.#perByte), value = this.#mmu.load8(this.cpu, this.mm, page, address - page * this.#pageSize);
    return value < 0 ? this.#failed(value, address) : value;
  }
  /** Stores a byte: 0, or a negative signal. */
  store8(address: VirtualAddress, value: number): number {
    const page = Math.floor(address * this.#perByte), result = this.#mmu.store8(this.cpu, this.mm, page, address - page * this.#pageSize, value);
    return result < 0 ? this.#failed(result, address) : result;
  }
  /** Loads `out.length` bytes from `address` on: how many there were before the first that failed; then `siginfo` says why. */
  read(address: VirtualAddress, out: Uint8Array): number {
    return this.#transfer(address, out, READ);
  }
  /** Stores `bytes` at `address`: how many, as for `read`. */
  write(address: VirtualAddress, bytes: Uint8Array): number {
    return this.#transfer(address, bytes, WRITE);
  }

  /** Faults of its accesses that needed no storage. @kernel ru_minflt — getrusage(2) */
  get minorFaults(): number {
    return this.machine.parts.mmu.counters.minorFaults(this.mm);
  }
  /** Faults of its accesses that did. @kernel ru_majflt — getrusage(2) */
  get majorFaults(): number {
    return this.machine.parts.mmu.counters.majorFaults(this.mm);
  }
  /** What is at `address`, as a letter: see `PageLetter`. */
  pageLetter(address: VirtualAddress): PageLetter {
    return pageInfo(this, address).letter;
  }

  /** Page by page: each is made accessible, and its bytes are copied. */
  #transfer(address: VirtualAddress, bytes: Uint8Array, access: typeof READ | typeof WRITE): number {
    const done = copyUser(this.machine.parts, this, address, bytes, 0, bytes.length, access);
    if (done < bytes.length) this.#failed(done, address + done);
    return done;
  }
  #failed(result: number, address: number): number {
    const { signal, code }: SignalInfo = this.machine.parts.mmu.signal;
    this.siginfo = { signal, code, address };
    return result;
  }
}
