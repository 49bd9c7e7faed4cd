import { anonVmaOf, fileMapping, isAnonMapping, PG_anon_exclusive, PG_dirty, PG_locked, PG_mlocked, PG_referenced, PG_swapbacked } from "@zeropfn/folio";
import {
  checkAccounting, linearPageIndex, MM_ANONPAGES, MM_FILEPAGES, MM_SHMEMPAGES, NO_ANON_VMA, NO_LINK, NO_SLOT, NO_VMA, PTE_NONE, pteIsAccessed, pteIsDirty, pteIsPresent, pteIsSpecial, pteIsUsable,
  pteIsWritable, ptePfn, VM_LOCKED, VM_SPECIAL, VM_STICKY,
} from "@zeropfn/pte-mmu";
import type { Machine, Process } from "../src/index.ts";
import { addArea, type MemorySizes, noMemory, PSS_SHIFT } from "../src/proc/memory-sizes.ts";

/** An entry that maps a frame with a folio. */
interface Mapping {
  readonly mm: number;
  readonly page: number;
  readonly vma: number;
  readonly pte: number;
}
/** The entries of each frame. */
type Walk = ReadonlyMap<number, readonly Mapping[]>;

const NO_ROW = 0xffff_ffff;

function ensure(holds: boolean, message: () => string): void {
  if (!holds) throw new Error(message());
}

/**
 * Looks at every page of every process, one by one, and compares what is there with all that the machine counts, remembers or
 * can find: areas, resident pages, mappings and references of frames, reverse mapping, smaps, and what processors remember.
 * At rest: no call is under way.
 *
 * @throws {Error} Two of them disagree.
 */
export function checkMachine(machine: Machine, processes: readonly Process[]): void {
  const mms = processes.map(({ mm }) => mm);
  for (const mm of mms) checkAreas(machine, mm);
  const walk = walkAll(machine, mms), cached = cachedPages(machine);
  for (const mm of mms) checkResident(machine, mm, walk);
  checkFrames(machine, walk, cached);
  for (const [pfn, mappings] of walk) checkReverseMapping(machine, pfn, mappings);
  for (const process of processes) checkSmaps(machine, process, walk);
  checkEvents(machine, walk, cached);
  checkProcessors(machine, mms);
  checkAccounting(machine.parts.mmu.calls);
  machine.parts.folios.checkInvariants();
  machine.parts.arrays.checkInvariants();
}

/** Areas lie in order, apart and in user space, and are counted. */
function checkAreas(machine: Machine, mm: number): void {
  const { vmas, counters, calls } = machine.parts.mmu;
  vmas.index.checkInvariants();
  vmas.iMmap.checkInvariants();
  let end = 0, pages = 0;
  for (const vma of vmas.of(mm)) {
    const first = vmas.firstPageOf(vma);
    ensure(first >= end && vmas.endPageOf(vma) > first && vmas.mmOf(vma) === mm, () => `area ${vma} of address space ${mm} begins at page ${first}, the one before ends at ${end}`);
    end = vmas.endPageOf(vma);
    pages += end - first;
  }
  ensure(end <= calls.taskPages, () => `address space ${mm} ends at page ${end}`);
  ensure(counters.totalPages(mm) === pages, () => `address space ${mm} has areas of ${pages} pages, counted ${counters.totalPages(mm)}`);
}

/** Where two areas meet that are alike, as "MM:PAGE". @kernel is_mergeable_vma(), is_mergeable_anon_vma() — mm/vma.c, v6.18 */
export function unmergedSeams(machine: Machine, mm: number): Set<string> {
  const { vmas, calls: { anonVmas } } = machine.parts.mmu, seams = new Set<string>();
  let below = NO_VMA;
  for (const vma of vmas.of(mm)) {
    if (below !== NO_VMA && vmas.endPageOf(below) === vmas.firstPageOf(vma)) {
      const pages = vmas.endPageOf(below) - vmas.firstPageOf(below), regions = [vmas.anonVmaOf(below), vmas.anonVmaOf(vma)] as const;
      const hasOneRegion = regions[0] === regions[1] || (regions[0] === NO_ANON_VMA && anonVmas.hasOneLink(vma)) || (regions[1] === NO_ANON_VMA && anonVmas.hasOneLink(below));
      const isAlike = ((vmas.flagsOf(below) ^ vmas.flagsOf(vma)) & ~VM_STICKY) === 0 && (vmas.flagsOf(vma) & VM_SPECIAL) === 0 && vmas.mappingOf(below) === vmas.mappingOf(vma);
      if (isAlike && hasOneRegion && vmas.pageIndexOf(below) + pages === vmas.pageIndexOf(vma)) seams.add(`${mm}:${vmas.firstPageOf(vma)}`);
    }
    below = vma;
  }
  return seams;
}

