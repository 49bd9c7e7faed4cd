import type { Folios } from "@zeropfn/folio";
import { NO_MAPPING, NO_SLOT, NO_VMA, PTE_NONE } from "@zeropfn/pte-mmu";
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
}

const PAGES_PER_TABLE = 4;

/** A process that has these areas and entries: what /proc shows is then a matter of reading them. Sizes are those of `folios`. */
export function drawnProcess(folios: Folios, areas: readonly DrawnArea[], { dax, counters = {}, tables = 0 }: { dax?: object; counters?: Record<string, number>; tables?: number } = {}): Process {
  const entries = new Map(areas.flatMap(({ entries = new Map<number, number>() }) => [...entries]));
  const runs = new Set([...entries.keys()].map((page) => Math.floor(page / PAGES_PER_TABLE)));
  const at = (vma: number): DrawnArea => areas[vma]!;
  const find = (_mm: number, page: number): number => {
    const vma = areas.findIndex(({ end }) => end > page);
    return vma < 0 ? NO_VMA : vma;
  };
  const vmas = {
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
  const pageTables = {
    pagesPerTable: PAGES_PER_TABLE,
    slotOf: (_mm: number, page: number) => (runs.has(Math.floor(page / PAGES_PER_TABLE)) ? page : NO_SLOT),
    load: (slot: number) => entries.get(slot) ?? PTE_NONE,
    tablesOf: () => tables,
  };
  const counter = (name: string) => (_mm: number, kind = "") => counters[`${name}${kind}`] ?? 0;
  const names = ["rss", "totalPages", "peakTotalPages", "peakRss", "lockedPages", "pinnedPages", "dataPages", "stackPages", "execPages"];
  const mmu = { vmas, tables: pageTables, counters: Object.fromEntries(names.map((name) => [name, counter(name)])) };
  const machine = {
    pageSize: folios.pageSize,
    parts: { folios, mmu, dax },
    fileOf: (mapping: number) => (mapping === 9 ? undefined : { name: mapping === 8 ? "nl\nx" : "data" }),
    isSharedMemory: (mapping: number) => mapping === 9,
  };
  return { mm: 0, machine } as unknown as Process;
}
