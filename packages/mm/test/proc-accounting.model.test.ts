import {
  anonMapping, fileMapping, Folios, PG_active, PG_dirty, PG_mlocked, PG_referenced, PG_swapbacked, PG_unevictable, PG_writeback, type PageFlag,
} from "@zeropfn/folio";
import {
  markerPteOf, migrationPteOf, PTE_ACCESSED, PTE_DIRTY, PTE_MARKER_GUARD, PTE_PRESENT, PTE_PROTNONE, PTE_SPECIAL, PTE_USER, pmdOf, pteOf, swapPteOf,
  SWP_MIGRATION_READ, VM_LOCKED, VM_READ,
} from "@zeropfn/pte-mmu";
import { reservedColumns } from "@zeropfn/state";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { smapsAreas, smapsRollup, type SmapsTotals } from "../src/index.ts";
import { frameCensus } from "../src/proc/frame-census.ts";
import { addArea, type MemorySizes, noMemory, PSS_SHIFT } from "../src/proc/memory-sizes.ts";
import { type DrawnArea, drawnProcess, PAGES_PER_LEAF } from "./proc-fixture.ts";

const FRAMES = 8;
const PAGES = 24;
const KB = 4; // of a page
const newFolios = (): Folios => new Folios(reservedColumns(), { frameCount: 64, deviceFrameCount: 4, pageShift: 12, hugeZeroOrder: 2 });

/** A frame in use: whose it is, and its flags. */
interface Frame {
  readonly isAnon: boolean;
  readonly flags: readonly PageFlag[];
}
/** What an entry is, and which frame it means. */
interface Entry {
  readonly page: number;
  readonly kind: "page" | "protnone" | "zero" | "storage" | "guard" | "swap" | "migration";
  readonly frame: number;
  readonly isYoung: boolean;
  readonly isDirty: boolean;
}
interface Picture {
  readonly frames: readonly Frame[];
  readonly processes: readonly { readonly bounds: readonly number[]; readonly isLocked: readonly boolean[]; readonly entries: readonly Entry[] }[];
}

const FLAGS = [PG_dirty, PG_referenced, PG_swapbacked, PG_active, PG_mlocked, PG_unevictable, PG_writeback];
const frame = fc.record({ isAnon: fc.boolean(), flags: fc.subarray(FLAGS) });
const rareKind = fc.constantFrom("protnone" as const, "zero" as const, "storage" as const, "guard" as const, "swap" as const, "migration" as const);
const kind = fc.oneof({ weight: 8, arbitrary: fc.constant("page" as const) }, { weight: 6, arbitrary: rareKind });
const entry = fc.record({ page: fc.nat(PAGES - 1), kind, frame: fc.nat(FRAMES - 1), isYoung: fc.boolean(), isDirty: fc.boolean() });
const process = fc.record({
  bounds: fc.uniqueArray(fc.nat(PAGES), { minLength: 2, maxLength: 6 }).map((pages) => pages.sort((a, b) => a - b)),
  isLocked: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
  entries: fc.uniqueArray(entry, { maxLength: PAGES, selector: ({ page }) => page }),
});
const picture: fc.Arbitrary<Picture> = fc.record({
  frames: fc.array(frame, { minLength: FRAMES, maxLength: FRAMES }),
  processes: fc.array(process, { minLength: 1, maxLength: 3 }),
});

const isPage = ({ kind }: Entry): boolean => kind === "page" || kind === "protnone";

/** The picture as machine state: frames, map counts, entries. An area lies between each two bounds; entries elsewhere are left out. */
function draw({ frames, processes }: Picture) {
  const folios = newFolios();
  const pfns = frames.map(({ isAnon, flags }) => {
    const pfn = folios.allocate(0);
    folios.setMapping(pfn, isAnon ? anonMapping(0) : fileMapping(0), 0);
    for (const flag of flags) folios.setFlag(pfn, flag);
    return pfn;
  });
  const areasOf = processes.map(({ bounds, isLocked, entries }) =>
    bounds.slice(1).map((end, nth) => {
      const first = bounds[nth]!, inside = entries.filter(({ page }) => page >= first && page < end);
      return { first, end, isLocked: isLocked[nth]!, entries: inside };
    }));
  for (const entry of areasOf.flat().flatMap(({ entries }) => entries)) if (isPage(entry)) folios.addRmap(pfns[entry.frame]!);
  const pteFor = ({ kind, frame, isYoung, isDirty }: Entry): number => {
    const used = (isYoung ? PTE_ACCESSED : 0) + (isDirty ? PTE_DIRTY : 0);
    if (kind === "page") return pteOf(pfns[frame]!, PTE_PRESENT + PTE_USER + used);
    if (kind === "protnone") return pteOf(pfns[frame]!, PTE_PROTNONE + used);
    if (kind === "zero") return pteOf(folios.zeroPfn, PTE_PRESENT + PTE_USER + PTE_SPECIAL + used);
    if (kind === "storage") return pteOf(folios.firstDevicePfn, PTE_PRESENT + PTE_USER + PTE_SPECIAL + used);
    if (kind === "guard") return markerPteOf(PTE_MARKER_GUARD);
    return kind === "swap" ? swapPteOf(2, frame) : migrationPteOf(SWP_MIGRATION_READ, pfns[frame]!);
  };
  const drawn = areasOf.map((areas) =>
    drawnProcess(folios, areas.map(({ first, end, isLocked, entries }): DrawnArea => ({
      first, end, flags: VM_READ + (isLocked ? VM_LOCKED : 0), entries: new Map(entries.map((entry) => [entry.page, pteFor(entry)])),
    }))));
  return { folios, areasOf, drawn };
}

