import type { ByteChunks } from "@zeropfn/state";
import type { ContentOperations } from "./content-operations.ts";
import { simdOperations } from "./simd-operations.ts";
import { typedArrayOperations } from "./typed-array-operations.ts";

/** The fastest operations that work here. */
export const contentOperations = (chunks: ByteChunks): ContentOperations => simdOperations(chunks) ?? typedArrayOperations(chunks);
