/** Stable within a major version: match on these, not on messages. */
export type PteMmuErrorCode =
  /** A size, count or level out of range. */
  | "PTE_MMU_BAD_OPTION"
  /** A range that is empty, not inside the address space, or over another area. */
  | "PTE_MMU_BAD_RANGE"
  /** More areas than `vmaCapacity`. */
  | "PTE_MMU_NO_VMA"
  /** A file was mapped before `connect` said who fills it. */
  | "PTE_MMU_NO_HANDLER"
  /** The machine's fault: an access faults again and again, and every fault is answered. */
  | "PTE_MMU_LIVELOCK";

/** A caller's mistake, or a livelock of the machine. */
export class PteMmuError extends Error {
  override readonly name = "PteMmuError";
  readonly code: PteMmuErrorCode;
  constructor(code: PteMmuErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}
