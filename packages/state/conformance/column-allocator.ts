import type { ColumnAllocator, ColumnArrays, ColumnKind, ColumnRole, PoolArrays } from "../src/index.ts";
import { holds, same, type TestRunner } from "./suite.ts";

/** The largest item of each kind. */
const LARGEST: Readonly<Record<ColumnKind, number>> = { u8: 2 ** 8 - 1, u16: 2 ** 16 - 1, u32: 2 ** 32 - 1, f64: Number.MAX_SAFE_INTEGER };
const KINDS = Object.keys(LARGEST) as ColumnKind[];
const ROLES: readonly ColumnRole[] = ["state", "derived"];

/** A pool with a column of each kind, and one with two items a row. */
const SPEC = { flags: { kind: "u8" }, order: { kind: "u16" }, next: { kind: "u32", role: "derived" }, index: { kind: "f64" }, pair: { kind: "u32", perRow: 2 } } as const;
type Arrays = PoolArrays<typeof SPEC>;
const ROWS = { initial: 3, maximum: 40 };

/**
 * What every `ColumnAllocator` must do.
 *
 * @param makeColumns A new allocator, with room for some 4 KiB of columns; called once for each test.
 */
export function columnAllocatorConformance({ describe, test }: TestRunner, makeColumns: () => ColumnAllocator): void {
  describe("columns", () => {
    for (const kind of KINDS) for (const role of ROLES) test(`a ${role} column of ${kind} is 0 at first, and holds what it should`, () => columnHolds(makeColumns(), kind, role));
    for (const kind of KINDS) test(`a column of ${kind} cannot have a length that is negative or no integer`, () => lengthIsChecked(makeColumns(), kind));
    test("columns share no byte", () => columnsAreApart(makeColumns()));
  });
  describe("pools", () => {
    test("the arrays come at once, all 0, with a row for each item to begin with", () => poolBegins(makeColumns()));
    test("rows that are ready, or were made so, keep what is written to them", () => poolKeepsRows(makeColumns()));
    test("more rows than the maximum are refused, and nothing changes", () => poolRefuses(makeColumns()));
    test("the arrays change while rows are made ready and at no other time", () => poolStandsStill(makeColumns()));
  });
  describe("page bytes", () => {
    for (const length of [1, 4096, 5000]) test(`${length} bytes are 0 at first, and each is its own`, () => bytesAreApart(makeColumns(), length));
    test("memories, where there are any, are those under the bytes", () => memoriesMatch(makeColumns()));
  });
}

function columnHolds(columns: ColumnAllocator, kind: ColumnKind, role: ColumnRole): void {
  const column = columns[kind]("column", 9, role);
  same(column.length, 9, "its length");
  for (let at = 0; at < 9; at++) same(column[at], 0, `item ${at} at first`);
  column[0] = LARGEST[kind];
  column[8] = LARGEST[kind] - 1;
  same(column[0], LARGEST[kind], "the largest item");
  same(column[8], LARGEST[kind] - 1, "the last item");
  for (let at = 1; at < 8; at++) same(column[at], 0, `item ${at}, never written`);
  same(columns[kind]("empty", 0, role).length, 0, "the length of an empty column");
}

function lengthIsChecked(columns: ColumnAllocator, kind: ColumnKind): void {
  for (const length of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    let isRefused = false;
    try {
      columns[kind](`of ${length}`, length);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      isRefused = true;
    }
    holds(isRefused, `a length of ${length} is refused`);
  }
}

function columnsAreApart(columns: ColumnAllocator): void {
  const lengths = [1, 3, 2, 5, 7, 1, 4, 6];
  const all = lengths.map((length, nth) => columns[KINDS[nth % KINDS.length]!](`column ${nth}`, length, ROLES[(nth >> 2) % 2]!));
  for (const [nth, column] of all.entries()) column.fill(nth + 1);
  for (const [nth, column] of all.entries()) for (const item of column) same(item, nth + 1, `an item of column ${nth}`);
}

/** A pool, and its arrays as its owner sees them. */
function newPool(columns: ColumnAllocator): { readonly pool: ReturnType<ColumnAllocator["pool"]>; readonly adopted: Arrays[] } {
  const adopted: Arrays[] = [];
  const pool = columns.pool("pool", SPEC, ROWS, (arrays) => {
    adopted.push(arrays);
  });
  return { pool, adopted };
}

