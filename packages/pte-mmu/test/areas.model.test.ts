import { Folios } from "@zeropfn/folio";
import { reservedColumns } from "@zeropfn/state";
import { EFAULT, EINVAL, ENOMEM } from "@zeropfn/units";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type FileFaultHandler, MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, type MappedFiles, mmap, Mmu, mprotect, mremap, MREMAP_FIXED, MREMAP_MAYMOVE, munmap, NO_MAPPING, PROT_EXEC, PROT_NONE, PROT_READ, PROT_WRITE,
} from "../src/index.ts";
import { NO_ROW } from "../src/interval-trees.ts";
import { VM_ACCESS_FLAGS, VM_ACCOUNT, VM_MAYEXEC, VM_MAYREAD, VM_MAYSHARE, VM_MAYWRITE, VM_SHARED, VM_WRITE } from "../src/vm-flags.ts";

const PAGE = 16;
const TASK_PAGES = 64;

/** One page of an address space, and an area: a run of pages that are alike. */
interface Cell {
  readonly flags: number;
  readonly mapping: number;
  readonly index: number;
}
interface Run extends Cell {
  readonly first: number;
  readonly end: number;
}

const NO_FILE = NO_MAPPING;
const isFresh = (cell: Cell): boolean => cell.mapping === NO_FILE;

/** An address space whose pages are never touched, as a map from pages to what they show. Areas are what is alike and lies side by side. */
class PageMap {
  readonly cells = new Map<number, Cell>();

  runs(): Run[] {
    const runs: Run[] = [];
    for (const [page, { flags, mapping, index }] of [...this.cells].sort(([a], [b]) => a - b)) {
      const last = runs.at(-1);
      if (last !== undefined && last.end === page && last.flags === flags && last.mapping === mapping && last.index + page - last.first === index) runs[runs.length - 1] = { ...last, end: page + 1 };
      else runs.push({ first: page, end: page + 1, flags, mapping, index });
    }
    return runs;
  }
  isFree(first: number, end: number): boolean {
    for (let page = first; page < end; page++) if (this.cells.has(page)) return false;
    return true;
  }
  /** The highest place for so many pages; the first page is left to null pointers. */
  gap(pages: number): number {
    for (let first = TASK_PAGES - pages; first > 0; first--) if (this.isFree(first, first + pages)) return first;
    return -1;
  }
  map(first: number, pages: number, cell: Cell): void {
    for (let nth = 0; nth < pages; nth++) this.cells.set(first + nth, { ...cell, index: isFresh(cell) ? first + nth : cell.index + nth });
  }
  unmap(first: number, pages: number): void {
    for (let page = first; page < first + pages; page++) this.cells.delete(page);
  }
  protect(first: number, pages: number, rights: number): number {
    for (let page = first; page < first + pages; page++) {
      const cell = this.cells.get(page);
      if (cell === undefined) return -ENOMEM;
      this.cells.set(page, { ...cell, flags: withRights(cell, rights) });
    }
    return 0;
  }
  /** Each page goes as far as the others; where there was none, what is at its place stays. */
  move(from: number, pages: number, to: number): number {
    if (from + pages > to && to + pages > from) return -EINVAL;
    if (!this.cells.has(from)) return -EFAULT;
    const moved = Array.from({ length: pages }, (_, nth) => this.cells.get(from + nth));
    this.unmap(from, pages);
    for (const [nth, cell] of moved.entries()) if (cell !== undefined) this.cells.set(to + nth, isFresh(cell) ? { ...cell, index: to + nth } : cell);
    return to;
  }
  /** Without a way to move: grows where nothing is behind. */
  resize(first: number, oldPages: number, newPages: number): number {
    const run = this.runs().find((one) => one.first <= first && first < one.end);
    if (run === undefined) return -EFAULT;
    if (newPages > oldPages && first + oldPages > run.end) return -EFAULT;
    if (newPages > oldPages && (first + oldPages < run.end || first + newPages > TASK_PAGES || !this.isFree(run.end, first + newPages))) return -ENOMEM;
    if (newPages < oldPages) this.unmap(first + newPages, Math.min(oldPages, TASK_PAGES - first) - newPages);
    else if (newPages > oldPages) this.map(run.end, first + newPages - run.end, { ...run, index: run.index + run.end - run.first });
    return first;
  }
}

/** Memory is promised to what is private and can be written, and taken back where only areas know that nobody has. */
function withRights(cell: Cell, rights: number): number {
  const old = cell.flags, flags = (old & ~VM_ACCESS_FLAGS) | rights;
  if ((rights & VM_WRITE) !== 0) return (old & VM_SHARED) === 0 ? flags | VM_ACCOUNT : flags;
  return isFresh(cell) ? flags & ~VM_ACCOUNT : flags;
}

const kinds = [
  { flags: MAP_PRIVATE | MAP_ANONYMOUS, mapping: NO_FILE, more: 0 },
  { flags: MAP_SHARED, mapping: 0, more: VM_SHARED | VM_MAYSHARE },
  { flags: MAP_PRIVATE, mapping: 1, more: 0 },
] as const;
// The bits of both are the same.
const rights = fc.constantFrom(PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_READ | PROT_EXEC, PROT_NONE);
const page = fc.nat(TASK_PAGES - 9), pages = fc.integer({ min: 1, max: 8 }), mm = fc.nat(1);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant("map" as const), mm, page, pages, rights, kind: fc.constantFrom(...kinds), index: fc.nat(4), isLinear: fc.boolean(), isFixed: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("unmap" as const), mm, page, pages }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("protect" as const), mm, page, pages, rights }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("move" as const), mm, page, pages, to: page }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("resize" as const), mm, page, pages, newPages: pages }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const touched = (): never => {
  throw new Error("a page was touched");
};
const untouched: FileFaultHandler = {
  features: { writeNotify: false, faultAround: false }, fault: touched, nextMappable: touched, pageMkwrite: touched, isCached: touched, evict: touched, punch: touched, sync: touched,
};

