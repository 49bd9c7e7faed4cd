import { PG_active, PG_dirty, PG_mlocked, PG_referenced, PG_swapbacked } from "@zeropfn/folio";
import { EFAULT, EINVAL, ENOMEM, READ, VM_FAULT_SIGBUS, VM_FAULT_SIGSEGV, WRITE } from "@zeropfn/units";
import { describe, expect, test } from "vitest";
import { mincorePages } from "../src/mincore-pages.ts";
import { MM_SHMEMPAGES } from "../src/mm-counters.ts";
import { movePages } from "../src/move-pages.ts";
import { pteIsAccessed, pteIsDirty, pteIsPresent, pteIsUsable, pteIsWritable } from "../src/pte.ts";
import { markerPteOf, PTE_MARKER_UFFD_WP } from "../src/swap-pte.ts";
import { VM_EXEC, VM_LOCKED, VM_LOCKONFAULT, VM_RAND_READ, VM_READ, VM_SEQ_READ, VM_WRITE } from "../src/vm-flags.ts";
import { NO_ANON_VMA } from "../src/vmas.ts";
import { ZAP_DROP_MARKERS, ZAP_EVEN_COWS } from "../src/zap.ts";
import { PRIVATE, SHARED, World } from "./pages-world.ts";

const SEGV_MAPERR = -VM_FAULT_SIGSEGV;
const SIGBUS = -VM_FAULT_SIGBUS;
/** Writes to pages [first, end), the page's number each. */
const fill = (world: World, first: number, end: number, mm: number = 0): void => {
  for (let page = first; page < end; page++) world.write(page, page, 0, mm);
};

describe("zapping", () => {
  test("takes exactly the pages of the range, over tables and more frames than a gather holds", () => {
    const world = new World(), vma = world.anonymous(4, 40);
    fill(world, 4, 40);
    world.zap.single(vma, 6, 38, ZAP_EVEN_COWS);
    expect([world.letters(4, 40), world.rss(), world.folios.usedFrames]).toEqual([`AA${".".repeat(32)}AA`, 4, 4]);
    expect([world.read(6), world.read(5)]).toEqual([0, 5]);
    world.check();
  });
  test("leaves no processor a way to the old frame, and frees it only then", () => {
    const world = new World(), vma = world.anonymous(8, 12);
    fill(world, 8, 12);
    for (let page = 8; page < 12; page++) world.read(page, 0, 0, 1);
    const { tlbs } = world.parts, free = world.folios.put.bind(world.folios);
    const seen: number[] = [];
    world.folios.put = (pfn) => {
      seen.push([...tlbs.entries()].filter((entry) => entry.pfn === pfn).length);
      return free(pfn);
    };
    world.zap.single(vma, 8, 12, ZAP_EVEN_COWS);
    expect(seen).toEqual([0, 0, 0, 0]);
    world.check();
  });
  test("without even_cows leaves private copies, but takes zero pages and pages of the file", () => {
    const world = new World(), vma = world.fileArea(8, 12, PRIVATE);
    world.write(8, 1);
    world.read(9);
    world.zap.single(vma, 8, 12, 0);
    expect(world.letters(8, 12)).toBe("A...");
    const anonymous = world.anonymous(16, 18);
    world.read(16);
    world.zap.single(anonymous, 16, 18, 0);
    expect(world.letters(16, 18)).toBe("..");
    world.check();
  });
  test("tells the file that a page is dirty, and that it was used, unless the area is read at random or in sequence", () => {
    const world = new World();
    for (const [flags, first, index] of [[0, 8, 0], [VM_SEQ_READ, 16, 1], [VM_RAND_READ, 24, 2]] as const) {
      const vma = world.fileArea(first, first + 1, SHARED | flags, index), pfn = world.file.make(index);
      world.read(first);
      world.write(first, 1);
      expect(world.folios.testFlag(pfn, PG_dirty)).toBe(false); // the entry was writable: nobody was told yet
      world.zap.single(vma, first, first + 1, ZAP_EVEN_COWS);
      expect([world.folios.testFlag(pfn, PG_dirty), world.folios.testFlag(pfn, PG_referenced)]).toEqual([true, flags === 0]);
    }
    world.check();
  });
  test("keeps a dirty page of a file mapped until its flush, so that who cleans it finds the mapping", () => {
    const world = new World(), vma = world.fileArea(8, 10, SHARED);
    world.write(8, 1);
    const pfn = world.pfn(8), { tlbs } = world.parts, flush = tlbs.flushRange.bind(tlbs);
    let mapped = -1;
    tlbs.flushRange = (...range) => {
      mapped = world.folios.mapcount(pfn);
      flush(...range);
    };
    world.zap.single(vma, 8, 10, ZAP_EVEN_COWS);
    expect([mapped, world.folios.mapcount(pfn)]).toEqual([1, 0]);
  });
  test("leaves guards, and where a file is shown what userfaultfd left, unless nothing shall be left", () => {
    const world = new World(), vma = world.fileArea(8, 12, PRIVATE), { tables } = world.parts;
    world.guards.install(vma, 8, 9);
    tables.store(tables.createSlot(0, 9), markerPteOf(PTE_MARKER_UFFD_WP));
    world.zap.single(vma, 8, 12, ZAP_EVEN_COWS);
    expect(world.letters(8, 12)).toBe("mm..");
    world.zap.single(vma, 8, 12, ZAP_EVEN_COWS | ZAP_DROP_MARKERS);
    expect(world.letters(8, 12)).toBe("....");
  });
  test("of a file's range reaches every area that shows it, to the end too", () => {
    const world = new World();
    world.fileArea(8, 16, SHARED);
    world.fileArea(20, 24, PRIVATE, 4, 1);
    for (let page = 8; page < 16; page++) world.write(page, 1);
    world.write(20, 2, 0, 1);
    world.read(22, 0, 1);
    world.file.punch(0, 4, 2);
    expect([world.letters(8, 16), world.letters(20, 24, 1)]).toEqual(["DDDD..DD", "A.DD"]);
    world.file.truncate(4);
    expect([world.letters(8, 16), world.letters(20, 24, 1), world.read(20, 0, 1), world.read(12)]).toEqual(["DDDD....", "....", SIGBUS, SIGBUS]);
    world.check();
  });
});

