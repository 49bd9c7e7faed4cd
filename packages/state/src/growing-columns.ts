import type { ColumnAllocator, ColumnArrays, ColumnKind, ColumnPool, PoolArrays, PoolRows, PoolSpec } from "./columns.ts";
import { StateError } from "./errors.ts";
import { arraysOf, newArray, reservedColumns } from "./reserved-columns.ts";

/** One for the process, however many copies of this module are loaded. */
const debug = ((globalThis as Record<symbol, unknown>)[Symbol.for("zeropfn.debug/1")] ??= { movesColumns: false }) as { movesColumns: boolean };

/**
 * Debug mode: every pool that may grow replaces its arrays at every operation, and what holds an old one sees rubbish.
 * So code that reads a field before the call that replaces it cannot pass.
 */
export function moveColumnsAtEveryOperation(isOn: boolean): void {
  debug.movesColumns = isOn;
}

/** Columns for one structure that a stranger uses alone: its pools start small and grow by replacement. */
export function growingColumns(): ColumnAllocator {
  return { ...reservedColumns(), pool: (name, spec, rows, adopt) => new GrowingPool(name, spec, rows, adopt) };
}

/** What an old array is filled with in debug mode. */
const RUBBISH = 0xa5;

class GrowingPool<Spec extends PoolSpec> implements ColumnPool {
  readonly maximumRows: number;
  readonly #name: string;
  readonly #spec: Spec;
  readonly #adopt: (arrays: PoolArrays<Spec>) => void;
  #rows: number;
  #arrays: PoolArrays<Spec>;

  constructor(name: string, spec: Spec, { initial, maximum }: PoolRows, adopt: (arrays: PoolArrays<Spec>) => void) {
    if (!Number.isInteger(initial) || initial < 1 || !Number.isInteger(maximum) || maximum < initial) {
      throw new StateError("STATE_BAD_ARGUMENT", `pool ${name}: ${initial} to ${maximum} rows, expected integers 1 ≤ initial ≤ maximum`);
    }
    this.#name = name;
    this.#spec = spec;
    this.#adopt = adopt;
    this.#rows = initial;
    this.maximumRows = maximum;
    this.#arrays = arraysOf(spec, initial, (column, kind, length) => newArray(`${name}.${column}`, kind, length));
    adopt(this.#arrays);
  }

  get readyRows(): number {
    return debug.movesColumns ? 0 : this.#rows;
  }

  ensureRows(rows: number): boolean {
    if (rows > this.maximumRows) return false;
    if (rows > this.#rows || debug.movesColumns) this.#replace(rows > this.#rows ? Math.min(this.maximumRows, Math.max(rows, this.#rows * 2)) : this.#rows);
    return true;
  }

  #replace(rows: number): void {
    const old: Record<string, ColumnArrays[ColumnKind]> = this.#arrays;
    const arrays = arraysOf(this.#spec, rows, (column, kind, length) => {
      const array = newArray(`${this.#name}.${column}`, kind, length);
      array.set(old[column]!);
      return array;
    });
    if (debug.movesColumns) for (const { buffer } of Object.values(old)) new Uint8Array(buffer).fill(RUBBISH);
    this.#rows = rows;
    this.#arrays = arrays;
    this.#adopt(arrays);
  }
}
