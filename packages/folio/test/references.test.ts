import { Counters, Slab } from "@zeropfn/state";
import { describe, expect, test } from "vitest";
import { Folios, type FolioErrorCode, GUP_PIN_COUNTING_BIAS, NO_FRAME, PG_dirty, PG_locked, PG_lru, PG_writeback } from "../src/index.ts";

/** A machine, and a check that a call throws `code` and changes no column. */
function world(): { folios: Folios; refuses: (call: (folios: Folios) => unknown, code: FolioErrorCode) => void } {
  const slab = new Slab();
  const folios = new Folios(slab, { frameCount: 16, deviceFrameCount: 2, pageShift: 4, maximumOrder: 3 });
  return {
    folios,
    refuses(call, code) {
      const before = slab.newSnapshot();
      slab.save(before);
      expect(() => call(folios)).toThrow(expect.objectContaining({ name: "FolioError", code }));
      expect(slab.changesSince(before)).toEqual([]);
    },
  };
}

describe("references", () => {
  test("cannot be put twice, taken on a free folio, or named by a frame that is not there", () => {
    const { folios, refuses } = world();
    const pfn = folios.allocate(0);
    folios.put(pfn);
    refuses(() => folios.put(pfn), "FOLIO_NOT_REFERENCED");
    refuses(() => folios.get(pfn), "FOLIO_NOT_REFERENCED");
    refuses(() => folios.free(pfn), "FOLIO_NOT_REFERENCED");
    refuses(() => folios.pin(pfn), "FOLIO_NOT_REFERENCED");
    for (const bad of [-1, 18, 2 ** 32, 1.5, Number.NaN, NO_FRAME]) {
      refuses(() => folios.get(bad), "FOLIO_BAD_FRAME");
      refuses(() => folios.put(bad), "FOLIO_BAD_FRAME");
      refuses(() => folios.tryGet(bad), "FOLIO_BAD_FRAME");
      refuses(() => folios.free(bad), "FOLIO_BAD_FRAME");
    }
  });

  test("of a folio that is mapped, locked, listed or written back: the last one stays", () => {
    const { folios, refuses } = world();
    const pfn = folios.allocate(1);
    folios.addRmap(pfn + 1);
    refuses(() => folios.put(pfn), "FOLIO_BUSY");
    folios.get(pfn);
    expect(folios.put(pfn)).toBe(false);
    folios.removeRmap(pfn + 1);
    for (const flag of [PG_locked, PG_lru, PG_writeback]) {
      folios.setFlag(pfn, flag);
      refuses(() => folios.put(pfn), "FOLIO_BUSY");
      folios.clearFlag(pfn, flag);
    }
    folios.setFlag(pfn, PG_dirty); // dirty data may be thrown away
    expect(folios.put(pfn)).toBe(true);
    expect(folios.testFlag(folios.allocate(1), PG_dirty)).toBe(false);
  });

  test("are taken by tryGet only where there are some", () => {
    const { folios } = world();
    const pfn = folios.allocate(0);
    expect([folios.tryGet(pfn), folios.refcount(pfn)]).toEqual([true, 2]);
    folios.put(pfn);
    folios.put(pfn);
    expect([folios.tryGet(pfn), folios.refcount(pfn), folios.usedFrames]).toEqual([false, 0, 0]);
  });

  test("freeze only if they are exactly as many as expected, and then nobody gets the folio", () => {
    const { folios, refuses } = world();
    const pfn = folios.allocate(0);
    folios.get(pfn);
    expect([folios.freeze(pfn, 1), folios.freeze(pfn, 3), folios.refcount(pfn)]).toEqual([false, false, 2]);
    expect(folios.freeze(pfn, 2)).toBe(true);
    expect([folios.refcount(pfn), folios.tryGet(pfn), folios.pin(pfn), folios.usedFrames]).toEqual([0, false, false, 1]);
    refuses(() => folios.get(pfn), "FOLIO_NOT_REFERENCED");
    refuses(() => folios.put(pfn), "FOLIO_NOT_REFERENCED");
    folios.unfreeze(pfn, 2);
    expect([folios.refcount(pfn), folios.tryGet(pfn)]).toEqual([2, true]);
    refuses(() => folios.unfreeze(pfn, 1), "FOLIO_BAD_FRAME");
  });

  test("a frozen folio is freed by who froze it", () => {
    const { folios, refuses } = world();
    const pfn = folios.allocate(2);
    refuses(() => folios.free(pfn), "FOLIO_BAD_FRAME");
    folios.freeze(pfn, 1);
    folios.free(pfn);
    expect([folios.usedFrames, folios.freeFrames]).toEqual([0, 15]);
    folios.checkInvariants();
  });

  test("orders out of range are refused", () => {
    const { folios, refuses } = world();
    for (const order of [-1, 4, 0.5, 32, Number.NaN]) refuses(() => folios.allocate(order), "FOLIO_BAD_ORDER");
    const pfn = folios.allocate(1);
    for (const order of [-1, 1, 0.5]) refuses(() => folios.split(pfn, order), "FOLIO_BAD_ORDER");
  });
});

