import { READ, WRITE } from "@zeropfn/units";
import { describe, expect, test } from "vitest";
import { movePages } from "../src/move-pages.ts";
import { VM_READ } from "../src/vm-flags.ts";
import { ZAP_EVEN_COWS } from "../src/zap.ts";
import { guardedWorld, only, stepsOf } from "./leaf-steps.ts";
import { PRIVATE, type World } from "./pages-world.ts";

/** A world whose blocks are 4 pages, all of which may be huge. */
function hugeWorld(): { world: World; touched: string[] } {
  const guarded = guardedWorld({ hugePages: true, frameCount: 64, tableCapacity: 32 });
  guarded.world.parts.thp.setMode(2);
  return guarded;
}
const huge = (world: World): number => world.parts.counters.rss(0, 1);

describe("between leaves no column is touched", () => {
  test("by faults on huge pages", () => {
    const { world, touched } = hugeWorld(), vma = world.anonymous(4, 20);
    stepsOf(() => world.faults.handle(0, 5, READ));
    stepsOf(() => world.faults.handle(0, 6, WRITE));
    stepsOf(() => world.faults.handle(0, 9, WRITE));
    stepsOf(() => world.faults.handle(0, 13, READ));
    world.folios.failAllocation(1);
    stepsOf(() => world.faults.handle(0, 13, WRITE));
    stepsOf(() => world.faults.handle(0, 13, WRITE));
    expect([touched, huge(world), world.letters(12, 16), vma]).toEqual([[], 9, "ZAZZ", 0]);
    world.check();
  });
  test("by what is done to huge pages", () => {
    const { world, touched } = hugeWorld(), vma = world.anonymous(4, 20), to = world.anonymous(40, 60), { parts } = world;
    for (const page of [4, 8, 12, 16]) world.write(page, page);
    const steps = stepsOf(() => {
      world.populate.area(vma, 4, 20);
      world.mlockPages.lock(vma, 4, 8);
      world.mlockPages.unlock(vma, 4, 8);
      world.protection.change(vma, 4, 8);
      world.coldPageout.cold(vma, 4, 8);
      world.lazyfree.free(vma, 4, 8);
      world.coldPageout.pageout(vma, 4, 8);
      world.lazyfree.free(vma, 8, 9);
      world.coldPageout.pageout(vma, 12, 16);
      world.huge.splitAt(vma, 17);
      world.guards.install(vma, 18, 19);
      world.guards.remove(vma, 18, 19);
      parts.vmas.mmapLock.lockShared(0);
      world.collapse.advise(vma, 12, 16);
      parts.vmas.mmapLock.unlockShared(0);
      movePages(parts, world.huge, vma, 12, to, 44, 8);
      movePages(parts, world.huge, to, 44, to, 53, 4); // not aligned
      world.zap.single(to, 40, 60, ZAP_EVEN_COWS);
      world.zap.single(vma, 4, 20, ZAP_EVEN_COWS);
    });
    expect([touched, steps.length > 100, world.folios.usedFrames]).toEqual([[], true, 0]);
  });
});

describe("the order of steps", () => {
  const TABLE = ["pte.lock", "pte.unlock", "pte.invalidate", "pte.getAndClear", "pte.populatePmd", "pte.withdrawTable", "tlb.flushRangeOn", "rmap.", "folios.put", "pte.freeTable"];
  test("of a split: no processor may use the leaf, or remember it, before its pages are counted one by one; the table comes last", () => {
    const { world } = hugeWorld(), vma = world.anonymous(4, 8);
    world.write(4, 1);
    expect(only(stepsOf(() => world.huge.split(vma, 5)), ...TABLE)).toEqual([
      "pte.lock", "pte.invalidate", "tlb.flushRangeOn", "rmap.splitLeaf", "pte.withdrawTable", "pte.populatePmd", "pte.unlock",
    ]);
  });
  test("of zapping a leaf: its frame is put behind the flush, its kept table is free at once", () => {
    const { world } = hugeWorld(), vma = world.anonymous(4, 8);
    world.write(4, 1);
    expect(only(stepsOf(() => world.zap.single(vma, 4, 8, ZAP_EVEN_COWS)), ...TABLE)).toEqual([
      "pte.lock", "pte.getAndClear", "rmap.removeLeaf", "pte.withdrawTable", "pte.freeTable", "pte.unlock", "tlb.flushRangeOn", "folios.put",
    ]);
  });
  test("of protecting a leaf: it is changed while no processor may set bits in it, and flushed behind the lock", () => {
    const { world } = hugeWorld(), vma = world.anonymous(4, 8);
    world.write(4, 1);
    world.parts.vmas.setFlags(vma, VM_READ);
    expect(only(stepsOf(() => world.protection.change(vma, 4, 8)), "pte.lock", "pte.unlock", "pte.invalidate", "pte.store", "tlb.flushRangeOn")).toEqual([
      "pte.lock", "pte.invalidate", "pte.store", "pte.unlock", "tlb.flushRangeOn",
    ]);
  });
  test("of a first write: the pages are zeroed before the leaf is there, and the entry is looked at again under the lock", () => {
    const { world } = hugeWorld();
    world.anonymous(4, 8, PRIVATE);
    expect(only(stepsOf(() => world.faults.handle(0, 4, WRITE)), "folios.allocate", "folios.zero", "pte.allocateTable", "pte.lock", "pte.load", "pte.depositTable", "rmap.", "pte.store", "pte.unlock")).toEqual([
      "folios.allocate", "folios.zero", "folios.zero", "folios.zero", "folios.zero", "pte.allocateTable", "pte.lock", "pte.load", "pte.depositTable", "rmap.addNewHuge", "pte.store", "pte.unlock",
    ]);
  });
});
