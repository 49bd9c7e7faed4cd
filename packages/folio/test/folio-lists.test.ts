import { Slab } from "@zeropfn/state";
import { describe, expect, test } from "vitest";
import { FolioLists, Folios, PG_lru } from "../src/index.ts";

function world(): { folios: Folios; lists: FolioLists; order: (list: number) => number[] } {
  const slab = new Slab();
  const folios = new Folios(slab, { frameCount: 16, pageShift: 4 });
  const lists = new FolioLists(slab, folios, { listCount: 2 });
  const order = (list: number): number[] => {
    const forth: number[] = [], back: number[] = [];
    for (let pfn = lists.first(list); pfn !== 0; pfn = lists.next(pfn)) forth.push(pfn);
    for (let pfn = lists.last(list); pfn !== 0; pfn = lists.previous(pfn)) back.unshift(pfn);
    expect(back).toEqual(forth);
    expect(lists.size(list)).toBe(forth.length);
    return forth;
  };
  return { folios, lists, order };
}

describe("lists of folios", () => {
  test("keep the order in which folios came to either end", () => {
    const { folios, lists, order } = world();
    const [a, b, c, d] = [0, 0, 0, 0].map(() => folios.allocate(0)) as [number, number, number, number];
    lists.addFirst(0, a);
    lists.addFirst(0, b);
    lists.addLast(0, c);
    lists.addLast(1, d);
    expect([order(0), order(1)]).toEqual([[b, a, c], [d]]);
    lists.remove(0, a);
    expect([order(0), lists.isListed(a), lists.isListed(b), folios.testFlag(b, PG_lru)]).toEqual([[b, c], false, true, true]);
    lists.remove(0, b);
    lists.remove(0, c);
    expect(order(0)).toEqual([]);
  });

  test("hold a folio once, as long as it is in use, and give it out of its own list only", () => {
    const { folios, lists } = world();
    const [a, b] = [folios.allocate(0), folios.allocate(0)];
    lists.addFirst(0, a);
    expect(() => lists.addFirst(1, a)).toThrow(expect.objectContaining({ code: "FOLIO_BUSY" }));
    expect(() => lists.remove(1, a)).toThrow(expect.objectContaining({ code: "FOLIO_BAD_FRAME" }));
    expect(() => lists.remove(0, b)).toThrow(expect.objectContaining({ code: "FOLIO_BAD_FRAME" }));
    expect(() => folios.put(a)).toThrow(expect.objectContaining({ code: "FOLIO_BUSY" }));
    folios.put(b);
    expect(() => lists.addFirst(0, b)).toThrow(expect.objectContaining({ code: "FOLIO_BAD_FRAME" }));
    lists.remove(0, a);
    expect(folios.put(a)).toBe(true);
    folios.checkInvariants();
  });
});
