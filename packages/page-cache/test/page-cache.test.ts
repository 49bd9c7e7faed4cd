import { fileMapping, Folios, PG_dirty } from "@zeropfn/folio";
import { reservedColumns } from "@zeropfn/state";
import { EEXIST, ENOMEM, OK } from "@zeropfn/units";
import { XArrays } from "@zeropfn/xarray";
import { describe, expect, test } from "vitest";
import { NO_INDEX, NO_PAGE, PageCache } from "../src/index.ts";
import { type World, worldOf } from "./world.ts";

/** A locked folio in the cache of file 0, to which we have a reference. */
function cached({ folios, cache }: World, index: number): number {
  const pfn = folios.allocate(0);
  folios.lock(pfn);
  expect(cache.add(0, index, pfn)).toBe(OK);
  return pfn;
}

describe("a page in the cache", () => {
  test("has a reference of the cache's, and knows its file and index", () => {
    const world = worldOf(), { folios, cache } = world, pfn = cached(world, 2 ** 40);
    expect([folios.refcount(pfn), folios.mapping(pfn), folios.index(pfn), cache.isOf(0, pfn), cache.isOf(1, pfn)]).toEqual([2, fileMapping(0), 2 ** 40, true, false]);
    expect([cache.load(0, 2 ** 40), cache.pageCount(0), cache.next(0, 0), cache.next(0, 0, 2 ** 40 - 1), world.counters.of("nr_file_pages")]).toEqual([pfn, 1, 2 ** 40, NO_INDEX, 1]);
  });

  test("is found with a reference, locked if that is asked, and not at all if another waits for nobody", () => {
    const world = worldOf(), { folios, cache } = world, pfn = cached(world, 3);
    expect([cache.find(0, 3), folios.refcount(pfn), cache.tryFindLocked(0, 3), folios.refcount(pfn)]).toEqual([pfn, 3, NO_PAGE, 3]);
    folios.unlock(pfn);
    expect([cache.findLocked(0, 3), folios.tryLock(pfn)]).toEqual([pfn, false]);
    cache.release(pfn);
    expect([folios.tryLock(pfn), folios.refcount(pfn), cache.find(0, 2), cache.findLocked(0, 4)]).toEqual([true, 3, NO_PAGE, NO_PAGE]);
  });

  test("keeps its place from another, which loses nothing by it", () => {
    const world = worldOf(), { folios, cache } = world, pfn = cached(world, 0), other = folios.allocate(0);
    expect([cache.add(0, 0, other), folios.refcount(other), folios.mapping(other), cache.load(0, 0), cache.pageCount(0)]).toEqual([EEXIST, 1, 0, pfn, 1]);
  });

  test("that is dropped is nobody's, and the reference goes", () => {
    const world = worldOf(), { folios, cache } = world, pfn = cached(world, 0);
    cache.drop(0, pfn);
    expect([cache.load(0, 0), cache.pageCount(0), folios.mapping(pfn), folios.refcount(pfn), world.counters.of("nr_file_pages")]).toEqual([NO_PAGE, 0, 0, 1, 0]);
    cache.release(pfn);
    expect(folios.usedFrames).toBe(0);
  });

  test("is dropped as unused if it is clean and nobody else has a reference; else nothing changes", () => {
    const world = worldOf(), { folios, cache } = world, pfn = cached(world, 0);
    folios.setFlag(pfn, PG_dirty);
    expect([cache.dropUnused(0, pfn), folios.refcount(pfn)]).toEqual([false, 2]);
    folios.clearFlag(pfn, PG_dirty);
    folios.get(pfn);
    expect([cache.dropUnused(0, pfn), folios.refcount(pfn)]).toEqual([false, 3]);
    folios.put(pfn);
    expect([cache.dropUnused(0, pfn), folios.refcount(pfn), cache.load(0, 0), cache.pageCount(0)]).toEqual([true, 1, NO_PAGE, 0]);
  });
});

test("where no tree node can be had, nothing is added", () => {
  const world = worldOf({ nodes: 1 }), { folios, cache } = world, pfn = folios.allocate(0);
  expect([cache.add(0, 100, pfn), folios.refcount(pfn), folios.mapping(pfn), cache.pageCount(0)]).toEqual([ENOMEM, 1, 0, 0]);
});

test("a cache of no files is refused", () => {
  const columns = reservedColumns(), folios = new Folios(columns, { frameCount: 1 }), arrays = new XArrays(columns);
  for (const fileCapacity of [0, 0.5, -1]) expect(() => new PageCache(columns, { folios, arrays }, { fileCapacity })).toThrow(expect.objectContaining({ code: "PAGE_CACHE_BAD_OPTION" }));
});
