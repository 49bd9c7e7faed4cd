import { PG_anon_exclusive, PG_dirty, PG_mlocked, PG_swapbacked, PG_unevictable, PG_uptodate } from "@zeropfn/folio";
import { READ, VM_FAULT_ACCERR, VM_FAULT_NOPAGE, VM_FAULT_OOM, VM_FAULT_SIGBUS, VM_FAULT_SIGSEGV, WRITE } from "@zeropfn/units";
import { describe, expect, test } from "vitest";
import { FAULT_FLAG_UNSHARE } from "../src/faults.ts";
import { Inserts } from "../src/insert.ts";
import { MM_ANONPAGES, MM_FILEPAGES, MM_SHMEMPAGES } from "../src/mm-counters.ts";
import { PTE_ACCESSED, PTE_DIRTY, PTE_NX, PTE_PRESENT, PTE_SPECIAL, PTE_USER, pteIsAccessed, pteIsDirty, pteIsSpecial, pteIsWritable, pteOf } from "../src/pte.ts";
import { markerPteOf, PTE_MARKER_POISONED, PTE_MARKER_UFFD_WP } from "../src/swap-pte.ts";
import { VM_EXEC, VM_LOCKED, VM_MAYREAD, VM_READ, VM_SHARED, VM_WRITE } from "../src/vm-flags.ts";
import { NO_ANON_VMA } from "../src/vmas.ts";
import { ZAP_EVEN_COWS } from "../src/zap.ts";
import { PRIVATE, SHARED, World } from "./pages-world.ts";

const SEGV_ACCERR = -(VM_FAULT_SIGSEGV | VM_FAULT_ACCERR);
const SEGV_MAPERR = -VM_FAULT_SIGSEGV;
const SIGBUS = -VM_FAULT_SIGBUS;

describe("the rights of an area", () => {
  test("refuse with SEGV_ACCERR, and no area with SEGV_MAPERR", () => {
    const world = new World();
    world.anonymous(8, 10, VM_READ);
    world.anonymous(16, 18, 0);
    expect([world.write(8, 1), world.execute(8), world.read(16), world.write(16, 1), world.read(7), world.read(10)]).toEqual([
      SEGV_ACCERR, SEGV_ACCERR, SEGV_ACCERR, SEGV_ACCERR, SEGV_MAPERR, SEGV_MAPERR,
    ]);
    expect([world.counters.of("pgfault"), world.parts.counters.minorFaults(0)]).toEqual([0, 0]);
  });
  test("let a write-only and an execute-only area be read, as x86 does", () => {
    const world = new World();
    world.anonymous(8, 9, VM_WRITE);
    world.anonymous(16, 17, VM_EXEC);
    expect([world.read(8), world.write(8, 3), world.read(8), world.read(16), world.execute(16)]).toEqual([0, 0, 3, 0, 0]);
  });
  test("count a fault that is a signal as pgfault, and not as the task's", () => {
    const world = new World();
    world.fileArea(8, 10, SHARED, 63);
    expect(world.read(9)).toBe(SIGBUS);
    expect([world.counters.of("pgfault"), world.parts.counters.minorFaults(0)]).toEqual([1, 0]);
  });
});