describe("changing protection", () => {
  test("takes rights away at once, on every processor, and keeps bytes and bits", () => {
    const world = new World(), vma = world.anonymous(8, 12);
    world.write(8, 5);
    world.write(8, 5, 0, 0, 1);
    world.protect(vma, VM_READ);
    expect([world.write(8, 6, 0, 0, 1) < 0, world.read(8), pteIsDirty(world.pte(8)), pteIsAccessed(world.pte(8))]).toEqual([true, 5, true, true]);
    world.check();
    world.protect(vma, 0);
    expect([world.read(8) < 0, pteIsPresent(world.pte(8)), pteIsUsable(world.pte(8)), world.rss()]).toEqual([true, true, false, 1]);
    world.check();
  });
  test("there and back leaves pages of one's own writable, and others to fault", () => {
    const world = new World(), vma = world.anonymous(8, 12);
    fill(world, 8, 10);
    world.read(10);
    world.unmap(world.fork(vma, 1));
    world.write(9, 9); // exclusive again
    world.protect(vma, VM_READ);
    world.protect(vma, PRIVATE);
    expect([8, 9, 10].map((page) => pteIsWritable(world.pte(page)))).toEqual([false, true, false]);
    expect([world.faultsOf(() => world.write(9, 1)), world.faultsOf(() => world.write(8, 1)), world.faultsOf(() => world.write(10, 1))]).toEqual([0, 1, 1]);
    world.check();
  });
  test("makes shared pages of a file writable, dirty ones alone where the filesystem wants to know", () => {
    const world = new World(), vma = world.fileArea(8, 12, SHARED);
    world.read(8);
    world.write(9, 1);
    world.protect(vma, SHARED & ~VM_WRITE);
    world.protect(vma, SHARED);
    expect([8, 9].map((page) => pteIsWritable(world.pte(page)))).toEqual([true, true]);
    world.protect(vma, SHARED & ~VM_WRITE);
    world.file.features = { writeNotify: true, faultAround: true };
    world.protect(vma, SHARED);
    expect([8, 9].map((page) => pteIsWritable(world.pte(page)))).toEqual([false, true]);
  });
  test("never makes private pages of a file writable, nor what is not accessible", () => {
    const world = new World(), vma = world.fileArea(8, 12, PRIVATE);
    world.read(8);
    world.protect(vma, PRIVATE | VM_EXEC);
    expect([pteIsWritable(world.pte(8)), world.execute(8)]).toEqual([false, world.pfn(8)]);
    world.protect(vma, PRIVATE);
    expect(world.execute(8)).toBeLessThan(0);
    world.check();
  });
  test("leaves markers alone", () => {
    const world = new World(), vma = world.anonymous(8, 12);
    world.guards.install(vma, 8, 9);
    world.protect(vma, VM_READ);
    expect([world.letters(8, 9), world.read(8)]).toEqual(["m", SEGV_MAPERR]);
  });
});

