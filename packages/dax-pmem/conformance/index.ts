import { same, type TestRunner } from "@zeropfn/state/conformance";
import { DAX_EMPTY, type DaxEntryLock, type DaxHolePolicy, type DaxMapper, daxEntry, daxIsEmpty, daxIsHole, daxIsLocked, NO_ENTRY } from "../src/index.ts";
import { type Access, READ, VM_FAULT_NOPAGE, WRITE } from "@zeropfn/units";

/** File 0 has an empty tree with room for indices 0 to 7; `load` is what the tree holds. */
export interface EntryLockWorld {
  readonly entries: DaxEntryLock;
  load(index: number): number;
}

/** The suite for entry locks, of one thread. That they exclude two is for the explorer. */
export function daxEntryLockConformance({ describe, test }: TestRunner, make: () => EntryLockWorld): void {
  describe("DAX entry lock", () => {
    test("makes a missing entry EMPTY, and gives it without its lock", () => {
      const { entries } = make();
      same(entries.grab(0, 3), daxEntry(0, DAX_EMPTY));
    });
    test("leaves what was replaced last, unlocked, and the neighbours alone", () => {
      const { entries, load } = make();
      entries.grab(0, 3);
      entries.replace(0, 3, daxEntry(7, 0));
      entries.replace(0, 3, daxEntry(8, 0));
      entries.release(0, 3);
      same(load(3), daxEntry(8, 0));
      same(load(2), NO_ENTRY);
      same(entries.grab(0, 3), daxEntry(8, 0));
      entries.release(0, 3);
    });
    test("leaves an entry that nobody replaced as it was", () => {
      const { entries, load } = make();
      entries.grab(0, 0);
      entries.release(0, 0);
      same(daxIsEmpty(load(0)), true);
      same(daxIsLocked(load(0)), false);
    });
    test("invalidates an entry once", () => {
      const { entries, load } = make();
      entries.grab(0, 5);
      entries.replace(0, 5, daxEntry(7, 0));
      entries.release(0, 5);
      same(entries.invalidate(0, 5), daxEntry(7, 0));
      same(load(5), NO_ENTRY);
      same(entries.invalidate(0, 5), NO_ENTRY);
    });
  });
}

/** A hole policy over an entry lock and a mapper that the caller can look into. */
export interface HolePolicyWorld extends EntryLockWorld {
  readonly holes: DaxHolePolicy;
  /** The byte that a load at `offset` of `page` gives now, or -1 if nothing is mapped; page n is page n of file 0, area 0. */
  loadMapped(page: number, offset: number): number;
  /** Unmaps all pages. */
  unmapAll(): void;
  readonly framesInUse: number;
  readonly pageSize: number;
}

/** The suite for what a load of a hole sees. */
export function daxHolePolicyConformance({ describe, test }: TestRunner, make: () => HolePolicyWorld): void {
  const read = ({ entries, holes }: HolePolicyWorld, index: number): void => {
    const entry = entries.grab(0, index);
    same(holes.load(0, index, 0, index, entry) & VM_FAULT_NOPAGE, VM_FAULT_NOPAGE);
    entries.release(0, index);
  };
  describe("DAX hole policy", () => {
    test("maps a page of zeros, and leaves an unlocked hole entry", () => {
      const world = make();
      read(world, 2);
      for (let offset = 0; offset < world.pageSize; offset++) same(world.loadMapped(2, offset), 0);
      same(daxIsHole(world.load(2)), true);
      same(daxIsLocked(world.load(2)), false);
      same(world.loadMapped(1, 0), -1);
    });
    test("maps the same hole again without taking more memory", () => {
      const world = make();
      read(world, 2);
      const { framesInUse } = world, entry = world.load(2);
      read(world, 2);
      world.unmapAll();
      read(world, 2);
      same(world.framesInUse, framesInUse);
      same(world.load(2), entry);
    });
    test("gives back what its entries hold", () => {
      const world = make(), { framesInUse } = world;
      for (const index of [0, 1, 7]) read(world, index);
      world.unmapAll();
      for (const index of [0, 1, 7]) world.holes.drop(world.entries.invalidate(0, index));
      same(world.framesInUse, framesInUse);
    });
  });
}

/** Page tables with an area 0 that shows pages 0 to 7 of file 0, and an area 1 of another address space that does so too. */
export interface MapperWorld {
  readonly mapper: DaxMapper;
  /** A frame outside all accounts, and a folio with one reference. */
  readonly storage: number;
  readonly folio: number;
  /** What an access gives, without a fault: the frame that is reached, or -1. */
  reaches(area: number, page: number, access: Access): number;
  references(folio: number): number;
}

/** The suite for page tables under DAX files. */
export function daxMapperConformance({ describe, test }: TestRunner, make: () => MapperWorld): void {
  describe("DAX mapper", () => {
    test("maps for a read what stores do not reach, and for a write what they do", () => {
      const { mapper, storage, reaches } = make();
      same(mapper.insertPfn(0, 1, storage, READ), VM_FAULT_NOPAGE);
      same(reaches(0, 1, READ), storage);
      same(reaches(0, 1, WRITE), -1);
      same(mapper.insertPfn(0, 1, storage, WRITE), VM_FAULT_NOPAGE);
      same(reaches(0, 1, WRITE), storage);
    });
    test("leaves a present entry of another frame alone", () => {
      const { mapper, storage, folio, reaches } = make();
      mapper.insertFolio(0, 1, folio);
      mapper.insertPfn(0, 1, storage, WRITE);
      same(reaches(0, 1, READ), folio);
      same(reaches(0, 1, WRITE), -1);
    });
    test("takes one reference for each mapping of a folio, and gives them back when it unmaps", () => {
      const { mapper, folio, references, reaches } = make();
      mapper.insertFolio(0, 2, folio);
      mapper.insertFolio(0, 2, folio);
      mapper.insertFolio(1, 2, folio);
      same(references(folio), 3);
      mapper.unmapMappingRange(0, 2, 1);
      same(references(folio), 1);
      same(reaches(0, 2, READ), -1);
      same(reaches(1, 2, READ), -1);
    });
    test("unmaps exactly the range", () => {
      const { mapper, storage, reaches } = make();
      for (let page = 0; page < 8; page++) mapper.insertPfn(1, page, storage, READ);
      mapper.unmapMappingRange(0, 3, 2);
      for (let page = 0; page < 8; page++) same(reaches(1, page, READ), page === 3 || page === 4 ? -1 : storage);
    });
  });
}
