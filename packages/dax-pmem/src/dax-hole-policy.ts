import type { FaultResult } from "@zeropfn/units";

/** What a load sees where the file has no block. Deterministic; its state lives in entries, folios and columns. */
export interface DaxHolePolicy {
  readonly name: string;
  /**
   * Maps zeros for a read fault. The entry of (file, index) is held by the caller and may be replaced.
   *
   * @param vma   The area, for the mapper. @param page The page of its address space that faulted.
   * @param entry What the tree holds now, without its lock: EMPTY, or a hole entry that this policy made.
   * @returns VM_FAULT_NOPAGE (and VM_FAULT_MAJOR where storage was allocated), or VM_FAULT_OOM.
   */
  load(file: number, index: number, vma: number, page: number, entry: number): FaultResult;
  /** Lets go of what a hole entry of this policy holds. The entry is gone or about to be, and nothing maps it any more. */
  drop(entry: number): void;
}
