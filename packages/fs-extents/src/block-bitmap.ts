import type { ColumnAllocator } from "@zeropfn/state";
import { NO_BLOCK } from "./layout.ts";

const ALL_TAKEN = 0xffff_ffff;

/**
 * Which blocks of the device are taken: bit `block & 31` of word `block >>> 5`.
 * Called inside the leaves of its owner only. Freeing never needs memory.
 */
export class BlockBitmap {
  readonly blockCount: number;
  readonly #words: Uint32Array; // bits past `blockCount` are 1: never free
  readonly #free: Float64Array; // [0] free blocks

  constructor(columns: ColumnAllocator, blockCount: number) {
    this.blockCount = blockCount;
    this.#words = columns.u32("extents.bitmap", Math.ceil(blockCount / 32));
    this.#free = columns.f64("extents.free", 1);
    this.#free[0] = blockCount;
    if (blockCount % 32 !== 0) this.#words[blockCount >>> 5] = (ALL_TAKEN << (blockCount % 32)) >>> 0;
  }

  get freeBlocks(): number {
    return this.#free[0]!;
  }

  isTaken(block: number): boolean {
    return ((this.#words[block >>> 5]! >>> (block & 31)) & 1) !== 0;
  }

  /** The first free block at or after `goal`, else the lowest of all; `NO_BLOCK` if none is. O(blocks / 32). */
  findFree(goal: number): number {
    if (this.#free[0] === 0) return NO_BLOCK;
    const words = this.#words, first = goal < this.blockCount ? goal : 0;
    // The bits below the goal count as taken on the first look at its word, and are looked at last.
    let free = ~words[first >>> 5]! & (ALL_TAKEN << (first & 31));
    for (let at = first >>> 5, looked = 0; looked <= words.length; looked++) {
      if (free !== 0) return at * 32 + lowestBit(free);
      at = at + 1 === words.length ? 0 : at + 1;
      free = ~words[at]!;
    }
    return NO_BLOCK;
  }

  /** Takes a free block. */
  take(block: number): void {
    this.#words[block >>> 5]! |= 1 << (block & 31);
    this.#free[0]! -= 1;
  }

  /** Gives back `count` taken blocks from `first` on. */
  release(first: number, count: number): void {
    const words = this.#words;
    for (let block = first; block < first + count; ) {
      const bits = Math.min(32 - (block & 31), first + count - block);
      words[block >>> 5]! &= ~((bits === 32 ? ALL_TAKEN : (1 << bits) - 1) << (block & 31));
      block += bits;
    }
    this.#free[0]! += count;
  }
}

const lowestBit = (word: number): number => 31 - Math.clz32(word & -word);