/** The sizes of every area, in bytes. */
const sizesOf = (drawn: ReturnType<typeof draw>): MemorySizes[][] =>
  drawn.drawn.map((process, nth) =>
    drawn.areasOf[nth]!.map((_, vma) => {
      const sizes = noMemory();
      addArea(sizes, process, vma);
      return sizes;
    }));

test("a leaf counts as huge pages of its kind, but for the huge zero page, which counts as nothing", () => {
  const folios = newFolios(), zero = folios.allocate(2);
  const large = [anonMapping(0), fileMapping(0), fileMapping(1)].map((mapping, nth) => {
    const pfn = folios.allocate(2);
    folios.setMapping(pfn, mapping, 0);
    if (nth < 2) folios.setFlag(pfn, PG_swapbacked);
    for (let page = 0; page < PAGES_PER_LEAF; page++) folios.addRmap(pfn + page);
    return pfn;
  });
  for (let page = 0; page < PAGES_PER_LEAF; page++) folios.zero(zero + page);
  expect(folios.publishHugeZero(zero)).toBe(true);
  const leaves = [...large, zero].map((pfn, nth) => new Map([[8 * nth, pmdOf(pfn, PTE_PRESENT + PTE_DIRTY)]]));
  const process = drawnProcess(folios, leaves.map((leaves, nth) => ({ first: 8 * nth, end: 8 * nth + 6, flags: VM_READ, leaves })));
  const all = PAGES_PER_LEAF * KB, kinds = (["AnonHugePages", "ShmemPmdMapped", "FilePmdMapped", "Rss", "Private_Dirty", "Anonymous"] as const);
  expect(smapsAreas(process).map(({ fields }) => kinds.map((kind) => fields[kind]))).toEqual([
    [all, 0, 0, all, all, all], [0, all, 0, all, all, 0], [0, 0, all, all, all, 0], [0, 0, 0, 0, 0, 0],
  ]);
});

