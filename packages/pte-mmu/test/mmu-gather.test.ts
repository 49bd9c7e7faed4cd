import { Folios } from "@zeropfn/folio";
import { reservedColumns } from "@zeropfn/state";
import { READ } from "@zeropfn/units";
import { beforeEach, describe, expect, test } from "vitest";
import { MmuGather } from "../src/mmu-gather.ts";
import { PageTables } from "../src/page-tables.ts";
import { PTE_PRESENT, pteOf, ptePfn } from "../src/pte.ts";
import { Tlbs } from "../src/tlbs.ts";

const PAGES = 8;
let folios: Folios;
let tables: PageTables;
let tlbs: Tlbs;
let gather: MmuGather;

beforeEach(() => {
  const columns = reservedColumns();
  folios = new Folios(columns, { frameCount: 32, pageShift: 3 });
  tables = new PageTables(columns, { mmCapacity: 2, tableCapacity: 8, tableShift: 9, levels: 2 });
  tlbs = new Tlbs(columns, tables, folios, { cpuCount: 2, tlbShift: 4 });
  gather = new MmuGather(tlbs, folios, 3);
  for (const mm of [0, 1]) for (let page = 0; page < PAGES; page++) tables.store(tables.createSlot(mm, page), pteOf(folios.allocate(0), PTE_PRESENT));
  for (const cpu of [0, 1]) for (const mm of [0, 1]) for (let page = 0; page < PAGES; page++) tlbs.translate(cpu, mm, page, READ);
});

const remembered = (mm: number): number[] => [...tlbs.entries()].filter((entry) => entry.mm === mm && entry.cpu === 1).map(({ page }) => page).sort();
/** Clears the entry as zapping does, and leaves flush and put to the gather. */
function remove(page: number): number {
  const pfn = ptePfn(tables.getAndClear(tables.slotOf(0, page)));
  gather.addPage(page);
  gather.addFrame(pfn);
  return pfn;
}

describe("gathering what was unmapped", () => {
  test("flushes no page and puts no frame until it is told to", () => {
    gather.begin(0);
    const pfn = remove(2);
    expect([remembered(0), folios.refcount(pfn), gather.owesFlush]).toEqual([[0, 1, 2, 3, 4, 5, 6, 7], 1, true]);
    gather.finish();
    expect([remembered(0), folios.refcount(pfn), gather.owesFlush]).toEqual([[0, 1, 3, 4, 5, 6, 7], 0, false]);
  });
  test("flushes the smallest range that holds all pages, of this address space alone", () => {
    gather.begin(0);
    gather.addPage(5);
    gather.addPage(3);
    gather.addPages(4, 5);
    gather.finish();
    expect([remembered(0), remembered(1)]).toEqual([[0, 1, 2, 6, 7], [0, 1, 2, 3, 4, 5, 6, 7]]);
  });
  test("puts a frame only when no processor reaches it any more", () => {
    gather.begin(0);
    const frames = [remove(0), remove(1)];
    const put = folios.put.bind(folios), seen: boolean[] = [];
    folios.put = (pfn: number): boolean => {
      seen.push([...tlbs.entries()].some((entry) => entry.pfn === pfn));
      return put(pfn);
    };
    gather.finish();
    expect([seen, frames.map((pfn) => folios.refcount(pfn))]).toEqual([[false, false], [0, 0]]);
  });
  test("flushes in between when it is full, and goes on with an empty range", () => {
    gather.begin(0);
    const frames = [remove(0), remove(1), remove(2)];
    expect(gather.isFull).toBe(true);
    gather.flush();
    expect([gather.isFull, gather.owesFlush, frames.map((pfn) => folios.refcount(pfn)), remembered(0)]).toEqual([false, false, [0, 0, 0], [3, 4, 5, 6, 7]]);
    remove(7);
    gather.finish();
    expect(remembered(0)).toEqual([3, 4, 5, 6]);
  });
  test("can flush without putting frames", () => {
    gather.begin(0);
    const pfn = remove(6);
    gather.flushTlbs();
    expect([remembered(0).includes(6), folios.refcount(pfn)]).toEqual([false, 1]);
    gather.finish();
    expect(folios.refcount(pfn)).toBe(0);
  });
  test("of a whole address space flushes all of it", () => {
    gather.beginWhole(0);
    remove(6);
    gather.finish();
    expect([remembered(0), remembered(1).length]).toEqual([[], PAGES]);
  });
  test("that begins anew knows nothing of one that was left in the middle", () => {
    gather.begin(1);
    gather.addPage(4);
    gather.addFrame(ptePfn(tables.load(tables.slotOf(1, 4))));
    gather.begin(0);
    gather.finish();
    expect([remembered(0).length, remembered(1).length, folios.refcount(ptePfn(tables.load(tables.slotOf(1, 4))))]).toEqual([PAGES, PAGES, 1]);
  });
  test("has room for at least one frame", () => {
    expect(() => new MmuGather(tlbs, folios, 0)).toThrow("PTE_MMU_BAD_OPTION: frameCapacity");
  });
});
