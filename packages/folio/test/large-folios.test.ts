import { reservedColumns, Slab } from "@zeropfn/state";
import { describe, expect, test } from "vitest";
import { Folios, NO_FRAME, PG_anon_exclusive, PG_dirty, PG_head, PG_lru, PG_uptodate } from "../src/index.ts";

const make = (): Folios => new Folios(new Slab(), { frameCount: 16, pageShift: 4, maximumOrder: 3, hugeZeroOrder: 2 });

describe("a large folio", () => {
  test("has one reference count, one set of flags and one mapping, named by any of its frames", () => {
    const folios = make();
    const pfn = folios.allocate(2);
    expect([folios.head(pfn + 3), folios.order(pfn + 1), folios.testFlag(pfn + 2, PG_head)]).toEqual([pfn, 2, true]);
    folios.get(pfn + 3);
    folios.setFlag(pfn + 1, PG_dirty);
    folios.setMapping(pfn, 5, 100);
    expect([folios.refcount(pfn), folios.testFlag(pfn + 3, PG_dirty), folios.mapping(pfn + 2), folios.index(pfn + 2)]).toEqual([2, true, 5, 102]);
    folios.setFlag(pfn + 1, PG_anon_exclusive);
    expect([0, 1, 2, 3].map((page) => folios.testFlag(pfn + page, PG_anon_exclusive))).toEqual([false, true, false, false]);
    expect([folios.testAndSetFlag(pfn, PG_uptodate), folios.testAndSetFlag(pfn, PG_uptodate), folios.testAndClearFlag(pfn, PG_uptodate), folios.testFlag(pfn, PG_uptodate)]).toEqual([
      false, true, true, false,
    ]);
  });

  test("counts the mappings of each page", () => {
    const folios = make();
    const pfn = folios.allocate(1);
    folios.addRmap(pfn);
    folios.addRmap(pfn + 1);
    folios.addRmap(pfn + 1);
    expect([folios.mapcount(pfn), folios.mapcount(pfn + 1), folios.folioMapcount(pfn + 1)]).toEqual([1, 2, 3]);
  });

  test("counts mappings, flags and references of all its pages at once", () => {
    const folios = make(), pfn = folios.allocate(1);
    folios.addRmap(pfn + 1);
    expect([folios.addRmaps(pfn, 2), folios.mapcount(pfn), folios.mapcount(pfn + 1)]).toEqual([1, 1, 2]); // one page was not mapped before
    expect([folios.removeRmaps(pfn, 2), folios.mapcount(pfn), folios.mapcount(pfn + 1)]).toEqual([1, 0, 1]);
    expect(() => folios.removeRmaps(pfn, 2)).toThrow("FOLIO_NOT_MAPPED");
    folios.setOnPages(pfn + 1, PG_anon_exclusive);
    expect([folios.testFlag(pfn, PG_anon_exclusive), folios.testFlag(pfn + 1, PG_anon_exclusive)]).toEqual([true, true]);
    folios.clearOnPages(pfn, PG_anon_exclusive);
    expect([folios.testFlag(pfn, PG_anon_exclusive), folios.testFlag(pfn + 1, PG_anon_exclusive)]).toEqual([false, false]);
    folios.getMany(pfn + 1, 3);
    folios.getMany(pfn, 0);
    expect(folios.refcount(pfn)).toBe(4);
  });

  test("splits into pieces with its flags, mapping and index, and a reference each for the caller", () => {
    const folios = make();
    const pfn = folios.allocate(3);
    folios.setMapping(pfn, 5, 64);
    folios.setFlag(pfn, PG_dirty);
    folios.setFlag(pfn, PG_lru);
    folios.setFlag(pfn + 5, PG_anon_exclusive);
    expect(folios.split(pfn, 1)).toBe(true);
    for (const piece of [0, 2, 4, 6]) {
      const head = pfn + piece;
      expect([folios.head(head + 1), folios.order(head), folios.refcount(head), folios.mapping(head), folios.index(head + 1)]).toEqual([head, 1, 1, 5, 64 + piece + 1]);
      expect([folios.testFlag(head, PG_dirty), folios.testFlag(head, PG_lru)]).toEqual([true, piece === 0]);
    }
    expect([folios.testFlag(pfn + 5, PG_anon_exclusive), folios.testFlag(pfn + 4, PG_anon_exclusive)]).toEqual([true, false]);
    folios.checkInvariants();
    folios.clearFlag(pfn, PG_lru);
    for (const piece of [0, 2, 4, 6]) expect(folios.put(pfn + piece)).toBe(true);
    expect(folios.usedFrames).toBe(0);
    folios.checkInvariants();
  });

  test("does not split while somebody unknown holds it, and stays as it was", () => {
    const folios = make();
    const pfn = folios.allocate(2);
    folios.get(pfn);
    expect([folios.split(pfn, 0), folios.order(pfn), folios.refcount(pfn)]).toEqual([false, 2, 2]);
    folios.put(pfn);
    folios.pin(pfn);
    expect(folios.split(pfn, 0)).toBe(false);
    folios.put(pfn);
    expect([folios.refcount(pfn), folios.split(pfn, 0)]).toEqual([1, false]); // the one reference is the pin's
    folios.get(pfn);
    folios.unpin(pfn);
    expect(folios.split(pfn, 0)).toBe(true);
    folios.checkInvariants();
  });

  test("spreads the references of a page cache over its pieces", () => {
    const folios = make();
    const pfn = folios.allocate(2);
    for (let page = 0; page < 4; page++) folios.get(pfn);
    expect(folios.split(pfn, 0, 4)).toBe(true);
    expect([0, 1, 2, 3].map((page) => folios.refcount(pfn + page))).toEqual([2, 2, 2, 2]);
    const other = folios.allocate(2);
    expect(() => folios.split(other, 0, 3)).toThrow(expect.objectContaining({ code: "FOLIO_BAD_ORDER" }));
  });
});

