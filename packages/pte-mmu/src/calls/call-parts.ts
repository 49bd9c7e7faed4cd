import type { Areas } from "../areas.ts";
import type { ColdPageout } from "../cold-pageout.ts";
import type { Guards } from "../guards.ts";
import type { Gup } from "../gup.ts";
import type { HugeCollapse } from "../huge-collapse.ts";
import type { HugePmds } from "../huge-pmds.ts";
import type { Lazyfree } from "../lazyfree.ts";
import type { MappedFiles } from "../mapped-files.ts";
import type { MlockPages } from "../mlock-pages.ts";
import type { MmPins } from "../mm-pins.ts";
import type { MmuParts } from "../mmu-parts.ts";
import type { Populate } from "../populate.ts";
import type { Protection } from "../protection.ts";
import type { Zap } from "../zap.ts";

/** What system calls work with. */
export interface CallParts extends MmuParts {
  readonly areas: Areas;
  readonly zap: Zap;
  readonly protection: Protection;
  readonly populate: Populate;
  readonly coldPageout: ColdPageout;
  readonly lazyfree: Lazyfree;
  readonly guards: Guards;
  readonly huge: HugePmds;
  readonly collapse: HugeCollapse;
  readonly mlockPages: MlockPages;
  readonly pins: MmPins;
  readonly gup: Gup;
  readonly files: MappedFiles;
  /** Bytes of a page: a power of two. */
  readonly pageSize: number;
  /** Pages of user space: addresses from there on are the kernel's. @kernel TASK_SIZE — arch/x86/include/asm/page_64.h, v6.18 */
  readonly taskPages: number;
}

/** A system call's answer: 0 or more, or an errno negated. */
export type CallResult = number;
