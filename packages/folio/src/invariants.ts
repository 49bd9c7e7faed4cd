import type { BuddyAllocator } from "./buddy-allocator.ts";
import { FolioError } from "./errors.ts";
import type { FolioColumns } from "./folio-columns.ts";
import { KIND, KIND_FREE, KIND_HEAD, KIND_NOTHING, KIND_TAIL, KIND_ZERO, ORDER, ZERO_PFN } from "./layout.ts";
import type { MachineMemory } from "./machine-memory.ts";

const broken = (message: string): FolioError => new FolioError("FOLIO_INVARIANT", message);

/**
 * Every DRAM frame is in exactly one place: a zero page, a folio, a free block in its list, or beyond the frontier.
 * Free and used frames add up, free buddies are merged, and what is free has no reference, flag or mapping.
 *
 * @throws {FolioError} FOLIO_INVARIANT
 */
export function checkFolios({ frameCount, maximumOrder }: MachineMemory, frames: FolioColumns, buddy: BuddyAllocator, used: number): void {
  const listed = blocksInLists(frames, buddy, maximumOrder);
  let inFolios = 0;
  let free = frameCount - buddy.frontier;
  for (let pfn = ZERO_PFN; pfn < frameCount; ) {
    const kind = frames.blocks[pfn] & KIND;
    const order = frames.blocks[pfn] & ORDER;
    const end = pfn + 2 ** order;
    if (kind === KIND_HEAD) {
      checkFolio(frames, pfn, end);
      inFolios += end - pfn;
    } else if (kind === KIND_FREE) {
      if (!listed.delete(pfn)) throw broken(`free block ${pfn} of order ${order} is in no list`);
      checkFree(frames, pfn, end);
      const other = (pfn ^ (1 << order)) >>> 0;
      if (order < maximumOrder && buddy.isFree(other, order)) throw broken(`free blocks ${pfn} and ${other} of order ${order} are not merged`);
      free += end - pfn;
    } else if (kind === KIND_NOTHING) {
      if (pfn < buddy.frontier) throw broken(`frame ${pfn} is in no folio, list or zero page`);
      checkFree(frames, pfn, pfn + 1);
    } else if (kind !== KIND_ZERO) throw broken(`frame ${pfn} is a tail without a head`);
    pfn = end;
  }
  if (listed.size > 0) throw broken(`the lists hold ${[...listed].join(", ")}, which begin no free block`);
  if (inFolios !== used) throw broken(`${inFolios} frames are in folios, ${used} are counted as used`);
  if (free !== buddy.freeFrames) throw broken(`${free} frames are free, ${buddy.freeFrames} are counted as free`);
}

function blocksInLists(frames: FolioColumns, buddy: BuddyAllocator, maximumOrder: number): Set<number> {
  const listed = new Set<number>();
  for (let order = 0; order <= maximumOrder; order++) {
    let previous = 0;
    for (const pfn of buddy.blocksOf(order)) {
      if (frames.blocks[pfn] !== (KIND_FREE | order)) throw broken(`frame ${pfn} is in the list of order ${order}, its block is 0x${frames.blocks[pfn].toString(16)}`);
      if (listed.has(pfn) || frames.previous[pfn] !== previous) throw broken(`the list of order ${order} is not linked both ways at ${pfn}`);
      listed.add(pfn);
      previous = pfn;
    }
  }
  return listed;
}

function checkFolio(frames: FolioColumns, head: number, end: number): void {
  for (let pfn = head + 1; pfn < end; pfn++) {
    if (frames.blocks[pfn] !== (KIND_TAIL | (frames.blocks[head] & ORDER))) throw broken(`frame ${pfn} is no tail of folio ${head}`);
    if (frames.refcounts[pfn] !== 0 || frames.pincounts[pfn] !== 0) throw broken(`tail ${pfn} of folio ${head} has references of its own`);
  }
}

function checkFree(frames: FolioColumns, first: number, end: number): void {
  for (let pfn = first; pfn < end; pfn++) {
    if (pfn > first && frames.blocks[pfn] !== KIND_NOTHING) throw broken(`frame ${pfn} is in free block ${first} and in another`);
    const { flags, refcounts, pincounts, mapcounts, mappings } = frames;
    if (flags[pfn] !== 0 || refcounts[pfn] !== 0 || pincounts[pfn] !== 0 || mapcounts[pfn] !== 0 || mappings[pfn] !== 0) {
      throw broken(`free frame ${pfn} has flags, references, pins or a mapping`);
    }
  }
}
