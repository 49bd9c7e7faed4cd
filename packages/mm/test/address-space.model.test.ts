import { PG_dirty } from "@zeropfn/folio";
import { NO_VMA } from "@zeropfn/pte-mmu";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { Machine } from "../src/index.ts";
import { history, perform } from "./address-space-world.ts";

vi.setConfig({ testTimeout: 120_000 });

const RUNS = 300;
/** Of what is broken: found by the same history each time. */
const SEED = 22;

test("random calls, faults and accesses of up to three processes on two processors do what a map of pages does, and leave the machine in order", () => {
  fc.assert(fc.property(history, (one) => perform(one)), { numRuns: RUNS });
});

/** What a method does is done no more, or otherwise. */
// biome-ignore lint/suspicious/noExplicitAny: a method's parameters cannot be named otherwise
type Change = (...args: any[]) => unknown;
function replaced<Part extends object>(part: Part, method: keyof Part & string, change: (original: Change) => Change): void {
  Object.defineProperty(part, method, { value: change((part[method] as Change).bind(part)) });
}
const skipped = <Part extends object>(part: Part, method: keyof Part & string, answer?: unknown): void => replaced(part, method, () => () => answer);

/** One thing broken each, and what is found then. */
const BROKEN: Readonly<Record<string, { readonly sabotage: (machine: Machine) => void; readonly found: RegExp }>> = {
  "a range is not flushed": { sabotage: ({ parts }) => skipped(parts.mmu.tlbs, "flushRange"), found: /remembers page/ },
  "a page is not flushed": { sabotage: ({ parts }) => skipped(parts.mmu.tlbs, "flushPage"), found: /remembers page/ },
  "a fork does not flush": { sabotage: ({ parts }) => skipped(parts.mmu.tlbs, "flushMm"), found: /remembers page/ },
  "the processor of the caller alone is flushed": {
    sabotage: ({ parts: { mmu: { tlbs } } }) => replaced(tlbs, "flushRange", () => (mm, first, end) => tlbs.flushRangeOn(0, mm, first, end)),
    found: /processor 1 remembers page/,
  },
  "what was unmapped by reclaim is not flushed": { sabotage: ({ parts }) => skipped(parts.mmu.tlbs, "flushDeferred"), found: /remembers page/ },
  "gathered frames are not put": { sabotage: ({ parts }) => skipped(parts.mmu.calls.gather, "putFrames"), found: /frames are mapped or cached|left frames|has \d+ references/ },
  "resident pages are counted up alone": {
    sabotage: ({ parts }) => replaced(parts.mmu.counters, "add", (add) => (mm, kind, pages) => add(mm, kind, Math.max(0, pages))),
    found: /maps \d+ pages of kind/,
  },
  "areas are counted up alone": {
    sabotage: ({ parts }) => replaced(parts.mmu.counters, "addArea", (add) => (mm, flags, pages) => add(mm, flags, Math.max(0, pages))),
    found: /has areas of \d+ pages, counted/,
  },
  "a mapping that ends is not counted": { sabotage: ({ parts }) => skipped(parts.folios, "removeRmap"), found: /mappings, counted|FOLIO_BUSY|nr_|PG_mlocked/ },
  "a reference that is taken is not counted": { sabotage: ({ parts }) => skipped(parts.folios, "get"), found: /references|frames are mapped or cached|FOLIO_/ },
  "a new area is never merged": { sabotage: ({ parts }) => skipped(parts.mmu.calls.areas, "mergeNew", NO_VMA), found: /are alike meet/ },
  "an area that changes is split and never merged": {
    sabotage: ({ parts: { mmu: { calls: { areas }, vmas } } }) =>
      replaced(areas, "modify", () => (vma: number, first: number, end: number, flags: number) => {
        if (vmas.firstPageOf(vma) < first) areas.split(vma, first, true);
        if (vmas.endPageOf(vma) > end) areas.split(vma, end, false);
        vmas.setFlags(vma, flags);
        return vma;
      }),
    found: /are alike meet/,
  },
  "an area changes as a whole": {
    sabotage: ({ parts: { mmu: { calls: { areas }, vmas } } }) =>
      replaced(areas, "modify", () => (vma: number, _first: number, _end: number, flags: number) => {
        vmas.setFlags(vma, flags);
        return vma;
      }),
    found: /flags 0x|PG_mlocked|able, its area is not/,
  },
  "a new area is merged whatever it shows": {
    sabotage: ({ parts: { mmu: { calls: { areas }, vmas } } }) =>
      replaced(areas, "mergeNew", (mergeNew) => (wanted) => {
        const below = vmas.index.find(wanted.mm, wanted.firstPage - 1);
        const isNext = below !== NO_VMA && vmas.firstPageOf(below) < wanted.firstPage;
        return mergeNew(isNext ? { ...wanted, mapping: vmas.mappingOf(below), pageIndex: vmas.pageIndexOf(below) + wanted.firstPage - vmas.firstPageOf(below) } : wanted);
      }),
    found: /./,
  },
  "an area is not put among those of its file": { sabotage: ({ parts }) => skipped(parts.mmu.vmas.iMmap, "insert"), found: /reverse mapping finds|interval tree|erase/ },
  "an area that ends stays in its region": { sabotage: ({ parts }) => skipped(parts.mmu.calls.anonVmas, "unlink"), found: /./ },
  "entries keep their rights": { sabotage: ({ parts }) => skipped(parts.mmu.calls.protection, "change"), found: /able, its area is not|the flat one/ },
  "unlocked pages stay locked": { sabotage: ({ parts }) => skipped(parts.mmu.calls.mlockPages, "unlock"), found: /PG_mlocked/ },
  "locking makes nothing present": { sabotage: ({ parts }) => skipped(parts.mmu.calls.populate, "area", 0), found: /has lost its own bytes|the flat one/ },
  "a truncated file keeps private copies": {
    sabotage: ({ parts }) => replaced(parts.mmu, "unmapMappingRange", (unmap) => (mapping, first, count) => unmap(mapping, first, count, false)),
    found: /has bytes of its own|the flat one/,
  },
  "a hole takes private copies away": {
    sabotage: ({ parts }) => replaced(parts.mmu, "unmapMappingRange", (unmap) => (mapping, first, count) => unmap(mapping, first, count, true)),
    found: /has lost its own bytes/,
  },
  "a file that ends is unmapped by nobody": { sabotage: ({ parts }) => skipped(parts.mmu, "unmapMappingRange"), found: /./ },
  "a copy is not made": { sabotage: ({ parts }) => skipped(parts.folios, "copy"), found: /the flat one/ },
  "a new page is not zeroed": { sabotage: ({ parts }) => skipped(parts.folios, "zero"), found: /the flat one/ },
  "an anonymous page is everybody's own": {
    sabotage: ({ parts }) => skipped(parts.mmu.tables, "setWriteProtect"),
    found: /can be written|is shared, and exclusive or writable|the flat one/,
  },
  "what MADV_FREE named is dropped even if it was written since": {
    sabotage: ({ parts: { folios } }) => replaced(folios, "testFlag", (testFlag) => (pfn, flag) => flag !== PG_dirty && testFlag(pfn, flag)),
    found: /./,
  },
  "guards are not installed": { sabotage: ({ parts }) => skipped(parts.mmu.calls.guards, "install", 0), found: /guard/ },
  "page tables are kept": { sabotage: ({ parts }) => skipped(parts.mmu.tables, "destroy"), found: /left frames, tree nodes, page tables/ },
};

describe("a machine in which something is broken is found out:", () => {
  test.each(Object.entries(BROKEN))("%s", (_name, { sabotage, found }) => {
    const { failed, errorInstance } = fc.check(fc.property(history, (one) => perform(one, sabotage)), { numRuns: RUNS, endOnFailure: true, seed: SEED });
    expect(failed).toBe(true);
    expect(String((errorInstance as Error).message)).toMatch(found);
  });
});
