import { reservedColumns, Slab } from "@zeropfn/state";
import { describe, expect, test } from "vitest";
import { Folios, NO_FRAME, PG_anon_exclusive, PG_dirty, PG_swapbacked, PG_uptodate } from "../src/index.ts";
import { machines } from "./machines.ts";

describe.each(machines)("folios with %s", (_, make) => {
  test("a new folio has one reference, and its last put frees it", () => {
    const folios = make();
    const pfn = folios.allocate(0);
    expect(pfn).not.toBe(NO_FRAME);
    expect([folios.refcount(pfn), folios.usedFrames]).toEqual([1, 1]);
    folios.get(pfn);
    expect(folios.put(pfn)).toBe(false);
    expect(folios.put(pfn)).toBe(true);
    expect([folios.usedFrames, folios.peakFrames]).toEqual([0, 1]);
    folios.checkInvariants();
  });

  test("every frame but the zero page can be allocated once, then there is none", () => {
    const folios = make();
    const free = folios.freeFrames;
    const pfns = Array.from({ length: free }, () => folios.allocate(0));
    expect(new Set(pfns).size).toBe(free);
    expect(pfns).not.toContain(folios.zeroPfn);
    expect(pfns).not.toContain(NO_FRAME);
    expect(folios.allocate(0)).toBe(NO_FRAME);
    expect(folios.usedFrames).toBe(free);
    for (const pfn of pfns) folios.put(pfn);
    expect([folios.freeFrames, folios.peakFrames]).toEqual([free, free]);
    folios.checkInvariants();
  });

  test("the zero page is zero, and getting, putting and pinning it changes nothing", () => {
    const folios = make();
    const { zeroPfn } = folios;
    expect(zeroPfn).toBe(0);
    expect([folios.isZeroPage(zeroPfn), folios.isZero(zeroPfn)]).toEqual([true, true]);
    const before = folios.refcount(zeroPfn);
    folios.get(zeroPfn);
    expect([folios.tryGet(zeroPfn), folios.pin(zeroPfn), folios.unpin(zeroPfn)]).toEqual([true, true, false]);
    for (let put = 0; put < 3; put++) expect(folios.put(zeroPfn)).toBe(false);
    expect([folios.refcount(zeroPfn), folios.usedFrames, folios.pincount(zeroPfn)]).toEqual([before, 0, 0]);
    folios.checkInvariants();
  });

  test("bytes stored are loaded, by bytes, words and ranges", () => {
    const folios = make();
    const pfn = folios.allocate(0);
    folios.zero(pfn);
    folios.store8(pfn, 0, 0x11);
    folios.store8(pfn, folios.pageSize - 1, 0x1ff);
    expect([folios.load8(pfn, 0), folios.load8(pfn, 1), folios.load8(pfn, folios.pageSize - 1)]).toEqual([0x11, 0, 0xff]);
    folios.storeWord(pfn, 1, 0xdeadbeef);
    expect([folios.loadWord(pfn, 1), folios.load8(pfn, 4), folios.load8(pfn, 7)]).toEqual([0xdeadbeef, 0xef, 0xde]);
    const out = new Uint8Array(8);
    folios.readBytes(pfn, 2, out, 1, 6);
    expect([...out]).toEqual([0, 0, 0, 0xef, 0xbe, 0xad, 0xde, 0]);
    folios.writeBytes(pfn, 3, Uint8Array.of(9, 8, 7, 6), 1, 2);
    expect([folios.load8(pfn, 2), folios.load8(pfn, 3), folios.load8(pfn, 4), folios.load8(pfn, 5)]).toEqual([0, 8, 7, 0xbe]);
  });

  test("pages are zeroed, copied, compared and tested for zero", () => {
    const folios = make();
    const a = folios.allocate(0), b = folios.allocate(0);
    folios.zero(a);
    folios.zero(b);
    expect([folios.isZero(a), folios.equal(a, b), folios.compare(a, b)]).toEqual([true, true, 0]);
    folios.store8(a, 5, 200);
    expect([folios.isZero(a), folios.equal(a, b), folios.compare(a, b), folios.compare(b, a)]).toEqual([false, false, 1, -1]);
    folios.copy(b, a);
    expect([folios.load8(b, 5), folios.equal(a, b)]).toEqual([200, true]);
    expect(folios.hash(a)).toBe(folios.hash(b));
    folios.zero(b);
    expect([folios.isZero(b), folios.load8(a, 5)]).toEqual([true, 200]);
    expect([folios.zeroedBytes, folios.copiedBytes]).toEqual([3 * folios.pageSize, folios.pageSize]);
  });

  test("word-wise forms give the answers of the whole-page ones", () => {
    const folios = make();
    const a = folios.allocate(0), b = folios.allocate(0);
    const words = [...Array(folios.wordsPerPage).keys()];
    for (const word of words) folios.zeroWord(a, word);
    expect([folios.isZero(a), words.every((word) => folios.isZeroWord(a, word))]).toEqual([true, true]);
    for (const at of [0, 5, folios.pageSize - 1]) folios.store8(a, at, 0x80);
    for (const word of words) folios.copyWord(b, a, word);
    expect([folios.equal(a, b), words.every((word) => folios.compareWord(a, b, word) === 0)]).toEqual([true, true]);
    folios.store8(b, 5, 0x7f);
    expect([folios.compareWord(a, b, 1), folios.compareWord(b, a, 1), folios.compareWord(a, b, 0)]).toEqual([1, -1, 0]);
  });

  test("mappings of a page are counted, and one that is not there cannot go", () => {
    const folios = make();
    const pfn = folios.allocate(0);
    expect([folios.addRmap(pfn), folios.addRmap(pfn)]).toEqual([true, false]); // the first
    expect([folios.removeRmap(pfn), folios.mapcount(pfn)]).toEqual([false, 1]);
    expect([folios.removeRmap(pfn), folios.mapcount(pfn)]).toEqual([true, 0]); // the last
    expect(() => folios.removeRmap(pfn)).toThrow(expect.objectContaining({ code: "FOLIO_NOT_MAPPED" }));
    expect(() => folios.addRmap(folios.zeroPfn)).toThrow(expect.objectContaining({ code: "FOLIO_BAD_FRAME" }));
  });

  test("a new anonymous page is one as if all that makes it one were said by itself", () => {
    const folios = make(), pfn = folios.allocate(0), other = folios.allocate(0), flags = [PG_uptodate, PG_swapbacked, PG_anon_exclusive, PG_dirty] as const;
    folios.setFlag(pfn, PG_dirty);
    folios.setFlag(other, PG_dirty);
    folios.addNewAnonymous(pfn, 7, 2 ** 40);
    for (const flag of flags) folios.setFlag(other, flag);
    folios.setMapping(other, 7, 2 ** 40);
    folios.addRmap(other);
    const seen = [pfn, other].map((each) => [folios.mapping(each), folios.index(each), folios.mapcount(each), ...flags.map((flag) => folios.testFlag(each, flag))]);
    expect(seen[0]).toEqual(seen[1]);
    for (const bad of [folios.zeroPfn, folios.allocate(1)]) expect(() => folios.addNewAnonymous(bad, 7, 0)).toThrow(expect.objectContaining({ code: "FOLIO_BAD_FRAME" }));
  });

  test("mapping and index are kept until the folio is freed", () => {
    const folios = make();
    const pfn = folios.allocate(0);
    expect(folios.mapping(pfn)).toBe(0);
    folios.setMapping(pfn, 7, 2 ** 53 - 1);
    expect([folios.mapping(pfn), folios.index(pfn)]).toEqual([7, 2 ** 53 - 1]);
    folios.put(pfn);
    expect(folios.allocate(0)).toBe(pfn);
    expect([folios.mapping(pfn), folios.index(pfn)]).toEqual([0, 0]);
  });

  test("device frames follow the DRAM: with bytes, counts and mappings, but never allocated or freed", () => {
    const folios = make({ deviceFrameCount: 3 });
    const pfn = folios.firstDevicePfn;
    expect([folios.isDevice(pfn), folios.isDevice(pfn - 1), folios.totalFrames]).toEqual([true, false, pfn + 3]);
    while (folios.allocate(0) !== NO_FRAME) expect(folios.refcount(pfn)).toBe(0);
    folios.store8(pfn + 2, 1, 42);
    expect(folios.load8(pfn + 2, 1)).toBe(42);
    const used = folios.usedFrames;
    folios.get(pfn);
    folios.get(pfn);
    expect([folios.put(pfn), folios.put(pfn), folios.refcount(pfn), folios.usedFrames]).toEqual([false, true, 0, used]);
    expect(() => folios.put(pfn)).toThrow(expect.objectContaining({ code: "FOLIO_NOT_REFERENCED" }));
    expect(folios.tryGet(pfn)).toBe(false);
    folios.addRmap(pfn);
    expect(folios.mapcount(pfn)).toBe(1);
    expect(folios.allocate(0)).toBe(NO_FRAME);
  });
});