describe("over random memory", () => {
  test("each area's fields are the sums of what its entries say, one by one", () => {
    fc.assert(fc.property(picture, (picture) => {
      const drawn = draw(picture), mappings = drawn.areasOf.flat().flatMap(({ entries }) => entries).filter(isPage);
      const count = (frame: number): number => mappings.filter((e) => e.frame === frame).length;
      const has = (e: Entry, flag: PageFlag): boolean => picture.frames[e.frame]!.flags.includes(flag);
      drawn.areasOf.forEach((areas, nth) => {
        const shown = smapsAreas(drawn.drawn[nth]!);
        areas.forEach(({ first, end, isLocked, entries }, area) => {
          const resident = entries.filter((e) => isPage(e) || e.kind === "migration");
          const pages = (those: (e: Entry) => boolean): number => resident.filter(those).length * KB;
          const dirty = (e: Entry): boolean => has(e, PG_dirty) || (isPage(e) && e.isDirty);
          const shared = (e: Entry): boolean => isPage(e) && count(e.frame) > 1;
          const anon = (e: Entry): boolean => picture.frames[e.frame]!.isAnon;
          const pss = (those: (e: Entry) => boolean): number =>
            Math.floor(resident.filter(those).reduce((sum, e) => sum + Math.floor(2 ** 24 / (isPage(e) ? count(e.frame) : 1)), 0) / 2 ** 22);
          const swap = entries.filter(({ kind }) => kind === "swap").length * KB;
          expect(shown[area]!.fields).toEqual({
            Size: (end - first) * KB, KernelPageSize: KB, MMUPageSize: KB,
            Rss: pages(() => true), Pss: pss(() => true), Pss_Dirty: pss(dirty),
            Shared_Clean: pages((e) => shared(e) && !dirty(e)), Shared_Dirty: pages((e) => shared(e) && dirty(e)),
            Private_Clean: pages((e) => !shared(e) && !dirty(e)), Private_Dirty: pages((e) => !shared(e) && dirty(e)),
            Referenced: pages((e) => has(e, PG_referenced) || (isPage(e) && e.isYoung)),
            Anonymous: pages(anon), LazyFree: pages((e) => anon(e) && !has(e, PG_swapbacked) && !dirty(e)),
            KSM: 0, AnonHugePages: 0, ShmemPmdMapped: 0, FilePmdMapped: 0, Shared_Hugetlb: 0, Private_Hugetlb: 0,
            Swap: swap, SwapPss: swap, Locked: isLocked ? pss(() => true) : 0, THPeligible: 0,
          });
        });
      });
    }), { numRuns: 300 });
  });

  test("Rss is shared and private memory, and Pss is anonymous, file and shared memory, without a rest", () => {
    fc.assert(fc.property(picture, (picture) => {
      for (const sizes of sizesOf(draw(picture)).flat()) {
        expect(sizes.resident).toBe(sizes.sharedClean + sizes.sharedDirty + sizes.privateClean + sizes.privateDirty);
        expect(sizes.pss).toBe(sizes.pssAnon + sizes.pssFile + sizes.pssShmem);
      }
    }));
  });

  test("shares of all processes add up to the frames that are mapped, but for what each frame's division leaves", () => {
    fc.assert(fc.property(picture, (picture) => {
      const drawn = draw({ ...picture, processes: picture.processes.map((p) => ({ ...p, entries: p.entries.filter(({ kind }) => kind !== "migration") })) });
      const mapped = Array.from({ length: 64 }, (_, pfn) => drawn.folios.mapcount(pfn)).filter((count) => count > 0);
      const shares = sizesOf(drawn).flat().reduce((sum, { pss }) => sum + pss, 0), all = mapped.length * 4096 * 2 ** PSS_SHIFT;
      expect(shares).toBeLessThanOrEqual(all);
      expect(shares).toBeGreaterThan(all - mapped.reduce((sum, count) => sum + count, 1));
    }));
  });

  test("smaps_rollup is the sum of the areas: exactly for pages, and for shares up to the kB that each area loses", () => {
    fc.assert(fc.property(picture, (picture) => {
      for (const process of draw(picture).drawn) {
        const areas = smapsAreas(process).map(({ fields }) => fields as unknown as Record<keyof SmapsTotals, number>), rollup = smapsRollup(process);
        for (const field of Object.keys(rollup) as (keyof SmapsTotals)[]) {
          if (/^Pss_(Anon|File|Shmem)$/.test(field)) continue;
          const sum = areas.reduce((total, fields) => total + fields[field], 0), lost = /Pss|Locked/.test(field) ? areas.length : 0;
          expect([field, rollup[field] >= sum && rollup[field] <= sum + lost, rollup[field], sum]).toEqual([field, true, rollup[field], sum]);
        }
        expect(rollup.Pss - rollup.Pss_Anon - rollup.Pss_File - rollup.Pss_Shmem).toBeLessThanOrEqual(2);
      }
    }));
  });

  test("smaps_rollup divides Pss by what pages are: anonymous, of files without backing store, of other files", () => {
    const only = (frames: readonly Frame[], picture: Picture): SmapsTotals => smapsRollup(draw({ ...picture, frames }).drawn[0]!);
    const all = (isAnon: boolean, flags: readonly PageFlag[]): Frame[] => Array.from({ length: FRAMES }, () => ({ isAnon, flags }));
    fc.assert(fc.property(picture, (picture) => {
      for (const [field, frames] of [["Pss_Anon", all(true, [])], ["Pss_Shmem", all(false, [PG_swapbacked])], ["Pss_File", all(false, [])]] as const) {
        const { Pss, Pss_Anon, Pss_File, Pss_Shmem } = only(frames, picture);
        expect({ Pss_Anon, Pss_File, Pss_Shmem }).toEqual({ Pss_Anon: 0, Pss_File: 0, Pss_Shmem: 0, [field]: Pss });
      }
    }));
  });

  test("what meminfo and vmstat stand on counts each frame once", () => {
    fc.assert(fc.property(picture, (picture) => {
      const { drawn, folios } = draw(picture), census = frameCensus(drawn[0]!.machine);
      const { frames } = picture, lru = census.activeAnon + census.inactiveAnon + census.activeFile + census.inactiveFile + census.unevictable;
      expect(lru).toBe(frames.length);
      expect(census.filePages).toBe(frames.filter(({ isAnon }) => !isAnon).length);
      expect(census.mlocked).toBe(frames.filter(({ flags }) => flags.includes(PG_mlocked)).length);
      const mapped = Array.from({ length: 64 }, (_, pfn) => folios.mapcount(pfn)).filter((count) => count > 0).length;
      expect(census.anonPages + census.mapped).toBe(mapped);
      expect(census.shmem + census.dirty).toBeLessThanOrEqual(census.filePages);
    }));
  });
});
