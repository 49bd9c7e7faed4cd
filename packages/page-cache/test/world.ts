import { Folios, PG_dirty } from "@zeropfn/folio";
import { type Background, type ColumnAllocator, Counters, reservedColumns } from "@zeropfn/state";
import { READ, VM_FAULT_LOCKED } from "@zeropfn/units";
import { XArrays } from "@zeropfn/xarray";
import { PageCache, type PageFault, type PageMapper, TmpfsFiles } from "../src/index.ts";

export const PAGE = 512;

/** Page tables as a stranger would write them: a map for each file from page to frame, and a set of private copies. */
export class MapMapper implements PageMapper {
  readonly log: string[] = [];
  readonly shared = new Map<number, { readonly pfn: number; isDirty: boolean }>();
  readonly copies = new Set<number>();
  readonly #folios: Folios;
  constructor(folios: Folios) {
    this.#folios = folios;
  }
  /** Maps a page that a fault gave, and lets go of it. */
  map(index: number, pfn: number): void {
    if (!this.shared.has(index)) {
      this.#folios.get(pfn);
      this.#folios.addRmap(pfn);
      this.shared.set(index, { pfn, isDirty: false });
    }
    this.#folios.unlock(pfn);
    this.#folios.put(pfn);
  }
  unmapMappingRange(_mapping: number, first: number, count: number, evenCows: boolean): void {
    this.log.push(`unmap ${first} ${count}${evenCows ? " and copies" : ""}`);
    for (const [index, { pfn, isDirty }] of this.shared) {
      if (index < first || index >= first + count) continue;
      this.shared.delete(index);
      if (isDirty) this.#folios.setFlag(pfn, PG_dirty);
      this.#folios.removeRmap(pfn);
      this.#folios.put(pfn);
    }
    if (evenCows) for (const index of this.copies) if (index >= first && index < first + count) this.copies.delete(index);
  }
}

export interface World {
  readonly folios: Folios;
  readonly cache: PageCache;
  readonly mapper: MapMapper;
  readonly files: TmpfsFiles;
  readonly counters: Counters;
  /** What a fault on a page answers; a page that is found is mapped. */
  fault(file: number, index: number): number;
}
export interface WorldOptions {
  readonly columns?: ColumnAllocator;
  readonly fileCapacity?: number;
  /** Frames that can be allocated. */
  readonly frames?: number;
  readonly nodes?: number;
  readonly pageCapacity?: number;
  readonly pageShift?: number;
  readonly background?: Background;
}

/** A machine with one file, number 0, that is empty. */
export function worldOf({ columns = reservedColumns(), fileCapacity = 2, frames = 16, nodes = 64, pageShift = 9, pageCapacity, background }: WorldOptions = {}): World {
  const counters = new Counters(columns), others = background === undefined ? {} : { background };
  const folios = new Folios(columns, { frameCount: frames + 1, pageShift, ...others });
  const arrays = new XArrays(columns, { arrayCapacity: fileCapacity, nodeCapacity: nodes, chunkShift: 2 });
  const cache = new PageCache(columns, { folios, arrays }, { fileCapacity, tracer: counters });
  const mapper = new MapMapper(folios);
  const files = new TmpfsFiles(columns, { folios, cache, mapper }, { tracer: counters, ...(pageCapacity === undefined ? {} : { pageCapacity }), ...others });
  files.create();
  const fault = (file: number, index: number): number => {
    const one = faultOn(file, index), result = files.fault(one);
    if (result === VM_FAULT_LOCKED) mapper.map(index, one.pfn);
    return result;
  };
  return { folios, cache, mapper, files, counters, fault };
}

/** A fault on a page, before it is answered. */
export const faultOn = (mapping: number, index: number): PageFault => ({ mapping, index, access: READ, pfn: 0 });

/** `length` bytes of `value`. */
export const bytesOf = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
