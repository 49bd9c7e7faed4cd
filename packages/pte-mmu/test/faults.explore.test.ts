import { READ, WRITE } from "@zeropfn/units";
import { describe, expect, test } from "vitest";
import { movePages } from "../src/move-pages.ts";
import { VM_LOCKED, VM_READ } from "../src/vm-flags.ts";
import { ZAP_EVEN_COWS } from "../src/zap.ts";
import { guardedWorld, only, stepsOf } from "./leaf-steps.ts";
import { PRIVATE, SHARED } from "./pages-world.ts";

describe("between leaves no column is touched", () => {
  test("by faults of every kind", () => {
    const { world, touched } = guardedWorld(), vma = world.anonymous(4, 8), file = world.fileArea(8, 12, SHARED), own = world.fileArea(12, 16, PRIVATE | VM_LOCKED);
    for (const page of [5, 9, 13]) {
      stepsOf(() => world.faults.handle(0, page, READ));
      stepsOf(() => world.faults.handle(0, page, WRITE));
      stepsOf(() => world.faults.handle(0, page + 1, WRITE));
    }
    world.fork(vma, 1);
    stepsOf(() => world.faults.handle(0, 5, WRITE));
    stepsOf(() => world.faults.handle(1, 5, WRITE));
    expect([touched, world.letters(4, 16), file, own]).toEqual([[], ".AA..FD..AA.", 1, 2]);
  });
  test("by what is done to the pages of areas", () => {
    const { world, touched } = guardedWorld(), vma = world.anonymous(4, 8), file = world.fileArea(8, 12, SHARED), to = world.anonymous(20, 24);
    const steps = stepsOf(() => {
      world.populate.area(vma, 4, 8);
      world.populate.forAccess(file, 8, 12, WRITE);
      world.protection.change(vma, 4, 8);
      world.lazyfree.free(vma, 4, 8);
      world.coldPageout.cold(vma, 4, 8);
      world.coldPageout.pageout(file, 8, 12);
      world.mlockPages.lock(vma, 4, 5);
      world.mlockPages.unlock(vma, 4, 5);
      world.guards.install(vma, 7, 8);
      world.guards.remove(vma, 7, 8);
      movePages(world.parts, world.huge, vma, 4, to, 20, 4);
      world.zap.single(to, 20, 24, ZAP_EVEN_COWS);
      world.file.punch(0, 0, 4);
    });
    expect([touched, steps.length > 100]).toEqual([[], true]);
  });
});

describe("the order of steps", () => {
  test("of a copy: the old entry is gone and flushed before the new one is there; only then the old page counts as unmapped and is put", () => {
    const { world } = guardedWorld(), vma = world.anonymous(4, 8);
    world.write(5, 1);
    world.fork(vma, 1);
    const steps = stepsOf(() => world.faults.handle(0, 5, WRITE));
    expect(only(steps, "pte.getAndClear", "pte.store", "tlb.", "rmap.", "folios.put", "folios.copy", "folios.allocate", "pte.lock", "pte.unlock")).toEqual([
      "pte.lock", "pte.unlock", "folios.allocate", "folios.copy", "pte.lock",
      "pte.getAndClear", "tlb.flushPageOn", "rmap.addNewAnonymous", "pte.store", "rmap.remove", "pte.unlock", "folios.put", "folios.put",
    ]);
  });
  test("of zapping: no frame is put before the flush; a dirty page of a file counts as mapped until a flush under the lock", () => {
    const { world } = guardedWorld(), vma = world.anonymous(4, 6), file = world.fileArea(8, 10, SHARED);
    world.write(4, 1);
    world.write(8, 1);
    const interesting = ["pte.getAndClear", "tlb.flushRangeOn", "rmap.", "folios.put", "pte.lock", "pte.unlock"];
    expect(only(stepsOf(() => world.zap.single(vma, 4, 6, ZAP_EVEN_COWS)), ...interesting)).toEqual(["pte.lock", "pte.getAndClear", "rmap.remove", "pte.unlock", "tlb.flushRangeOn", "folios.put"]);
    expect(only(stepsOf(() => world.zap.single(file, 8, 10, ZAP_EVEN_COWS)), ...interesting)).toEqual(["pte.lock", "pte.getAndClear", "tlb.flushRangeOn", "rmap.remove", "pte.unlock", "folios.put"]);
  });
  test("of moving: both tables are locked until the old pages are flushed", () => {
    const { world } = guardedWorld(), vma = world.anonymous(4, 6), to = world.anonymous(8, 10);
    world.write(4, 1);
    const steps = stepsOf(() => movePages(world.parts, world.huge, vma, 4, to, 8, 2));
    expect(only(steps, "pte.lock", "pte.unlock", "pte.getAndClear", "pte.store", "tlb.flushRangeOn")).toEqual([
      "pte.lock", "pte.lock", "pte.getAndClear", "pte.store", "tlb.flushRangeOn", "pte.unlock", "pte.unlock",
    ]);
  });
  test("of protecting: the flush comes after the lock, and an entry is never changed while the hardware may set bits in it", () => {
    const { world } = guardedWorld(), vma = world.anonymous(4, 6);
    world.write(4, 1);
    world.parts.vmas.setFlags(vma, VM_READ);
    const steps = stepsOf(() => world.protection.change(vma, 4, 6));
    expect(only(steps, "pte.lock", "pte.unlock", "pte.getAndClear", "pte.store", "tlb.flushRangeOn")).toEqual(["pte.lock", "pte.getAndClear", "pte.store", "pte.unlock", "tlb.flushRangeOn"]);
  });
  test("of the first write: a page is zeroed before anybody can see it, and the entry is looked at again under the lock", () => {
    const { world } = guardedWorld();
    world.anonymous(4, 6);
    const steps = stepsOf(() => world.faults.handle(0, 4, WRITE));
    expect(only(steps, "folios.allocate", "folios.zero", "pte.lock", "pte.load", "rmap.", "pte.store", "pte.unlock")).toEqual([
      "folios.allocate", "folios.zero", "pte.lock", "pte.load", "rmap.addNewAnonymous", "pte.store", "pte.unlock",
    ]);
  });
});
