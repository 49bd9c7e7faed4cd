/**
 * Where other packages take frames from. `Folios` is one; `LimitedFrames` gives out a part of another's.
 *
 * Who allocates through a source puts through the same source. A source that keeps state outside columns works, and is
 * a black box to the explorer.
 */
export interface FrameSource {
  /** The largest order that `allocate` takes. */
  readonly maximumOrder: number;
  /** Frames that were allocated through this source and are not free again. */
  readonly usedFrames: number;
  /** A folio of 2^`order` frames, aligned to its size, with one reference: its first frame, or `NO_FRAME`. @throws an error with a `code` if the order is out of range. */
  allocate(order: number): number;
  /** Takes a reference, for one who has one. */
  get(pfn: number): void;
  /** Drops a reference; true if that freed the folio. */
  put(pfn: number): boolean;
  /** References to the folio. */
  refcount(pfn: number): number;
  /** The folio has 2^order frames. */
  order(pfn: number): number;
}
