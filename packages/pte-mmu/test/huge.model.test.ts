import { Folios } from "@zeropfn/folio";
import { Counters, reservedColumns } from "@zeropfn/state";
import { SIGKILL, SIGSEGV } from "@zeropfn/units";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  MADV_COLD, MADV_COLLAPSE, MADV_DONTNEED, MADV_FREE, MADV_GUARD_INSTALL, MADV_GUARD_REMOVE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_PAGEOUT, MADV_POPULATE_READ, MADV_POPULATE_WRITE, madvise,
} from "../src/calls/madvise.ts";
import { mlock, munlock } from "../src/calls/mlock.ts";
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, mmap, PROT_READ, PROT_WRITE } from "../src/calls/mmap.ts";
import { mprotect } from "../src/calls/mprotect.ts";
import { mremap, MREMAP_FIXED, MREMAP_MAYMOVE } from "../src/calls/mremap.ts";
import { munmap } from "../src/calls/munmap.ts";
import { FOLL_PIN, FOLL_WRITE } from "../src/gup-flags.ts";
import { checkAccounting } from "../src/invariants.ts";
import { Mmu } from "../src/mmu.ts";
import type { ThpMode } from "../src/thp.ts";
import { NO_MAPPING } from "../src/vmas.ts";

const SHIFT = 2, PAGES = 64, PAGE = 4096, BOTH = PROT_READ | PROT_WRITE;

/** What a page of private memory is to a program. */
interface Cell {
  byte: number;
  /** MADV_FREE: it may be 0 as well. */
  mayBeZero: boolean;
  isGuard: boolean;
  protection: number;
  isLocked: boolean;
}
interface Space {
  readonly mm: number;
  cells: Map<number, Cell>;
}
/** A page that a device writes to by its frame, as long as the cell is the address space's. */
interface Pin {
  readonly pfn: number;
  readonly cell: Cell;
  readonly space: Space;
}

const KINDS = [
  "write", "write", "write", "write", "read", "read", "map", "unmap", "protect", "protect", "dontneed", "free", "discard", "collapse", "collapse", "pageout", "cold", "lock", "unlock", "install", "remove",
  "move", "move", "fork", "exit", "mode", "hugepage", "nohugepage", "populateRead", "populateWrite", "pin", "device", "unpin", "writeWithoutMemory",
] as const;
type Step = readonly [kind: (typeof KINDS)[number], space: number, first: number, length: number, value: number, cpu: number];

class Model {
  readonly tracer = new Counters(reservedColumns());
  readonly folios: Folios;
  readonly mmu: Mmu;
  spaces: Space[] = [];
  pins: Pin[] = [];

  constructor() {
    const columns = reservedColumns();
    this.folios = new Folios(columns, { frameCount: 512, hugeZeroOrder: SHIFT, tracer: this.tracer });
    this.mmu = new Mmu(columns, this.folios, {
      mmCapacity: 3, tableCapacity: 200, tableShift: SHIFT, levels: 3, cpuCount: 2, tlbShift: 2, tlbWays: 2, asidCount: 2, vmaCapacity: 200, mappingCapacity: 0, gatherCapacity: 3, tracer: this.tracer,
    });
    this.mmu.thp.setMode(2);
    this.spaces.push({ mm: this.mmu.mms.allocate(), cells: new Map() });
    this.#map(this.spaces[0]!, 1, 30, BOTH);
  }

