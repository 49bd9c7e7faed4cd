import { reservedColumns, Slab } from "@zeropfn/state";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IntervalTrees, NO_ROW } from "../src/interval-trees.ts";

interface Interval {
  readonly root: number;
  readonly row: number;
  readonly start: number;
  readonly last: number;
}

const ROOTS = 3, ROWS = 64, HIGH = 2 ** 44;
const treesOf = (columns = reservedColumns()): IntervalTrees => new IntervalTrees(columns, { name: "i_mmap", rootCapacity: ROOTS, rowCapacity: ROWS });

function overlapping(trees: IntervalTrees, root: number, start: number, last: number): number[] {
  const found: number[] = [];
  for (let row = trees.first(root, start, last); row !== NO_ROW; row = trees.next(row, start, last)) found.push(row);
  return found;
}
/** What it should be, from a plain list. */
const expected = (intervals: readonly Interval[], root: number, start: number, last: number): number[] =>
  intervals
    .filter((interval) => interval.root === root && interval.start <= last && interval.last >= start)
    .sort((a, b) => a.start - b.start || a.row - b.row)
    .map(({ row }) => row);

const page = fc.nat(60);
const step = fc.record({ root: fc.nat(ROOTS - 1), row: fc.nat(ROWS - 1), start: page, length: fc.oneof(fc.nat(3), fc.nat(40)), isErasure: fc.boolean(), asked: page, size: fc.nat(12) });

describe("intervals", () => {
  test("that overlap a range are those of a plain list, in order, after every step", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: "max" }), fc.constantFrom(0, HIGH), (steps, base) => {
        const trees = treesOf();
        let intervals: Interval[] = [];
        for (const { root, row, start, length, isErasure, asked, size } of steps) {
          const there = intervals.find((interval) => interval.row === row);
          if (there === undefined) {
            const interval = { root, row, start: base + start, last: base + start + length };
            intervals.push(interval);
            trees.insert(root, row, interval.start, interval.last);
          } else if (isErasure) {
            intervals = intervals.filter((interval) => interval !== there);
            trees.erase(there.root, row);
          }
          trees.checkInvariants();
          for (let nth = 0; nth < ROOTS; nth++) {
            expect(overlapping(trees, nth, base + asked, base + asked + size)).toEqual(expected(intervals, nth, base + asked, base + asked + size));
            expect(overlapping(trees, nth, 0, Infinity)).toEqual(expected(intervals, nth, 0, Infinity));
          }
        }
      }),
      { numRuns: 60 },
    );
  });
  test("leave the same state whatever came before", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(ROWS - 1), { minLength: 1, maxLength: 30 }), fc.uniqueArray(fc.nat(ROWS - 1)), fc.integer(), (rows, others, seed) => {
        const [a, b] = [new Slab(), new Slab()], trees = [treesOf(a), treesOf(b)] as const;
        const add = (tree: IntervalTrees, row: number): void => tree.insert(0, row, (row * 7) % 11, ((row * 7) % 11) + (row % 5));
        for (const row of rows) add(trees[0], row);
        const gone = others.filter((row) => !rows.includes(row));
        const mixed = [...rows, ...gone].map((row) => ({ row, key: Math.imul(row + 1, seed | 1) })).sort((x, y) => x.key - y.key);
        for (const { row } of mixed) add(trees[1], row);
        for (const row of gone) trees[1].erase(0, row);
        const then = a.newSnapshot();
        a.save(then);
        expect(b.changesSince(then)).toEqual([]);
      }),
    );
  });
  test("are met at their first and last unit, and not beside them", () => {
    const trees = treesOf();
    trees.insert(1, 5, HIGH + 10, HIGH + 12);
    const met = (start: number, last: number): boolean => trees.first(1, HIGH + start, HIGH + last) === 5;
    expect([met(0, 9), met(0, 10), met(12, 12), met(13, 20), met(11, 11)]).toEqual([false, true, true, false, true]);
    expect(trees.first(0, 0, Infinity)).toBe(NO_ROW);
    expect(trees.next(5, 0, Infinity)).toBe(NO_ROW);
  });
  test("of equal start are in the order of their rows", () => {
    const trees = treesOf();
    for (const row of [9, 3, 40, 12]) trees.insert(0, row, 7, 7 + row);
    expect(overlapping(trees, 0, 0, 7)).toEqual([3, 9, 12, 40]);
    expect(overlapping(trees, 0, 17, 18)).toEqual([12, 40]);
  });
  test("of some thousand rows lie in a tree that is no list", () => {
    const count = 4000, trees = new IntervalTrees(reservedColumns(), { name: "anon_vma", rootCapacity: 1, rowCapacity: count });
    for (let row = 0; row < count; row++) trees.insert(0, row, row * 2, row * 2);
    trees.checkInvariants(); // goes as deep as the tree: a list would be 4000 deep
    for (let row = 0; row < count; row++) expect(trees.first(0, row * 2 - 1, row * 2 + 1)).toBe(row);
    for (let row = 0; row < count; row += 2) trees.erase(0, row);
    expect(overlapping(trees, 0, 0, Infinity)).toEqual(Array.from({ length: count / 2 }, (_, nth) => nth * 2 + 1));
  });
  test("need no columns where there are none", () => {
    const slab = new Slab();
    new IntervalTrees(slab, { name: "anon_vma", rootCapacity: 0, rowCapacity: 0 }).checkInvariants();
    expect(slab.sizeBytes).toBe(0);
  });
});
