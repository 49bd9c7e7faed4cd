import type { Machine } from "../machine.ts";
import { frameCensus } from "./frame-census.ts";

/** What /proc/meminfo shows, in kB, in its order. */
export type Meminfo = Readonly<Record<string, number>>;

/**
 * The lines of /proc/meminfo that mean something here.
 * @kernel meminfo_proc_show() — fs/proc/meminfo.c, v6.18
 * @differs There is no swap, no buffer and no slab; page tables take no frames, so they are not missing from MemFree. MemAvailable
 *   keeps no watermark back.
 */
export function meminfoFields(machine: Machine): Meminfo {
  const { folios, mmu } = machine.parts, census = frameCensus(machine), { pageSize } = machine;
  const kB = (pages: number): number => Math.floor((pages * pageSize) / 1024);
  const { activeAnon, inactiveAnon, activeFile, inactiveFile } = census;
  return {
    MemTotal: kB(folios.firstDevicePfn - 1), // but for the zero page
    MemFree: kB(folios.freeFrames),
    MemAvailable: kB(folios.freeFrames + activeFile + inactiveFile),
    Buffers: 0,
    Cached: kB(census.filePages),
    SwapCached: 0,
    Active: kB(activeAnon + activeFile),
    Inactive: kB(inactiveAnon + inactiveFile),
    "Active(anon)": kB(activeAnon),
    "Inactive(anon)": kB(inactiveAnon),
    "Active(file)": kB(activeFile),
    "Inactive(file)": kB(inactiveFile),
    Unevictable: kB(census.unevictable),
    Mlocked: kB(census.mlocked),
    SwapTotal: 0,
    SwapFree: 0,
    Dirty: kB(census.dirty),
    Writeback: kB(census.writeback),
    AnonPages: kB(census.anonPages),
    Mapped: kB(census.mapped),
    Shmem: kB(census.shmem),
    PageTables: Math.floor(mmu.tables.tableBytes / 1024),
    AnonHugePages: kB(mmu.hugeMappings.leafFolios * mmu.thp.pageCount),
    ShmemHugePages: 0,
    ShmemPmdMapped: 0,
    FileHugePages: 0,
    FilePmdMapped: 0,
  };
}

/** Where a value begins at the latest, and how wide it is at least. @kernel show_val_kb() — fs/proc/meminfo.c, v6.18 */
const LABEL_WIDTH = 16, VALUE_WIDTH = 8;

/** /proc/meminfo: "MemTotal:       24684096 kB" and so on. */
export const meminfo = (machine: Machine): string => meminfoLines(meminfoFields(machine));

/** For tests of the layout. */
export const meminfoLines = (fields: Meminfo): string =>
  Object.entries(fields).map(([label, value]) => `${`${label}:`.padEnd(LABEL_WIDTH)}${String(value).padStart(VALUE_WIDTH)} kB\n`).join("");
