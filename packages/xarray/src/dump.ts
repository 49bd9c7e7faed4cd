import { NULL_ENTRY, isNodeEntry, isSiblingEntry, nodeOf } from "./entries.ts";
import type { Forest } from "./forest.ts";
import { MARK_COUNT } from "./forest.ts";
import { power } from "./geometry.ts";
import { arrayHasMark } from "./marks.ts";
import { marksOf } from "./node-marks.ts";
import { endOfEntry, orderAt } from "./walk.ts";
import { Position } from "./position.ts";

/** One entry, for people and tests. */
export interface DumpedEntry {
  /** Its first index, and how many indices it spans. */
  readonly index: number;
  readonly size: number;
  /** log2 of the size, rounded up. */
  readonly order: number;
  /** `ZERO_ENTRY` for a reserved index. */
  readonly entry: number;
  /** Bit m for mark m. */
  readonly marks: number;
}

/** All entries of an array in order. For the edge: it makes objects. */
export function dumpEntries(forest: Forest, array: number): DumpedEntry[] {
  const rows: DumpedEntry[] = [], head = forest.head(array);

  if (isNodeEntry(head)) dumpNode(forest, nodeOf(head), 0, rows);
  else if (head !== NULL_ENTRY) {
    let marks = 0;
    for (let mark = 0; mark < MARK_COUNT; mark++) if (arrayHasMark(forest, array, mark)) marks |= 1 << mark;
    rows.push({ index: 0, size: 1, order: 0, entry: head, marks });
  }
  return rows;
}

function dumpNode(forest: Forest, node: number, first: number, rows: DumpedEntry[]): void {
  const shift = forest.shifts[node]!, at = new Position();
  at.node = node;
  for (let offset = 0; offset < forest.slotCount; offset++) {
    const entry = forest.entry(node, offset), index = first + offset * power(shift);
    if (isNodeEntry(entry)) dumpNode(forest, nodeOf(entry), index, rows);
    else if (entry !== NULL_ENTRY && !isSiblingEntry(entry)) {
      at.offset = offset;
      const size = (endOfEntry(forest, node, offset) - offset) * power(shift);
      rows.push({ index, size, order: orderAt(forest, at), entry, marks: marksOf(forest, node, offset) });
    }
  }
}
