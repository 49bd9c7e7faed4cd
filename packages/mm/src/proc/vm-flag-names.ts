import type { VmFlags } from "@zeropfn/pte-mmu";

/**
 * Two letters for each bit of the flags of an area, from bit 0 on. The bits are drawn in vm-flags.ts of pte-mmu.
 * @kernel show_smap_vma_flags() — fs/proc/task_mmu.c, v6.18
 */
const NAMES: readonly string[] = [
  "rd", "wr", "ex", "sh", "mr", "mw", "me", "ms",
  "gd", "um", "pf", "gu", "uw", "lo", "io", "sr",
  "rr", "dc", "de", "lf", "ac", "nr", "ht", "sf",
  "ar", "wf", "dd", "sd", "mm", "hg", "nh", "mg",
];

/** The names of the bits that are set, lowest first: "rd wr mr mw me ac". */
export const vmFlagNames = (flags: VmFlags): string => NAMES.filter((_, bit) => ((flags >>> bit) & 1) !== 0).join(" ");
