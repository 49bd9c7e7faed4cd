import { Folios, PG_anon_exclusive, PG_dirty, PG_mlocked } from "@zeropfn/folio";
import { reservedColumns } from "@zeropfn/state";
import { EAGAIN, ENOMEM } from "@zeropfn/units";
import { describe, expect, test } from "vitest";
import { HugeMappings } from "../src/huge-mappings.ts";
import { PageTables } from "../src/page-tables.ts";
import { Thp } from "../src/thp.ts";
import { VM_HUGEPAGE, VM_LOCKED, VM_NOHUGEPAGE } from "../src/vm-flags.ts";
import { Vmas } from "../src/vmas.ts";
import { ZAP_EVEN_COWS } from "../src/zap.ts";
import { PRIVATE, World } from "./pages-world.ts";

/** Blocks of 4 pages, all of which may be huge. */
function hugeWorld(): World {
  const world = new World({ hugePages: true, tableShift: 2, frameCount: 128 });
  world.parts.thp.setMode(2);
  return world;
}
/** An area of one block at page 4, which is one huge page whose first byte is 1. */
function oneHugePage(flags: number = PRIVATE): { world: World; vma: number; head: number } {
  const world = hugeWorld(), vma = world.anonymous(4, 8, flags);
  world.write(4, 1);
  const head = world.parts.tlbs.translate(0, 0, 4, 0);
  return { world, vma, head };
}

describe("splitting a leaf", () => {
  test("keeps bytes, rights, and whose the pages are; what was written is dirty; each entry has a reference", () => {
    const { world, vma, head } = oneHugePage(), { folios, parts: { hugeMappings } } = world;
    expect([folios.refcount(head), hugeMappings.mapcount(head), hugeMappings.leafCount(head), folios.testFlag(head, PG_dirty)]).toEqual([1, 1, 1, false]);
    world.huge.split(vma, 6);
    expect([folios.refcount(head), hugeMappings.mapcount(head), hugeMappings.leafCount(head), folios.testFlag(head, PG_dirty)]).toEqual([4, 4, 0, true]);
    expect(world.faultsOf(() => [world.write(7, 3), world.read(4), world.read(7)])).toBe(0);
    expect([4, 5, 6, 7].map((page) => [world.pfn(page) - head, folios.testFlag(world.pfn(page), PG_anon_exclusive)])).toEqual([[0, true], [1, true], [2, true], [3, true]]);
    world.check();
  });
  test("takes the table that was kept for it: it works where there is no room for another", () => {
    const world = new World({ hugePages: true, tableShift: 2, frameCount: 64, tableCapacity: 4 }), vma = world.anonymous(4, 8);
    world.parts.thp.setMode(2);
    world.write(4, 1);
    expect([world.parts.tables.tableCount, world.letters(4, 8)]).toEqual([3, "...."]);
    world.huge.split(vma, 4);
    expect([world.parts.tables.tableCount, world.letters(4, 8)]).toEqual([3, "AAAA"]);
    world.unmap(vma);
    world.check();
  });
  test("lets go of the lock that a locked area had on the whole page", () => {
    const { world, vma, head } = oneHugePage(PRIVATE | VM_LOCKED);
    expect(world.folios.testFlag(head, PG_mlocked)).toBe(true);
    world.huge.split(vma, 4);
    expect([world.folios.testFlag(head, PG_mlocked), world.counters.of("nr_mlock")]).toEqual([false, 0]);
    world.unmap(vma);
    world.check();
  });
});

test("locking what small entries map of a huge page counts once, if it is all of it; and ends with the first page that goes", () => {
  const { world, vma, head } = oneHugePage(), isLocked = (): boolean => world.folios.testFlag(head, PG_mlocked);
  world.huge.split(vma, 4);
  world.parts.vmas.setFlags(vma, PRIVATE | VM_LOCKED);
  world.mlockPages.lock(vma, 4, 7);
  const seen = [isLocked()];
  world.mlockPages.lock(vma, 4, 8);
  seen.push(isLocked());
  world.zap.single(vma, 6, 7, ZAP_EVEN_COWS);
  seen.push(isLocked());
  world.mlockPages.lock(vma, 4, 8); // not whole any more
  expect([...seen, isLocked()]).toEqual([false, true, false, false]);
});

