import { GUP_PIN_COUNTING_BIAS } from "@zeropfn/folio";
import { checkAccounting } from "@zeropfn/pte-mmu";
import type { Status, VirtualAddress } from "@zeropfn/units";
import { type BlockDevice, createMachine, linuxTmpfs, type Machine, MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, type MachineFile, type Process } from "../src/index.ts";

/** Bytes of a page. */
export const PAGE = 32;
/** Where page `nth` begins. */
export const at = (nth: number, offset: number = 0): VirtualAddress => (nth * PAGE + offset) as VirtualAddress;
/** A page of one byte. */
export const pageOf = (byte: number, pages: number = 1): Uint8Array => new Uint8Array(pages * PAGE).fill(byte);

export const PROCESSES = 3;

/** Small pages, small tables, room for three processes. */
export function smallMachine(frames: number = 256): Machine {
  return createMachine({
    stack: linuxTmpfs,
    memoryBytes: frames * PAGE,
    cpus: 2,
    size: {
      pageShift: 5, tableShift: 2, levels: 3, tlbShift: 1, tlbWays: 2, asidCount: 2, chunkShift: 2, processCapacity: PROCESSES, fileCapacity: 8, vmaCapacity: 128, maximumMapCount: 64,
      anonVmaCapacity: 128, linkCapacity: 512, tableCapacity: 128, nodeCapacity: 64, faultAroundPages: 4, gatherCapacity: 3, pipeCapacity: 4, pipeBuffers: 4, ringPages: 8,
    },
  });
}

/** Maps private pages [first, first + count), of memory or of a file. */
export const mapPrivate = (process: Process, first: number, count: number, file: MachineFile | null = null, protection?: number): void =>
  void process.mmap(file, { address: at(first), length: count * PAGE, flags: MAP_PRIVATE | MAP_FIXED | (file === null ? MAP_ANONYMOUS : 0), ...(protection === undefined ? {} : { protection }) });
export const mapShared = (process: Process, first: number, count: number, file: MachineFile, protection?: number): void =>
  void process.mmap(file, { address: at(first), length: count * PAGE, flags: MAP_SHARED | MAP_FIXED, ...(protection === undefined ? {} : { protection }) });

/** A disk of 8 pages. */
export class Disk implements BlockDevice {
  readonly sectorBytes = 8;
  readonly sizeBytes: number = 8 * PAGE;
  readonly bytes: Uint8Array = new Uint8Array(8 * PAGE);
  /** What is done while a request is under way. */
  meanwhile: () => void = () => {};
  failure: Status = 0;

  read(offset: number, out: Uint8Array): Status {
    this.meanwhile();
    out.set(this.bytes.subarray(offset, offset + out.length));
    return this.failure;
  }
  write(offset: number, bytes: Uint8Array): Status {
    this.meanwhile();
    this.bytes.set(bytes, offset);
    return this.failure;
  }
}

/** The first byte of `length` bytes that all are the same, as the others are; else -1. */
export function onlyByte(bytes: Uint8Array): number {
  return bytes.every((byte) => byte === bytes[0]) ? bytes[0]! : -1;
}

/** References that pins and pipes hold beside page tables are counted, and nothing else is. @throws {Error} */
export function checkHeld({ parts }: Machine): void {
  const { folios, mmu, pipes } = parts, inPipes = new Map<number, number>();
  for (let pipe = 0; pipe < 4; pipe++) {
    for (let nth = 0; nth < pipes.count(pipe); nth++) {
      const pfn = pipes.frameAt(pipes.slotOf(pipe, nth));
      inPipes.set(pfn, (inPipes.get(pfn) ?? 0) + 1);
    }
  }
  checkAccounting(mmu.calls, (pfn) => folios.pincount(pfn) * GUP_PIN_COUNTING_BIAS + (inPipes.get(pfn) ?? 0));
  folios.checkInvariants();
}
