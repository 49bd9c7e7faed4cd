import { NULL_ENTRY, NOT_FOUND, valueEntry, type XArray, XArrayCursor } from "../../src/index.ts";

/** The entry that tests store at `index`: a value, different for neighbours. */
export const at = (index: number): number => valueEntry(index % 2 ** 30);

/** An entry over 2^order indices, stored through a cursor. */
export function storeOrder(xa: XArray, index: number, order: number, entry: number): number {
  return XArrayCursor.over(xa, index, order).store(entry);
}

/** Entries that `findNext` meets in [start, max], with indices. */
export function* met(cursor: XArrayCursor, max?: number): Generator<[number, number]> {
  for (let entry = cursor.find(max); entry !== NULL_ENTRY; entry = cursor.nextEntry(max)) yield [cursor.index, entry];
}

/** All entries in [start, max] by the normal interface. */
export function* found(xa: XArray, start: number, max?: number, filter?: number): Generator<[number, number]> {
  for (let index = xa.find(start, max, filter); index !== NOT_FOUND; index = xa.findAfter(index, max, filter)) yield [index, xa.load(index)];
}

/** Nothing is left, and the structure is whole. */
export function expectEmpty(xa: XArray): void {
  xa.checkInvariants();
  if (!xa.isEmpty() || xa.arrays.nodesInUse !== 0) throw new Error(`not empty: ${xa.arrays.nodesInUse} nodes, ${JSON.stringify(xa.dump())}`);
}
