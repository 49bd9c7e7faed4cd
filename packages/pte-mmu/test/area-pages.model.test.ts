import fc from "fast-check";
import { expect, test } from "vitest";
import { VM_LOCKED, VM_READ, VM_SHARED, VM_WRITE } from "../src/vm-flags.ts";
import { READ, VM_FAULT_ACCERR, VM_FAULT_SIGBUS, VM_FAULT_SIGSEGV, WRITE } from "@zeropfn/units";
import { pteIsPresent } from "../src/pte.ts";
import { ZAP_EVEN_COWS } from "../src/zap.ts";
import { FILE, PRIVATE, SHARED, World } from "./pages-world.ts";

const RIGHTS: number = VM_READ | VM_WRITE;
const FILE_PAGES = 12;

/** What a page of an area is to a program: its own byte, or what is behind it; perhaps a guard. */
interface Cell {
  own: number | undefined;
  /** MADV_FREE: it may be 0 as well. */
  mayBeZero: boolean;
  isGuard: boolean;
}
interface Area {
  vma: number;
  mm: number;
  first: number;
  cells: Cell[];
  /** Of the file, for the first page; undefined: anonymous. */
  index: number | undefined;
  flags: number;
}
type Step = readonly [kind: (typeof KINDS)[number], area: number, from: number, length: number, value: number, cpu: number];
const KINDS = [
  "read", "write", "read", "write", "read", "write", "dontneed", "free", "cold", "pageout", "protect", "install", "remove", "lock", "punch", "truncate", "fork", "exit", "populate", "populateFor",
] as const;

class Model {
  readonly world = new World({ frameCount: 256, tableCapacity: 64, gatherFrames: 3 });
  readonly file: number[] = new Array<number>(FILE_PAGES).fill(0);
  fileEnd = FILE_PAGES;
  readonly areas: Area[] = [];

