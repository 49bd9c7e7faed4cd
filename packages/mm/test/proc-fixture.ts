import type { Folios } from "@zeropfn/folio";
import { NO_MAPPING, NO_VMA, PageTables } from "@zeropfn/pte-mmu";
import { reservedColumns } from "@zeropfn/state";
import type { Process } from "../src/index.ts";

/** An area of a process that is no more than what /proc reads of it. */
export interface DrawnArea {
  readonly first: number;
  readonly end: number;
  readonly flags: number;
  /** The file; without it the area is private and anonymous. */
  readonly mapping?: number;
  readonly index?: number;
  /** Page table entries by page. */
  readonly entries?: ReadonlyMap<number, number>;
  /** Leaves one level above, by the first of their pages. */
  readonly leaves?: ReadonlyMap<number, number>;
}

/** Pages that one leaf maps. */
export const PAGES_PER_LEAF = 4;

/** Events, and counters of the address space: "totalPages", or "rss1" for `rss` of kind 1. */
type Counts = Readonly<Record<string, number>>;

/** A process that has these areas and entries: what /proc shows is then a matter of reading them. Sizes are those of `folios`. */
export function drawnProcess(folios: Folios, areas: readonly DrawnArea[], counts: Counts = {}): Process {
  const machine = {
    pageSize: folios.pageSize,
    parts: { folios, mmu: { mms: NO_HEAP, vmas: drawnVmas(areas), tables: drawnTables(areas), counters: drawnCounters(counts), ...drawnHuge(counts) } },
    fileOf: (mapping: number) => (mapping === 9 ? undefined : { name: mapping === 8 ? "nl\nx" : "data" }),
    isSharedMemory: (mapping: number) => mapping === 9,
    count: (event: string) => counts[event] ?? 0,
  };
  return { mm: 0, machine } as unknown as Process;
}

/** "hugePages" huge pages are mapped by leaves; no area may have more. */
const drawnHuge = (counts: Counts): object => ({ thp: { pageCount: PAGES_PER_LEAF, isEligible: () => false }, hugeMappings: { leafFolios: counts["hugePages"] ?? 0 } });

const NO_HEAP = { heapStart: () => 0, heapEnd: () => 0 };

function drawnTables(areas: readonly DrawnArea[]): PageTables {
  const tables = new PageTables(reservedColumns(), { mmCapacity: 1, tableCapacity: 64, tableShift: Math.log2(PAGES_PER_LEAF), levels: 5 });
  for (const { entries = new Map<number, number>(), leaves = new Map<number, number>() } of areas) {
    for (const [page, pte] of entries) tables.store(tables.createSlot(0, page), pte);
    for (const [page, pmd] of leaves) tables.store(tables.createPmdSlot(0, page), pmd);
  }
  return tables;
}

function drawnVmas(areas: readonly DrawnArea[]): object {
  const at = (vma: number): DrawnArea => areas[vma]!;
  const find = (_mm: number, page: number): number => {
    const vma = areas.findIndex(({ end }) => end > page);
    return vma < 0 ? NO_VMA : vma;
  };
  return {
    of: () => areas.keys(),
    firstPageOf: (vma: number) => at(vma).first,
    endPageOf: (vma: number) => at(vma).end,
    flagsOf: (vma: number) => at(vma).flags,
    mappingOf: (vma: number) => at(vma).mapping ?? NO_MAPPING,
    pageIndexOf: (vma: number) => at(vma).index ?? 0,
    lookUp: (mm: number, page: number) => {
      const vma = find(mm, page);
      return vma !== NO_VMA && at(vma).first <= page ? vma : NO_VMA;
    },
    index: { find },
  };
}

const COUNTERS = ["rss", "totalPages", "peakTotalPages", "peakRss", "lockedPages", "pinnedPages", "dataPages", "stackPages", "execPages"];
const drawnCounters = (counts: Counts): object =>
  Object.fromEntries(COUNTERS.map((name) => [name, (_mm: number, kind: number | "" = "") => counts[`${name}${kind}`] ?? 0]));