describe("moving pages", () => {
  test("keeps what each entry says, over tables that are not aligned alike, and leaves no old way to it", () => {
    const world = new World(), vma = world.anonymous(4, 24);
    fill(world, 4, 12);
    world.read(13);
    world.guards.install(vma, 14, 15);
    const entries = Array.from({ length: 20 }, (_, nth) => world.pte(4 + nth));
    world.parts.vmas.index.erase(0, vma);
    const target = world.area(0, 39, 59, PRIVATE, 0xffff_ffff, 4);
    world.parts.anonVmas.clone(target, vma);
    expect(movePages(world.parts, world.huge, vma, 4, target, 39, 20)).toBe(20);
    expect(Array.from({ length: 20 }, (_, nth) => world.pte(39 + nth))).toEqual(entries);
    expect([world.letters(4, 24), world.read(39), world.read(4)]).toEqual([".".repeat(20), 4, SEGV_MAPERR]);
    world.check();
  });
  test("stops where there is no room for a table", () => {
    const world = new World({ tableCapacity: 5 }), vma = world.anonymous(0, 16); // two upper tables, two lowest; room for one more
    fill(world, 0, 16);
    const target = world.anonymous(41, 57);
    expect([movePages(world.parts, world.huge, vma, 0, target, 41, 16), world.letters(41, 57), world.letters(0, 16)]).toEqual([7, "AAAAAAA.........", ".......AAAAAAAAA"]);
  });
  test("moves tables as they are where both ranges have whole ones", () => {
    const world = new World({ tableCapacity: 4 }), vma = world.anonymous(0, 20), target = world.anonymous(40, 60);
    fill(world, 0, 16);
    const old = world.pfn(3), tables = world.parts.tables.tableCount;
    expect([movePages(world.parts, world.huge, vma, 0, target, 40, 16), world.letters(40, 56), world.letters(0, 16), world.pfn(43)]).toEqual([16, "A".repeat(16), ".".repeat(16), old]);
    expect([world.parts.tables.tableCount, world.read(3), world.write(43, 7), world.read(43)]).toEqual([tables, -1, 0, 7]);
  });
  test("within one table is no deadlock", () => {
    const world = new World(), vma = world.anonymous(8, 10), target = world.anonymous(12, 14);
    fill(world, 8, 10);
    movePages(world.parts, world.huge, vma, 8, target, 12, 2);
    expect(world.letters(8, 16)).toBe("....AA..");
  });
});