  constructor() {
    this.world.file.pageCount = FILE_PAGES;
    this.#add(0, 4, 12, PRIVATE, undefined);
    this.#add(0, 20, 8, PRIVATE, 0);
    this.#add(0, 30, 8, SHARED, 0);
    this.#add(1, 2, 8, SHARED, 4);
    this.#add(1, 12, 6, PRIVATE, undefined);
  }
  #add(mm: number, first: number, pages: number, flags: number, index: number | undefined): void {
    const vma = index === undefined ? this.world.anonymous(first, first + pages, flags, mm) : this.world.fileArea(first, first + pages, flags, index, mm);
    this.areas.push({ vma, mm, first, flags, index, cells: Array.from({ length: pages }, () => ({ own: undefined, mayBeZero: false, isGuard: false })) });
  }

  step([kind, choice, at, length, value, cpu]: Step): void {
    const area = this.areas[choice % this.areas.length]!, from = at % area.cells.length, end = Math.min(area.cells.length, from + 1 + length);
    const first = area.first + from, last = area.first + end, cells = area.cells.slice(from, end), { world } = this, isPrivate = (area.flags & VM_SHARED) === 0;
    const isLocked = (area.flags & VM_LOCKED) !== 0;
    if (kind === "read") this.#read(area, from, cpu);
    else if (kind === "write") this.#write(area, from, value, cpu);
    else if (kind === "dontneed") {
      world.zap.single(area.vma, first, last, ZAP_EVEN_COWS);
      for (const cell of cells) forget(cell);
    } else if (kind === "free" && area.index === undefined && !isLocked) {
      world.lazyfree.free(area.vma, first, last);
      for (const cell of cells) if (cell.own !== undefined) cell.mayBeZero = true;
    } else if (kind === "cold" && !isLocked) world.coldPageout.cold(area.vma, first, last);
    else if (kind === "pageout" && !isLocked) world.coldPageout.pageout(area.vma, first, last);
    else if (kind === "protect") {
      area.flags = (area.flags & ~RIGHTS) | [0, VM_READ, RIGHTS, RIGHTS][value % 4]!;
      world.protect(area.vma, area.flags);
    } else if (kind === "install" && !isLocked) {
      expect(world.guards.install(area.vma, first, last)).toBe(0);
      for (const cell of cells) forget(cell, true);
    } else if (kind === "remove") {
      world.guards.remove(area.vma, first, last);
      for (const cell of cells) cell.isGuard = false;
    } else if (kind === "lock") this.#lock(area);
    else if (kind === "punch") {
      const index = at % FILE_PAGES, count = Math.min(length + 1, FILE_PAGES - index);
      world.file.punch(FILE, index, count);
      this.file.fill(0, index, index + count);
    } else if (kind === "truncate") this.#truncate(at % (FILE_PAGES + 1));
    else if (kind === "fork" && isPrivate && area.mm !== 2 && !this.areas.some((other) => other.mm === 2 && other.first < area.first + area.cells.length && area.first < other.first + other.cells.length)) {
      const flags = area.flags & ~VM_LOCKED, vma = world.fork(area.vma, 2);
      world.parts.vmas.setFlags(vma, flags);
      this.areas.push({ ...area, vma, mm: 2, flags, cells: area.cells.map((cell) => ({ ...cell })) });
    } else if (kind === "exit" && area.mm === 2) {
      world.unmap(area.vma);
      this.areas.splice(this.areas.indexOf(area), 1);
    } else if (kind === "populate") this.#populate(area, from, end, isPrivate && (area.flags & VM_WRITE) !== 0, (area.flags & RIGHTS) !== 0, world.populate.area(area.vma, first, last));
    else if (kind === "populateFor") {
      const access = value % 2 === 0 ? READ : WRITE;
      this.#populate(area, from, end, isPrivate && access === WRITE, (area.flags & (access === WRITE ? VM_WRITE : VM_READ)) !== 0, world.populate.forAccess(area.vma, first, last, access));
    }
  }

  /** What stands behind a page without a byte of its own: a byte, or undefined beyond the end. */
  #behind(area: Area, at: number): number | undefined {
    if (area.index === undefined) return 0;
    return area.index + at < this.fileEnd ? this.file[area.index + at] : undefined;
  }
  /** The signal that an access is answered with, or 0. */
  #signal(area: Area, at: number, isWrite: boolean): number {
    const cell = area.cells[at]!;
    if ((area.flags & (isWrite ? VM_WRITE : RIGHTS)) === 0) return -(VM_FAULT_SIGSEGV | VM_FAULT_ACCERR);
    if (cell.isGuard) return -VM_FAULT_SIGSEGV;
    return cell.own === undefined && this.#behind(area, at) === undefined ? -VM_FAULT_SIGBUS : 0;
  }
  #read(area: Area, at: number, cpu: number): void {
    const cell = area.cells[at]!, byte = this.world.read(area.first + at, 0, area.mm, cpu), signal = this.#signal(area, at, false);
    if (signal !== 0) expect(byte).toBe(signal);
    else if (cell.own === undefined) expect(byte).toBe(this.#behind(area, at));
    else if (byte === 0 && cell.own !== 0 && cell.mayBeZero) forget(cell);
    else expect(byte).toBe(cell.own);
  }
  #write(area: Area, at: number, value: number, cpu: number): void {
    const signal = this.#signal(area, at, true);
    expect(this.world.write(area.first + at, value, 0, area.mm, cpu)).toBe(signal);
    if (signal !== 0) return;
    if ((area.flags & VM_SHARED) !== 0) this.file[area.index! + at] = value;
    else Object.assign(area.cells[at]!, { own: value, mayBeZero: false });
  }
  #lock(area: Area): void {
    const { world } = this, { vmas } = world.parts, end = area.first + area.cells.length;
    area.flags ^= VM_LOCKED;
    vmas.setFlags(area.vma, area.flags);
    if ((area.flags & VM_LOCKED) !== 0) world.mlockPages.lock(area.vma, area.first, end);
    else world.mlockPages.unlock(area.vma, area.first, end);
  }
  #truncate(pages: number): void {
    this.world.file.truncate(pages);
    this.fileEnd = pages;
    this.file.fill(0, pages);
    for (const { index, cells } of this.areas) {
      if (index !== undefined) for (const [at, cell] of cells.entries()) if (index + at >= pages && !cell.isGuard) forget(cell);
    }
  }
  #populate(area: Area, from: number, end: number, isWrite: boolean, isAllowed: boolean, result: number): void {
    let expected = isAllowed;
    for (let at = from; at < end && expected; at++) {
      const cell = area.cells[at]!;
      if (cell.isGuard || (cell.own === undefined && this.#behind(area, at) === undefined)) expected = false;
      else if (isWrite && cell.own === undefined) cell.own = this.#behind(area, at);
      else if (isWrite && cell.mayBeZero) this.#settle(area, at);
    }
    expect(result === 0).toBe(expected);
  }

  /** A write finds the page that MADV_FREE left, which stays from now on, or has got zeros. */
  #settle(area: Area, at: number): void {
    const { world } = this, cell = area.cells[at]!, byte = world.folios.load8(world.pfn(area.first + at, area.mm), 0);
    expect([0, cell.own]).toContain(byte);
    Object.assign(cell, { own: byte, mayBeZero: false });
  }

  check(): void {
    const { world } = this;
    world.check();
    for (const { first, mm, cells } of this.areas) {
      for (const [at, { own, mayBeZero, isGuard }] of cells.entries()) {
        const pte = world.pte(first + at, mm), letter = world.letters(first + at, first + at + 1, mm);
        if (isGuard !== (letter === "m")) throw new Error(`page ${first + at} of ${mm}: guard ${isGuard}, entry ${letter}`);
        if (own !== undefined && !mayBeZero && !(letter === "A" && pteIsPresent(pte) && world.folios.load8(world.pfn(first + at, mm), 0) === own)) {
          throw new Error(`page ${first + at} of ${mm}: its own byte ${own}, entry ${letter}`);
        }
        if (own === undefined && letter === "A") throw new Error(`page ${first + at} of ${mm}: a page of its own, and no byte`);
      }
    }
  }
}

function forget(cell: Cell, isGuard: boolean = cell.isGuard): void {
  cell.own = undefined;
  cell.mayBeZero = false;
  cell.isGuard = isGuard;
}

const step: fc.Arbitrary<Step> = fc.tuple(fc.constantFrom(...KINDS), fc.nat(6), fc.nat(40), fc.nat(8), fc.integer({ min: 1, max: 255 }), fc.nat(1));

test("random faults, zaps, protections, advice and forks leave bytes, counts and TLBs as a plain table of cells says", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: "max" }), (steps) => {
      const model = new Model();
      for (const one of steps) {
        model.step(one);
        model.check();
      }
      for (const area of [...model.areas].reverse()) model.world.unmap(area.vma);
      model.world.file.truncate(0);
      model.world.check();
      expect([model.world.folios.usedFrames, model.world.counters.of("nr_mlock"), model.world.counters.of("nr_mapped"), model.world.counters.of("nr_anon_pages")]).toEqual([0, 0, 0, 0]);
    }),
    { numRuns: 150 },
  );
});
