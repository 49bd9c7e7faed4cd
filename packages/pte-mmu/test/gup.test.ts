import { PG_active, PG_anon_exclusive, PG_dirty, PG_referenced, ZERO_PFN } from "@zeropfn/folio";
import { reservedColumns } from "@zeropfn/state";
import { EFAULT, ENOMEM, EOPNOTSUPP } from "@zeropfn/units";
import { beforeEach, describe, expect, test } from "vitest";
import { CopyPages } from "../src/copy-pages.ts";
import { Gup } from "../src/gup.ts";
import { FOLL_FORCE, FOLL_GET, FOLL_LONGTERM, FOLL_PIN, FOLL_WRITE, type GupFlags } from "../src/gup-flags.ts";
import { MmPins } from "../src/mm-pins.ts";
import { pteIsWritable, pteWithSpecial } from "../src/pte.ts";
import { VM_IO, VM_MAYREAD, VM_MAYWRITE, VM_READ, VM_WRITE } from "../src/vm-flags.ts";
import { PRIVATE, SHARED, World } from "./pages-world.ts";

const TASK_PAGES = 256;
const READ_ONLY = PRIVATE & ~VM_WRITE, NO_ACCESS = VM_MAYREAD | VM_MAYWRITE;

let world: World;
let pins: MmPins;
let gup: Gup;
const out = new Uint32Array(16);
/** Frames that a call gave. */
const taken = (count: number): number[] => Array.from(out.subarray(0, count));
/** Faults that were handled, whoever caused them. */
const faults = (): number => world.counters.of("pgfault");

beforeEach(() => {
  world = new World();
  pins = new MmPins(reservedColumns(), 3);
  gup = new Gup(world.parts, world.faults, pins, TASK_PAGES);
});

describe("pages that are there", () => {
  test("are had without a fault and without a lock, with a reference each, and count as used", () => {
    world.anonymous(8, 12);
    for (const page of [8, 9, 10]) world.write(page, page);
    const before = faults();
    expect(gup.fast(0, 8, 3, FOLL_GET | FOLL_WRITE, out)).toBe(3);
    expect([taken(3), faults() - before]).toEqual([[8, 9, 10].map((page) => world.pfn(page)), 0]);
    expect(taken(3).map((pfn) => [world.folios.refcount(pfn), world.folios.testFlag(pfn, PG_referenced)])).toEqual([[2, true], [2, true], [2, true]]);
    for (const pfn of taken(3)) gup.release(pfn, FOLL_GET);
    expect(taken(3).map((pfn) => world.folios.refcount(pfn))).toEqual([1, 1, 1]);
  });

  test("are pinned: a pin counts as many references, of which none can be put", () => {
    world.anonymous(8, 12);
    world.write(8, 1);
    gup.fast(0, 8, 1, FOLL_PIN | FOLL_WRITE, out);
    expect([world.folios.refcount(out[0]!), world.folios.pincount(out[0]!), world.folios.maybeDmaPinned(out[0]!), pins.hasPinned(0)]).toEqual([1025, 1, true, true]);
    gup.release(out[0]!, FOLL_PIN);
    expect([world.folios.refcount(out[0]!), world.folios.pincount(out[0]!)]).toEqual([1, 0]);
  });

  test("and pages that are not are had together, in order", () => {
    world.anonymous(8, 12);
    world.write(8, 1);
    expect([gup.fast(0, 8, 3, FOLL_GET | FOLL_WRITE, out), taken(3)]).toEqual([3, [8, 9, 10].map((page) => world.pfn(page))]);
  });

  test("count as accessed, where a fault or another's lock was needed: the second time makes them active", () => {
    world.anonymous(8, 12);
    gup.fast(0, 8, 1, FOLL_GET | FOLL_WRITE, out);
    const seen = [world.flag(8, PG_referenced), world.flag(8, PG_active)];
    gup.remote(0, 8, 1, FOLL_GET, out);
    expect([seen, world.flag(8, PG_referenced), world.flag(8, PG_active)]).toEqual([[true, false], false, true]);
  });

  test("of storage, which has no folio, cannot be held", () => {
    world.anonymous(8, 12);
    world.write(8, 1);
    const { tables } = world.parts, slot = tables.slotOf(0, 8);
    tables.store(slot, pteWithSpecial(world.pte(8)));
    expect([gup.fast(0, 8, 1, FOLL_GET, out), gup.fast(0, 8, 1, FOLL_PIN | FOLL_WRITE, out)]).toEqual([-EOPNOTSUPP, -EOPNOTSUPP]);
  });

  test("are had as far as the first that cannot be, and none is held if that is the first", () => {
    world.anonymous(8, 10);
    world.write(8, 1);
    world.write(9, 1);
    expect([gup.fast(0, 8, 4, FOLL_GET, out), gup.fast(0, 10, 2, FOLL_GET, out), gup.remote(0, 7, 3, FOLL_GET, out)]).toEqual([2, -EFAULT, -EFAULT]);
  });
});