describe("splitting a folio", () => {
  test("leaves no processor a way to a page for which the zero page stands now", () => {
    const { world, vma } = oneHugePage();
    world.huge.split(vma, 4);
    expect([5, 6, 7].map((page) => world.read(page))).toEqual([0, 0, 0]); // remembered
    world.lazyfree.free(vma, 4, 5);
    expect([world.letters(4, 8), world.folios.usedFrames]).toEqual(["AZZZ", 1]);
    world.check();
  });
  test("is refused, and changes nothing, while somebody holds a page of it", () => {
    const { world, vma, head } = oneHugePage();
    world.folios.get(head);
    world.lazyfree.free(vma, 4, 5);
    expect([world.folios.order(head), world.parts.hugeMappings.leafCount(head), world.counters.of("thp_split_page_failed"), world.read(4)]).toEqual([2, 1, 1, 1]);
    world.folios.put(head);
    world.check();
  });
  test("keeps what children share: each sees its bytes, and who writes copies", () => {
    const { world, vma, head } = oneHugePage();
    world.write(5, 2);
    world.huge.split(vma, 4);
    world.fork(vma, 1);
    // As fork does, whose stand-in in this world knows no huge pages.
    world.parts.hugeMappings.add(head, 1, 4);
    world.folios.lock(head);
    world.folios.get(head);
    expect(world.splits.split(head)).toBe(true);
    world.folios.unlock(head);
    world.folios.put(head);
    expect([world.letters(4, 8), world.letters(4, 8, 1), world.write(5, 9), world.read(5, 0, 1), world.read(4, 0, 1)]).toEqual(["AAZZ", "AAZZ", 0, 2, 1]);
    world.check();
  });
});

describe("collapse", () => {
  /** Small pages of a block, and frames that hold bytes of others before. */
  function smallPages(): { world: World; vma: number; collapse: () => number } {
    const world = hugeWorld(), vma = world.anonymous(4, 8), { folios, parts: { thp, vmas } } = world, used = [0, 0, 0, 0, 0].map(() => folios.allocate(2));
    for (const head of used) {
      for (let pfn = head; pfn < head + 4; pfn++) folios.store8(pfn, 0, 99);
      folios.put(head);
    }
    thp.setMode(0);
    world.write(5, 1);
    world.read(6);
    thp.setMode(2);
    const collapse = (): number => {
      vmas.mmapLock.lockShared(0);
      const result = world.collapse.advise(vma, 4, 8);
      vmas.mmapLock.unlockShared(0);
      return result;
    };
    return { world, vma, collapse };
  }
  test("copies what was written, and zeroes the rest", () => {
    const { world, collapse } = smallPages();
    expect([collapse(), [4, 5, 6, 7].map((page) => world.read(page)), world.rss(), world.folios.usedFrames]).toEqual([0, [0, 1, 0, 0], 4, 4]);
    world.check();
  });
  test("leaves pages alone that somebody holds, and is to be tried again", () => {
    const { world, collapse } = smallPages(), pfn = world.pfn(5);
    world.folios.get(pfn);
    expect([collapse(), world.letters(4, 8), world.pfn(5)]).toEqual([-EAGAIN, ".AZ.", pfn]);
    world.folios.put(pfn);
    world.folios.lock(pfn);
    expect(collapse()).toBe(-EAGAIN);
    world.folios.unlock(pfn);
    expect(collapse()).toBe(0);
    world.check();
  });
  test("is out of memory where there is no huge page to be had", () => {
    const { world, collapse } = smallPages();
    world.folios.failAllocation(1);
    expect([collapse(), world.letters(4, 8)]).toEqual([-ENOMEM, ".AZ."]);
    world.check();
  });
});

