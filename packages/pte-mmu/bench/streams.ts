import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../../tools/bench/random.ts";

/**
 * A recorded stream of accesses: a word for each.
 *
 * | bits  | what                          |
 * |-------|-------------------------------|
 * | 0-1   | 0 a load, 1 a store           |
 * | 2-13  | byte in the page              |
 * | 14-31 | page of the area, from 0      |
 */
export type Stream = Uint32Array;

export const pageIn = (word: number): number => word >>> 14;
export const offsetIn = (word: number): number => (word >>> 2) & 4095;
export const isStore = (word: number): boolean => (word & 1) !== 0;

/** The order in which pages are visited. `hot`: 512 neighbours, that is what a TLB holds. */
export type Order = "hot" | "sequential" | "uniform" | "zipf";

export interface StreamSize {
  /** Pages of 4 KiB that may be visited: 1 … 2^18. */
  readonly pages: number;
  readonly accesses: number;
}

const HOT_PAGES = 512;
/** As in the benchmarks of stores of keys and values: a little below 1, so that no few pages are everything. */
const ZIPF_EXPONENT = 0.99;

/** The same stream for the same parameters, whoever asks: a quarter are stores, of the first byte of a cache line, so that loads meet what was stored. */
export function streamOf(order: Order, { pages, accesses }: StreamSize): Stream {
  const random = new Random(1), nextPage = pageSource(order, pages, random);
  return Uint32Array.from({ length: accesses }, (_, nth) => {
    const page = nextPage(nth), word = random.next();
    return ((page << 14) | ((word >>> 26) << 8) | ((word & 3) === 0 ? 1 : 0)) >>> 0;
  });
}

function pageSource(order: Order, pages: number, random: Random): (nth: number) => number {
  if (order === "sequential") return (nth) => nth % pages;
  if (order === "zipf") return zipfSource(pages, random);
  const limit = order === "hot" ? Math.min(HOT_PAGES, pages) : pages;
  return () => random.below(limit);
}

/** The page of rank r is visited in proportion to 1 / r^0.99; ranks lie about at random. */
function zipfSource(pages: number, random: Random): () => number {
  const pageOfRank = random.permutation(pages), sums = new Float64Array(pages);
  for (let rank = 0, sum = 0; rank < pages; rank++) sums[rank] = sum += (rank + 1) ** -ZIPF_EXPONENT;
  return () => {
    const drawn = (random.next() / 2 ** 32) * sums[pages - 1]!;
    let low = 0, high = pages - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! > drawn) high = middle;
      else low = middle + 1;
    }
    return pageOfRank[low]!;
  };
}

/** Writes the stream to a file of words in this machine's order of bytes, hands its name to `use`, and removes it. */
export function withStreamFile<Result>(order: Order, size: StreamSize, use: (file: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), "mmu-stream-"));
  try {
    const file = join(folder, order);
    writeFileSync(file, streamOf(order, size));
    return use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The stream in such a file. */
export function readStream(file: string): Stream {
  const bytes = readFileSync(file);
  return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
