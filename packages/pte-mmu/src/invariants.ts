import { anonVmaOf, fileMapping, isAnonMapping, PG_anon_exclusive, PG_mlocked, PG_swapbacked } from "@zeropfn/folio";
import { NO_LINK } from "./anon-vmas.ts";
import { MM_ANONPAGES, MM_FILEPAGES, MM_SHMEMPAGES } from "./mm-counters.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { NO_SLOT } from "./page-tables.ts";
import { PTE_NONE, pteInLeaf, pteIsExecutable, pteIsPresent, pteIsSpecial, pteIsUsable, pteIsWritable, ptePfn } from "./pte.ts";
import { leafSlotOf } from "./table-walk.ts";
import type { TlbEntry } from "./tlb-geometry.ts";
import { checkTlbs } from "./tlb-invariants.ts";
import { VM_EXEC, VM_LOCKED, VM_SHARED, VM_SPECIAL, VM_WRITE } from "./vm-flags.ts";
import { NO_VMA } from "./vma-index.ts";
import { linearPageIndex, vmaIsAnonymous } from "./vmas.ts";

/** What a full walk of all page tables finds of one frame. */
interface FoundFrame {
  mappings: number;
  lockedMappings: number;
  /** Leaves among the mappings. */
  leaves: number;
}
/** What it finds in all. */
interface Found {
  readonly frames: Map<number, FoundFrame>;
  /** Of the address space that is walked, by kind. */
  rss: number[];
}

/**
 * Walks everything and compares it with what is counted: pages of each address space, mappings of each frame, references of
 * anonymous pages, locked pages; areas lie in order and apart; each page can be found from its frame; no processor may do
 * what the page tables do not allow. For tests, at rest: no call is under way.
 *
 * @param heldReferences References to the folio of a frame that somebody holds beside its mappings. Default: none.
 * @throws {Error} Two of them disagree.
 */
export function checkAccounting(parts: MmuParts, heldReferences: (pfn: number) => number = () => 0): void {
  const found: Found = { frames: new Map(), rss: [] };
  for (let mm = 0; mm < parts.tables.mmCapacity; mm++) checkAddressSpace(parts, mm, found);
  checkFrames(parts, found, heldReferences);
  checkTlbs(parts.tlbs, (entry) => isAllowed(parts, entry));
}

function checkAddressSpace(parts: MmuParts, mm: number, found: Found): void {
  const { tables, vmas, counters } = parts;
  found.rss = [0, 0, 0, 0];
  let end = 0;
  for (const vma of vmas.of(mm)) {
    if (vmas.firstPageOf(vma) < end || vmas.endPageOf(vma) <= vmas.firstPageOf(vma)) fail(`area ${vma} of address space ${mm} begins before page ${end}, or is empty`);
    end = vmas.endPageOf(vma);
  }
  for (let page = 0; page < tables.pageCount; ) {
    const slot = tables.slotOf(mm, page);
    if (slot === NO_SLOT) {
      const leaf = leafSlotOf(parts, mm, page), holeEnd = tables.endOfHole(mm, page);
      if (leaf !== NO_SLOT) for (let at = page; at < holeEnd; at++) checkEntry(parts, mm, at, pteInLeaf(tables.load(leaf), at - page), found, 1);
      page = holeEnd;
      continue;
    }
    checkEntry(parts, mm, page, tables.load(slot), found, 0);
    page++;
  }
  for (const kind of [MM_FILEPAGES, MM_ANONPAGES, MM_SHMEMPAGES] as const) {
    if (counters.rss(mm, kind) !== found.rss[kind]) fail(`address space ${mm} maps ${found.rss[kind]} pages of kind ${kind}, counted ${counters.rss(mm, kind)}`);
  }
}

function checkEntry(parts: MmuParts, mm: number, page: number, pte: number, found: Found, leaves: 0 | 1): void {
  if (pte === PTE_NONE) return;
  const { vmas, folios } = parts, vma = vmas.lookUp(mm, page), name = `page ${page} of address space ${mm}`;
  if (vma === NO_VMA) return fail(`${name} has entry 0x${pte.toString(16)}, and no area`);
  if (!pteIsPresent(pte)) return;
  checkRights(parts, vma, pte, name);
  if (pteIsSpecial(pte)) return;
  const pfn = ptePfn(pte), frame = found.frames.get(pfn) ?? { mappings: 0, lockedMappings: 0, leaves: 0 }, flags = vmas.flagsOf(vma);
  found.frames.set(pfn, frame);
  frame.mappings++;
  frame.leaves += leaves;
  if ((flags & (VM_LOCKED | VM_SPECIAL)) === VM_LOCKED) frame.lockedMappings++;
  const isAnonymous = isAnonMapping(folios.mapping(pfn));
  found.rss[isAnonymous ? MM_ANONPAGES : folios.testFlag(pfn, PG_swapbacked) ? MM_SHMEMPAGES : MM_FILEPAGES]!++;
  if (folios.index(pfn) !== linearPageIndex(vmas, vma, page)) fail(`${name} maps frame ${pfn}, page ${folios.index(pfn)} of its mapping, and shows page ${linearPageIndex(vmas, vma, page)}`);
  if (isAnonymous) checkAnonymous(parts, vma, pfn, name);
  else if (vmaIsAnonymous(vmas, vma) || folios.mapping(pfn) !== fileMapping(vmas.mappingOf(vma))) fail(`${name} maps frame ${pfn} of mapping ${folios.mapping(pfn)}, its area shows ${vmas.mappingOf(vma)}`);
}