describe("MADV_FREE", () => {
  test("makes pages clean and old; they keep their bytes until pages are reclaimed", () => {
    const world = new World(), vma = world.anonymous(8, 12);
    fill(world, 8, 11);
    world.lazyfree.free(vma, 8, 10);
    expect([8, 9, 10].map((page) => [pteIsDirty(world.pte(page)), pteIsAccessed(world.pte(page))])).toEqual([[false, false], [false, false], [true, true]]);
    expect([world.read(8), world.counters.of("pglazyfree")]).toEqual([8, 2]);
    world.check();
    world.write(9, 1);
    world.coldPageout.pageout(vma, 8, 12);
    expect([world.letters(8, 12), world.read(9), world.read(10), world.counters.of("pglazyfreed")]).toEqual([".AA.", 1, 10, 1]);
    world.check();
  });
  test("acts on a page that is shared, which reclaim then leaves alone", () => {
    const world = new World(), vma = world.anonymous(8, 9);
    world.write(8, 5);
    world.fork(vma, 1);
    world.lazyfree.free(vma, 8, 9);
    expect([pteIsDirty(world.pte(8)), pteIsDirty(world.pte(8, 1))]).toEqual([false, true]);
    world.coldPageout.pageout(vma, 8, 9);
    expect([world.letters(8, 9), world.read(8), world.read(8, 0, 1)]).toEqual(["A", 5, 5]);
    world.check();
  });
  test("is undone by a write that reclaim meets in the entry: the page is no longer free to go", () => {
    const world = new World(), vma = world.anonymous(8, 9);
    world.write(8, 5);
    world.lazyfree.free(vma, 8, 9);
    world.write(8, 6);
    world.coldPageout.pageout(vma, 8, 9);
    expect([world.read(8), world.flag(8, PG_dirty), world.flag(8, PG_active), world.flag(8, PG_swapbacked)]).toEqual([6, true, true, true]);
    world.lazyfree.free(vma, 8, 9); // PG_dirty is in the way only of pages that are shared
    world.coldPageout.pageout(vma, 8, 9);
    expect(world.letters(8, 9)).toBe(".");
    world.check();
  });
  test("does not reclaim a page that somebody holds", () => {
    const world = new World(), vma = world.anonymous(8, 9);
    world.write(8, 5);
    world.lazyfree.free(vma, 8, 9);
    const pfn = world.pfn(8);
    world.folios.get(pfn);
    world.coldPageout.pageout(vma, 8, 9);
    expect([world.letters(8, 9), world.read(8)]).toEqual(["A", 5]);
    world.folios.put(pfn);
    world.check();
  });
});

describe("MADV_COLD and MADV_PAGEOUT", () => {
  test("make pages old and inactive", () => {
    const world = new World(), vma = world.anonymous(8, 9);
    world.write(8, 5);
    world.folios.setFlag(world.pfn(8), PG_referenced);
    world.folios.setFlag(world.pfn(8), PG_active);
    world.coldPageout.cold(vma, 8, 9);
    expect([pteIsAccessed(world.pte(8)), pteIsDirty(world.pte(8)), world.flag(8, PG_referenced), world.flag(8, PG_active)]).toEqual([false, true, false, false]);
    world.read(8); // no processor remembers the page, so that it is young again
    expect(pteIsAccessed(world.pte(8))).toBe(true);
    world.check();
  });
  test("leave anonymous pages where they are, without swap, but not old", () => {
    const world = new World(), vma = world.anonymous(8, 9);
    world.write(8, 5);
    world.coldPageout.pageout(vma, 8, 9);
    expect([world.letters(8, 9), pteIsAccessed(world.pte(8)), world.flag(8, PG_active)]).toEqual(["A", true, true]);
  });
  test("unmap pages of a file that are mapped once, and drop the clean ones from it", () => {
    const world = new World(), vma = world.fileArea(8, 11, SHARED);
    world.write(8, 1);
    world.read(9);
    world.read(10);
    world.fileArea(16, 17, SHARED, 2);
    world.read(16);
    world.coldPageout.pageout(vma, 8, 11);
    expect([world.letters(8, 11), world.letters(16, 17), [...world.file.pages.keys()], world.rss(MM_SHMEMPAGES)]).toEqual(["..F", "F", [0, 2], 2]);
    expect([world.read(8), world.parts.tlbs.flushBatchOf(0) > 0]).toEqual([1, true]);
    world.check();
  });
  test("leave locked pages alone", () => {
    const world = new World(), vma = world.fileArea(8, 9, SHARED);
    world.fileArea(16, 17, SHARED | VM_LOCKED);
    world.read(16);
    world.zap.single(vma, 8, 9, ZAP_EVEN_COWS);
    world.read(8);
    const pfn = world.pfn(8);
    world.folios.lock(pfn);
    expect([world.rmap.tryToUnmap(pfn, 0), world.letters(16, 17)]).toEqual([false, "F"]);
    world.folios.unlock(pfn);
    world.check();
  });
});

