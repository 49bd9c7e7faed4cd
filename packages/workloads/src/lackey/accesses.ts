import { type Access, EXEC, READ, WRITE } from "@zeropfn/units";

/** An instruction was fetched: "I  0401ab70,3". */
export const FETCH = 0;
/** " L 1ffeffee28,8" */
export const LOAD = 1;
/** " S 1fff000778,8" */
export const STORE = 2;
/** One instruction loads and stores the same bytes: " M 0402e9c0,8". */
export const MODIFY = 3;

export type AccessKind = typeof FETCH | typeof LOAD | typeof STORE | typeof MODIFY;

/** What each kind asks of a page. A modify asks for a writable one at once, as the processor's locked and unlocked updates do. */
export const ACCESS_OF: readonly Access[] = [EXEC, READ, WRITE, WRITE];

/** Accesses one after the other, as columns: the reader fills it again and again. */
export interface AccessBatch {
  /** `AccessKind` of each. */
  readonly kinds: Uint8Array;
  /** Byte addresses, below 2^53. */
  readonly addresses: Float64Array;
  /** Bytes: 1 … 65535. */
  readonly sizes: Uint16Array;
}

/** Accesses of one batch. */
export const BATCH_ACCESSES = 8192;

export const newAccessBatch = (): AccessBatch => ({
  kinds: new Uint8Array(BATCH_ACCESSES),
  addresses: new Float64Array(BATCH_ACCESSES),
  sizes: new Uint16Array(BATCH_ACCESSES),
});
