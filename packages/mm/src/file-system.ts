import type { FileFaultHandler } from "@zeropfn/pte-mmu";

/**
 * The files of a machine, by number: what system calls ask of them beside what page faults do. Every call is one system
 * call's part for one file: 0 or more, or an errno negated. Offsets are in bytes.
 */
export interface FileSystem extends FileFaultHandler {
  /** A new, empty file: its number, or -1 if there is no room. */
  create(): number;
  /** Nobody has the file open or mapped any more. */
  release(file: number): void;
  /** Bytes. */
  size(file: number): number;
  /** What stat(2) says in st_blocks: units of 512 bytes. */
  blocks(file: number): number;
  truncate(file: number, bytes: number): number;
  fallocate(file: number, mode: number, offset: number, length: number): number;
  read(file: number, offset: number, out: Uint8Array): number;
  write(file: number, offset: number, bytes: Uint8Array): number;
  fsync(file: number): number;
  /** Whether files may be mapped MAP_PRIVATE, and there is memory that only areas know of. Constant. */
  readonly hasPrivateMappings: boolean;
}