describe("reverse mapping", () => {
  test("finds all mappings of an anonymous page, and of one of a file", () => {
    const world = new World(), vma = world.anonymous(8, 12), fileVma = world.fileArea(16, 18, SHARED);
    world.write(8, 1);
    world.fork(vma, 1);
    world.fork(vma, 2);
    world.read(8, 0, 1);
    world.read(17);
    world.fileArea(30, 31, SHARED, 1, 1);
    world.read(30, 0, 1);
    const anonymous = world.pfn(8), page = world.pfn(17);
    // Two are young: the parent's, which wrote, and the first child's, which has read.
    expect([world.rmap.referenced(anonymous), world.rmap.referenced(anonymous), world.rmap.referenced(page)]).toEqual([2, 0, 2]);
    world.folios.get(page);
    world.folios.lock(page);
    expect([world.rmap.tryToUnmap(page, 0), world.letters(16, 18), world.letters(30, 31, 1), fileVma]).toEqual([true, "..", ".", 1]);
    world.folios.unlock(page);
    world.folios.put(page);
    world.check();
  });
  test("does not age what is read in sequence, and locks what a locked area shows", () => {
    const world = new World();
    world.fileArea(8, 9, SHARED | VM_SEQ_READ);
    world.read(8);
    expect(world.rmap.referenced(world.pfn(8))).toBe(0);
    world.fileArea(16, 17, SHARED | VM_LOCKED);
    world.read(16);
    expect([world.rmap.referenced(world.pfn(8)), world.flag(8, PG_mlocked)]).toEqual([-1, true]);
  });
});

describe("guards", () => {
  test("replace what is there, refuse every access, and are gone when they are removed", () => {
    const world = new World(), vma = world.anonymous(4, 20);
    fill(world, 6, 14);
    expect(world.guards.install(vma, 5, 12)).toBe(0);
    expect([world.letters(4, 16), world.read(5), world.write(11, 1), world.read(12), world.rss()]).toEqual([".mmmmmmmAA..", SEGV_MAPERR, SEGV_MAPERR, 12, 2]);
    world.check();
    world.guards.remove(vma, 4, 10);
    expect([world.letters(4, 16), world.read(6), world.read(10)]).toEqual(["......mmAA..", 0, SEGV_MAPERR]);
    world.check();
  });
  // Observed on Linux 6.18.44.
  test("give an area of a file no region", () => {
    const world = new World(), vma = world.fileArea(24, 26, SHARED);
    expect([world.guards.install(vma, 24, 25), world.parts.vmas.anonVmaOf(vma)]).toEqual([0, NO_ANON_VMA]);
  });
  test("give the area an anonymous region, and are out of memory where there is no table", () => {
    const world = new World({ tableCapacity: 3 }), vma = world.anonymous(0, 64);
    expect([world.guards.install(vma, 0, 1), world.parts.vmas.anonVmaOf(vma), world.guards.install(vma, 8, 9)]).toEqual([0, 0, -ENOMEM]);
  });
});

