import { MM_ANONPAGES, MM_FILEPAGES, MM_SHMEMPAGES, MM_SWAPENTS } from "@zeropfn/pte-mmu";
import type { Process } from "../process.ts";

/** The lines about memory of /proc/PID/status, in its order, in kB. */
export interface StatusFields {
  readonly VmPeak: number;
  readonly VmSize: number;
  readonly VmLck: number;
  readonly VmPin: number;
  readonly VmHWM: number;
  readonly VmRSS: number;
  readonly RssAnon: number;
  readonly RssFile: number;
  readonly RssShmem: number;
  readonly VmData: number;
  readonly VmStk: number;
  /** 0: no program is loaded. */
  readonly VmExe: number;
  readonly VmLib: number;
  readonly VmPTE: number;
  readonly VmSwap: number;
}

/** @kernel task_mem() — fs/proc/task_mmu.c, v6.18. @differs No program is loaded, so all that can be executed is a library. */
export function statusFields(process: Process): StatusFields {
  const { mm, machine } = process, { counters, tables } = machine.parts.mmu, { pageSize } = machine;
  const kB = (pages: number): number => Math.floor((pages * pageSize) / 1024);
  const anon = counters.rss(mm, MM_ANONPAGES), file = counters.rss(mm, MM_FILEPAGES), shmem = counters.rss(mm, MM_SHMEMPAGES);
  const total = counters.totalPages(mm), rss = anon + file + shmem;
  // The high-water marks are brought up to date when something is taken away, not before.
  return {
    VmPeak: kB(Math.max(total, counters.peakTotalPages(mm))),
    VmSize: kB(total),
    VmLck: kB(counters.lockedPages(mm)),
    VmPin: kB(counters.pinnedPages(mm)),
    VmHWM: kB(Math.max(rss, counters.peakRss(mm))),
    VmRSS: kB(rss),
    RssAnon: kB(anon),
    RssFile: kB(file),
    RssShmem: kB(shmem),
    VmData: kB(counters.dataPages(mm)),
    VmStk: kB(counters.stackPages(mm)),
    VmExe: 0,
    VmLib: kB(counters.execPages(mm)),
    VmPTE: Math.floor((tables.tablesOf(mm) * tables.pagesPerTable * BYTES_PER_ENTRY) / 1024),
    VmSwap: kB(counters.rss(mm, MM_SWAPENTS)),
  };
}

const BYTES_PER_ENTRY = 8;
const VALUE_WIDTH = 8;

/** The lines about memory of /proc/PID/status: "VmPeak:\t    3060 kB" and so on. @kernel task_mem() — fs/proc/task_mmu.c, v6.18 */
export const statusLines = (process: Process): string => linesOf(statusFields(process));

/** For tests of the layout. */
export const linesOf = (fields: StatusFields): string =>
  Object.entries(fields).map(([label, value]) => `${label}:\t${String(value).padStart(VALUE_WIDTH)} kB\n`).join("");