  step([kind, choice, first, length, value, cpu]: Step): void {
    const space = this.spaces[choice % this.spaces.length]!, end = Math.min(PAGES, first + 1 + length), { mmu } = this, { mm } = space;
    const advise = (advice: number): number => madvise(mmu.calls, mm, first * PAGE, (end - first) * PAGE, advice);
    if (kind === "write") this.#write(space, first, value, cpu);
    else if (kind === "writeWithoutMemory") {
      this.folios.failAllocation(1 + (value % 3));
      this.#write(space, first, value, cpu, true);
      this.folios.failAllocation(0);
    } else if (kind === "read") this.#read(space, first, cpu);
    else if (kind === "map") this.#map(space, first, end, BOTH);
    else if (kind === "unmap") {
      expect(munmap(mmu.calls, mm, first * PAGE, (end - first) * PAGE)).toBe(0);
      this.#drop(space, first, end);
    } else if (kind === "protect") this.#protect(space, first, end, [0, PROT_READ, BOTH, BOTH][value % 4]!);
    else if (kind === "dontneed") {
      if (advise(MADV_DONTNEED) === 0) this.#renew(space, first, end, (cell) => ({ ...cell, byte: 0, mayBeZero: false }));
      else this.#renewUntilLocked(space, first, end, (cell) => ({ ...cell, byte: 0, mayBeZero: false }));
    } else if (kind === "free" || kind === "discard") {
      advise(MADV_FREE);
      if (kind === "discard") advise(MADV_PAGEOUT);
      this.#renewUntilLocked(space, first, end, (cell) => cell, (cell) => (cell.mayBeZero = true));
    } else if (kind === "collapse") advise(MADV_COLLAPSE);
    else if (kind === "pageout") advise(MADV_PAGEOUT);
    else if (kind === "cold") advise(MADV_COLD);
    else if (kind === "hugepage") advise(MADV_HUGEPAGE);
    else if (kind === "nohugepage") advise(MADV_NOHUGEPAGE);
    else if (kind === "populateRead") advise(MADV_POPULATE_READ);
    else if (kind === "populateWrite") advise(MADV_POPULATE_WRITE);
    else if (kind === "lock" || kind === "unlock") this.#lock(space, first, end, kind === "lock");
    else if (kind === "install") {
      advise(MADV_GUARD_INSTALL);
      this.#renewUntilLocked(space, first, end, (cell) => ({ ...cell, byte: 0, mayBeZero: false, isGuard: true }));
    } else if (kind === "remove") {
      advise(MADV_GUARD_REMOVE);
      for (const [page, cell] of space.cells) if (page >= first && page < end) cell.isGuard = false;
    } else if (kind === "move") this.#move(space, first, end, value % PAGES);
    else if (kind === "fork") this.#fork(space);
    else if (kind === "exit" && this.spaces.length > 1) this.#exit(space);
    else if (kind === "mode") mmu.thp.setMode((value % 3) as ThpMode);
    else if (kind === "pin") this.#pin(space, first);
    else if (kind === "unpin") this.#unpin(this.pins.pop());
    else if (kind === "device") this.#writeByDevice(value);
  }