describe("populating", () => {
  test("writes to private writable pages, only reads others, and is no fault of the task", () => {
    const world = new World(), own = world.anonymous(8, 10), readable = world.anonymous(16, 18, VM_READ), shared = world.fileArea(24, 26, SHARED);
    for (const [vma, first] of [[own, 8], [readable, 16], [shared, 24]] as const) expect(world.populate.area(vma, first, first + 2)).toBe(0);
    expect([world.letters(8, 10), world.letters(16, 18), world.letters(24, 26), world.flag(24, PG_referenced)]).toEqual(["AA", "ZZ", "FF", true]);
    expect(world.parts.counters.minorFaults(0)).toBe(0);
    world.check();
  });
  test("breaks copy-on-write before anybody writes", () => {
    const world = new World(), vma = world.anonymous(8, 10);
    fill(world, 8, 10);
    world.fork(vma, 1);
    world.populate.area(vma, 8, 10);
    expect([world.faultsOf(() => fill(world, 8, 10)), world.read(8, 0, 1)]).toEqual([0, 8]);
    world.check();
  });
  test("says why it cannot, and keeps what it had done", () => {
    const world = new World({ frameCount: 6 }), vma = world.anonymous(8, 10, 0), file = world.fileArea(16, 20, SHARED, 62), own = world.anonymous(24, 40);
    world.guards.install(own, 25, 26);
    expect([world.populate.area(vma, 8, 10), world.populate.area(file, 16, 20), world.letters(16, 20)]).toEqual([-EFAULT, -EFAULT, "FF.."]);
    expect([world.populate.area(own, 24, 26), world.letters(24, 26), world.populate.area(own, 26, 40)]).toEqual([-EFAULT, "Am", -ENOMEM]);
    expect(world.populate.area(world.anonymous(48, 50, PRIVATE | VM_LOCKONFAULT), 48, 50)).toBe(0);
    expect(world.letters(48, 50)).toBe("..");
  });
  test("for an access asks for just that right", () => {
    const world = new World(), vma = world.anonymous(8, 10, VM_READ), own = world.anonymous(16, 18), file = world.fileArea(24, 26, SHARED, 63);
    expect([world.populate.forAccess(vma, 8, 10, WRITE), world.populate.forAccess(vma, 8, 10, READ), world.letters(8, 10)]).toEqual([-EINVAL, 0, "ZZ"]);
    expect([world.populate.forAccess(own, 16, 18, READ), world.letters(16, 18), world.populate.forAccess(own, 16, 18, WRITE), world.letters(16, 18)]).toEqual([0, "ZZ", 0, "AA"]);
    expect(world.populate.forAccess(file, 24, 26, WRITE)).toBe(-EFAULT);
    expect(world.populate.forAccess(world.anonymous(32, 33, VM_WRITE), 32, 33, READ)).toBe(-EINVAL);
    world.check();
  });
});

describe("locking pages", () => {
  // Observed on Linux 6.18.44: the next use of it after munlock() is one of an inactive page.
  test("a page that was active is not any more when it is locked, and stays so", () => {
    const world = new World(), vma = world.anonymous(8, 10);
    world.write(8, 1);
    world.parts.folios.setFlag(world.pfn(8), PG_active);
    world.parts.vmas.setFlags(vma, VM_READ | VM_WRITE | VM_LOCKED);
    world.mlockPages.lock(vma, 8, 9);
    expect([world.flag(8, PG_mlocked), world.flag(8, PG_active)]).toEqual([true, false]);
    world.mlockPages.unlock(vma, 8, 9);
    expect([world.flag(8, PG_mlocked), world.flag(8, PG_active)]).toEqual([false, false]);
  });
  test("counts the locked areas that show a page", () => {
    const world = new World(), one = world.fileArea(8, 10, SHARED), other = world.fileArea(16, 18, SHARED);
    world.write(8, 1);
    world.write(16, 1);
    const { vmas } = world.parts;
    for (const vma of [one, other]) {
      vmas.setFlags(vma, SHARED | VM_LOCKED);
      world.mlockPages.lock(vma, vmas.firstPageOf(vma), vmas.endPageOf(vma));
    }
    expect([world.flag(8, PG_mlocked), world.counters.of("nr_mlock")]).toEqual([true, 1]);
    world.check();
    world.zap.single(other, 16, 18, ZAP_EVEN_COWS);
    expect(world.flag(8, PG_mlocked)).toBe(true);
    vmas.setFlags(one, SHARED);
    world.mlockPages.unlock(one, 8, 10);
    expect([world.flag(8, PG_mlocked), world.counters.of("nr_mlock")]).toEqual([false, 0]);
    world.check();
  });
});

describe("mincore", () => {
  test("knows what is mapped, and what the file has without being mapped", () => {
    const world = new World(), own = world.anonymous(6, 12), file = world.fileArea(16, 20, SHARED), out = new Uint8Array(8).fill(9);
    world.write(7, 1);
    world.read(8);
    world.guards.install(own, 9, 10);
    mincorePages(world.parts, own, 6, 12, out, 1);
    expect([...out]).toEqual([9, 0, 1, 1, 0, 0, 0, 9]);
    world.file.make(1);
    world.file.make(2);
    world.read(18);
    mincorePages(world.parts, file, 16, 20, out, 0);
    expect([...out.subarray(0, 4)]).toEqual([0, 1, 1, 0]);
  });
});