/** No entry allows what its area does not; what can be written through a private area is nobody else's. */
function checkRights(parts: MmuParts, vma: number, pte: number, name: string): void {
  const { vmas, folios } = parts, flags = vmas.flagsOf(vma);
  if (pteIsWritable(pte) && (flags & VM_WRITE) === 0) fail(`${name} is writable, its area is not`);
  if (pteIsUsable(pte) && pteIsExecutable(pte) && (flags & VM_EXEC) === 0) fail(`${name} is executable, its area is not`);
  if (!pteIsWritable(pte) || (flags & VM_SHARED) !== 0) return;
  const pfn = ptePfn(pte);
  if (pteIsSpecial(pte) || !isAnonMapping(folios.mapping(pfn)) || !folios.testFlag(pfn, PG_anon_exclusive)) fail(`${name} can be written and maps frame ${pfn}, which is not its own`);
}

/** The area is among those of the page's region: reverse mapping would find it. */
function checkAnonymous({ anonVmas, folios }: MmuParts, vma: number, pfn: number, name: string): void {
  const region = anonVmaOf(folios.mapping(pfn)), index = folios.index(pfn);
  for (let link = anonVmas.firstOverlapping(region, index, index); link !== NO_LINK; link = anonVmas.nextOverlapping(link, index, index)) {
    if (anonVmas.vmaOfLink(link) === vma) return;
  }
  fail(`${name} maps frame ${pfn} of anonymous region ${region}, which does not know the area`);
}

/** Of a huge folio: each entry has a reference, a leaf one for all of its pages; and who maps a page counts for the folio. */
function checkHuge({ folios, hugeMappings }: MmuParts, frames: Found["frames"], head: number, heldReferences: (pfn: number) => number): void {
  let leaves = 0, mapcount = 0, isShared = false;
  for (let pfn = head; pfn < head + 2 ** folios.order(head); pfn++) {
    const frame = frames.get(pfn) ?? { mappings: 0, lockedMappings: 0, leaves: 0 }, isExclusive = folios.testFlag(pfn, PG_anon_exclusive);
    if (pfn === head) leaves = frame.leaves;
    else if (frame.leaves !== leaves) fail(`page ${pfn} of huge folio ${head} is under ${frame.leaves} leaves, the first under ${leaves}`);
    mapcount += frame.mappings - frame.leaves;
    isShared ||= frame.mappings > 1;
    if (isExclusive && frame.mappings > 1) fail(`page ${pfn} of huge folio ${head} is exclusive and has ${frame.mappings} mappings`);
  }
  mapcount += leaves;
  const counted = [hugeMappings.mapcount(head), hugeMappings.leafCount(head)], name = `huge folio ${head}`;
  if (counted[0] !== mapcount || counted[1] !== leaves) fail(`${name} has ${mapcount} mappings, ${leaves} of them leaves; counted ${counted}`);
  if (isShared && !hugeMappings.isShared(head)) fail(`${name} is mapped twice and does not count as shared`);
  const expected = mapcount + heldReferences(head);
  if (folios.refcount(head) !== expected) fail(`${name} has ${folios.refcount(head)} references, expected ${expected}`);
}

function checkFrames(parts: MmuParts, { frames }: Found, heldReferences: (pfn: number) => number): void {
  const { folios } = parts;
  for (let pfn = 0; pfn < folios.totalFrames; pfn++) {
    const { mappings, lockedMappings } = frames.get(pfn) ?? { mappings: 0, lockedMappings: 0 }, name = `frame ${pfn}`;
    if (folios.order(pfn) > 0 && pfn === folios.head(pfn) && isAnonMapping(folios.mapping(pfn))) checkHuge(parts, frames, pfn, heldReferences);
    if (folios.mapcount(pfn) !== mappings) fail(`${name} has ${mappings} mappings, counted ${folios.mapcount(pfn)}`);
    if (mappings === 0) continue;
    if (folios.refcount(pfn) === 0) fail(`${name} is mapped and free`);
    if (folios.order(pfn) > 0) continue;
    if (isAnonMapping(folios.mapping(pfn))) {
      const expected = mappings + heldReferences(pfn);
      if (folios.refcount(pfn) !== expected) fail(`${name} has ${folios.refcount(pfn)} references, expected ${expected}`);
      if (folios.testFlag(pfn, PG_anon_exclusive) && mappings > 1) fail(`${name} is exclusive and has ${mappings} mappings`);
    }
    if (folios.testFlag(pfn, PG_mlocked) !== lockedMappings > 0) fail(`${name} has ${lockedMappings} locked mappings, and PG_mlocked says ${folios.testFlag(pfn, PG_mlocked)}`);
  }
}

/** True if the page tables say so too. */
function isAllowed({ tables, folios }: MmuParts, { mm, page, pfn, isWritable, isExecutable }: TlbEntry): boolean {
  const slot = tables.slotOf(mm, page), pmdSlot = tables.pmdSlotOf(mm, page);
  const pte = slot !== NO_SLOT ? tables.load(slot) : pmdSlot !== NO_SLOT ? tables.load(pmdSlot) : PTE_NONE;
  const within = slot !== NO_SLOT ? 0 : page & (tables.pagesPerTable - 1);
  if (!pteIsUsable(pte) || ptePfn(pte) + within !== pfn || (folios.refcount(pfn) === 0 && !folios.isDevice(pfn))) return false;
  return (!isWritable || pteIsWritable(pte)) && (!isExecutable || pteIsExecutable(pte));
}

function fail(message: string): void {
  throw new Error(message);
}