describe("pages that are not there", () => {
  test("are shown the zero page for reading, which nobody counts, pinned or not", () => {
    world.anonymous(8, 12);
    for (const flags of [FOLL_GET, FOLL_PIN]) {
      expect([gup.fast(0, 8, 2, flags, out), taken(2), world.letters(8, 12)]).toEqual([2, [ZERO_PFN, ZERO_PFN], "ZZ.."]);
      gup.release(ZERO_PFN, flags);
    }
    world.check();
  });

  test("are made for writing, dirty and the mapping's own", () => {
    world.anonymous(8, 12);
    world.read(8);
    expect([gup.fast(0, 8, 2, FOLL_PIN | FOLL_WRITE, out), world.letters(8, 12)]).toEqual([2, "AA.."]);
    expect(taken(2)).toEqual([world.pfn(8), world.pfn(9)]);
    expect(taken(2).every((pfn) => world.folios.testFlag(pfn, PG_anon_exclusive))).toBe(true);
  });

  test("of a file are read; a write to a shared mapping makes the page dirty", () => {
    world.fileArea(8, 12, SHARED, 4);
    expect([gup.fast(0, 8, 1, FOLL_GET, out), taken(1)]).toEqual([1, [world.file.pages.get(4)]]);
    expect([gup.fast(0, 9, 1, FOLL_PIN | FOLL_WRITE, out), taken(1), world.folios.testFlag(out[0]!, PG_dirty)]).toEqual([1, [world.file.pages.get(5)], true]);
  });

  test("beyond the end of a file cannot be had", () => {
    world.fileArea(8, 12, SHARED, 62);
    expect([gup.fast(0, 8, 4, FOLL_GET, out), gup.fast(0, 10, 1, FOLL_GET, out)]).toEqual([2, -EFAULT]);
  });

  test("cannot be had without memory", () => {
    world.anonymous(8, 12);
    world.folios.failAllocation(1);
    expect(gup.fast(0, 8, 2, FOLL_GET | FOLL_WRITE, out)).toBe(-ENOMEM);
    world.folios.failAllocation(2);
    expect(gup.fast(0, 8, 2, FOLL_GET | FOLL_WRITE, out)).toBe(1);
  });

  test("where a guard is cannot be had", () => {
    const vma = world.anonymous(8, 12);
    world.guards.install(vma, 9, 10);
    expect(gup.remote(0, 8, 4, FOLL_GET | FOLL_FORCE, out)).toBe(1);
  });
});

describe("what an area forbids", () => {
  test.each<[string, number, GupFlags, boolean]>([
    ["writing to a private area that may not be written", READ_ONLY, FOLL_WRITE, false],
    ["the same by force", READ_ONLY, FOLL_WRITE | FOLL_FORCE, true],
    ["writing by force to a shared area that may not be written", SHARED & ~VM_WRITE, FOLL_WRITE | FOLL_FORCE, false],
    ["writing by force where nobody ever may", VM_READ | VM_MAYREAD, FOLL_WRITE | FOLL_FORCE, false],
    ["reading what may not be accessed", NO_ACCESS, 0, false],
    ["the same by force", NO_ACCESS, FOLL_FORCE, true],
    ["reading by force where nobody ever may", VM_WRITE | VM_MAYWRITE, FOLL_FORCE, false],
    ["reading what may only be written", VM_WRITE | VM_MAYWRITE | VM_MAYREAD, 0, false],
    ["device memory", PRIVATE | VM_IO, 0, false],
  ])("%s", (_what, vmFlags, flags, isHad) => {
    world.fileArea(8, 12, vmFlags);
    expect(gup.remote(0, 8, 1, FOLL_GET | flags, out)).toBe(isHad ? 1 : -EFAULT);
  });

  test("a long pin for writing, where the filesystem wants to hear of each write; a short one is let", () => {
    world.file.features = { writeNotify: true, faultAround: true };
    world.fileArea(8, 12, SHARED);
    expect([gup.fast(0, 8, 1, FOLL_PIN | FOLL_WRITE | FOLL_LONGTERM, out), gup.fast(0, 8, 1, FOLL_PIN | FOLL_WRITE, out)]).toEqual([-EFAULT, 1]);
  });

  test("addresses that are not user space's, for whose own they are", () => {
    world.anonymous(TASK_PAGES - 1, TASK_PAGES);
    expect([gup.fast(0, TASK_PAGES - 1, 1, FOLL_GET, out), gup.fast(0, TASK_PAGES - 1, 2, FOLL_GET, out), gup.fast(0, -1, 1, FOLL_GET, out)]).toEqual([1, -EFAULT, -EFAULT]);
  });

  test("but what is written by force through a protection is copied, and is no more writable than before", () => {
    const vma = world.fileArea(8, 12, READ_ONLY);
    world.read(8);
    expect([gup.remote(0, 8, 1, FOLL_GET | FOLL_WRITE | FOLL_FORCE, out), world.letters(8, 9), pteIsWritable(world.pte(8))]).toEqual([1, "A", false]);
    expect([out[0], world.folios.testFlag(out[0]!, PG_anon_exclusive)]).toEqual([world.pfn(8), true]);
    gup.release(out[0]!, FOLL_GET);
    world.protect(vma, PRIVATE);
    expect(world.faultsOf(() => world.write(8, 1))).toBe(0);
  });
});

