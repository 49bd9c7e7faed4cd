import { GiB, KiB } from "@zeropfn/units";
import { SIZE_FORM, sizeOf } from "./size.ts";

/** What a section may say. All other keys change what fio does, so they are refused rather than ignored. */
export interface FioValues {
  readonly size?: number;
  readonly filename?: string;
  readonly fallocate?: "none";
  readonly rw?: "read";
  readonly ioengine?: "mmap";
  readonly bs?: number;
  readonly numjobs?: "1";
}
export type FioKey = keyof FioValues;

/** A key of a job file: what it may be, and how it reads. */
export interface FioOption<Value> {
  readonly expected: string;
  /** Undefined: not what was expected. */
  read(text: string): Value | undefined;
}

/** Largest file: what the kernel-sized machine is made for. */
export const MAX_SIZE_BYTES: number = 16 * GiB;
const MIN_BLOCK_BYTES = 4 * KiB;
const MAX_BLOCK_BYTES = 256 * KiB;

const only = <const Value extends string>(value: Value, why: string): FioOption<Value> => ({ expected: `${value} (${why})`, read: (text) => (text === value ? value : undefined) });

/** The supported keys. */
export const FIO_OPTIONS: { readonly [Key in FioKey]-?: FioOption<NonNullable<FioValues[Key]>> } = {
  size: { expected: `${SIZE_FORM}; 1 byte to 16g`, read: (text) => inRange(sizeOf(text), 1, MAX_SIZE_BYTES) },
  filename: { expected: "one path, without the ':' that separates several", read: (text) => (text === "" || text.includes(":") ? undefined : text) },
  fallocate: only("none", "the file is truncated to its size, so all hole; other modes, and fio's default, allocate it"),
  rw: only("read", "the only mode that is supported"),
  ioengine: only("mmap", "the only engine that is supported"),
  bs: { expected: "a power of two from 4k to 256k", read: (text) => powerOfTwo(inRange(sizeOf(text), MIN_BLOCK_BYTES, MAX_BLOCK_BYTES)) },
  numjobs: only("1", "one process reads the file"),
};

/** fio's other names of the same keys. */
const ALIASES: Readonly<Record<string, FioKey>> = { readwrite: "rw", blocksize: "bs" };

/** The key that `name` stands for, or undefined. */
export const fioKeyOf = (name: string): FioKey | undefined => (Object.hasOwn(FIO_OPTIONS, name) ? (name as FioKey) : Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined);

const inRange = (value: number | undefined, low: number, high: number): number | undefined => (value !== undefined && value >= low && value <= high ? value : undefined);
const powerOfTwo = (value: number | undefined): number | undefined => (value !== undefined && Number.isInteger(Math.log2(value)) ? value : undefined);
