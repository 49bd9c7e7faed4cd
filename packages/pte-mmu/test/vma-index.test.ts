import { reservedColumns, Slab } from "@zeropfn/state";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_VMA, VmaIndex } from "../src/vma-index.ts";

interface Area {
  readonly vma: number;
  first: number;
  end: number;
}

/** An index beside what it should say: for each address space a plain array of areas in order. */
class Pair {
  readonly firstPage: Float64Array;
  readonly endPage: Float64Array;
  readonly index: VmaIndex;
  readonly areas: Area[][];
  readonly free: number[];
  constructor(mmCapacity: number, vmaCapacity: number, nodeShift: number, columns: Slab | undefined = undefined) {
    this.firstPage = new Float64Array(vmaCapacity);
    this.endPage = new Float64Array(vmaCapacity);
    const { firstPage, endPage } = this;
    this.index = new VmaIndex(columns ?? reservedColumns(), { mmCapacity, vmaCapacity, firstPage, endPage, nodeShift });
    this.areas = Array.from({ length: mmCapacity }, () => []);
    this.free = Array.from({ length: vmaCapacity }, (_, vma) => vma);
  }

  write(area: Area): void {
    this.firstPage[area.vma] = area.first;
    this.endPage[area.vma] = area.end;
  }
  /** False if the pages are not free, or no row is. */
  add(mm: number, first: number, end: number, nth: number = 0): boolean {
    const areas = this.areas[mm]!;
    if (this.free.length === 0 || areas.some((area) => area.first < end && first < area.end)) return false;
    const area: Area = { vma: this.free.splice(nth % this.free.length, 1)[0]!, first, end };
    this.write(area);
    areas.push(area);
    areas.sort((a, b) => a.first - b.first);
    this.index.insert(mm, area.vma);
    return true;
  }
  remove(mm: number, nth: number): void {
    const areas = this.areas[mm]!;
    if (areas.length === 0) return;
    const [{ vma }] = areas.splice(nth % areas.length, 1) as [Area];
    this.index.erase(mm, vma);
    this.free.push(vma);
  }
  /** Moves both ends of an area, as far as its neighbours and its being not empty allow. */
  move(mm: number, nth: number, first: number, end: number): void {
    const areas = this.areas[mm]!;
    if (areas.length === 0) return;
    const at = nth % areas.length, area = areas[at]!, low = areas[at - 1]?.end ?? 0, high = areas[at + 1]?.first ?? Infinity;
    area.first = Math.min(Math.max(area.first + first, low), area.end - 1);
    area.end = Math.max(Math.min(area.end + end, high), area.first + 1);
    this.write(area);
    this.index.changed(area.vma);
  }

  find(mm: number, page: number): number {
    return this.areas[mm]!.find((area) => area.end > page)?.vma ?? NO_VMA;
  }
  gap(mm: number, count: number, low: number, high: number): number {
    const areas = this.areas[mm]!, bounds = [{ first: -1, end: 0 }, ...areas, { first: Infinity, end: Infinity }];
    for (let nth = bounds.length - 1; nth > 0; nth--) {
      const end = Math.min(high, bounds[nth]!.first);
      if (end - count >= Math.max(low, bounds[nth - 1]!.end)) return end - count;
    }
    return -1;
  }
  expectAgreement(): void {
    this.index.checkInvariants();
    for (const [mm, areas] of this.areas.entries()) {
      const found: number[] = [];
      for (let vma = this.index.first(mm); vma !== NO_VMA; vma = this.index.next(vma)) found.push(vma);
      expect(found).toEqual(areas.map(({ vma }) => vma));
      const back: number[] = [];
      for (let vma = this.index.last(mm); vma !== NO_VMA; vma = this.index.previous(vma)) back.push(vma);
      expect(back).toEqual(found.reverse());
      expect(this.index.count(mm)).toBe(areas.length);
    }
  }
}

const HIGH = 2 ** 40; // beyond what 32 bits hold
const PAGES = 120;

const page = fc.nat(PAGES);
const step = fc.record({
  mm: fc.nat(1),
  kind: fc.constantFrom("add", "add", "add", "remove", "move"),
  nth: fc.nat(1000),
  first: page,
  count: fc.integer({ min: 1, max: 4 }),
  down: fc.integer({ min: -3, max: 3 }),
  up: fc.integer({ min: -3, max: 3 }),
  asked: page,
  other: page,
});