describe("the first access to private memory", () => {
  test("that reads maps the zero page, which nobody counts, and prepares no anonymous region", () => {
    const world = new World(), vma = world.anonymous(8, 12);
    expect(world.faultsOf(() => expect([world.read(9), world.read(9, 77)]).toEqual([0, 0]))).toBe(1);
    expect(world.pte(9)).toBe(pteOf(0, PTE_PRESENT + PTE_USER + PTE_ACCESSED + PTE_SPECIAL + PTE_NX));
    expect([world.rss(), world.folios.usedFrames, world.parts.vmas.anonVmaOf(vma)]).toEqual([0, 0, NO_ANON_VMA]);
    world.check();
  });
  test("that writes gets a zeroed page of its own, exclusive, dirty and writable, at its place in the region", () => {
    const world = new World(), used = world.folios.allocate(0);
    world.folios.store8(used, 5, 99);
    world.folios.put(used);
    world.anonymous(8, 12);
    expect([world.write(10, 7, 3), world.read(10, 3), world.read(10, 5)]).toEqual([0, 7, 0]);
    const pte = world.pte(10), pfn = world.pfn(10);
    expect([pteIsDirty(pte), pteIsWritable(pte), pteIsAccessed(pte), pteIsSpecial(pte)]).toEqual([true, true, true, false]);
    expect([PG_uptodate, PG_swapbacked, PG_anon_exclusive, PG_dirty].map((flag) => world.flag(10, flag))).toEqual([true, true, true, false]);
    expect([world.folios.index(pfn), world.folios.refcount(pfn), world.rss(), world.counters.of("nr_anon_pages")]).toEqual([10, 1, 1, 1]);
    world.check();
  });
  test("is out of memory, and leaves nothing behind, where there is no frame, table or region", () => {
    const world = new World({ frameCount: 2 }), full = new World({ tableCapacity: 1 });
    world.anonymous(8, 12);
    expect([world.write(8, 1), world.write(9, 1), world.read(9)]).toEqual([0, -VM_FAULT_OOM, 0]);
    world.check();
    full.anonymous(8, 12);
    expect([full.write(8, 1), full.read(8), full.folios.usedFrames]).toEqual([-VM_FAULT_OOM, -VM_FAULT_OOM, 0]);
  });
  test("locks the page in a locked area", () => {
    const world = new World(), vma = world.anonymous(8, 12, PRIVATE | VM_LOCKED);
    world.write(8, 1);
    world.read(9);
    expect([PG_mlocked, PG_unevictable].map((flag) => world.flag(8, flag))).toEqual([true, true]);
    expect(world.counters.of("nr_mlock")).toBe(1);
    world.check();
    world.unmap(vma);
    expect([world.counters.of("nr_mlock"), world.folios.usedFrames]).toEqual([0, 0]);
  });
  test("is a SIGBUS in a shared area that shows no file", () => {
    const world = new World();
    world.anonymous(8, 12, SHARED);
    expect(world.read(8)).toBe(SIGBUS);
  });
});

describe("a write to the zero page", () => {
  test("gets a page of zeros, with nothing copied", () => {
    const world = new World();
    world.anonymous(8, 12);
    world.read(8, 0, 0, 1); // another processor remembers the zero page
    expect(world.faultsOf(() => world.write(8, 5))).toBe(1);
    expect([world.read(8), world.read(8, 1), world.read(8, 0, 0, 1), world.letters(8, 10), world.rss()]).toEqual([5, 0, 5, "A.", 1]);
    expect(world.folios.copiedBytes).toBe(0);
    world.check();
  });
});

describe("a write to an anonymous page that is read-only", () => {
  test("of one's own is no copy: it becomes writable where it is", () => {
    const world = new World(), vma = world.anonymous(8, 12);
    world.write(8, 5);
    world.parts.tables.setWriteProtect(world.parts.tables.slotOf(0, 8));
    world.parts.tlbs.flushPage(0, 8);
    const pfn = world.pfn(8);
    expect(world.faultsOf(() => world.write(8, 6))).toBe(1);
    expect([world.pfn(8), world.counters.of("pgreuse"), world.folios.copiedBytes, vma]).toEqual([pfn, 1, 0, 0]);
  });
  test("of two address spaces is copied, and the other one reuses the page when it is alone", () => {
    const world = new World(), vma = world.anonymous(8, 12);
    world.write(8, 5);
    world.fork(vma, 1);
    const pfn = world.pfn(8);
    world.check();
    expect(world.faultsOf(() => world.write(8, 6))).toBe(1);
    expect([world.read(8), world.read(8, 0, 1), world.pfn(8, 1), world.flag(8, PG_anon_exclusive)]).toEqual([6, 5, pfn, true]);
    expect(world.folios.testFlag(pfn, PG_anon_exclusive)).toBe(false);
    world.check();
    expect(world.faultsOf(() => world.write(8, 7, 0, 1), 1)).toBe(1);
    expect([world.pfn(8, 1), world.folios.testFlag(pfn, PG_anon_exclusive), world.read(8), world.read(8, 0, 1)]).toEqual([pfn, true, 6, 7]);
    // It belongs to the child's region now, so that the parent's rmap locks are not needed for it.
    expect(world.folios.mapping(pfn)).toBe(world.parts.vmas.anonVmaOf(1) * 2 + 1);
    world.check();
  });
  test("that somebody else holds is copied, though one mapping is all it has", () => {
    const world = new World(), vma = world.anonymous(8, 12);
    world.write(8, 5);
    const child = world.fork(vma, 1), pfn = world.pfn(8);
    world.unmap(child);
    world.folios.get(pfn);
    world.write(8, 6);
    expect([world.pfn(8) === pfn, world.folios.load8(pfn, 0), world.folios.refcount(pfn)]).toEqual([false, 5, 1]);
    world.folios.put(pfn);
    world.check();
  });
  test("that somebody comes to hold between a look and the lock is copied", () => {
    const world = new World(), vma = world.anonymous(8, 12);
    world.write(8, 5);
    world.unmap(world.fork(vma, 1));
    const pfn = world.pfn(8), tryLock = world.folios.tryLock.bind(world.folios);
    world.folios.tryLock = (locked) => {
      world.folios.get(locked);
      return tryLock(locked);
    };
    world.write(8, 6);
    expect([world.pfn(8) === pfn, world.folios.load8(pfn, 0), world.folios.refcount(pfn)]).toEqual([false, 5, 1]);
  });
  test("that somebody holds the lock of is copied", () => {
    const world = new World(), vma = world.anonymous(8, 12);
    world.write(8, 5);
    world.unmap(world.fork(vma, 1));
    const pfn = world.pfn(8);
    world.folios.lock(pfn);
    world.folios.get(pfn);
    world.write(8, 6);
    expect(world.pfn(8)).not.toBe(pfn);
    world.folios.unlock(pfn);
    world.folios.put(pfn);
  });
  test("is out of memory where no frame is left for the copy, and the page stays as it was", () => {
    const world = new World({ frameCount: 2 }), vma = world.anonymous(8, 12);
    world.write(8, 5);
    world.fork(vma, 1);
    expect([world.write(8, 6), world.read(8), world.folios.refcount(world.pfn(8))]).toEqual([-VM_FAULT_OOM, 5, 2]);
    world.check();
  });
  test("may be asked for by a reader who will keep it: unshared, but not writable", () => {
    const world = new World(), vma = world.anonymous(8, 12);
    world.write(8, 5);
    world.fork(vma, 1);
    const pfn = world.pfn(8);
    expect(world.faults.handleIn(vma, 8, READ, FAULT_FLAG_UNSHARE)).toBe(0);
    expect([world.pfn(8) === pfn, world.flag(8, PG_anon_exclusive), pteIsWritable(world.pte(8)), pteIsDirty(world.pte(8)), world.read(8)]).toEqual([false, true, false, false, 5]);
    expect(world.faults.handleIn(1, 8, READ, FAULT_FLAG_UNSHARE)).toBe(0);
    expect([world.pfn(8, 1), world.folios.testFlag(pfn, PG_anon_exclusive), pteIsWritable(world.pte(8, 1))]).toEqual([pfn, true, false]);
    world.check();
  });
});

