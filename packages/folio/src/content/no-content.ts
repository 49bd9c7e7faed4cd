import type { ByteChunks } from "@zeropfn/state";
import type { ContentOperations } from "./content-operations.ts";

/**
 * The page bytes of a machine that has none: one empty chunk, so that a load reads past its end and a store is dropped.
 * Such a machine counts frames, faults and references at any size, and every byte of it is 0.
 */
export const noBytes: ByteChunks = { chunkBytes: 2 ** 30, bytes: [new Uint8Array(0)], memories: undefined };

/** All pages are zero and stay so. */
export const noContent: ContentOperations = {
  name: "no-bytes",
  isZero: () => true,
  equal: () => true,
  compare: () => 0,
  copy: () => {},
  fill: () => {},
  hash: () => 0,
};
