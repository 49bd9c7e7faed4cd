import { isAnonMapping, PG_active, PG_dirty, PG_mlocked, PG_swapbacked, PG_unevictable, PG_writeback } from "@zeropfn/folio";
import type { Machine } from "../machine.ts";

/**
 * What the frames of a machine are used for, in pages.
 * @kernel node_stat_item, zone_stat_item — include/linux/mmzone.h, v6.18
 */
export interface FrameCensus {
  /** Anonymous, and mapped. */
  anonPages: number;
  /** Of the page cache, shared memory included. */
  filePages: number;
  /** Of the page cache, and mapped. */
  mapped: number;
  /** Of files without backing store. */
  shmem: number;
  /** Newer than on the device. */
  dirty: number;
  writeback: number;
  activeAnon: number;
  inactiveAnon: number;
  activeFile: number;
  inactiveFile: number;
  unevictable: number;
  mlocked: number;
}

/**
 * Counts by looking at every frame. Storage is not counted, nor frames of page tables, which take none.
 * @differs The kernel keeps these as counters. Every folio counts as being in a list of reclaim from its birth on.
 */
export function frameCensus(machine: Machine): FrameCensus {
  const { folios } = machine.parts;
  const census: FrameCensus = {
    anonPages: 0, filePages: 0, mapped: 0, shmem: 0, dirty: 0, writeback: 0,
    activeAnon: 0, inactiveAnon: 0, activeFile: 0, inactiveFile: 0, unevictable: 0, mlocked: 0,
  };
  for (let pfn = folios.zeroPfn + 1; pfn < folios.firstDevicePfn; pfn++) if (folios.mapping(pfn) !== 0) count(census, machine, pfn);
  return census;
}

function count(census: FrameCensus, { parts: { folios } }: Machine, pfn: number): void {
  const isBackedBySwap = folios.testFlag(pfn, PG_swapbacked), isMapped = folios.mapcount(pfn) > 0;
  if (isAnonMapping(folios.mapping(pfn))) {
    if (isMapped) census.anonPages++;
  } else {
    census.filePages++;
    if (isMapped) census.mapped++;
    if (isBackedBySwap) census.shmem++;
    else if (folios.testFlag(pfn, PG_dirty)) census.dirty++; // what has no device is not waiting to be written there
  }
  if (folios.testFlag(pfn, PG_writeback)) census.writeback++;
  if (folios.testFlag(pfn, PG_mlocked)) census.mlocked++;
  census[listOf(isBackedBySwap, folios.testFlag(pfn, PG_active), folios.testFlag(pfn, PG_unevictable))]++;
}

/** @kernel folio_lru_list() — include/linux/mm_inline.h, v6.18 */
const listOf = (isBackedBySwap: boolean, isActive: boolean, isUnevictable: boolean): keyof FrameCensus =>
  isUnevictable ? "unevictable" : isBackedBySwap ? (isActive ? "activeAnon" : "inactiveAnon") : isActive ? "activeFile" : "inactiveFile";