describe("an access to a file mapping", () => {
  test("that reads maps what is cached in the window around, and asks once", () => {
    const world = new World();
    for (const index of [0, 1, 2, 5, 6, 9]) world.file.make(index);
    world.fileArea(8, 24, SHARED, 0);
    expect(world.faultsOf(() => expect(world.read(14)).toBe(0))).toBe(1);
    expect([world.letters(8, 24), world.file.asked]).toEqual([".....FF.........", []]);
    expect([world.rss(MM_SHMEMPAGES), world.rss(MM_FILEPAGES), world.counters.of("nr_mapped")]).toEqual([2, 0, 2]);
    world.check();
  });
  test("whose window begins at the area reaches as many pages on", () => {
    const world = new World();
    for (let index = 0; index < 16; index++) world.file.make(index);
    world.fileArea(10, 24, SHARED, 0); // pages 8 and 9 of the window are not the area's
    world.read(11);
    expect(world.letters(8, 16)).toBe("..FFFF..");
    world.read(15);
    expect(world.letters(8, 24)).toBe("..FFFFFF........"); // and no further than its table
  });
  test("whose window has the page not cached asks the file, and maps only it", () => {
    const world = new World();
    world.file.make(1);
    world.fileArea(8, 12, SHARED);
    expect(world.read(8)).toBe(0);
    expect([world.letters(8, 12), world.file.asked]).toEqual(["FF..", ["fault 0 read"]]);
    expect(pteIsWritable(world.pte(8))).toBe(true);
    world.check();
  });
  test("leaves pages that are locked, not uptodate or beyond the end out of the window", () => {
    const world = new World();
    for (let index = 0; index < 4; index++) world.file.make(index);
    world.folios.clearFlag(world.file.make(1), PG_uptodate);
    world.folios.lock(world.file.make(2));
    world.file.pageCount = 3;
    world.fileArea(8, 12, SHARED);
    world.read(8);
    expect(world.letters(8, 12)).toBe("F...");
    expect(world.read(11)).toBe(SIGBUS);
  });
  test("does not map around where the window is one page, or the filesystem cannot say", () => {
    const alone = new World({ faultAroundPages: 1 }), plain = new World();
    plain.file.features = { writeNotify: false, faultAround: false };
    for (const world of [alone, plain]) {
      for (let index = 0; index < 4; index++) world.file.make(index);
      world.fileArea(8, 12, SHARED);
      world.read(9);
      expect(world.letters(8, 12)).toBe(".F..");
    }
  });
  test("that writes to a shared page maps one page, dirty in table and file; one read before is written without a fault", () => {
    const world = new World();
    for (let index = 0; index < 4; index++) world.file.make(index);
    world.fileArea(8, 12, SHARED);
    world.write(9, 7);
    expect([world.letters(8, 12), pteIsDirty(world.pte(9)), world.folios.load8(world.file.make(1), 0)]).toEqual([".D..", true, 7]);
    world.read(8);
    expect(world.faultsOf(() => world.write(8, 1))).toBe(0);
    expect([world.letters(8, 12), pteIsDirty(world.pte(8))]).toEqual(["FDFF", true]);
    world.check();
  });
  test("that writes to a private page copies it at once, and the file keeps its own", () => {
    const world = new World();
    world.folios.store8(world.file.make(1), 4, 42);
    world.fileArea(8, 12, PRIVATE);
    world.write(9, 7);
    expect([world.letters(8, 12), world.read(9, 4), world.read(9), world.folios.load8(world.file.make(1), 0)]).toEqual([".A..", 42, 7, 0]);
    expect([world.rss(MM_ANONPAGES), world.rss(MM_SHMEMPAGES), world.file.asked]).toEqual([1, 0, ["fault 1 read"]]);
    world.write(10, 1);
    expect(world.file.pages.has(2)).toBe(true); // a hole is filled in the file, the copy is extra
    world.check();
  });
  test("that writes to a private page that was read copies it then", () => {
    const world = new World();
    world.folios.store8(world.file.make(1), 4, 42);
    world.fileArea(8, 12, PRIVATE);
    expect([world.read(9, 4), pteIsWritable(world.pte(9))]).toEqual([42, false]);
    expect(world.faultsOf(() => world.write(9, 7))).toBe(1);
    expect([world.letters(8, 12), world.read(9, 4), world.rss(MM_SHMEMPAGES), world.counters.of("nr_mapped"), world.folios.refcount(world.file.make(1))]).toEqual([".A..", 42, 0, 0, 1]);
    world.check();
  });
  test("is counted as a page on disk where the file has no swap behind it", () => {
    const world = new World();
    world.file.isSwapbacked = false;
    world.fileArea(8, 12, SHARED);
    world.read(8);
    expect([world.rss(MM_FILEPAGES), world.rss(MM_SHMEMPAGES)]).toEqual([1, 0]);
  });
  test("beyond the end is a SIGBUS, written privately too, and leaks no page", () => {
    const world = new World();
    world.file.pageCount = 1;
    world.fileArea(8, 12, PRIVATE);
    world.fileArea(16, 20, SHARED);
    expect([world.write(9, 1), world.read(9), world.write(17, 1), world.folios.usedFrames]).toEqual([SIGBUS, SIGBUS, SIGBUS, 0]);
  });
  test("is out of memory, and gives back what it had, where the copy has no frame", () => {
    const world = new World({ frameCount: 2 });
    world.file.make(0);
    world.fileArea(8, 12, PRIVATE);
    expect([world.write(8, 1), world.read(8)]).toEqual([-VM_FAULT_OOM, 0]);
    world.check();
  });
});

