import type { Machine } from "../machine.ts";
import { frameCensus } from "./frame-census.ts";

/** What /proc/vmstat shows, by the kernel's names, in its order. */
export type Vmstat = Readonly<Record<string, number>>;

/**
 * Events that parts of a machine report to its tracer, in the order of the kernel's list. Others that they report have no line there.
 * @kernel vm_event_item, vmstat_text — include/linux/vm_event_item.h, mm/vmstat.c, v6.18
 */
const EVENTS: readonly string[] = [
  "pgalloc_normal", "pgfree", "pglazyfree", "pgfault", "pgmajfault", "pglazyfreed", "pgreuse", "thp_fault_alloc", "thp_fault_fallback",
  "thp_collapse_alloc", "thp_collapse_alloc_failed", "thp_split_page", "thp_split_page_failed", "thp_split_pmd", "thp_zero_page_alloc", "thp_zero_page_alloc_failed",
];

/**
 * The lines of /proc/vmstat that are kept here: what pages are used for now, in pages, and events since the machine was made.
 * @kernel vmstat_start(), vmstat_show() — mm/vmstat.c, v6.18
 * @differs The events are 0 on a machine with a tracer of its own.
 */
export function vmstatFields(machine: Machine): Vmstat {
  const { folios, mmu } = machine.parts, census = frameCensus(machine);
  return {
    nr_free_pages: folios.freeFrames,
    nr_mlock: census.mlocked,
    nr_inactive_anon: census.inactiveAnon,
    nr_active_anon: census.activeAnon,
    nr_inactive_file: census.inactiveFile,
    nr_active_file: census.activeFile,
    nr_unevictable: census.unevictable,
    nr_anon_pages: census.anonPages,
    nr_mapped: census.mapped,
    nr_file_pages: census.filePages,
    nr_dirty: census.dirty,
    nr_writeback: census.writeback,
    nr_shmem: census.shmem,
    nr_anon_transparent_hugepages: mmu.hugeMappings.leafFolios,
    nr_page_table_pages: mmu.tables.tableCount,
    ...Object.fromEntries(EVENTS.map((event) => [event, machine.count(event)])),
  };
}

/** /proc/vmstat: "nr_free_pages 255" and so on. */
export const vmstat = (machine: Machine): string => Object.entries(vmstatFields(machine)).map(([name, value]) => `${name} ${value}\n`).join("");
