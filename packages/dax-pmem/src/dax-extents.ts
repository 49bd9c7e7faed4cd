import type { Status } from "@zeropfn/units";

/** Where the blocks of files lie. Blocks are pages of the persistent memory, numbered from 0. */
export interface DaxExtents {
  /** Size of the file in bytes. */
  size(file: number): number;
  /** Sets the size, and nothing else: blocks stay until they are punched. @returns OK, or EFBIG. */
  setSize(file: number, bytes: number): Status;
  /** The block of page `index`, or -1: a hole. */
  findBlock(file: number, index: number): number;
  /** Gives page `index` a block. Its bytes are whatever they were. -1: no space. */
  allocateBlock(file: number, index: number): number;
  /** Frees the blocks of pages [firstIndex, firstIndex + pageCount). @returns OK, or ENOSPC if an extent cannot be split. */
  punch(file: number, firstIndex: number, pageCount: number): Status;
}
