import type { IntervalColumns } from "./interval-trees.ts";

function ensure(holds: boolean, message: string): void {
  if (!holds) throw new Error(`interval tree: ${message}`);
}

/** Rows are in order, priorities fall from the root, and each row knows its parent and the highest last of its subtree. */
export function checkIntervalTree(columns: IntervalColumns, root: number, priorityOf: (row: number) => number): void {
  const rows: number[] = [];
  collect(columns, columns.roots[root]!, 0, priorityOf, rows);
  for (let nth = 1; nth < rows.length; nth++) {
    const below = rows[nth - 1]!, row = rows[nth]!, step = columns.starts[row]! - columns.starts[below]!;
    ensure(step > 0 || (step === 0 && row > below), `rows ${below} and ${row} of root ${root} are out of order`);
  }
}

/** Adds the rows under a link in order. @returns The highest last, or -1. */
function collect(columns: IntervalColumns, link: number, parent: number, priorityOf: (row: number) => number, rows: number[]): number {
  if (link === 0) return -1;
  const { starts, lasts, highest, lefts, rights, parents } = columns, row = link - 1;
  ensure(parents[row] === parent, `row ${row} is under link ${parent}, it says ${parents[row]}`);
  ensure(parent === 0 || priorityOf(parent - 1) > priorityOf(row), `row ${row} is above its place`);
  ensure(starts[row]! <= lasts[row]!, `row ${row} ends before it begins`);
  const left = collect(columns, lefts[row]!, link, priorityOf, rows);
  rows.push(row);
  const right = collect(columns, rights[row]!, link, priorityOf, rows), is = Math.max(lasts[row]!, left, right);
  ensure(highest[row] === is, `the highest last under row ${row} is ${is}, it says ${highest[row]}`);
  return is;
}
