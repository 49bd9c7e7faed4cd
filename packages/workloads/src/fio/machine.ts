import type { Status, VirtualAddress } from "@zeropfn/units";

/** What the runner uses of a file. `File` of `@zeropfn/mm` has it. */
export interface FioFile {
  truncate(bytes: number): Status;
}
/** What the runner uses of a process. `Process` of `@zeropfn/mm` has it. */
export interface FioProcess<File> {
  mmap(file: File, options: { offset: number; length: number; protection: number; flags: number }): VirtualAddress;
  load8(address: VirtualAddress): number;
  read(address: VirtualAddress, out: Uint8Array): number;
}
/** What the runner uses of a machine. `Machine` of `@zeropfn/mm` has it. */
export interface FioMachine<File extends FioFile = FioFile, Process extends FioProcess<File> = FioProcess<File>> {
  createFile(name: string, sizeBytes: number): File;
  createProcess(): Process;
}
