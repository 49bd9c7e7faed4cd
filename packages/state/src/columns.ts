/** What a column is to whoever saves, restores and compares machines. */
export type ColumnRole =
  /** Part of the machine's state: saved, restored and hashed. */
  | "state"
  /** Computable from the state (a cursor cache), or no part of it (an event count): saved and restored, not hashed. */
  | "derived";

/** The typed array behind each kind of column. `f64` holds integers up to 2^53-1. */
export interface ColumnArrays {
  readonly u8: Uint8Array<ArrayBuffer>;
  readonly u16: Uint16Array<ArrayBuffer>;
  readonly u32: Uint32Array<ArrayBuffer>;
  readonly f64: Float64Array<ArrayBuffer>;
}
export type ColumnKind = keyof ColumnArrays;

/** One column of a pool. */
export interface PoolColumn {
  readonly kind: ColumnKind;
  /** Items in each row: integer ≥ 1. Default 1. */
  readonly perRow?: number;
  /** Default "state". */
  readonly role?: ColumnRole;
}
export type PoolSpec = Readonly<Record<string, PoolColumn>>;
/** The arrays of a pool, by the names of its specification. */
export type PoolArrays<Spec extends PoolSpec> = { readonly [Name in keyof Spec]: ColumnArrays[Spec[Name]["kind"]] };

export interface PoolRows {
  /** Rows to begin with, where columns may grow: integer ≥ 1. Ignored where they are reserved. */
  readonly initial: number;
  /** Rows there may ever be: integer ≥ `initial`. */
  readonly maximum: number;
}

/**
 * Columns that grow together, a row of each for each item.
 *
 * Growing replaces the arrays, so it happens at the beginning of an operation only, which secures all the rows that it
 * may need: `if (used + needed > pool.readyRows && !pool.ensureRows(used + needed)) return NO_MEMORY;`
 */
export interface ColumnPool {
  /** Rows that may be used without asking. 0 while the debug mode moves columns at every operation. */
  readonly readyRows: number;
  readonly maximumRows: number;
  /** Makes rows 0 … `rows`-1 usable. May replace the arrays. False, and nothing changed, if there can never be as many. */
  ensureRows(rows: number): boolean;
}

/** Page bytes: `bytes[n]` holds bytes [n × chunkBytes, (n + 1) × chunkBytes). Never moved or detached. */
export interface ByteChunks {
  /** A power of two. */
  readonly chunkBytes: number;
  readonly bytes: readonly Uint8Array<ArrayBuffer>[];
  /** The WebAssembly memories under `bytes`, one for each chunk, where there are any: SIMD code works in them in place. */
  readonly memories: readonly WasmMemory[] | undefined;
}
/** What we use of `WebAssembly.Memory`, which Node and browsers share; the DOM library is not loaded. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/**
 * Where columns come from. Names say what a column is in reports of changes: "pte.low". They are unique in a machine.
 * All items are 0 at first. A column of `u8` … `f64` keeps its identity for the life of the machine.
 */
export interface ColumnAllocator {
  u8(name: string, length: number, role?: ColumnRole): ColumnArrays["u8"];
  u16(name: string, length: number, role?: ColumnRole): ColumnArrays["u16"];
  u32(name: string, length: number, role?: ColumnRole): ColumnArrays["u32"];
  f64(name: string, length: number, role?: ColumnRole): ColumnArrays["f64"];
  /**
   * Columns that may grow. `adopt` is called at once, and again with the new arrays whenever they are replaced: it puts
   * them into its owner's fields and does nothing else.
   */
  pool<const Spec extends PoolSpec>(name: string, spec: Spec, rows: PoolRows, adopt: (arrays: PoolArrays<Spec>) => void): ColumnPool;
  /** The bytes of page frames. */
  byteChunks(name: string, byteLength: number): ByteChunks;
}