test("what may be written, but is write-protected, becomes writable before it is written by force", () => {
  world.anonymous(8, 12);
  world.write(8, 1);
  world.parts.tables.setWriteProtect(world.parts.tables.slotOf(0, 8));
  expect([gup.remote(0, 8, 1, FOLL_GET | FOLL_WRITE | FOLL_FORCE, out), pteIsWritable(world.pte(8))]).toEqual([1, true]);
});

describe("a private page that two processes share", () => {
  beforeEach(() => {
    const vma = world.anonymous(8, 12);
    world.write(8, 65);
    world.fork(vma, 1);
  });

  test("stays shared for who only takes a reference", () => {
    expect([gup.fast(1, 8, 1, FOLL_GET, out), world.pfn(8, 1)]).toEqual([1, world.pfn(8)]);
  });

  test.each([["without a lock", "fast"], ["under mmap_lock", "remote"]] as const)("is copied for who pins it to read it, %s, and stays read-only", (_how, way) => {
    expect(gup[way](1, 8, 1, FOLL_PIN, out)).toBe(1);
    expect([out[0], world.pfn(8, 1) === world.pfn(8), pteIsWritable(world.pte(8, 1))]).toEqual([world.pfn(8, 1), false, false]);
    expect([world.folios.testFlag(out[0]!, PG_anon_exclusive), world.folios.load8(out[0]!, 0)]).toEqual([true, 65]);
  });

  test("is copied for who pins it to write it", () => {
    expect([gup.fast(1, 8, 1, FOLL_PIN | FOLL_WRITE, out), out[0] === world.pfn(8), world.folios.load8(out[0]!, 0)]).toEqual([1, false, 65]);
  });

  test("and is in no second copy if the other is gone: then it is this one's own again", () => {
    world.unmap(world.parts.vmas.lookUp(0, 8));
    const pfn = world.pfn(8, 1);
    expect([gup.fast(1, 8, 1, FOLL_PIN, out), out[0]]).toEqual([1, pfn]);
  });
});

describe("a page of a file in a private area", () => {
  beforeEach(() => {
    world.fileArea(8, 12, PRIVATE);
    world.read(8);
  });
  test("is pinned as it is for a short time", () => {
    expect([gup.fast(0, 8, 1, FOLL_PIN, out), world.letters(8, 9)]).toEqual([1, "F"]);
  });
  test("is copied for who keeps it for long: what is stored there later is to be seen", () => {
    expect([gup.fast(0, 8, 1, FOLL_PIN | FOLL_LONGTERM, out), world.letters(8, 9), world.write(8, 7), world.folios.load8(out[0]!, 0)]).toEqual([1, "A", 0, 7]);
  });
});

describe("what has no lock looks twice", () => {
  /** Does something after the page was found in the table and before it is held. */
  const meanwhile = (act: () => void): void => {
    const { folios } = world, tryGet = folios.tryGet.bind(folios);
    folios.tryGet = (pfn) => {
      folios.tryGet = tryGet;
      act();
      return tryGet(pfn);
    };
  };

  test("a page that was unmapped and freed meanwhile is not had", () => {
    const vma = world.anonymous(8, 9);
    world.write(8, 1);
    meanwhile(() => world.unmap(vma));
    expect([gup.fast(0, 8, 1, FOLL_GET, out), world.folios.usedFrames]).toEqual([-EFAULT, 0]);
  });

  test("a frame that is another's meanwhile is let go, and the page's new frame is had", () => {
    const vma = world.anonymous(8, 9), other = world.anonymous(16, 17);
    world.write(8, 1);
    meanwhile(() => {
      world.zap.single(vma, 8, 9, 1);
      world.write(16, 2);
      world.write(8, 3);
    });
    expect([gup.fast(0, 8, 1, FOLL_GET, out), world.folios.load8(out[0]!, 0), out[0]]).toEqual([1, 3, world.pfn(8)]);
    expect(world.folios.refcount(world.pfn(16))).toBe(1);
    gup.release(out[0]!, FOLL_GET);
    world.unmap(vma);
    world.unmap(other);
    expect(world.folios.usedFrames).toBe(0);
  });

  test("a table that is another's meanwhile is not believed", () => {
    const vma = world.anonymous(8, 9), { tables } = world.parts;
    world.write(8, 1);
    const pfn = world.pfn(8);
    world.folios.get(pfn);
    meanwhile(() => {
      world.unmap(vma);
      tables.freeTables(0, 8, 16, 0, TASK_PAGES);
    });
    expect([gup.fast(0, 8, 1, FOLL_GET, out), world.folios.refcount(pfn)]).toEqual([-EFAULT, 1]);
  });
});