describe("pins", () => {
  test("add the bias to a folio of one frame, and one to a larger one", () => {
    const { folios } = world();
    const small = folios.allocate(0), large = folios.allocate(2);
    expect([folios.pin(small), folios.pin(large + 3), folios.pin(large)]).toEqual([true, true, true]);
    expect([folios.refcount(small), folios.pincount(small)]).toEqual([1 + GUP_PIN_COUNTING_BIAS, 1]);
    expect([folios.refcount(large), folios.pincount(large + 1)]).toEqual([3, 2]);
    expect([folios.maybeDmaPinned(small), folios.maybeDmaPinned(large + 2)]).toEqual([true, true]);
    for (const pfn of [small, large, large + 3]) folios.unpin(pfn);
    expect([folios.maybeDmaPinned(small), folios.maybeDmaPinned(large), folios.refcount(small), folios.refcount(large)]).toEqual([false, false, 1, 1]);
  });

  test("are seen where there are none if a folio of one frame has very many references", () => {
    const { folios } = world();
    const pfn = folios.allocate(0);
    for (let reference = 1; reference < GUP_PIN_COUNTING_BIAS; reference++) folios.get(pfn);
    expect([folios.maybeDmaPinned(pfn), folios.pincount(pfn)]).toEqual([true, 0]);
  });

  test("keep a folio allocated, and their references cannot be put", () => {
    const { folios, refuses } = world();
    for (const order of [0, 1]) {
      const pfn = folios.allocate(order);
      folios.pin(pfn);
      expect(folios.put(pfn)).toBe(false);
      refuses(() => folios.put(pfn), "FOLIO_PINNED");
      expect(folios.usedFrames).toBe(2 ** order);
      expect(folios.unpin(pfn)).toBe(true);
      expect(folios.usedFrames).toBe(0);
      refuses(() => folios.unpin(pfn), "FOLIO_NOT_REFERENCED");
    }
    const pfn = folios.allocate(0);
    refuses(() => folios.unpin(pfn), "FOLIO_NOT_PINNED");
    folios.pin(pfn);
    folios.put(pfn);
    folios.addRmap(pfn);
    refuses(() => folios.unpin(pfn), "FOLIO_BUSY"); // the pin holds the last references
  });
});

test("the tracer is told of frames by the names of /proc/vmstat", () => {
  const slab = new Slab();
  const counters = new Counters(slab);
  const folios = new Folios(slab, { frameCount: 16, pageShift: 4, maximumOrder: 3, hugeZeroOrder: 2, tracer: counters });
  folios.put(folios.allocate(2));
  folios.allocate(0);
  expect([counters.of("pgalloc_normal"), counters.of("pgfree")]).toEqual([5, 4]);
  folios.hugeZeroFrame();
  folios.hugeZeroFrame();
  expect([counters.of("thp_zero_page_alloc"), counters.of("thp_zero_page_alloc_failed")]).toEqual([1, 0]);
});
