import { NO_VMA, pteIsAccessed, pteIsDirty, pteIsSpecial, ptePfn, VM_EXEC, VM_READ, VM_SHARED, VM_WRITE } from "@zeropfn/pte-mmu";
import type { VirtualAddress } from "@zeropfn/units";
import type { Process } from "./process.ts";

/** Each field of one mapping, in kB. */
export interface SmapsFields {
  readonly Size: number;
  readonly Rss: number;
  readonly Pss: number;
  readonly Shared_Clean: number;
  readonly Shared_Dirty: number;
  readonly Private_Clean: number;
  readonly Private_Dirty: number;
  readonly Referenced: number;
  readonly Anonymous: number;
  readonly LazyFree: number;
  readonly AnonHugePages: number;
  readonly ShmemPmdMapped: number;
  readonly Shared_Hugetlb: number;
  readonly Private_Hugetlb: number;
  readonly Swap: number;
  readonly SwapPss: number;
  readonly KernelPageSize: number;
  readonly MMUPageSize: number;
  readonly Locked: number;
}
export type SmapsField = keyof SmapsFields;

/** In the order of Linux 4.13, as in the mail of July 2017. @kernel show_smap() — fs/proc/task_mmu.c, v4.13 */
const FIELDS_2017: readonly SmapsField[] = [
  "Size", "Rss", "Pss", "Shared_Clean", "Shared_Dirty", "Private_Clean", "Private_Dirty", "Referenced", "Anonymous", "LazyFree", "AnonHugePages",
  "ShmemPmdMapped", "Shared_Hugetlb", "Private_Hugetlb", "Swap", "SwapPss", "KernelPageSize", "MMUPageSize", "Locked",
];

/** The last column of a value. */
const VALUE_END = 24;
/** Where the file name begins. @kernel show_vma_header_prefix(), seq_pad() — fs/proc/task_mmu.c, fs/seq_file.c, v4.13 */
const NAME_COLUMN = 73;

/**
 * What /proc/PID/smaps shows of the mapping at `address`, in kB; undefined if nothing is mapped there.
 * An entry without a folio (the zero page, storage) has no normal page and adds nothing.
 * @kernel smaps_pte_entry(), smaps_account(), vm_normal_page() — fs/proc/task_mmu.c, mm/memory.c, v4.13
 */
export function smapsFields(process: Process, address: VirtualAddress): SmapsFields | undefined {
  const { mmu, folios } = process.machine.parts, { pageSize } = process.machine;
  const vma = mmu.vmas.find(process.mm, Math.floor(address / pageSize));
  if (vma === NO_VMA) return undefined;
  const bytes = Object.fromEntries(FIELDS_2017.map((field) => [field, 0])) as Record<SmapsField, number>;
  const firstPage = mmu.vmas.firstPageOf(vma), endPage = mmu.vmas.endPageOf(vma);
  bytes.Size = (endPage - firstPage) * pageSize;
  bytes.KernelPageSize = bytes.MMUPageSize = pageSize;
  mmu.forEachPresent(process.mm, firstPage, endPage, (_page, pte) => {
    if (pteIsSpecial(pte)) return;
    const mappers = folios.mapcount(ptePfn(pte));
    bytes.Rss += pageSize;
    bytes.Pss += pageSize / mappers;
    if (pteIsAccessed(pte)) bytes.Referenced += pageSize;
    bytes[mappers > 1 ? (pteIsDirty(pte) ? "Shared_Dirty" : "Shared_Clean") : pteIsDirty(pte) ? "Private_Dirty" : "Private_Clean"] += pageSize;
  });
  return Object.fromEntries(FIELDS_2017.map((field) => [field, Math.floor(bytes[field] / 1024)])) as unknown as SmapsFields;
}

/** The block of the mapping at `address` as /proc/PID/smaps prints it, in the layout of 2017; empty if nothing is mapped there. */
export function smaps(process: Process, address: VirtualAddress): string {
  const fields = smapsFields(process, address);
  if (fields === undefined) return "";
  const lines = FIELDS_2017.map((field) => `${field}:${String(fields[field]).padStart(VALUE_END - field.length - 1)} kB`);
  return [header(process, address), ...lines, ""].join("\n");
}

/** "7f62e72b3000-7f63272b3000 rw-s 00000000 103:00 12   /root/dax/data" */
function header(process: Process, address: VirtualAddress): string {
  const { mmu } = process.machine.parts, { pageSize } = process.machine, { vmas } = mmu;
  const vma = vmas.find(process.mm, Math.floor(address / pageSize)), flags = vmas.flagsOf(vma);
  const hex = (value: number): string => value.toString(16).padStart(8, "0");
  const rights = `${(flags & VM_READ) === 0 ? "-" : "r"}${(flags & VM_WRITE) === 0 ? "-" : "w"}${(flags & VM_EXEC) === 0 ? "-" : "x"}${(flags & VM_SHARED) === 0 ? "p" : "s"}`;
  const mapping = vmas.mappingOf(vma), name = process.machine.fileOf(mapping)?.name ?? "";
  const place = `${hex(vmas.firstPageOf(vma) * pageSize)}-${hex(vmas.endPageOf(vma) * pageSize)} ${rights} ${hex(vmas.pageIndexOf(vma) * pageSize)} 103:00 ${FIRST_INODE + mapping}`;
  return `${place.padEnd(NAME_COLUMN - 1)} ${name}`;
}

/** Inode of the first file of a fresh filesystem, after those it keeps for itself. */
const FIRST_INODE = 12;
