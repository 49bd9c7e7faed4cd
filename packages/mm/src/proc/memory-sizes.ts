import { type Folios, isAnonMapping, PG_dirty, PG_referenced, PG_swapbacked } from "@zeropfn/folio";
import { forEachEntry, pteIsAccessed, pteIsDirty, pteIsMigration, pteIsPresent, pteIsSpecial, pteIsSwapped, ptePfn, swapPteOffset, VM_LOCKED,
} from "@zeropfn/pte-mmu";
import type { Process } from "../process.ts";

/**
 * What smaps adds up over an area, in bytes; shares (`pss…`) in bytes × 2^PSS_SHIFT.
 * @kernel mem_size_stats — fs/proc/task_mmu.c, v6.18
 */
export interface MemorySizes {
  resident: number;
  sharedClean: number;
  sharedDirty: number;
  privateClean: number;
  privateDirty: number;
  referenced: number;
  anonymous: number;
  lazyFree: number;
  /** Mapped by leaves one level above: anonymous, of files without backing store, of other files. */
  anonHuge: number;
  shmemHuge: number;
  fileHuge: number;
  swap: number;
  pss: number;
  pssAnon: number;
  pssFile: number;
  pssShmem: number;
  pssDirty: number;
  pssLocked: number;
  swapPss: number;
}

/** Binary places of a share. @kernel PSS_SHIFT — fs/proc/task_mmu.c, v6.18 */
export const PSS_SHIFT = 12;
const PSS_UNIT = 2 ** PSS_SHIFT;

/** Nothing. */
export const noMemory = (): MemorySizes => ({
  resident: 0, sharedClean: 0, sharedDirty: 0, privateClean: 0, privateDirty: 0, referenced: 0, anonymous: 0, lazyFree: 0,
  anonHuge: 0, shmemHuge: 0, fileHuge: 0, swap: 0, pss: 0, pssAnon: 0, pssFile: 0, pssShmem: 0, pssDirty: 0, pssLocked: 0, swapPss: 0,
});

/**
 * Adds what the area in row `vma` maps. The zero page, storage and guard pages have no folio and add nothing.
 * @kernel smap_gather_stats(), smaps_pte_entry(), vm_normal_page() — fs/proc/task_mmu.c, mm/memory.c, v6.18
 * @differs A page on swap has one user. Swapped pages of shared memory are not looked for in the file.
 */
export function addArea(sizes: MemorySizes, process: Process, vma: number): void {
  const { folios, mmu } = process.machine.parts, { vmas } = mmu, { pageSize } = folios;
  const isLocked = (vmas.flagsOf(vma) & VM_LOCKED) !== 0;
  forEachEntry(mmu.tables, process.mm, vmas.firstPageOf(vma), vmas.endPageOf(vma), (_page, pte, isHuge) => {
    if (pteIsPresent(pte)) {
      const pfn = ptePfn(pte);
      if (pteIsSpecial(pte) || folios.isZeroPage(pfn)) return;
      addPage(sizes, folios, pfn, { isYoung: pteIsAccessed(pte), isDirty: pteIsDirty(pte), isLocked, mapcount: folios.mapcount(pfn), isHuge });
    } else if (pteIsSwapped(pte)) {
      sizes.swap += pageSize;
      sizes.swapPss += pageSize * PSS_UNIT;
    } else if (pteIsMigration(pte)) {
      // Nobody maps it now: it counts as this area's alone.
      addPage(sizes, folios, swapPteOffset(pte), { isYoung: false, isDirty: false, isLocked, mapcount: 1, isHuge });
    }
  });
}

interface MappedPage {
  readonly isYoung: boolean;
  readonly isDirty: boolean;
  readonly isLocked: boolean;
  readonly mapcount: number;
  readonly isHuge: boolean;
}

/** @kernel smaps_account(), smaps_page_accumulate(), smaps_pmd_entry() — fs/proc/task_mmu.c, v6.18 */
function addPage(sizes: MemorySizes, folios: Folios, pfn: number, { isYoung, isDirty, isLocked, mapcount, isHuge }: MappedPage): void {
  const size = folios.pageSize, isAnon = isAnonMapping(folios.mapping(pfn)), isBackedBySwap = folios.testFlag(pfn, PG_swapbacked);
  const isNewer = isDirty || folios.testFlag(pfn, PG_dirty), isPrivate = mapcount < 2;
  const share = isPrivate ? size * PSS_UNIT : Math.floor((size * PSS_UNIT) / mapcount);
  if (isAnon) sizes.anonymous += size;
  if (isAnon && !isBackedBySwap && !isNewer) sizes.lazyFree += size;
  if (isHuge) sizes[isAnon ? "anonHuge" : isBackedBySwap ? "shmemHuge" : "fileHuge"] += size;
  sizes.resident += size;
  if (isYoung || folios.testFlag(pfn, PG_referenced)) sizes.referenced += size;
  sizes.pss += share;
  sizes[isAnon ? "pssAnon" : isBackedBySwap ? "pssShmem" : "pssFile"] += share;
  if (isLocked) sizes.pssLocked += share;
  if (isNewer) sizes.pssDirty += share;
  sizes[isPrivate ? (isNewer ? "privateDirty" : "privateClean") : isNewer ? "sharedDirty" : "sharedClean"] += size;
}