test("pages in two chunks are copied and compared like any others", () => {
  const folios = new Folios(reservedColumns({ chunkBytes: 2 ** 16 }), { frameCount: 32 });
  folios.store8(15, 4095, 3);
  folios.copy(16, 15);
  expect([folios.load8(16, 4095), folios.equal(15, 16), folios.compare(15, 16)]).toEqual([3, true, 0]);
  folios.store8(16, 0, 1);
  expect([folios.equal(15, 16), folios.compare(15, 16), folios.compare(16, 15)]).toEqual([false, -1, 1]);
  const out = new Uint8Array(4);
  folios.readBytes(15, 4094, out, 0, 4);
  expect([...out]).toEqual([0, 3, 1, 0]);
  folios.writeBytes(15, 4095, Uint8Array.of(8, 9), 0, 2);
  expect([folios.load8(15, 4095), folios.load8(16, 0)]).toEqual([8, 9]);
  expect(() => folios.readBytes(31, 4095, out, 0, 2)).toThrow(expect.objectContaining({ code: "FOLIO_BAD_FRAME" }));
  expect(() => folios.writeBytes(31, 0, out, 3, 2)).toThrow(expect.objectContaining({ code: "FOLIO_BAD_FRAME" }));
});

test("options out of range are refused", () => {
  for (const bad of [{ frameCount: 0 }, { frameCount: 1.5 }, { frameCount: 2 ** 31 }, { deviceFrameCount: -1 }, { pageShift: 2 }, { maximumOrder: 16 }, { hugeZeroOrder: 11 }]) {
    expect(() => new Folios(new Slab(), { frameCount: 8, ...bad })).toThrow(expect.objectContaining({ code: "FOLIO_BAD_OPTION" }));
  }
  const pagesLargerThanChunks = (): Folios => new Folios(reservedColumns({ chunkBytes: 2 ** 16 }), { frameCount: 8, pageShift: 17 });
  expect(pagesLargerThanChunks).toThrow(expect.objectContaining({ code: "FOLIO_BAD_OPTION" }));
});

test("a machine of 8 frames to explore is small", () => {
  const slab = new Slab();
  new Folios(slab, { frameCount: 8, pageShift: 4 });
  expect(slab.words.length * 4).toBeLessThan(600);
});

test("a machine of 16 GiB touches host memory for the frames it uses only", () => {
  const before = process.memoryUsage().rss;
  const folios = new Folios(reservedColumns(), { frameCount: 2 ** 22 });
  for (let frame = 0; frame < 1000; frame++) folios.zero(folios.allocate(0));
  expect(folios.totalFrames * folios.pageSize).toBe(2 ** 34);
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
});
