import { type Forest, MARK_COUNT } from "./forest.ts";

/** Marks of one node: a bitmap of its slots for each mark. */

const wordOf = (forest: Forest, node: number, mark: number): number => (node * MARK_COUNT + mark) * forest.markWords;

export function hasMark(forest: Forest, node: number, offset: number, mark: number): boolean {
  return ((forest.marks[wordOf(forest, node, mark) + (offset >>> 5)]! >>> (offset & 31)) & 1) === 1;
}

/** Sets the mark of a slot. False if it was set. */
export function addMark(forest: Forest, node: number, offset: number, mark: number): boolean {
  const word = wordOf(forest, node, mark) + (offset >>> 5), bit = 1 << (offset & 31), was = forest.marks[word]!;
  forest.marks[word] = was | bit;
  return (was & bit) === 0;
}

/** Clears the mark of a slot. False if it was clear. */
export function dropMark(forest: Forest, node: number, offset: number, mark: number): boolean {
  const word = wordOf(forest, node, mark) + (offset >>> 5), bit = 1 << (offset & 31), was = forest.marks[word]!;
  forest.marks[word] = was & ~bit;
  return (was & bit) !== 0;
}

export function anyMark(forest: Forest, node: number, mark: number): boolean {
  const { marks, markWords } = forest, first = wordOf(forest, node, mark);
  for (let word = first; word < first + markWords; word++) if (marks[word] !== 0) return true;
  return false;
}

/** Marks all slots, used or not. */
export function addAllMarks(forest: Forest, node: number, mark: number): void {
  const first = wordOf(forest, node, mark);
  const word = forest.slotCount < 32 ? 2 ** forest.slotCount - 1 : 0xffff_ffff;
  for (let at = 0; at < forest.markWords; at++) forest.marks[first + at] = word;
}

export function dropAllMarks(forest: Forest, node: number): void {
  const first = wordOf(forest, node, 0);
  forest.marks.fill(0, first, first + MARK_COUNT * forest.markWords);
}

/** The first marked slot at or after `from`, or the slot count. */
export function nextMark(forest: Forest, node: number, from: number, mark: number): number {
  const { marks, markWords } = forest, first = wordOf(forest, node, mark);
  let word = from >>> 5;
  if (word >= markWords) return forest.slotCount;
  let bits = marks[first + word]! & (-1 << (from & 31));
  while (bits === 0) {
    if (++word === markWords) return forest.slotCount;
    bits = marks[first + word]! | 0;
  }
  // Lowest 1 bit.
  return word * 32 + 31 - Math.clz32(bits & -bits);
}

/** The marks of one slot, bit m for mark m. */
export function marksOf(forest: Forest, node: number, offset: number): number {
  let all = 0;
  for (let mark = 0; mark < MARK_COUNT; mark++) if (hasMark(forest, node, offset, mark)) all |= 1 << mark;
  return all;
}

/** Moves all marks of slots `first` … `last` to the first. */
export function gatherMarks(forest: Forest, node: number, first: number, last: number): void {
  for (let mark = 0; mark < MARK_COUNT; mark++) {
    for (let at = nextMark(forest, node, first + 1, mark); at <= last; at = nextMark(forest, node, at + 1, mark)) {
      dropMark(forest, node, at, mark);
      addMark(forest, node, first, mark);
    }
  }
}
