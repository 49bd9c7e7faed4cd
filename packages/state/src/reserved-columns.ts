import type { ByteChunks, ColumnAllocator, ColumnArrays, ColumnKind, ColumnPool, PoolArrays, PoolRows, PoolSpec, WasmMemory } from "./columns.ts";
import { StateError } from "./errors.ts";

/** V8 reserves some 10 GiB of address space for each memory, so they are few and large. */
const CHUNK_BYTES = 2 ** 30;
const WASM_PAGE_BYTES = 2 ** 16;

export interface ReservedOptions {
  /** Bytes of a chunk of page bytes: a power of two, 64 KiB … 1 GiB. Default 1 GiB, or less if all fits one. */
  readonly chunkBytes?: number;
}

/**
 * Columns at their full capacity, for machines that run.
 *
 * A large `ArrayBuffer` is address space, not memory: the operating system commits a page when it is first touched.
 * So capacity is reserved once and a column never moves.
 */
export function reservedColumns({ chunkBytes = CHUNK_BYTES }: ReservedOptions = {}): ColumnAllocator {
  return {
    u8: (name, length) => new Uint8Array(checkedLength(name, length)),
    u16: (name, length) => new Uint16Array(checkedLength(name, length)),
    u32: (name, length) => new Uint32Array(checkedLength(name, length)),
    f64: (name, length) => new Float64Array(checkedLength(name, length)),
    pool: (name, spec, rows, adopt) => fixedPool(spec, rows, (column, kind, length) => newArray(`${name}.${column}`, kind, length), adopt),
    byteChunks: (name, byteLength) => newByteChunks(name, byteLength, chunkBytes),
  };
}

/** A pool with all its rows from the start. `place` makes the array of one column. */
export function fixedPool<Spec extends PoolSpec>(
  spec: Spec,
  { maximum }: PoolRows,
  place: (column: string, kind: ColumnKind, length: number) => ColumnArrays[ColumnKind],
  adopt: (arrays: PoolArrays<Spec>) => void,
): ColumnPool {
  adopt(arraysOf(spec, maximum, place));
  return { readyRows: maximum, maximumRows: maximum, ensureRows: (rows) => rows <= maximum };
}

/** The arrays of a pool of `rows` rows. */
export function arraysOf<Spec extends PoolSpec>(
  spec: Spec,
  rows: number,
  place: (column: string, kind: ColumnKind, length: number) => ColumnArrays[ColumnKind],
): PoolArrays<Spec> {
  const arrays: Record<string, ColumnArrays[ColumnKind]> = {};
  for (const [column, { kind, perRow = 1 }] of Object.entries(spec)) arrays[column] = place(column, kind, rows * perRow);
  return arrays as PoolArrays<Spec>;
}

/** What makes the array of each kind. */
export const ARRAYS: { readonly u8: Uint8ArrayConstructor; readonly u16: Uint16ArrayConstructor; readonly u32: Uint32ArrayConstructor; readonly f64: Float64ArrayConstructor } = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  f64: Float64Array,
};

/** A column of its own, all 0. */
export const newArray = (name: string, kind: ColumnKind, length: number): ColumnArrays[ColumnKind] => new ARRAYS[kind](checkedLength(name, length));

/** `length`, if it can be the length of a column. @throws {StateError} STATE_BAD_ARGUMENT */
export function checkedLength(name: string, length: number): number {
  if (!Number.isInteger(length) || length < 0 || length > 2 ** 33) {
    throw new StateError("STATE_BAD_ARGUMENT", `column ${name}: length ${length}, expected an integer from 0 to 2^33`);
  }
  return length;
}

declare const WebAssembly: { readonly Memory: new (descriptor: { initial: number; maximum: number }) => WasmMemory } | undefined;

function newByteChunks(name: string, byteLength: number, largestChunk: number): ByteChunks {
  checkedLength(name, byteLength / WASM_PAGE_BYTES < 1 ? byteLength : Math.ceil(byteLength / WASM_PAGE_BYTES));
  let chunkBytes = WASM_PAGE_BYTES;
  while (chunkBytes < byteLength && chunkBytes < largestChunk) chunkBytes *= 2;
  const bytes: Uint8Array<ArrayBuffer>[] = [];
  const memories: WasmMemory[] = [];
  for (let first = 0; first < byteLength; first += chunkBytes) {
    const size = Math.ceil(Math.min(chunkBytes, byteLength - first) / WASM_PAGE_BYTES) * WASM_PAGE_BYTES;
    if (typeof WebAssembly === "undefined") {
      bytes.push(new Uint8Array(size));
      continue;
    }
    // Never grown (initial = maximum), so no view of it is ever detached.
    const memory = new WebAssembly.Memory({ initial: size / WASM_PAGE_BYTES, maximum: size / WASM_PAGE_BYTES });
    memories.push(memory);
    bytes.push(new Uint8Array(memory.buffer));
  }
  return { chunkBytes, bytes, memories: memories.length === bytes.length ? memories : undefined };
}
