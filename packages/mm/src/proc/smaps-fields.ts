import { NO_VMA } from "@zeropfn/pte-mmu";
import type { VirtualAddress } from "@zeropfn/units";
import type { Process } from "../process.ts";
import { mappedArea, type MappedArea } from "./mapped-area.ts";
import { addArea, type MemorySizes, noMemory, PSS_SHIFT } from "./memory-sizes.ts";
import { vmFlagNames } from "./vm-flag-names.ts";

/** What smaps_rollup shows, and smaps of each area but for `Pss_Anon`, `Pss_File` and `Pss_Shmem`. In kB, rounded down. */
export interface SmapsTotals {
  readonly Rss: number;
  readonly Pss: number;
  readonly Pss_Dirty: number;
  readonly Pss_Anon: number;
  readonly Pss_File: number;
  readonly Pss_Shmem: number;
  readonly Shared_Clean: number;
  readonly Shared_Dirty: number;
  readonly Private_Clean: number;
  readonly Private_Dirty: number;
  readonly Referenced: number;
  readonly Anonymous: number;
  readonly KSM: number;
  readonly LazyFree: number;
  readonly AnonHugePages: number;
  readonly ShmemPmdMapped: number;
  readonly FilePmdMapped: number;
  readonly Shared_Hugetlb: number;
  readonly Private_Hugetlb: number;
  readonly Swap: number;
  readonly SwapPss: number;
  readonly Locked: number;
}

/** Each field of one area, in kB, rounded down. */
export interface SmapsFields extends Omit<SmapsTotals, "Pss_Anon" | "Pss_File" | "Pss_Shmem"> {
  readonly Size: number;
  readonly KernelPageSize: number;
  readonly MMUPageSize: number;
  /** 1 if huge pages may be put there, else 0. No size. */
  readonly THPeligible: number;
}
export type SmapsField = keyof SmapsFields;

/** One block of /proc/PID/smaps. */
export interface SmapsArea extends MappedArea {
  readonly fields: SmapsFields;
  /** "rd wr mr mw me ac" */
  readonly vmFlags: string;
}

/** What /proc/PID/smaps shows, an element for each area in order of address. @kernel show_smap() — fs/proc/task_mmu.c, v6.18 */
export function smapsAreas(process: Process): SmapsArea[] {
  return Array.from(process.machine.parts.mmu.vmas.of(process.mm), (vma) => smapsArea(process, vma));
}

/** The area at `address`, or undefined if nothing is mapped there. */
export function smapsAreaAt(process: Process, address: VirtualAddress): SmapsArea | undefined {
  const { mmu } = process.machine.parts, vma = mmu.vmas.lookUp(process.mm, Math.floor(address / process.machine.pageSize));
  return vma === NO_VMA ? undefined : smapsArea(process, vma);
}

/** What /proc/PID/smaps shows of the area at `address`; undefined if nothing is mapped there. */
export function smapsFields(process: Process, address: VirtualAddress): SmapsFields | undefined {
  return smapsAreaAt(process, address)?.fields;
}

/** The totals over all areas: what /proc/PID/smaps_rollup shows. @kernel show_smaps_rollup() — fs/proc/task_mmu.c, v6.18 */
export function smapsRollup(process: Process): SmapsTotals {
  const sizes = noMemory();
  for (const vma of process.machine.parts.mmu.vmas.of(process.mm)) addArea(sizes, process, vma);
  return totalsOf(sizes);
}

function smapsArea(process: Process, vma: number): SmapsArea {
  const area = mappedArea(process, vma), sizes = noMemory();
  addArea(sizes, process, vma);
  const { Pss_Anon, Pss_File, Pss_Shmem, ...totals } = totalsOf(sizes), pageSize = kB(process.machine.pageSize);
  const fields = { Size: kB(area.end - area.start), KernelPageSize: pageSize, MMUPageSize: pageSize, ...totals, THPeligible: process.machine.parts.mmu.thp.isEligible(vma) ? 1 : 0 };
  return { ...area, fields, vmFlags: vmFlagNames(area.flags) };
}

/** @kernel __show_smap() — fs/proc/task_mmu.c, v6.18 */
function totalsOf(sizes: MemorySizes): SmapsTotals {
  return {
    Rss: kB(sizes.resident),
    Pss: kBOfShare(sizes.pss),
    Pss_Dirty: kBOfShare(sizes.pssDirty),
    Pss_Anon: kBOfShare(sizes.pssAnon),
    Pss_File: kBOfShare(sizes.pssFile),
    Pss_Shmem: kBOfShare(sizes.pssShmem),
    Shared_Clean: kB(sizes.sharedClean),
    Shared_Dirty: kB(sizes.sharedDirty),
    Private_Clean: kB(sizes.privateClean),
    Private_Dirty: kB(sizes.privateDirty),
    Referenced: kB(sizes.referenced),
    Anonymous: kB(sizes.anonymous),
    KSM: 0,
    LazyFree: kB(sizes.lazyFree),
    AnonHugePages: kB(sizes.anonHuge),
    ShmemPmdMapped: kB(sizes.shmemHuge),
    FilePmdMapped: kB(sizes.fileHuge),
    Shared_Hugetlb: 0,
    Private_Hugetlb: 0,
    Swap: kB(sizes.swap),
    SwapPss: kBOfShare(sizes.swapPss),
    Locked: kBOfShare(sizes.pssLocked),
  };
}

const kB = (bytes: number): number => Math.floor(bytes / 1024);
const kBOfShare = (share: number): number => kB(share / 2 ** PSS_SHIFT);