function walkAll(machine: Machine, mms: readonly number[]): Walk {
  const { folios, mmu: { tables, vmas } } = machine.parts, walk = new Map<number, Mapping[]>();
  for (const mm of mms) {
    for (let page = 0; page < tables.pageCount; page++) {
      const slot = tables.slotOf(mm, page), pte = slot === NO_SLOT ? PTE_NONE : tables.load(slot);
      if (pte === PTE_NONE) continue;
      const vma = vmas.lookUp(mm, page);
      ensure(vma !== NO_VMA, () => `page ${page} of address space ${mm} has an entry and no area`);
      if (!pteIsPresent(pte)) continue;
      ensure(pteIsSpecial(pte) === folios.isZeroPage(ptePfn(pte)), () => `page ${page} of address space ${mm}: the entry of frame ${ptePfn(pte)} is special, or should be`);
      if (pteIsSpecial(pte)) continue;
      const known = walk.get(ptePfn(pte));
      if (known === undefined) walk.set(ptePfn(pte), [{ mm, page, vma, pte }]);
      else known.push({ mm, page, vma, pte });
    }
  }
  return walk;
}

/** Frames of files, and where in which file they are. */
function cachedPages({ parts: { cache }, size: { fileCapacity } }: Machine): Map<number, { readonly file: number; readonly index: number }> {
  const cached = new Map<number, { file: number; index: number }>();
  for (let file = 0; file < fileCapacity; file++) {
    let count = 0;
    for (let index = 0; count < cache!.pageCount(file); index++, count++) {
      index = cache!.next(file, index);
      ensure(index >= 0, () => `file ${file} has ${count} pages, counted ${cache!.pageCount(file)}`);
      cached.set(cache!.load(file, index), { file, index });
    }
  }
  return cached;
}

const kindOf = ({ parts: { folios } }: Machine, pfn: number) => (isAnonMapping(folios.mapping(pfn)) ? MM_ANONPAGES : folios.testFlag(pfn, PG_swapbacked) ? MM_SHMEMPAGES : MM_FILEPAGES);

function checkResident(machine: Machine, mm: number, walk: Walk): void {
  const { counters } = machine.parts.mmu, found = [0, 0, 0, 0];
  for (const [pfn, mappings] of walk) found[kindOf(machine, pfn)]! += mappings.filter((mapping) => mapping.mm === mm).length;
  for (const kind of [MM_FILEPAGES, MM_ANONPAGES, MM_SHMEMPAGES] as const) {
    ensure(counters.rss(mm, kind) === found[kind], () => `address space ${mm} maps ${found[kind]} pages of kind ${kind}, counted ${counters.rss(mm, kind)}`);
  }
  ensure(counters.rssPages(mm) === found.reduce((sum, pages) => sum + pages), () => `VmRSS of address space ${mm}`);
}

/** Each frame in use is mapped or cached, and has just the references that this makes. Nothing is locked. */
function checkFrames(machine: Machine, walk: Walk, cached: ReturnType<typeof cachedPages>): void {
  const { folios } = machine.parts, used = new Set([...walk.keys(), ...cached.keys()]);
  ensure(folios.usedFrames === used.size, () => `${used.size} frames are mapped or cached, ${folios.usedFrames} in use`);
  for (const pfn of used) {
    const mappings = walk.get(pfn) ?? [], place = cached.get(pfn), references = mappings.length + (place === undefined ? 0 : 1);
    ensure(folios.mapcount(pfn) === mappings.length, () => `frame ${pfn} has ${mappings.length} mappings, counted ${folios.mapcount(pfn)}`);
    ensure(folios.refcount(pfn) === references, () => `frame ${pfn} has ${folios.refcount(pfn)} references, expected ${references}`);
    ensure(!folios.testFlag(pfn, PG_locked), () => `frame ${pfn} is locked`);
    const isLocked = mappings.some(({ vma }) => (machine.parts.mmu.vmas.flagsOf(vma) & VM_LOCKED) !== 0);
    ensure(folios.testFlag(pfn, PG_mlocked) === isLocked, () => `frame ${pfn}: PG_mlocked is ${!isLocked}`);
    if (place !== undefined) {
      const saysSo = folios.mapping(pfn) === fileMapping(place.file) && folios.index(pfn) === place.index;
      ensure(saysSo, () => `frame ${pfn} is page ${place.index} of file ${place.file}, and does not say so`);
    } else ensure(isAnonMapping(folios.mapping(pfn)), () => `frame ${pfn} is mapped, and is in no file and not anonymous`);
    if (mappings.length < 2 || place !== undefined) continue;
    ensure(!folios.testFlag(pfn, PG_anon_exclusive) && mappings.every(({ pte }) => !pteIsWritable(pte)), () => `frame ${pfn} is shared, and exclusive or writable`);
  }
}