describe("the huge zero page", () => {
  test("is made when first asked for, is zero, and is never counted or freed", () => {
    const folios = make();
    const dirty = folios.allocate(2);
    folios.store8(dirty + 1, 3, 9);
    folios.put(dirty);
    expect(folios.hugeZeroPfn()).toBe(NO_FRAME);
    const pfn = folios.hugeZeroFrame();
    expect([folios.hugeZeroFrame(), folios.hugeZeroPfn()]).toEqual([pfn, pfn]);
    expect([0, 1, 2, 3].every((page) => folios.isZeroPage(pfn + page) && folios.isZero(pfn + page))).toBe(true);
    expect([folios.isZeroPage(pfn - 1), folios.isZeroPage(pfn + 4)]).toEqual([false, false]);
    folios.get(pfn + 1);
    expect([folios.put(pfn), folios.put(pfn + 1), folios.pin(pfn), folios.tryGet(pfn + 2)]).toEqual([false, false, true, true]);
    expect([folios.usedFrames, folios.freeFrames]).toEqual([0, 11]);
    folios.checkInvariants();
  });

  test("is an outcome if there is no memory for it", () => {
    const folios = make();
    while (folios.allocate(0) !== NO_FRAME);
    expect(folios.hugeZeroFrame()).toBe(NO_FRAME);
  });

  test("is 2 MiB of frames of 4 KiB where nothing else is said", () => {
    const folios = new Folios(reservedColumns(), { frameCount: 2048 });
    const pfn = folios.hugeZeroFrame();
    expect([pfn % 512, folios.isZeroPage(pfn + 511), folios.isZeroPage(pfn + 512), folios.freeFrames]).toEqual([0, true, false, 2047 - 512]);
  });
});

describe("a machine without bytes", () => {
  test("counts what a machine larger than the host counts, and all its pages are zero", () => {
    const folios = new Folios(reservedColumns(), { frameCount: 2 ** 28, hasBytes: false });
    const pfn = folios.allocate(10);
    folios.store8(pfn, 5, 1);
    folios.storeWord(pfn, 1, 7);
    folios.writeBytes(pfn, 0, Uint8Array.of(1, 2), 0, 2);
    const out = Uint8Array.of(9, 9);
    folios.readBytes(pfn, 0, out, 0, 2);
    expect([folios.load8(pfn, 5), folios.loadWord(pfn, 1), folios.isZero(pfn), folios.equal(pfn, pfn + 1), folios.contentName, ...out]).toEqual([0, 0, true, true, "no-bytes", 0, 0]);
    expect([folios.usedFrames, folios.pageSize * folios.totalFrames]).toEqual([1024, 2 ** 40]);
  });
});
