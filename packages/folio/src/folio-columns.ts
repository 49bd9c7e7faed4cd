import type { ColumnAllocator } from "@zeropfn/state";

/** What a machine knows of its frames: 37 bytes for each, item `pfn` of every column. */
export interface FolioColumns {
  /** Kind and order of the block that begins here: see layout.ts. */
  readonly blocks: Uint8Array<ArrayBuffer>;
  /** Page flags, a bit each. Those of the folio in its first frame. */
  readonly flags: Uint32Array<ArrayBuffer>;
  /** References, in the folio's first frame. 0: free, frozen, or an idle device frame. */
  readonly refcounts: Uint32Array<ArrayBuffer>;
  /** Pins among the references, in the folio's first frame. */
  readonly pincounts: Uint32Array<ArrayBuffer>;
  /** Page table entries that map this page. @differs The kernel's count begins at -1. */
  readonly mapcounts: Uint32Array<ArrayBuffer>;
  /** The file or anonymous region that the folio belongs to, a number of its owner; 0: none. In the first frame. */
  readonly mappings: Uint32Array<ArrayBuffer>;
  /** Where in the mapping the folio begins, in pages: 0 … 2^53-1. In the first frame. */
  readonly indices: Float64Array<ArrayBuffer>;
  /** Neighbours in the list that the folio or the free block is in; 0: none. @kernel page::lru, page::buddy_list — include/linux/mm_types.h, v6.18 */
  readonly next: Uint32Array<ArrayBuffer>;
  readonly previous: Uint32Array<ArrayBuffer>;
}

/** Bytes of columns for each frame, its page bytes not counted. */
export const COLUMN_BYTES_PER_FRAME = 37;

/** The columns of `count` frames. */
export function folioColumns(columns: ColumnAllocator, count: number): FolioColumns {
  return {
    blocks: columns.u8("folio.block", count),
    flags: columns.u32("folio.flags", count),
    refcounts: columns.u32("folio.refcount", count),
    pincounts: columns.u32("folio.pincount", count),
    mapcounts: columns.u32("folio.mapcount", count),
    mappings: columns.u32("folio.mapping", count),
    indices: columns.f64("folio.index", count),
    next: columns.u32("folio.next", count),
    previous: columns.u32("folio.previous", count),
  };
}
