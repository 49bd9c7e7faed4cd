import { isNodeEntry, isSiblingEntry, isValueEntry, MAX_INDEX, NULL_ENTRY, RETRY_ENTRY, slotOfSibling, valueEntry, valueOf, ZERO_ENTRY } from "../../src/index.ts";

/** How a log writes an entry. */
export type Written = number | string | null | { readonly p: number };

/** Entries of a log and ours, in both directions. Small integers are value entries; pointers and big values are numbered. */
export class Values {
  readonly #numbers = new Map<string, number>();
  readonly #written: Written[] = [];

  entry(written: Written): number {
    if (written === null) return NULL_ENTRY;
    if (written === "Z") return ZERO_ENTRY;
    if (written === "R") return RETRY_ENTRY;
    if (typeof written === "number" && written < 2 ** 30) return valueEntry(written);
    const key = JSON.stringify(written), number = this.#numbers.get(key);
    if (number !== undefined) return number;
    this.#written.push(written);
    this.#numbers.set(key, this.#written.length);
    return this.#written.length;
  }

  written(entry: number): Written {
    if (entry === NULL_ENTRY) return null;
    if (entry === ZERO_ENTRY) return "Z";
    if (entry === RETRY_ENTRY) return "R";
    if (isNodeEntry(entry)) return "N";
    if (isSiblingEntry(entry)) return `S${slotOfSibling(entry)}`;
    return isValueEntry(entry) ? valueOf(entry) : this.#written[entry - 1]!;
  }
}

/** An index beyond our range, which ends at 2^53-1; the kernel's ends at 2^64-1. */
export class BeyondRange extends Error {}

/** An index of a log. @throws {BeyondRange} */
export function index(written: unknown): number {
  const value = Number(written);
  if (value > MAX_INDEX) throw new BeyondRange(`index ${String(written)}`);
  return value;
}

/** Where a cursor of the kernel stands: its indices wrap, so that -1 is 2^64-1. */
export function position(written: unknown): number {
  const value = Number(written);
  return value < 2 ** 63 ? value : Number(BigInt(String(written)) - 2n ** 64n);
}

/** A limit of a log: beyond our range it stands for the largest index. */
export const limit = (written: unknown): number => Math.min(Number(written), MAX_INDEX);