/** From the frame one finds exactly the entries from which one finds the frame. */
function checkReverseMapping(machine: Machine, pfn: number, mappings: readonly Mapping[]): void {
  const { folios, mmu: { vmas, calls: { anonVmas }, tables } } = machine.parts, mapping = folios.mapping(pfn), index = folios.index(pfn), found: string[] = [];
  const look = (vma: number): void => {
    const mm = vmas.mmOf(vma), page = vmas.firstPageOf(vma) + index - vmas.pageIndexOf(vma), slot = tables.slotOf(mm, page);
    if (slot !== NO_SLOT && pteIsPresent(tables.load(slot)) && ptePfn(tables.load(slot)) === pfn) found.push(`${mm}:${page}`);
  };
  if (isAnonMapping(mapping)) {
    const region = anonVmaOf(mapping);
    for (let link = anonVmas.firstOverlapping(region, index, index); link !== NO_LINK; link = anonVmas.nextOverlapping(link, index, index)) look(anonVmas.vmaOfLink(link));
  } else {
    const file = mapping / 2 - 1;
    for (let vma = vmas.iMmap.first(file, index, index); vma !== NO_ROW; vma = vmas.iMmap.next(vma, index, index)) look(vma);
  }
  const expected = mappings.map(({ mm, page }) => `${mm}:${page}`);
  ensure(found.sort().join() === expected.sort().join(), () => `frame ${pfn} is mapped at ${expected.join()}, reverse mapping finds ${found.join()}`);
  for (const { vma, page } of mappings) ensure(linearPageIndex(vmas, vma, page) === index, () => `frame ${pfn} is page ${index}, mapped as page ${linearPageIndex(vmas, vma, page)}`);
}

/** What smaps adds up, from the walk alone. */
function checkSmaps(machine: Machine, process: Process, walk: Walk): void {
  const { folios, mmu: { vmas } } = machine.parts, { pageSize } = machine, expected = new Map(Array.from(vmas.of(process.mm), (vma) => [vma, noMemory()]));
  for (const [pfn, mappings] of walk) {
    const isAnon = isAnonMapping(folios.mapping(pfn)), isKeptBySwap = folios.testFlag(pfn, PG_swapbacked), share = Math.floor((pageSize * 2 ** PSS_SHIFT) / mappings.length);
    for (const { mm, vma, pte } of mappings) {
      if (mm !== process.mm) continue;
      const sizes = expected.get(vma)!, isNewer = pteIsDirty(pte) || folios.testFlag(pfn, PG_dirty);
      sizes.resident += pageSize;
      sizes[`${mappings.length > 1 ? "shared" : "private"}${isNewer ? "Dirty" : "Clean"}`] += pageSize;
      if (isAnon) sizes.anonymous += pageSize;
      if (isAnon && !isKeptBySwap && !isNewer) sizes.lazyFree += pageSize;
      if (pteIsAccessed(pte) || folios.testFlag(pfn, PG_referenced)) sizes.referenced += pageSize;
      sizes.pss += share;
      sizes[isAnon ? "pssAnon" : isKeptBySwap ? "pssShmem" : "pssFile"] += share;
      if (isNewer) sizes.pssDirty += share;
      if ((vmas.flagsOf(vma) & VM_LOCKED) !== 0) sizes.pssLocked += share;
    }
  }
  for (const [vma, sizes] of expected) {
    const shown = noMemory();
    addArea(shown, process, vma);
    const field = (Object.keys(sizes) as (keyof MemorySizes)[]).find((name) => sizes[name] !== shown[name]);
    ensure(field === undefined, () => `area at page ${vmas.firstPageOf(vma)} of address space ${process.mm}: ${field} of smaps is ${shown[field!]}, expected ${sizes[field!]}`);
  }
}

/** What the whole machine counts. */
function checkEvents(machine: Machine, walk: Walk, cached: ReadonlyMap<number, unknown>): void {
  const frames = [...walk.keys()], { folios } = machine.parts, anonymous = frames.filter((pfn) => isAnonMapping(folios.mapping(pfn))).length;
  const expected = { nr_anon_pages: anonymous, nr_mapped: frames.length - anonymous, nr_shmem: cached.size, nr_mlock: frames.filter((pfn) => folios.testFlag(pfn, PG_mlocked)).length };
  for (const [event, count] of Object.entries(expected)) ensure(machine.count(event) === count, () => `${event} is ${count}, counted ${machine.count(event)}`);
}

/** No processor remembers more than the tables say now, and none remembers a frame that is free. */
function checkProcessors(machine: Machine, mms: readonly number[]): void {
  const { folios, mmu: { tables, tlbs } } = machine.parts;
  for (const { cpu, mm, page, pfn, isWritable } of tlbs.entries()) {
    const name = `processor ${cpu} remembers page ${page} of address space ${mm} in frame ${pfn}`, slot = mms.includes(mm) ? tables.slotOf(mm, page) : NO_SLOT;
    const pte = slot === NO_SLOT ? PTE_NONE : tables.load(slot);
    ensure(pteIsUsable(pte) && ptePfn(pte) === pfn && (!isWritable || pteIsWritable(pte)), () => `${name}, and the tables do not`);
    ensure(folios.refcount(pfn) > 0, () => `${name}, which is free`);
  }
}