describe("a filesystem that wants to know of writes", () => {
  const notified = (): World => {
    const world = new World();
    world.file.features = { writeNotify: true, faultAround: true };
    return world;
  };
  test("is asked before a page becomes writable: at the first write, and at one after reads", () => {
    const world = notified();
    world.fileArea(8, 12, SHARED);
    world.write(8, 1);
    expect(world.file.asked).toEqual(["fault 0 write", "mkwrite 0"]);
    world.read(9);
    expect(pteIsWritable(world.pte(9))).toBe(false);
    expect(world.faultsOf(() => world.write(9, 1))).toBe(1);
    expect([world.file.asked.at(-1), world.letters(8, 12), pteIsWritable(world.pte(9))]).toEqual(["mkwrite 1", "DD..", true]);
    world.check();
  });
  test("may say that the page has left the file: nothing is mapped, or stays read-only", () => {
    const world = notified();
    world.fileArea(8, 12, SHARED);
    world.file.pageMkwrite = () => VM_FAULT_NOPAGE;
    expect(world.faults.handle(0, 8, WRITE)).toBe(VM_FAULT_NOPAGE);
    expect([world.letters(8, 12), world.folios.refcount(world.file.make(0))]).toEqual(["....", 1]);
    world.read(8);
    expect(world.faults.handle(0, 8, WRITE)).toBe(VM_FAULT_NOPAGE);
    expect([pteIsWritable(world.pte(8)), world.folios.refcount(world.file.make(0))]).toEqual([false, 2]);
    world.file.pageMkwrite = () => VM_FAULT_SIGBUS;
    expect(world.write(8, 1)).toBe(SIGBUS);
    world.check();
  });
  test("that takes the page away while it is asked is found out", () => {
    const world = notified();
    world.fileArea(8, 12, SHARED);
    world.read(8);
    const mkwrite = world.file.pageMkwrite.bind(world.file);
    world.file.pageMkwrite = (fault) => {
      world.file.pageMkwrite = mkwrite;
      world.file.punch(0, 0, 1);
      return mkwrite(fault);
    };
    expect(world.faults.handle(0, 8, WRITE)).toBe(VM_FAULT_NOPAGE);
    expect(world.letters(8, 9)).toBe(".");
    expect(world.write(8, 1)).toBe(0);
    world.check();
  });
});

