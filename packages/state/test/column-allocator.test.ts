import { describe, expect, test } from "vitest";
import { columnAllocatorConformance } from "../conformance/index.ts";
import { type ColumnAllocator, growingColumns, reservedColumns, Slab, StateError } from "../src/index.ts";

const allocators: Readonly<Record<string, () => ColumnAllocator>> = {
  "reserved columns": () => reservedColumns(),
  "reserved columns with small chunks of page bytes": () => reservedColumns({ chunkBytes: 2 ** 16 }),
  "growing columns": () => growingColumns(),
  "a slab": () => new Slab({ capacityBytes: 1 << 16 }),
  "a slab with a guard": () => new Slab({ capacityBytes: 1 << 16, guard: () => {} }),
};

for (const [name, makeColumns] of Object.entries(allocators)) describe(name, () => columnAllocatorConformance({ describe, test }, makeColumns));

describe("the suite sees an allocator that", () => {
  /** How many tests of the suite fail. */
  function failures(makeColumns: () => ColumnAllocator): number {
    let count = 0;
    const run = (_: string, body: () => void): void => {
      try {
        body();
      } catch {
        count++;
      }
    };
    columnAllocatorConformance({ describe: (_, body) => body(), test: run }, makeColumns);
    return count;
  }
  const broken = (change: (good: ColumnAllocator) => Partial<ColumnAllocator>): (() => ColumnAllocator) => () => {
    const good = growingColumns();
    return { ...good, ...change(good) };
  };

  function emptied<Arrays extends object>(arrays: Arrays): Arrays {
    for (const array of Object.values(arrays) as Uint8Array[]) array.fill(0);
    return arrays;
  }

  test.each<[string, () => ColumnAllocator]>([
    ["gives one array to two columns", broken(() => ((shared) => ({ u8: (_, length) => shared.subarray(0, length) }))(new Uint8Array(100)))],
    ["gives columns that are not 0", broken(() => ({ f64: (_, length) => new Float64Array(length).fill(1) }))],
    ["gives a narrower column", broken(() => ({ u32: (_, length) => new Uint16Array(length) as never }))],
    ["takes any length", broken(() => ({ u16: (_, length) => new Uint16Array(Number.isInteger(length) && length > 0 ? length : 0) }))],
    ["never adopts", broken((good) => ({ pool: (name, spec, rows) => good.pool(name, spec, rows, () => {}) }))],
    ["grows beyond the maximum", broken((good) => ({ pool: (name, spec, { initial, maximum }, adopt) => good.pool(name, spec, { initial, maximum: maximum + 1 }, adopt) }))],
    ["forgets rows when it grows", broken((good) => ({ pool: (name, spec, rows, adopt) => good.pool(name, spec, rows, (arrays) => adopt(emptied(arrays))) }))],
    ["gives too few bytes", broken((good) => ({ byteChunks: (name, length) => ({ ...good.byteChunks(name, length), bytes: [new Uint8Array(length - 1)] }) }))],
    ["puts bytes outside its memories", broken((good) => ({ byteChunks: (name, length) => ({ ...good.byteChunks(name, length), bytes: [new Uint8Array(length)] }) }))],
  ])("%s", (_, makeColumns) => {
    expect(failures(broken(() => ({})))).toBe(0);
    expect(failures(makeColumns)).toBeGreaterThan(0);
  });
});

test("a length that cannot be is a mistake with a code, and names the column", () => {
  const ask = (): unknown => reservedColumns().u8("pte.low", -1);
  expect(ask).toThrow(StateError);
  expect(ask).toThrow(/STATE_BAD_ARGUMENT.*pte\.low.*-1/);
});

test("page bytes beyond one chunk lie in several memories of that size, the last one just large enough", () => {
  const { chunkBytes, bytes, memories } = reservedColumns({ chunkBytes: 2 ** 17 }).byteChunks("frames", 4 * 2 ** 16 + 1);
  expect(chunkBytes).toBe(2 ** 17);
  expect(bytes.map(({ length }) => length)).toEqual([2 ** 17, 2 ** 17, 2 ** 16]);
  expect(memories).toHaveLength(3);
  const small = reservedColumns().byteChunks("frames", 100);
  expect([small.chunkBytes, small.bytes[0]!.length]).toEqual([2 ** 16, 2 ** 16]);
});