describe("areas in order", () => {
  for (const [nodeShift, vmaCapacity] of [
    [2, 60],
    [3, 80],
    [5, 30],
  ] as const) {
    test(`answer as plain arrays do after every step, with up to ${2 ** nodeShift} slots in a node`, () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 250, size: "max" }), fc.constantFrom(0, HIGH), (steps, base) => {
          const pair = new Pair(2, vmaCapacity, nodeShift);
          for (const { mm, kind, nth, first, count, down, up, asked, other } of steps) {
            if (kind === "remove") pair.remove(mm, nth);
            else if (kind === "move") pair.move(mm, nth, down, up);
            else pair.add(mm, base + first, base + first + count, nth);
            pair.expectAgreement();
            const low = base + Math.min(asked, other), high = base + Math.max(asked, other);
            for (const space of [0, 1]) {
              for (const at of [low, high, 0, base + PAGES + 9]) expect(pair.index.find(space, at), `find ${at}`).toBe(pair.find(space, at));
              for (const size of [1, 2, count, 9, high - low]) {
                if (size > 0) expect(pair.index.findGapBelow(space, size, low, high), `gap of ${size} in ${low} to ${high}`).toBe(pair.gap(space, size, low, high));
              }
            }
          }
        }),
        { numRuns: 60 },
      );
    });
  }

  test("fill and empty trees of several levels, from either end or from the middle", () => {
    const count = 300;
    for (const order of ["up", "down", "middle"] as const) {
      for (const takenFirst of [0, -1, 7919]) {
        const pair = new Pair(1, count, 2);
        for (let nth = 0; nth < count; nth++) {
          const place = order === "up" ? nth : order === "down" ? count - nth : (nth * 7) % count;
          pair.add(0, HIGH + place * 10, HIGH + place * 10 + 3);
          pair.index.checkInvariants();
        }
        pair.expectAgreement();
        expect(pair.free).toEqual([]);
        for (let left = count; left > 0; left--) {
          pair.remove(0, takenFirst < 0 ? left - 1 : takenFirst);
          pair.index.checkInvariants();
          expect(pair.index.findGapBelow(0, 8, HIGH, HIGH + count * 10)).toBe(pair.gap(0, 8, HIGH, HIGH + count * 10));
        }
        pair.expectAgreement();
      }
    }
  });

  test("of an address space without any are not found, and all of it is a gap", () => {
    const { index } = new Pair(2, 4, 5);
    expect([index.find(1, 0), index.first(1), index.last(1), index.count(1)]).toEqual([NO_VMA, NO_VMA, NO_VMA, 0]);
    expect(index.findGapBelow(1, 10, 5, 15)).toBe(5);
    expect(index.findGapBelow(1, 11, 5, 15)).toBe(-1);
  });
  test("are found by their last page, by the gap below them, and not by the page after them", () => {
    const pair = new Pair(1, 4, 5);
    pair.add(0, HIGH + 10, HIGH + 12);
    expect([0, HIGH + 9, HIGH + 11, HIGH + 12].map((at) => pair.index.find(0, at))).toEqual([0, 0, 0, NO_VMA]);
  });
  test("that shrank or went are not found where they were last found", () => {
    const pair = new Pair(2, 4, 5);
    pair.add(0, 10, 14);
    pair.add(0, 20, 24);
    expect(pair.index.find(0, 13)).toBe(0);
    pair.move(0, 0, 0, -2);
    expect(pair.index.find(0, 13)).toBe(1);
    expect(pair.index.find(0, 11)).toBe(0);
    pair.remove(0, 0);
    pair.free.reverse();
    pair.add(1, 11, 12); // the same row, in another address space
    expect(pair.index.find(0, 11)).toBe(1);
  });
  test("leave a gap only where it fits between the bounds", () => {
    const pair = new Pair(1, 4, 5);
    pair.add(0, 10, 20);
    pair.add(0, 30, 40);
    const gap = (count: number, low: number, high: number): number => pair.index.findGapBelow(0, count, low, high);
    expect([gap(5, 0, 45), gap(6, 0, 45)]).toEqual([40, 24]);
    expect([gap(5, 0, 35), gap(5, 0, 30), gap(5, 0, 25), gap(5, 0, 24)]).toEqual([25, 25, 20, 5]);
    expect([gap(5, 25, 45), gap(6, 25, 45), gap(5, 26, 44)]).toEqual([40, -1, -1]);
    expect([gap(10, 0, 40), gap(11, 0, 40), gap(10, 1, 20)]).toEqual([20, -1, -1]);
  });
  test("of a machine of two take few bytes of state, and none once they are gone", () => {
    const slab = new Slab(), pair = new Pair(1, 2, 5, slab), empty = slab.newSnapshot();
    slab.save(empty);
    expect(slab.sizeBytes + slab.derivedBytes).toBeLessThanOrEqual(100);
    pair.add(0, 3, 5);
    pair.add(0, 1, 2);
    pair.expectAgreement();
    pair.remove(0, 0);
    pair.remove(0, 0);
    expect(slab.changesSince(empty)).toEqual([]);
  });
  test("that fit one node leave the same state whatever happened before", () => {
    const slabs = [new Slab(), new Slab()] as const, [a, b] = slabs.map((slab) => new Pair(2, 3, 5, slab)) as [Pair, Pair];
    a.add(0, 5, 6);
    a.add(0, 1, 2);
    b.add(1, 9, 10);
    b.remove(1, 0);
    b.free.sort();
    b.add(0, 5, 6);
    b.add(0, 8, 9);
    b.remove(0, 1);
    b.free.sort();
    b.add(0, 1, 2);
    const then = slabs[0].newSnapshot();
    slabs[0].save(then);
    expect(slabs[1].changesSince(then)).toEqual([]);
  });
  test("may be none, but no more than a place in a node can be counted for", () => {
    expect(new Pair(1, 0, 5).index.find(0, 0)).toBe(NO_VMA);
    expect(() => new Pair(1, 4, 1)).toThrow("PTE_MMU_BAD_OPTION");
    expect(() => new Pair(1, 4, 8)).toThrow("PTE_MMU_BAD_OPTION");
    const pages = new Float64Array(0);
    expect(() => new VmaIndex(reservedColumns(), { mmCapacity: 1, vmaCapacity: 2 ** 26, firstPage: pages, endPage: pages })).toThrow("PTE_MMU_BAD_OPTION");
  });
});
