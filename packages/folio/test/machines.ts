import { type ColumnAllocator, reservedColumns, Slab } from "@zeropfn/state";
import { Folios, type FoliosOptions } from "../src/index.ts";

/** The kinds of machine that every behaviour must hold on: those that run, one to be explored. */
export const machines: readonly [string, (options?: Partial<FoliosOptions>) => Folios][] = [
  ["4 KiB pages in reserved columns", (options) => folios(reservedColumns(), { frameCount: 64, ...options })],
  ["4 KiB pages in chunks of 16 pages", (options) => folios(reservedColumns({ chunkBytes: 2 ** 16 }), { frameCount: 64, ...options })],
  ["64 KiB pages in reserved columns", (options) => folios(reservedColumns(), { frameCount: 16, pageShift: 16, ...options })],
  ["16-byte pages in a slab", (options) => folios(new Slab(), { frameCount: 8, pageShift: 4, ...options })],
];

export const folios = (columns: ColumnAllocator, options: FoliosOptions): Folios => new Folios(columns, options);
