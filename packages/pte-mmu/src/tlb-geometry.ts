import { PteMmuError } from "./errors.ts";
import type { TlbsOptions } from "./tlbs.ts";

/** What one processor remembers of one page. */
export interface TlbEntry {
  readonly cpu: number;
  readonly mm: number;
  readonly page: number;
  readonly pfn: number;
  /** True if a store goes through without another look at the page table. */
  readonly isWritable: boolean;
  readonly isExecutable: boolean;
}

/** Sizes of TLBs, checked. */
export interface TlbGeometry {
  readonly cpuCount: number;
  /** log2 of sets. */
  readonly tlbShift: number;
  /** A power of two. */
  readonly ways: number;
  /** log2 of ways. */
  readonly wayShift: number;
  readonly asidCount: number;
}

/** @throws {PteMmuError} PTE_MMU_BAD_OPTION */
export function tlbGeometry({ cpuCount, tlbShift, tlbWays = 4, asidCount = 6 }: TlbsOptions): TlbGeometry {
  if (!Number.isInteger(cpuCount) || cpuCount < 1) throw new PteMmuError("PTE_MMU_BAD_OPTION", `cpuCount ${cpuCount}, expected an integer ≥ 1`);
  if (!Number.isInteger(tlbShift) || tlbShift < 0 || tlbShift > 16) throw new PteMmuError("PTE_MMU_BAD_OPTION", `tlbShift ${tlbShift}, expected 0 to 16`);
  if (![1, 2, 4, 8, 16].includes(tlbWays)) throw new PteMmuError("PTE_MMU_BAD_OPTION", `tlbWays ${tlbWays}, expected 1, 2, 4, 8 or 16`);
  if (!Number.isInteger(asidCount) || asidCount < 1 || asidCount > 63) throw new PteMmuError("PTE_MMU_BAD_OPTION", `asidCount ${asidCount}, expected 1 to 63`);
  return { cpuCount, tlbShift, ways: tlbWays, wayShift: Math.log2(tlbWays), asidCount };
}