class Pair {
  readonly mmu: Mmu;
  readonly models: readonly [PageMap, PageMap] = [new PageMap(), new PageMap()];
  /** Areas that map each file. */
  readonly references: number[] = [0, 0];

  constructor() {
    const columns = reservedColumns(), folios = new Folios(columns, { frameCount: 128, pageShift: Math.log2(PAGE) });
    const files: MappedFiles = { mapped: (file) => this.references[file]!++, unmapped: (file) => this.references[file]!--, createShared: () => -ENOMEM };
    this.mmu = new Mmu(columns, folios, {
      mmCapacity: 2, tableCapacity: 64, tableShift: 3, levels: 2, cpuCount: 1, tlbShift: 0, tlbWays: 1, vmaCapacity: 160, maximumMapCount: 200, mappingCapacity: 2, taskPages: TASK_PAGES, files,
    });
    this.mmu.connect(untouched);
  }
  /** What the call answers, and what the map of pages says it should, in pages. */
  perform(step: Step): [number, number] {
    const { calls } = this.mmu, model = this.models[step.mm]!, address = step.page * PAGE, length = step.pages * PAGE;
    switch (step.op) {
      case "map": {
        const { kind, isFixed, isLinear } = step, first = isFixed ? step.page : model.gap(step.pages), index = isLinear ? step.page : step.index;
        const answer = mmap(calls, step.mm, { address: isFixed ? address : 0, length, protection: step.rights, flags: kind.flags | (isFixed ? MAP_FIXED : 0), mapping: kind.mapping, offset: index * PAGE });
        if (first < 0) return [answer, -ENOMEM];
        const account = (step.rights & PROT_WRITE) !== 0 && (kind.flags & MAP_SHARED) === 0 ? VM_ACCOUNT : 0;
        model.map(first, step.pages, { mapping: kind.mapping, index, flags: step.rights | kind.more | account | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC });
        return [answer, first * PAGE];
      }
      case "unmap":
        model.unmap(step.page, step.pages);
        return [munmap(calls, step.mm, address, length), 0];
      case "protect":
        return [mprotect(calls, step.mm, address, length, step.rights), model.protect(step.page, step.pages, step.rights)];
      case "move": {
        const to = model.move(step.page, step.pages, step.to);
        return [mremap(calls, step.mm, address, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, step.to * PAGE), to < 0 ? to : to * PAGE];
      }
      case "resize": {
        const at = model.resize(step.page, step.pages, step.newPages);
        return [mremap(calls, step.mm, address, length, step.newPages * PAGE, 0, 0), at < 0 ? at : at * PAGE];
      }
    }
  }
  areasOf(space: number): Run[] {
    const { vmas } = this.mmu;
    return [...vmas.of(space)].map((vma) => ({ first: vmas.firstPageOf(vma), end: vmas.endPageOf(vma), flags: vmas.flagsOf(vma), mapping: vmas.mappingOf(vma), index: vmas.pageIndexOf(vma) }));
  }
  /** The areas that show a page of a file, as the file's own order has them: space and first page. */
  showing(file: number, index: number): string[] {
    const { vmas } = this.mmu, found: string[] = [];
    for (let vma = vmas.iMmap.first(file, index, index); vma !== NO_ROW; vma = vmas.iMmap.next(vma, index, index)) found.push(`${vmas.mmOf(vma)} ${vmas.firstPageOf(vma)}`);
    return found.sort();
  }
  expectAgreement(): void {
    const { vmas, counters } = this.mmu;
    vmas.index.checkInvariants();
    vmas.iMmap.checkInvariants();
    const all: (Run & { readonly space: number })[] = [];
    for (const [space, model] of this.models.entries()) {
      const runs = model.runs();
      expect(this.areasOf(space)).toEqual(runs);
      expect(counters.totalPages(space)).toBe(model.cells.size);
      all.push(...runs.map((run) => ({ ...run, space })));
    }
    for (const file of [0, 1]) {
      const mappers = all.filter(({ mapping }) => mapping === file), indexes = Array.from({ length: TASK_PAGES + 8 }, (_, index) => index);
      expect(this.references[file]).toBe(mappers.length);
      const expected = indexes.map((index) => mappers.filter((run) => run.index <= index && index < run.index + run.end - run.first).map(({ space, first }) => `${space} ${first}`).sort());
      expect(indexes.map((index) => this.showing(file, index))).toEqual(expected);
    }
  }
}

test("areas whose pages nobody has touched are what is alike and side by side in a map of pages, whatever is mapped, unmapped, protected, moved and resized", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const pair = new Pair();
      for (const step of steps) {
        const [answer, expected] = pair.perform(step);
        expect(answer, JSON.stringify(step)).toBe(expected);
        pair.expectAgreement();
      }
    }),
    { numRuns: 100 },
  );
});
