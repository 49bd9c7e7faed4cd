import { contentOperations, Folios, type FrameSource, LimitedFrames, simdOperations, typedArrayOperations } from "../src/index.ts";
import { contentOperationsConformance, frameSourceConformance } from "../conformance/index.ts";
import { type ByteChunks, reservedColumns, Slab } from "@zeropfn/state";
import { describe, test } from "vitest";

const runner = { describe, test };
const wasmChunks = (bytes: number): ByteChunks => reservedColumns({ chunkBytes: 2 ** 16 }).byteChunks("bytes", bytes);
/** Two chunks that begin off a word's boundary, as a slab may place them. */
const oddChunks = (bytes: number): ByteChunks => ({
  chunkBytes: 2 ** 16,
  bytes: Array.from({ length: bytes / 2 ** 16 }, () => new Uint8Array(new ArrayBuffer(2 ** 16 + 1), 1)),
  memories: undefined,
});

describe("SIMD", () => {
  contentOperationsConformance(runner, (chunks) => simdOperations(chunks)!, wasmChunks);
});
describe("typed arrays", () => {
  contentOperationsConformance(runner, typedArrayOperations, wasmChunks);
  describe("off a word's boundary", () => contentOperationsConformance(runner, typedArrayOperations, oddChunks));
});
describe("the ones chosen", () => contentOperationsConformance(runner, contentOperations, oddChunks));

const sources: readonly [string, () => FrameSource][] = [
  ["folios of a machine that runs", () => new Folios(reservedColumns(), { frameCount: 1100 })],
  ["folios of a machine to explore", () => new Folios(new Slab(), { frameCount: 8, pageShift: 4, maximumOrder: 2 })],
  ["folios without bytes", () => new Folios(reservedColumns(), { frameCount: 64, hasBytes: false })],
  ["a limit below what there is", () => limited(9, 64)],
  ["a limit above what there is", () => limited(1000, 64)],
];
const limited = (limit: number, frameCount: number): FrameSource => {
  const columns = new Slab();
  return new LimitedFrames(columns, new Folios(columns, { frameCount, pageShift: 4 }), { limit, name: "group" });
};
describe.each(sources)("%s", (_, make) => frameSourceConformance(runner, make));