const itemsOf = (arrays: Arrays, name: keyof Arrays): ColumnArrays[ColumnKind] => arrays[name];
const NAMES = Object.keys(SPEC) as (keyof Arrays)[];
const perRow = (name: keyof Arrays): number => (name === "pair" ? 2 : 1);

/** An item that tells its column and its place, within what a u8 holds. */
const pattern = (name: keyof Arrays, at: number): number => (NAMES.indexOf(name) * 37 + at * 3 + 1) % 251;

function poolBegins(columns: ColumnAllocator): void {
  const { pool, adopted } = newPool(columns);
  same(adopted.length, 1, "calls of adopt");
  same(pool.maximumRows, ROWS.maximum, "the maximum");
  holds(pool.readyRows <= pool.maximumRows, "no more rows are ready than there may be");
  for (const name of NAMES) {
    const items = itemsOf(adopted[0]!, name);
    holds(items.length >= ROWS.initial * perRow(name), `${name} has the rows to begin with`);
    for (const item of items) same(item, 0, `an item of ${name} at first`);
  }
}

function poolKeepsRows(columns: ColumnAllocator): void {
  const { pool, adopted } = newPool(columns);
  for (let rows = 1; rows <= ROWS.maximum; rows++) {
    if (rows > pool.readyRows) holds(pool.ensureRows(rows), `${rows} of ${ROWS.maximum} rows can be had`);
    const arrays = adopted.at(-1)!;
    for (const name of NAMES) {
      const items = itemsOf(arrays, name), end = rows * perRow(name);
      holds(items.length >= end, `${name} has ${rows} rows`);
      for (let at = 0; at < end - perRow(name); at++) same(items[at], pattern(name, at), `${name}[${at}], kept`);
      for (let at = end - perRow(name); at < end; at++) {
        same(items[at], 0, `${name}[${at}], new`);
        items[at] = pattern(name, at);
      }
    }
  }
}

function poolRefuses(columns: ColumnAllocator): void {
  const { pool, adopted } = newPool(columns);
  const before = adopted.length;
  same(pool.ensureRows(ROWS.maximum + 1), false, "one row too many");
  same(adopted.length, before, "calls of adopt after a refusal");
  same(pool.ensureRows(ROWS.maximum), true, "as many rows as there may be");
  same(pool.ensureRows(0), true, "no rows");
}

function poolStandsStill(columns: ColumnAllocator): void {
  const { pool, adopted } = newPool(columns);
  const other = columns.pool("other", SPEC, ROWS, () => {});
  pool.ensureRows(2);
  const before = adopted.length;
  other.ensureRows(ROWS.maximum);
  columns.u8("late", 10);
  adopted.at(-1)!.flags[0] = 9;
  same(adopted.length, before, "calls of adopt while others grow");
  same(adopted.at(-1)!.flags[0], 9, "an item of the pool while others grow");
}

function bytesAreApart(columns: ColumnAllocator, byteLength: number): void {
  const { chunkBytes, bytes } = columns.byteChunks("bytes", byteLength);
  same(Math.log2(chunkBytes) % 1, 0, "the fraction in log2 of chunkBytes");
  holds(bytes.reduce((sum, { length }) => sum + length, 0) >= byteLength, "there are as many bytes as were asked for");
  for (const { length } of bytes.slice(0, -1)) same(length, chunkBytes, "the length of a chunk that is not the last");
  const at = (offset: number): [Uint8Array, number] => [bytes[Math.floor(offset / chunkBytes)]!, offset % chunkBytes];
  for (let offset = 0; offset < byteLength; offset++) {
    const [chunk, place] = at(offset);
    same(chunk[place], 0, `byte ${offset} at first`);
    chunk[place] = (offset * 7 + (offset >> 8)) & 0xff;
  }
  for (let offset = 0; offset < byteLength; offset++) {
    const [chunk, place] = at(offset);
    same(chunk[place], (offset * 7 + (offset >> 8)) & 0xff, `byte ${offset}`);
  }
}

function memoriesMatch(columns: ColumnAllocator): void {
  const { bytes, memories } = columns.byteChunks("bytes", 3000);
  if (memories === undefined) return;
  same(memories.length, bytes.length, "the number of memories");
  for (const [nth, { buffer }] of memories.entries()) holds(buffer === bytes[nth]!.buffer, `chunk ${nth} lies in its memory`);
}