describe("who maps a huge page", () => {
  function mappings(): HugeMappings {
    const columns = reservedColumns(), folios = new Folios(columns, { frameCount: 64, hugeZeroOrder: 2 });
    const tables = new PageTables(columns, { mmCapacity: 4, tableCapacity: 4, tableShift: 2, levels: 2 }), vmas = new Vmas(columns, { mmCapacity: 4, vmaCapacity: 1, mappingCapacity: 0 });
    return new HugeMappings(columns, folios, new Thp(columns, folios, tables, vmas, true));
  }
  test("is told from the counts of its pages: two halves by two, all of it by one", () => {
    const huge = mappings(), seen: unknown[] = [];
    for (const [mm, count] of [[0, 2], [1, 2], [1, -2], [0, 2]] as const) {
      if (count > 0) huge.add(8, mm, count);
      else huge.remove(8, mm, -count);
      seen.push([huge.mapcount(8), huge.isShared(8)]);
    }
    expect(seen).toEqual([[2, false], [4, true], [2, false], [4, false]]);
  });
  test("of three that came one after another the last alone still counts as sharing, until it is gone", () => {
    const huge = mappings();
    for (const mm of [0, 1, 2]) huge.add(8, mm, 4);
    huge.remove(8, 0, 4);
    expect(huge.isShared(8)).toBe(true);
    huge.remove(8, 1, 4);
    expect([huge.mapcount(8), huge.isShared(8)]).toEqual([4, true]); // 2 had no place, and is not known
    huge.remove(8, 2, 4);
    huge.add(8, 3, 4);
    expect([huge.mapcount(8), huge.isShared(8)]).toEqual([4, false]);
  });
});

describe("where a huge page may come", () => {
  test.each([
    ["never", 0, 0, false, true], ["never, advised", 0, VM_HUGEPAGE, false, true], ["madvise", 1, 0, false, true], ["madvise, advised", 1, VM_HUGEPAGE, true, true],
    ["always", 2, 0, true, true], ["always, advised against", 2, VM_NOHUGEPAGE, false, false],
  ])("by mode %s: a fault, and collapse where something was written", (_, mode, flags, byFault, byCollapse) => {
    const world = hugeWorld(), vma = world.anonymous(4, 8, PRIVATE | flags), { thp, anonVmas } = world.parts;
    thp.setMode(mode as 0 | 1 | 2);
    expect([thp.allowsFault(vma), thp.isEligible(vma), thp.allowsCollapse(vma)]).toEqual([byFault, byFault, false]);
    anonVmas.prepare(vma);
    expect(thp.allowsCollapse(vma)).toBe(byCollapse);
  });
  test("only a block that lies wholly in the area", () => {
    const world = hugeWorld(), { thp } = world.parts, vma = world.anonymous(5, 15), none = world.anonymous(17, 23);
    expect([5, 7, 8, 11, 12, 14].map((page) => thp.fits(vma, page))).toEqual([false, false, true, true, false, false]);
    expect([thp.isEligible(vma), thp.isEligible(none)]).toEqual([true, false]);
  });
  test("where all of a table's pages were zapped by advice, and nobody else is at work", () => {
    const world = hugeWorld(), vma = world.anonymous(4, 8), { parts: { thp, vmas, tables } } = world, lock = vmas.mmapLock, reclaim = ZAP_EVEN_COWS | 4;
    thp.setMode(0);
    world.write(4, 1);
    const before = tables.tableCount;
    lock.lockShared(0);
    lock.lockShared(0);
    world.zap.single(vma, 4, 8, reclaim);
    expect(tables.tableCount).toBe(before);
    lock.unlockShared(0);
    world.zap.single(vma, 4, 8, reclaim);
    lock.unlockShared(0);
    expect(tables.tableCount).toBe(before - 1);
  });
});
