import { describe, expect, test } from "vitest";
import { BUSY, MAX_ID, NULL_ENTRY, XA_FLAGS_ALLOC, XA_FLAGS_ALLOC1, XArray } from "../../src/index.ts";
import { at, expectEmpty } from "./entries.ts";

describe.each([[0, XA_FLAGS_ALLOC], [1, XA_FLAGS_ALLOC1]])("Ids from %d on", (base, flags) => {
  const make = (): XArray => new XArray({ flags });

  test("the first, and again when it was erased", () => {
    const xa = make();
    expect(xa.alloc(at(base))).toBe(base);
    xa.erase(base);
    expectEmpty(xa);
    expect(xa.alloc(at(base))).toBe(base);
    xa.clear();
    expectEmpty(xa);
    expect(xa.alloc(at(base))).toBe(base);
    xa.erase(base);
  });

  test("what is stored is used: the next id lies beside it", () => {
    const xa = make();
    xa.store(base, at(base));
    expect(xa.alloc(at(base + 1))).toBe(base + 1);
    for (let i = base + 2; i < 5000; i++) expect(xa.alloc(at(i))).toBe(i);
    xa.checkInvariants();
    for (let i = base; i < 5000; i++) xa.erase(i);
    expectEmpty(xa);
  });

  test("at the largest of all, then none; and none where the limits are inverted", () => {
    const xa = make();
    expect(xa.alloc(at(1), MAX_ID - 1, MAX_ID)).toBe(MAX_ID - 1);
    expect(xa.alloc(at(2), MAX_ID - 1, MAX_ID)).toBe(MAX_ID);
    expect(xa.alloc(at(3), MAX_ID - 1, MAX_ID)).toBe(BUSY);
    expect(xa.alloc(at(3), 10, 5)).toBe(BUSY);
    xa.erase(MAX_ID);
    xa.erase(MAX_ID - 1);
    expectEmpty(xa);
  });

  test("for nothing: the id stays taken, also when NULL is stored, until it is erased", () => {
    const xa = make();
    expect(xa.alloc(NULL_ENTRY)).toBe(base);
    expect(xa.isEmpty()).toBe(false);
    expect(xa.load(base)).toBe(NULL_ENTRY);
    expect(xa.erase(base)).toBe(NULL_ENTRY);
    xa.clear();
    for (let i = base; i < base + 100; i++) expect(xa.alloc(NULL_ENTRY)).toBe(i);
    expect(xa.store(base + 5, at(1))).toBe(NULL_ENTRY);
    expect(xa.store(base + 5, NULL_ENTRY)).toBe(at(1));
    expect(xa.alloc(at(2))).toBe(base + 100);
    xa.erase(base + 5);
    expect(xa.alloc(at(2))).toBe(base + 5);
    xa.checkInvariants();
    xa.clear();
    expectEmpty(xa);
  });

  test("in turn: from next on, around the limit, and around the largest of all", () => {
    const xa = make();
    let next = 0;
    const take = (min: number, max: number): number => {
      const id = xa.allocCyclic(at(1), min, max, next);
      if (id >= 0) next = (id + 1) % 2 ** 32;
      return id;
    };
    expect(take(base, MAX_ID)).toBe(base);
    next = 0x3ffd;
    expect([take(base, 0x3fff), xa.wrapped]).toEqual([0x3ffd, false]);
    xa.erase(0x3ffd);
    xa.erase(base);
    xa.clear();
    next = 0x3ffe;
    for (let i = 0x3ffe; i < 0x4003; i++) {
      const expected = i < 0x4000 ? i : i - 0x4000 + base;
      expect([take(base, 0x3fff), xa.wrapped]).toEqual([expected, i === 0x4000]);
    }
    xa.clear();
    next = MAX_ID;
    expect([take(base, MAX_ID), xa.wrapped, next]).toEqual([MAX_ID, false, 0]);
    expect([take(base, MAX_ID), xa.wrapped]).toEqual([base, true]);
    expect([take(base, MAX_ID), xa.wrapped]).toEqual([base + 1, false]);
    xa.clear();
    expectEmpty(xa);
  });
});