  #signal(space: Space, page: number, right: number): number {
    const cell = space.cells.get(page);
    return cell === undefined || cell.isGuard || (cell.protection & right) === 0 ? -SIGSEGV : 0;
  }
  #read(space: Space, page: number, cpu: number): void {
    const cell = space.cells.get(page), byte = this.mmu.load8(cpu, space.mm, page, 0), signal = this.#signal(space, page, PROT_READ);
    if (signal !== 0) expect(byte).toBe(signal);
    else if (byte !== 0 || !cell!.mayBeZero) expect(byte).toBe(cell!.byte);
    else Object.assign(cell!, { byte: 0, mayBeZero: false });
  }
  #write(space: Space, page: number, value: number, cpu: number, mayFail: boolean = false): void {
    const signal = this.#signal(space, page, PROT_WRITE), result = this.mmu.store8(cpu, space.mm, page, 0, value);
    if (mayFail && result === -SIGKILL) return;
    expect(result).toBe(signal);
    if (signal === 0) Object.assign(space.cells.get(page)!, { byte: value, mayBeZero: false });
  }
  #map(space: Space, first: number, end: number, protection: number): void {
    const request = { address: first * PAGE, length: (end - first) * PAGE, protection, flags: MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, mapping: NO_MAPPING, offset: 0 };
    expect(mmap(this.mmu.calls, space.mm, request)).toBe(first * PAGE);
    this.#drop(space, first, end);
    for (let page = first; page < end; page++) space.cells.set(page, { byte: 0, mayBeZero: false, isGuard: false, protection, isLocked: false });
  }
  #drop(space: Space, first: number, end: number): void {
    for (let page = first; page < end; page++) space.cells.delete(page);
  }
  #protect(space: Space, first: number, end: number, protection: number): void {
    mprotect(this.mmu.calls, space.mm, first * PAGE, (end - first) * PAGE, protection);
    for (let page = first; page < end && space.cells.has(page); page++) space.cells.get(page)!.protection = protection;
  }
  /** Other cells take the place of those of a range. */
  #renew(space: Space, first: number, end: number, renewed: (cell: Cell) => Cell): void {
    for (let page = first; page < end; page++) {
      const cell = space.cells.get(page);
      if (cell !== undefined) space.cells.set(page, renewed(cell));
    }
  }
  /** The same, of an advice that ends at the first area that is locked. */
  #renewUntilLocked(space: Space, first: number, end: number, renewed: (cell: Cell) => Cell, change: (cell: Cell) => void = () => {}): void {
    for (let page = first; page < end; page++) {
      const cell = space.cells.get(page);
      if (cell === undefined) continue;
      if (cell.isLocked) return;
      space.cells.set(page, renewed(cell));
      change(space.cells.get(page)!);
    }
  }
  #lock(space: Space, first: number, end: number, isLocked: boolean): void {
    const call = isLocked ? mlock(this.mmu.calls, space.mm, first * PAGE, (end - first) * PAGE, 0) : munlock(this.mmu.calls, space.mm, first * PAGE, (end - first) * PAGE);
    expect(call <= 0).toBe(true);
    for (let page = first; page < end && space.cells.has(page); page++) space.cells.get(page)!.isLocked = isLocked;
  }
  #move(space: Space, first: number, end: number, to: number): void {
    const pages = end - first, isOverlapping = to < end && first < to + pages;
    if (isOverlapping || to + pages > PAGES) return;
    for (let page = first; page < end; page++) if (!space.cells.has(page)) return;
    const result = mremap(this.mmu.calls, space.mm, first * PAGE, pages * PAGE, pages * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to * PAGE);
    expect(result).toBe(to * PAGE);
    for (let nth = 0; nth < pages; nth++) {
      space.cells.set(to + nth, space.cells.get(first + nth)!);
      space.cells.delete(first + nth);
    }
  }
  #fork(space: Space): void {
    if (this.spaces.length === 3) return;
    const mm = this.mmu.fork(space.mm);
    expect(mm).toBeGreaterThanOrEqual(0);
    this.spaces.push({ mm, cells: new Map(Array.from(space.cells, ([page, cell]) => [page, { ...cell, isLocked: false }])) });
  }
  #exit(space: Space): void {
    this.mmu.destroyMm(space.mm);
    space.cells.clear();
    this.spaces = this.spaces.filter((other) => other !== space);
  }

  #pin(space: Space, page: number): void {
    const out = new Uint32Array(1), result = this.mmu.calls.gup.fast(space.mm, page, 1, FOLL_PIN | FOLL_WRITE, out), signal = this.#signal(space, page, PROT_WRITE);
    expect(result === 1).toBe(signal === 0);
    if (signal === 0) this.pins.push({ pfn: out[0]!, cell: space.cells.get(page)!, space });
  }
  #unpin(pin: Pin | undefined): void {
    if (pin !== undefined) this.mmu.calls.gup.releaseDirty(pin.pfn, FOLL_PIN);
  }
  /** What a device writes is seen by the address space for which it was pinned. */
  #writeByDevice(value: number): void {
    const pin = this.pins.at(-1);
    if (pin === undefined) return;
    this.folios.store8(pin.pfn, 0, value);
    if ([...pin.space.cells.values()].includes(pin.cell)) pin.cell.byte = value;
  }

  check(): void {
    const { folios, mmu } = this, pinned = new Map<number, number>();
    for (const { pfn } of this.pins) pinned.set(folios.head(pfn), (pinned.get(folios.head(pfn)) ?? 0) + (folios.order(pfn) > 0 ? 1 : 1024));
    checkAccounting(mmu.calls, (pfn) => pinned.get(pfn) ?? 0);
    folios.checkInvariants();
  }
  /** Everything is as the cells say; then all goes, and nothing is left. */
  end(): void {
    for (const space of this.spaces) for (let page = 0; page < PAGES; page++) this.#read(space, page, page & 1);
    while (this.pins.length > 0) this.#unpin(this.pins.pop());
    for (const space of this.spaces) this.mmu.destroyMm(space.mm);
    this.check();
    const counted = ["nr_anon_pages", "nr_anon_transparent_hugepages", "nr_mlock"].map((event) => this.tracer.of(event));
    expect([this.folios.usedFrames, this.mmu.tables.tableCount, ...counted]).toEqual([0, 0, 0, 0, 0]);
  }
}

const step: fc.Arbitrary<Step> = fc.tuple(fc.constantFrom(...KINDS), fc.nat(2), fc.nat(PAGES - 1), fc.oneof(fc.nat(11), fc.constantFrom(3, 7)), fc.integer({ min: 1, max: 255 }), fc.nat(1));
/** Half of the ranges begin where a block does. */
const aligned = step.map(([kind, space, first, length, value, cpu]): Step => [kind, space, first & -(1 << SHIFT), length | 3, value & -4, cpu]);
const seen = new Set<string>();

test("random calls on small huge pages leave bytes and signals as a map of cells says, and counts as a walk finds them", { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(step, aligned), { maxLength: 120, size: "max" }), (steps) => {
      const model = new Model();
      for (const one of steps) {
        model.step(one);
        model.check();
      }
      model.end();
      for (const event of EVENTS) if (model.tracer.of(event) > 0) seen.add(event);
    }),
    { numRuns: 120 },
  );
  expect([...seen].sort()).toEqual([...EVENTS].sort());
});

/** What must have happened in some history, or this says nothing of it. */
const EVENTS = ["thp_fault_alloc", "thp_fault_fallback", "thp_collapse_alloc", "thp_split_pmd", "thp_split_page", "thp_zero_page_alloc", "pglazyfreed"];
