import type { Machine, Process } from "@zeropfn/mm";
import { checkAccounting, forEachEntry, pteIsPresent, ptePfn } from "@zeropfn/pte-mmu";
import { type MachineScenarioBuilder, type ScenarioSize, TINY } from "../machine-scenario.ts";

/** One page of one process on two processors, and one frame to put it in, beside the zero page: nothing else fits. */
export const ONE_PAGE: ScenarioSize = Object.freeze({
  ...TINY,
  memoryFrames: 2,
  pmemFrames: 0,
  processCapacity: 1,
  vmaCapacity: 1,
  maximumMapCount: 1,
  anonVmaCapacity: 1,
  linkCapacity: 1,
  tableCapacity: 1,
  extentCapacity: 0,
  gatherCapacity: 2,
});

/** Bytes of one page of such a machine. */
export const PAGE = 8;

/**
 * Two claims that hold whatever is done. In every state: no processor reaches a frame that is free. At the end: pages and
 * references are counted as a walk of all page tables finds them, and no processor may do what the tables do not allow.
 */
export function claimAccounts(s: MachineScenarioBuilder): void {
  const { folios, mmu } = s.machine.parts;
  s.invariant("FREED TOO SOON: no processor can reach a frame that is free", () => {
    for (const { pfn } of mmu.tlbs.entries()) if (folios.refcount(pfn) === 0) return false;
    return true;
  });
  s.atEnd("MISCOUNTED: RSS, mappings and references are what the page tables say, and no TLB allows more", () => isAccounted(s.machine));
}

function isAccounted({ parts: { mmu } }: Machine): boolean {
  try {
    checkAccounting(mmu.calls);
    return true;
  } catch {
    return false;
  }
}

/** A byte of the only page that the process has, as its entry says now; -1 if it is not there. */
export function byteOf({ machine: { parts: { mmu, folios } }, mm }: Process, offset: number): number {
  let value = -1;
  forEachEntry(mmu.tables, mm, 0, mmu.tables.pageCount, (_page, pte) => {
    if (pteIsPresent(pte)) value = folios.load8(ptePfn(pte), offset);
  });
  return value;
}