describe("a fork and who pins without a lock", () => {
  test("nobody pins so while entries are copied: the lock is waited for", () => {
    world.anonymous(8, 9);
    world.write(8, 1);
    const { mmapLock } = world.parts.vmas, locked: number[] = [], lock = mmapLock.lockShared.bind(mmapLock);
    mmapLock.lockShared = (mm) => {
      locked.push(mm);
      lock(mm);
    };
    gup.fast(0, 8, 1, FOLL_PIN, out);
    expect(locked).toEqual([]);
    pins.beginCopy(0);
    gup.fast(0, 8, 1, FOLL_GET, out);
    expect(locked).toEqual([]); // who pins not is not concerned
    gup.fast(0, 8, 1, FOLL_PIN, out);
    expect(locked).toEqual([0]);
  });

  test.each([[1, "taken again under the lock: of the copy"], [2, "if the fork is over before the last page, too"]])("a pin that came between a fork's look for pins and its write protection is let go (page %i), and %s", (nth) => {
    const vma = world.anonymous(8, 10), { folios } = world, isUnchanged = gup.isUnchanged.bind(gup);
    world.write(8, 1);
    world.write(9, 2);
    const shared = world.pfn(8);
    let looks = 0;
    gup.isUnchanged = (mm, page, pte) => {
      const isSame = isUnchanged(mm, page, pte);
      if (++looks === nth) {
        pins.beginCopy(0);
        world.fork(vma, 1); // which asks nobody for pins, as if it had before
        pins.endCopy(0);
      }
      return isSame;
    };
    expect([gup.fast(0, 8, 2, FOLL_PIN | FOLL_WRITE, out), out[0] === shared, taken(2)]).toEqual([2, false, [world.pfn(8), world.pfn(9)]]);
    expect([folios.pincount(shared), folios.refcount(shared), world.pfn(8, 1)]).toEqual([0, 1, shared]);
  });

  test("a pinned page is copied for the child at once, and stays the parent's own", () => {
    const vma = world.anonymous(8, 10);
    world.write(8, 65);
    world.write(9, 66);
    gup.fast(0, 8, 1, FOLL_PIN | FOLL_WRITE, out);
    const child = childOf(vma);
    new CopyPages(world.parts, world.maps, pins, world.huge).area(child, vma);
    expect([world.pfn(8, 1) === world.pfn(8), world.pfn(9, 1) === world.pfn(9), world.read(8, 0, 1)]).toEqual([false, true, 65]);
    expect([pteIsWritable(world.pte(8)), pteIsWritable(world.pte(9)), pteIsWritable(world.pte(8, 1))]).toEqual([true, false, true]);
  });

  test("many references are no pins, where nobody ever pinned", () => {
    const vma = world.anonymous(8, 9);
    world.write(8, 65);
    for (let nth = 0; nth < 1100; nth++) gup.fast(0, 8, 1, FOLL_GET, out);
    const child = childOf(vma);
    new CopyPages(world.parts, world.maps, pins, world.huge).area(child, vma);
    expect([world.folios.maybeDmaPinned(world.pfn(8)), world.pfn(8, 1)]).toEqual([true, world.pfn(8)]);
  });

  function childOf(vma: number): number {
    const { vmas, anonVmas } = world.parts, child = world.area(1, vmas.firstPageOf(vma), vmas.endPageOf(vma), vmas.flagsOf(vma), vmas.mappingOf(vma), vmas.pageIndexOf(vma));
    anonVmas.fork(child, vma);
    return child;
  }
});

describe("who wrote by the frame", () => {
  test("says so when the pin goes, since no entry does", () => {
    world.fileArea(8, 12, SHARED);
    world.write(8, 1);
    const pfn = world.pfn(8);
    gup.fast(0, 8, 1, FOLL_PIN | FOLL_WRITE, out);
    world.folios.clearFlag(pfn, PG_dirty); // written back
    gup.releaseDirty(pfn, FOLL_PIN);
    expect(world.folios.testFlag(pfn, PG_dirty)).toBe(true);
  });
});
