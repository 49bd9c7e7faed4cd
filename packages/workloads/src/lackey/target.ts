import type { Access, VirtualAddress } from "@zeropfn/units";

/** What a replay asks of a process. `Process` of @zeropfn/mm satisfies it. */
export interface LackeyProcess<File> {
  readonly mm: number;
  readonly cpu: number;
  /** The address, or an errno negated. */
  mmap(file: File | null, options: LackeyMapping): number;
  /** Each 0 or more, or an errno negated. */
  munmap(address: VirtualAddress, length: number): number;
  mprotect(address: VirtualAddress, length: number, protection: number): number;
  mremap(address: VirtualAddress, oldLength: number, newLength: number, flags: number, newAddress: VirtualAddress): number;
  madvise(address: VirtualAddress, length: number, advice: number): number;
}

export interface LackeyMapping {
  readonly address: VirtualAddress;
  readonly length: number;
  readonly protection: number;
  readonly flags: number;
  readonly offset: number;
}

export interface LackeyFile {
  readonly size: number;
  truncate(bytes: number): number;
}

/** What a replay asks of a machine. `Machine` of @zeropfn/mm satisfies it. */
export interface LackeyMachine<File extends LackeyFile, Process extends LackeyProcess<File>> {
  readonly pageSize: number;
  readonly parts: {
    readonly mmu: {
      /** The frame, or a signal negated: makes the page accessible first. */
      translate(cpu: number, mm: number, page: number, access: Access): number;
      readonly tlbs: {
        /** The frame, or a negative number: the access faults. */
        translate(cpu: number, mm: number, page: number, access: Access): number;
      };
    };
  };
  createProcess(): Process;
  createFile(name: string, sizeBytes?: number): File;
  count(event: string): number;
}

/** Where the figures come from that each machine keeps in its own place. Undefined where a machine does not know one. */
export interface LackeyGauges {
  /** Bytes of memory that the process has mapped: VmRSS. */
  residentBytes(): number | undefined;
  /** Bytes of its page tables: VmPTE. */
  tableBytes(): number | undefined;
  /** Walks of the page tables by the processors' TLBs so far. */
  walkCount(): number | undefined;
}

/** Knows nothing. */
export const noGauges: LackeyGauges = { residentBytes: () => undefined, tableBytes: () => undefined, walkCount: () => undefined };
