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
        /** Walks of the page tables so far. */
        readonly walkCount: number;
      };
      readonly tables: {
        /** Entries of one table. */
        readonly pagesPerTable: number;
        /** Page tables of an address space, without its root. */
        tablesOf(mm: number): number;
      };
      readonly counters: {
        /** Pages that are mapped and have a folio. */
        rssPages(mm: number): number;
      };
    };
  };
  createProcess(): Process;
  createFile(name: string, sizeBytes?: number): File;
  count(event: string): number;
}
