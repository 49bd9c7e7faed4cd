import type { VirtualAddress } from "@zeropfn/units";
import type { Process } from "../process.ts";
import { fieldLine } from "./field-line.ts";
import { areaLine, type MappedArea, mappedAreas } from "./mapped-area.ts";
import { type SmapsArea, smapsAreaAt, smapsAreas, type SmapsField, smapsRollup, type SmapsTotals } from "./smaps-fields.ts";

/** Which kernel's lines: Linux 6.18's, or those of July 2017. */
export type SmapsLayout = "6.18" | "2017";

/** @kernel show_smap() — fs/proc/task_mmu.c, v4.13 */
const FIELDS_2017: readonly SmapsField[] = [
  "Size", "Rss", "Pss", "Shared_Clean", "Shared_Dirty", "Private_Clean", "Private_Dirty", "Referenced", "Anonymous", "LazyFree", "AnonHugePages",
  "ShmemPmdMapped", "Shared_Hugetlb", "Private_Hugetlb", "Swap", "SwapPss", "KernelPageSize", "MMUPageSize", "Locked",
];

/** Without THPeligible, which has no unit. @kernel show_smap(), __show_smap() — fs/proc/task_mmu.c, v6.18 */
const FIELDS_6_18: readonly SmapsField[] = [
  "Size", "KernelPageSize", "MMUPageSize", "Rss", "Pss", "Pss_Dirty", "Shared_Clean", "Shared_Dirty", "Private_Clean", "Private_Dirty", "Referenced",
  "Anonymous", "KSM", "LazyFree", "AnonHugePages", "ShmemPmdMapped", "FilePmdMapped", "Shared_Hugetlb", "Private_Hugetlb", "Swap", "SwapPss", "Locked",
];

const ROLLUP_FIELDS: readonly (keyof SmapsTotals)[] = [
  "Rss", "Pss", "Pss_Dirty", "Pss_Anon", "Pss_File", "Pss_Shmem", "Shared_Clean", "Shared_Dirty", "Private_Clean", "Private_Dirty", "Referenced",
  "Anonymous", "KSM", "LazyFree", "AnonHugePages", "ShmemPmdMapped", "FilePmdMapped", "Shared_Hugetlb", "Private_Hugetlb", "Swap", "SwapPss", "Locked",
];

/**
 * /proc/PID/smaps: a block for each area, or for the one at `address` alone; empty if nothing is mapped there.
 * @kernel show_smap() — fs/proc/task_mmu.c, v6.18
 * @differs In the layout of 2017 there is no line of VmFlags, as in the mail.
 */
export function smaps(process: Process, address?: VirtualAddress, layout: SmapsLayout = "6.18"): string {
  const area = address === undefined ? undefined : smapsAreaAt(process, address);
  const areas = address === undefined ? smapsAreas(process) : area === undefined ? [] : [area];
  return areas.map(blocks[layout]).join("");
}

/** /proc/PID/smaps_rollup: one block for all areas, from the first address to the last. @kernel show_smaps_rollup() — fs/proc/task_mmu.c, v6.18 */
export function smapsRollupText(process: Process): string {
  return rollupBlock(mappedAreas(process), smapsRollup(process));
}

/** For tests of the layout: the block of one area. */
export const smapsBlock = (area: SmapsArea, layout: SmapsLayout): string => blocks[layout](area);

/** For tests of the layout: the block of all areas. */
export function rollupBlock(areas: readonly MappedArea[], totals: SmapsTotals): string {
  const start = areas[0]?.start ?? 0, end = areas.at(-1)?.end ?? 0;
  const header = areaLine({ start, end, flags: 0, offset: 0, file: undefined, name: "[rollup]" });
  return header + ROLLUP_FIELDS.map((field) => fieldLine(field, totals[field])).join("");
}

const blocks: Readonly<Record<SmapsLayout, (area: SmapsArea) => string>> = {
  "2017": (area) => areaLine(area) + FIELDS_2017.map((field) => fieldLine(field, area.fields[field])).join(""),
  "6.18": (area) => {
    const sizes = FIELDS_6_18.map((field) => fieldLine(field, area.fields[field])).join("");
    return `${areaLine(area)}${sizes}${fieldLine("THPeligible", area.fields.THPeligible, "")}VmFlags: ${area.vmFlags}${area.vmFlags === "" ? "" : " "}\n`;
  },
};
