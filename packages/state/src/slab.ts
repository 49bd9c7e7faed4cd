import type { ByteChunks, ColumnAllocator, ColumnArrays, ColumnKind, ColumnPool, ColumnRole, PoolArrays, PoolRows, PoolSpec } from "./columns.ts";
import { StateError } from "./errors.ts";
import { ARRAYS, checkedLength, fixedPool } from "./reserved-columns.ts";

/** Told before item `key` of column `name` is touched; throws if this is not the time. */
export type ColumnGuard = (name: string, key: string | symbol) => void;

/** A machine at one moment: its slab's words. */
export interface Snapshot {
  readonly words: Uint32Array;
  readonly derived: Uint32Array;
}

export interface SlabOptions {
  /** Bytes of state, and again of derived columns, that the slab can hold. Default 1 MiB: address space, not memory. */
  readonly capacityBytes?: number;
  /** Asked before every access to a state column. Slow: for checking the rules. */
  readonly guard?: ColumnGuard;
}

interface Placed {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly firstByte: number;
  readonly length: number;
}

/** All columns of one small machine in one buffer: copying the buffer copies the machine. */
export class Slab implements ColumnAllocator {
  readonly #buffers: Readonly<Record<ColumnRole, ArrayBuffer>>;
  readonly #used: Record<ColumnRole, number> = { state: 0, derived: 0 };
  readonly #placed: Placed[] = [];
  readonly #names = new Set<string>();
  readonly #guard: ColumnGuard | undefined;
  #words: Uint32Array<ArrayBuffer> | undefined;
  #derived: Uint32Array<ArrayBuffer> | undefined;

  constructor({ capacityBytes = 1 << 20, guard }: SlabOptions = {}) {
    this.#guard = guard;
    this.#buffers = { state: new ArrayBuffer(capacityBytes), derived: new ArrayBuffer(capacityBytes) };
  }

  u8(name: string, length: number, role?: ColumnRole): ColumnArrays["u8"] {
    return this.#column(name, "u8", length, role) as ColumnArrays["u8"];
  }
  u16(name: string, length: number, role?: ColumnRole): ColumnArrays["u16"] {
    return this.#column(name, "u16", length, role) as ColumnArrays["u16"];
  }
  u32(name: string, length: number, role?: ColumnRole): ColumnArrays["u32"] {
    return this.#column(name, "u32", length, role) as ColumnArrays["u32"];
  }
  f64(name: string, length: number, role?: ColumnRole): ColumnArrays["f64"] {
    return this.#column(name, "f64", length, role) as ColumnArrays["f64"];
  }
  /** All rows at once: what is explored has the smallest capacities, and its columns never move. */
  pool<const Spec extends PoolSpec>(name: string, spec: Spec, rows: PoolRows, adopt: (arrays: PoolArrays<Spec>) => void): ColumnPool {
    return fixedPool(spec, rows, (column, kind, length) => this.#column(`${name}.${column}`, kind, length, spec[column]!.role), adopt);
  }
  /** One chunk, which is a state column. */
  byteChunks(name: string, byteLength: number): ByteChunks {
    let chunkBytes = 1;
    while (chunkBytes < byteLength) chunkBytes *= 2;
    return { chunkBytes, bytes: [this.u8(name, byteLength)], memories: undefined };
  }

  /** The hashed words. The first call closes the slab to new columns. */
  get words(): Uint32Array<ArrayBuffer> {
    this.#derived ??= new Uint32Array(this.#buffers.derived, 0, Math.ceil(this.#used.derived / 4));
    this.#words ??= new Uint32Array(this.#buffers.state, 0, Math.ceil(this.#used.state / 4));
    return this.#words;
  }
  /** The words that are saved and restored, not hashed. The first call closes the slab to new columns. */
  get derivedWords(): Uint32Array<ArrayBuffer> {
    void this.words;
    return this.#derived!;
  }
  /** Bytes of state columns. */
  get sizeBytes(): number {
    return this.#used.state;
  }
  /** Bytes of derived columns. */
  get derivedBytes(): number {
    return this.#used.derived;
  }

  /** Room for a snapshot; all 0 until `save` fills it. */
  newSnapshot(): Snapshot {
    return { words: new Uint32Array(this.words.length), derived: new Uint32Array(this.#derived!.length) };
  }
  save(into: Snapshot): void {
    into.words.set(this.words);
    into.derived.set(this.#derived!);
  }
  restore(from: Snapshot): void {
    this.words.set(from.words);
    this.#derived!.set(from.derived);
  }
  /** True if no hashed word differs from `snapshot`. */
  equals(snapshot: Snapshot): boolean {
    const words = this.words, then = snapshot.words;
    for (let at = 0; at < words.length; at++) if (words[at] !== then[at]) return false;
    return true;
  }
  /** "pte.low[3]: 0 -> 0x25" for each item of state that differs from `snapshot`. */
  changesSince(snapshot: Snapshot): string[] {
    const changes: string[] = [];
    for (const { name, kind, firstByte, length } of this.#placed) {
      const was = view(kind, snapshot.words.buffer as ArrayBuffer, firstByte, length);
      const is = view(kind, this.#buffers.state, firstByte, length);
      for (let at = 0; at < length; at++) if (was[at] !== is[at]) changes.push(`${name}[${at}]: ${shown(was[at]!)} -> ${shown(is[at]!)}`);
    }
    return changes;
  }

  #column(name: string, kind: ColumnKind, length: number, role: ColumnRole = "state"): ColumnArrays[ColumnKind] {
    const size = ARRAYS[kind].BYTES_PER_ELEMENT;
    const firstByte = Math.ceil(this.#used[role] / size) * size;
    const end = firstByte + checkedLength(name, length) * size;
    if (this.#words !== undefined) throw new StateError("STATE_SLAB_CLOSED", `column ${name}: the slab is in use`);
    if (this.#names.has(name)) throw new StateError("STATE_DUPLICATE_COLUMN", `column ${name} exists`);
    if (end > this.#buffers[role].byteLength) {
      throw new StateError("STATE_SLAB_FULL", `column ${name}: ${end} bytes of ${role} columns, capacityBytes is ${this.#buffers[role].byteLength}`);
    }
    this.#names.add(name);
    this.#used[role] = end;
    const column = view(kind, this.#buffers[role], firstByte, length);
    if (role === "derived") return column;
    this.#placed.push({ name, kind, firstByte, length });
    return this.#guard === undefined ? column : guarded(name, column, this.#guard);
  }
}

const view = (kind: ColumnKind, buffer: ArrayBuffer, firstByte: number, length: number): ColumnArrays[ColumnKind] => new ARRAYS[kind](buffer, firstByte, length);

function guarded(name: string, column: ColumnArrays[ColumnKind], guard: ColumnGuard): ColumnArrays[ColumnKind] {
  return new Proxy(column, {
    get(target, key) {
      guard(name, key);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value as (this: unknown) => unknown).bind(target) : value;
    },
    set(target, key, value) {
      guard(name, key);
      return Reflect.set(target, key, value, target);
    },
  });
}

const shown = (value: number): string => (value < 10 ? String(value) : `0x${value.toString(16)}`);
