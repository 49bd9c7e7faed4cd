import { Folios } from "@zeropfn/folio";
import { Counters, reservedColumns } from "@zeropfn/state";
import { type Access, OK, type Status, VM_FAULT_NOPAGE } from "@zeropfn/units";
import { XArrays } from "@zeropfn/xarray";
import {
  CachePageHoles, type DaxEntryLock, type DaxExtents, DaxFiles, type DaxHolePolicy, type DaxMapper, DaxTrees, EntryBitLock, InodeLocks, NoEntryLock, PersistentMemory, ZeroPageHoles,
} from "../src/index.ts";

export const PAGE = 64;

/** Extents as a stranger would write them: two maps. */
export class MapExtents implements DaxExtents {
  readonly blocks = new Map<number, number>();
  bytes = 0;
  readonly #free: number[];
  constructor(blockCount: number) {
    this.#free = Array.from({ length: blockCount }, (_, nth) => blockCount - 1 - nth);
  }
  size(): number {
    return this.bytes;
  }
  setSize(_file: number, bytes: number): Status {
    this.bytes = bytes;
    return OK;
  }
  findBlock(_file: number, index: number): number {
    return this.blocks.get(index) ?? -1;
  }
  allocateBlock(_file: number, index: number): number {
    const block = this.#free.pop();
    if (block === undefined) return -1;
    this.blocks.set(index, block);
    return block;
  }
  punch(_file: number, first: number, count: number): Status {
    for (let index = first; index < first + count; index++) {
      const block = this.blocks.get(index);
      if (block !== undefined) this.#free.push(block);
      this.blocks.delete(index);
    }
    return OK;
  }
}

/** Page tables as a list of what was asked, and one mapping for each page. */
export class ListMapper implements DaxMapper {
  readonly log: string[] = [];
  readonly mapped = new Map<number, { pfn: number; access: Access }>();
  readonly #folios: Folios;
  constructor(folios: Folios) {
    this.#folios = folios;
  }
  insertPfn(_vma: number, page: number, pfn: number, access: Access): number {
    this.log.push(`insertPfn ${page} ${this.#name(pfn)} ${access === 0 ? "read" : "write"}`);
    if (!this.mapped.has(page) || this.mapped.get(page)!.pfn === pfn) this.mapped.set(page, { pfn, access });
    return VM_FAULT_NOPAGE;
  }
  insertFolio(_vma: number, page: number, pfn: number): number {
    this.log.push(`insertFolio ${page} ${this.#name(pfn)}`);
    if (!this.mapped.has(page)) {
      this.#folios.get(pfn);
      this.mapped.set(page, { pfn, access: 0 });
    }
    return VM_FAULT_NOPAGE;
  }
  unmapMappingRange(_mapping: number, first: number, count: number): void {
    this.log.push(`unmap ${first} ${count}`);
    for (const [page, { pfn }] of this.mapped) {
      if (page < first || page >= first + count) continue;
      this.mapped.delete(page);
      if (!this.#folios.isZeroPage(pfn) && !this.#folios.isDevice(pfn)) this.#folios.put(pfn);
    }
  }
  #name(pfn: number): string {
    return this.#folios.isZeroPage(pfn) ? "zero" : this.#folios.isDevice(pfn) ? `block ${pfn - this.#folios.firstDevicePfn}` : "folio";
  }
}

export interface World {
  readonly folios: Folios;
  readonly trees: DaxTrees;
  readonly locks: InodeLocks;
  readonly entries: DaxEntryLock;
  readonly holes: DaxHolePolicy;
  readonly mapper: ListMapper;
  readonly extents: MapExtents;
  readonly files: DaxFiles;
  readonly counters: Counters;
  /** A fault on a page of the file. */
  fault(page: number, access: Access): number;
}
export type HoleKind = "zero page" | "cache page";

/** One file, number 0, of `pages` pages, all hole. Its page n is page n of the only area. */
export function worldOf({ holes = "zero page", pages = 8, blocks = 8, frames = 16, nodes = 8, hasLock = true }: { holes?: HoleKind; pages?: number; blocks?: number; frames?: number; nodes?: number; hasLock?: boolean } = {}): World {
  const columns = reservedColumns(), counters = new Counters(columns);
  const folios = new Folios(columns, { frameCount: frames, deviceFrameCount: blocks, pageShift: Math.log2(PAGE) });
  const trees = new DaxTrees(columns, new XArrays(columns, { arrayCapacity: 1, nodeCapacity: nodes, chunkShift: 2 }), { fileCapacity: 1 });
  const locks = new InodeLocks(columns, 1), mapper = new ListMapper(folios), extents = new MapExtents(blocks);
  const entries = hasLock ? new EntryBitLock(trees) : new NoEntryLock(trees);
  const policy = holes === "zero page" ? new ZeroPageHoles({ folios, entries, mapper }) : new CachePageHoles({ folios, entries, mapper });
  const files = new DaxFiles({ memory: new PersistentMemory(folios), trees, locks, entries, holes: policy, extents, mapper }, { pageShift: Math.log2(PAGE), tracer: counters });
  files.attach(0);
  extents.bytes = pages * PAGE;
  const fault = (page: number, access: Access): number => files.fault({ mapping: 0, vma: 0, page, index: page, access });
  return { folios, trees, locks, entries, holes: policy, mapper, extents, files, counters, fault };
}