describe("a filesystem that maps storage itself", () => {
  test("is asked for each write to what is read-only, and mprotect there and back gives nothing away", () => {
    const world = new World(), vma = world.fileArea(8, 12, SHARED), inserts = new Inserts(world.parts, world.maps), asked: number[] = [];
    const block = world.folios.allocate(0);
    world.file.features = { writeNotify: true, faultAround: false };
    world.file.fault = ({ page, access }) => {
      asked.push(access);
      if (access === WRITE) world.zap.single(vma, page, page + 1, ZAP_EVEN_COWS); // zeros give way to a block
      return inserts.pfn(vma, page, access === WRITE ? block : world.folios.zeroPfn, access);
    };
    world.read(8);
    world.protect(vma, SHARED & ~VM_WRITE);
    world.protect(vma, SHARED);
    expect([pteIsWritable(world.pte(8)), world.write(8, 7), world.read(8), asked]).toEqual([false, 0, 7, [READ, WRITE]]);
    expect([world.pfn(8), world.rss(MM_SHMEMPAGES), world.folios.isZero(world.folios.zeroPfn)]).toEqual([block, 0, true]);
    world.protect(vma, SHARED & ~VM_WRITE);
    world.protect(vma, SHARED);
    expect(world.faultsOf(() => world.write(8, 8))).toBe(0); // dirty already: the filesystem knows
  });
  test("with a page that has a folio says so when it is asked whether that may be written", () => {
    const world = new World(), vma = world.fileArea(8, 12, SHARED), inserts = new Inserts(world.parts, world.maps), block = world.folios.allocate(0);
    world.file.features = { writeNotify: true, faultAround: false };
    world.file.fault = ({ page, index }) => inserts.folio(vma, page, world.file.make(index));
    world.file.pageMkwrite = ({ page, index, access }) => {
      world.file.punch(0, index, 1);
      return inserts.pfn(vma, page, block, access);
    };
    expect([world.read(8), pteIsWritable(world.pte(8)), world.write(8, 7), world.pfn(8), world.read(8)]).toEqual([0, false, 0, block, 7]);
    expect([world.rss(MM_SHMEMPAGES), world.file.pages.size, world.folios.usedFrames]).toEqual([0, 0, 1]);
  });
});

describe("an entry that is neither empty nor present", () => {
  test("is a SIGBUS if it is poisoned, and nothing if userfaultfd left it and nobody listens", () => {
    const world = new World();
    world.anonymous(8, 12);
    const { tables } = world.parts;
    tables.store(tables.createSlot(0, 8), markerPteOf(PTE_MARKER_POISONED));
    tables.store(tables.createSlot(0, 9), markerPteOf(PTE_MARKER_UFFD_WP));
    expect([world.read(8), world.write(8, 1), world.write(9, 4), world.read(9)]).toEqual([SIGBUS, SIGBUS, 0, 4]);
  });
});

describe("a fault that came too late", () => {
  test("makes the entry young, and dirty for a write, and counts", () => {
    const world = new World(), vma = world.anonymous(8, 12);
    world.write(8, 1);
    const { tables } = world.parts, slot = tables.slotOf(0, 8);
    tables.store(slot, world.pte(8) - PTE_ACCESSED - PTE_DIRTY);
    expect(world.faultsOf(() => world.faults.handle(0, 8, READ))).toBe(1);
    expect([pteIsAccessed(world.pte(8)), pteIsDirty(world.pte(8))]).toEqual([true, false]);
    world.faults.handle(0, 8, WRITE);
    expect([pteIsDirty(world.pte(8)), world.parts.vmas.flagsOf(vma) & (VM_MAYREAD | VM_SHARED)]).toEqual([true, VM_MAYREAD]);
  });
});
