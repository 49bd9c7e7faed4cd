import type { ColumnAllocator, ColumnArrays, ColumnKind } from "../src/index.ts";
import { same, type TestRunner } from "./test-runner.ts";

/** One column of each kind, and how its items are filled: with what no other column holds. */
const KINDS: readonly (readonly [ColumnKind, number])[] = [["u8", 0xa1], ["u16", 0xb2b2], ["u32", 0xc3c3_c3c3], ["f64", 2 ** 53 - 1]];

/**
 * The suite for whoever gives out columns.
 *
 * @param make A fresh allocator with room for at least 64 KiB of columns.
 */
export function columnAllocatorConformance({ describe, test }: TestRunner, make: () => ColumnAllocator): void {
  describe("column allocator", () => {
    test("gives columns of the asked kind and length, all 0", () => {
      const columns = make();
      for (const [kind] of KINDS) {
        for (const length of [0, 1, 3, 100]) {
          const column: ColumnArrays[ColumnKind] = columns[kind](`${kind}.${length}`, length);
          same(column.length, length, `length of ${kind}`);
          same(column.every((item) => item === 0), true, `${kind} column of ${length} is all 0`);
        }
      }
    });
    test("keeps the full range of each kind", () => {
      const columns = make();
      for (const [kind, most] of [["u8", 255], ["u16", 65535], ["u32", 2 ** 32 - 1], ["f64", 2 ** 53 - 1]] as const) {
        const column = columns[kind](`most.${kind}`, 2);
        column[1] = most;
        same(column[1], most, `${kind} holds ${most}`);
        same(column[0], 0, `the neighbour of ${most}`);
      }
    });
    test("gives columns that do not overlap, in either role", () => {
      const columns = make();
      const given = KINDS.flatMap(([kind, value]) =>
        (["state", "derived"] as const).map((role, nth) => ({ column: columns[kind](`${kind}.${role}`, 5, role) as ColumnArrays[ColumnKind], value: value - nth })),
      );
      for (const { column, value } of given) column.fill(value);
      for (const { column, value } of given) same(column.every((item) => item === value), true, `the column of ${value} holds nothing else`);
    });
    test("refuses a length that no column can have", () => {
      for (const length of [-1, 0.5, Number.NaN, 2 ** 40]) same(codeOf(() => make().u8("bad", length)), "STATE_BAD_ARGUMENT", `length ${length}`);
    });
  });
  poolConformance({ describe, test }, make);
  byteChunksConformance({ describe, test }, make);
}

function poolConformance({ describe, test }: TestRunner, make: () => ColumnAllocator): void {
  const SPEC = { key: { kind: "u32" }, pair: { kind: "f64", perRow: 2 } } as const;

  describe("column allocator's pools", () => {
    test("hand over arrays at once, all 0, for as many rows as they say are ready", () => {
      let arrays: { key: Uint32Array; pair: Float64Array } | undefined;
      const pool = make().pool("pool", SPEC, { initial: 2, maximum: 9 }, (adopted) => (arrays = adopted));
      same(pool.maximumRows, 9, "maximumRows");
      same(arrays !== undefined && arrays.key.length >= pool.readyRows && arrays.pair.length >= pool.readyRows * 2, true, "arrays for the ready rows");
      same(arrays?.pair.every((item) => item === 0), true, "a new pool is all 0");
    });
    test("grow to their maximum and no further, and keep what they hold", () => {
      let arrays = { key: new Uint32Array(), pair: new Float64Array() };
      const pool = make().pool("pool", SPEC, { initial: 1, maximum: 9 }, (adopted) => (arrays = adopted));
      for (let rows = 1; rows <= 9; rows++) {
        same(pool.ensureRows(rows), true, `ensureRows(${rows})`);
        same(arrays.key.length >= rows && arrays.pair.length >= rows * 2, true, `room for ${rows} rows`);
        same(arrays.key[rows - 1], 0, `row ${rows} is new`);
        arrays.key[rows - 1] = rows;
        arrays.pair[rows * 2 - 1] = -rows;
      }
      const { key, pair } = arrays;
      same(pool.ensureRows(10), false, "ensureRows beyond the maximum");
      same(arrays.key === key && arrays.pair === pair, true, "and nothing was replaced");
      for (let rows = 1; rows <= 9; rows++) same(key[rows - 1] === rows && pair[rows * 2 - 1] === -rows, true, `row ${rows} is kept`);
    });
  });
}

function byteChunksConformance({ describe, test }: TestRunner, make: () => ColumnAllocator): void {
  describe("column allocator's page bytes", () => {
    test("hold every byte of the asked size, all 0, in chunks of one power of two", () => {
      for (const size of [16, 4096, 40_000]) {
        const { chunkBytes, bytes } = make().byteChunks("bytes", size);
        same(Number.isInteger(Math.log2(chunkBytes)), true, `chunkBytes ${chunkBytes} is a power of two`);
        for (const at of [0, 1, size - 1]) {
          const chunk = bytes[Math.floor(at / chunkBytes)]!;
          same(chunk[at % chunkBytes], 0, `byte ${at} of ${size} is new`);
          chunk[at % chunkBytes] = 0xff;
          same(chunk[at % chunkBytes], 0xff, `byte ${at} of ${size}`);
        }
        same(bytes.length, Math.ceil(size / chunkBytes), "as many chunks as are needed");
        same(bytes.slice(0, -1).every((chunk) => chunk.length === chunkBytes), true, "all but the last of full size");
      }
    });
    test("lie in the memories that they name, one for each chunk", () => {
      const { bytes, memories } = make().byteChunks("bytes", 40_000);
      if (memories === undefined) return;
      same(memories.length, bytes.length, "memories");
      memories.forEach((memory, chunk) => same(memory.buffer === bytes[chunk]!.buffer && bytes[chunk]!.byteOffset === 0, true, `chunk ${chunk} is all of its memory`));
    });
  });
}

/** The code of the error that `body` throws, or "no error". */
function codeOf(body: () => void): unknown {
  try {
    body();
  } catch (error) {
    if (error instanceof Error && "code" in error) return error.code;
    throw error;
  }
  return "no error";
}
