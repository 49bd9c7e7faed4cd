import { FREE_MARK, IN_USE } from "./array-flags.ts";
import { NULL_ENTRY, RETRY_ENTRY, isNodeEntry, isSiblingEntry, isValueEntry, nodeOf, slotOfSibling } from "./entries.ts";
import { XArrayError } from "./errors.ts";
import { type Forest, MARK_COUNT, NO_CHUNK } from "./forest.ts";
import { arrayHasMark, tracksFree } from "./marks.ts";
import { anyMark, hasMark } from "./node-marks.ts";
import { ON_HEAD } from "./position.ts";

/**
 * Checks everything that must hold between two operations: parents, shifts, counts, siblings, marks from the entries up
 * to the heads, leaf caches, and that each node is in one tree or free and all 0.
 *
 * @throws {XArrayError} XARRAY_CORRUPT, saying what is wrong and where.
 */
export function checkForest(forest: Forest): void {
  const seen = new Set<number>();
  for (let array = 0; array < forest.flags.length; array++) {
    const head = forest.head(array);
    if ((forest.flags[array]! & IN_USE) === 0) {
      expect(head === NULL_ENTRY, `array ${array} is not in use, but has a head`);
      continue;
    }
    if (isNodeEntry(head)) {
      const node = nodeOf(head);
      expect(forest.parent(node) === ON_HEAD, `head node ${node} of array ${array} has a parent`);
      checkNode(forest, array, node, seen);
      for (let mark = 0; mark < MARK_COUNT; mark++) {
        expect(arrayHasMark(forest, array, mark) === anyMark(forest, node, mark), `mark ${mark} of array ${array} differs from its head node ${node}`);
      }
    } else expect(!isSiblingEntry(head) && head !== RETRY_ENTRY, `head of array ${array} is ${head}`);
    checkLeafCache(forest, array, seen);
  }
  expect(seen.size === forest.nodesInUse, `${seen.size} nodes in trees, ${forest.nodesInUse} in use`);
  for (let node = 0; node < forest.shifts.length; node++) if (!seen.has(node)) checkFree(forest, node);
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new XArrayError("XARRAY_CORRUPT", what);
}

function checkNode(forest: Forest, array: number, node: number, seen: Set<number>): void {
  expect(!seen.has(node) && forest.isUsed(node), `node ${node} is in two places, or free`);
  seen.add(node);
  const shift = forest.shifts[node]!;
  let count = 0, values = 0;
  for (let offset = 0; offset < forest.slotCount; offset++) {
    const entry = forest.entry(node, offset);
    if (entry !== NULL_ENTRY) count++;
    if (isValueEntry(resolved(forest, node, offset))) values++;
    if (isNodeEntry(entry)) checkChild(forest, array, node, offset, seen);
    else checkSlotMarks(forest, array, node, offset, entry);
  }
  expect(count === forest.counts[node], `node ${node} counts ${forest.counts[node]} slots, has ${count}`);
  expect(values === forest.values[node], `node ${node} counts ${forest.values[node]} values, has ${values}`);
  expect(shift % forest.chunkShift === 0, `node ${node} has shift ${shift}`);
}

/** The entry that a slot stands for. */
function resolved(forest: Forest, node: number, slot: number): number {
  let offset = slot;
  for (let hops = 0; hops <= forest.slotCount; hops++) {
    const entry = forest.entry(node, offset);
    if (!isSiblingEntry(entry)) {
      expect(hops === 0 || (entry !== NULL_ENTRY && !isNodeEntry(entry)), `slot ${slot} of node ${node} is a sibling of nothing`);
      return entry;
    }
    expect(slotOfSibling(entry) < offset, `slot ${offset} of node ${node} is a sibling of slot ${slotOfSibling(entry)}`);
    offset = slotOfSibling(entry);
  }
  return NULL_ENTRY;
}

function checkChild(forest: Forest, array: number, node: number, offset: number, seen: Set<number>): void {
  const child = nodeOf(forest.entry(node, offset));
  expect(forest.parent(child) === node && forest.offsets[child] === offset, `node ${child} is in slot ${offset} of node ${node}, and does not know it`);
  expect(forest.shifts[child]! + forest.chunkShift === forest.shifts[node], `node ${child} below node ${node} has shift ${forest.shifts[child]}`);
  checkNode(forest, array, child, seen);
  for (let mark = 0; mark < MARK_COUNT; mark++) {
    expect(hasMark(forest, node, offset, mark) === anyMark(forest, child, mark), `mark ${mark} of node ${child} differs from its slot ${offset} in node ${node}`);
  }
}

/** Nothing and siblings have no marks; but nothing is free, where that is tracked. */
function checkSlotMarks(forest: Forest, array: number, node: number, offset: number, entry: number): void {
  for (let mark = 0; mark < MARK_COUNT; mark++) {
    const isMarked = hasMark(forest, node, offset, mark);
    if (mark === FREE_MARK && tracksFree(forest, array)) {
      if (!isSiblingEntry(entry)) expect(isMarked === (entry === NULL_ENTRY), `slot ${offset} of node ${node} holds ${entry}, free mark ${isMarked}`);
    } else if (isMarked) expect(entry !== NULL_ENTRY && !isSiblingEntry(entry), `slot ${offset} of node ${node} holds ${entry} and has mark ${mark}`);
  }
}

function checkLeafCache(forest: Forest, array: number, seen: Set<number>): void {
  const chunk = forest.leafChunk[array]!, first = chunk * forest.slotCount;
  if (chunk === NO_CHUNK) return;
  const leaf = forest.leafSlot[array]! >>> forest.chunkShift;
  expect(seen.has(leaf) && forest.shifts[leaf] === 0, `array ${array} remembers node ${leaf}, which is not a leaf of it`);
  let index = 0;
  for (let node = leaf; node !== ON_HEAD; node = forest.parent(node)) index += forest.offsets[node]! * 2 ** (forest.parent(node) === ON_HEAD ? 0 : forest.shifts[forest.parent(node)]!);
  expect(index === first, `array ${array} remembers node ${leaf} at ${first}, it is at ${index}`);
}

function checkFree(forest: Forest, node: number): void {
  const { slotCount, markWords } = forest;
  expect(!forest.isUsed(node), `node ${node} is in use, but in no tree`);
  expect(forest.parents[node] === 0 && forest.shifts[node] === 0 && forest.offsets[node] === 0 && forest.counts[node] === 0 && forest.values[node] === 0, `free node ${node} is not all 0`);
  for (let at = 0; at < slotCount; at++) expect(forest.entry(node, at) === NULL_ENTRY, `free node ${node} holds ${forest.entry(node, at)} in slot ${at}`);
  for (let word = 0; word < MARK_COUNT * markWords; word++) expect(forest.marks[node * MARK_COUNT * markWords + word] === 0, `free node ${node} has marks`);
}
