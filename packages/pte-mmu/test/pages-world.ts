import { fileMapping, Folios, isAnonMapping, NO_FRAME, PG_anon_exclusive, PG_dirty, PG_swapbacked, PG_uptodate, ZERO_PFN } from "@zeropfn/folio";
import { type ColumnAllocator, Counters, reservedColumns } from "@zeropfn/state";
import { type Access, EXEC, type FaultResult, faultIsError, READ, VM_FAULT_LOCKED, VM_FAULT_OOM, VM_FAULT_SIGBUS, WRITE } from "@zeropfn/units";
import { AnonVmas } from "../src/anon-vmas.ts";
import { ColdPageout } from "../src/cold-pageout.ts";
import { Faults } from "../src/faults.ts";
import type { FileFault, FileFaultHandler } from "../src/file-fault-handler.ts";
import { Guards } from "../src/guards.ts";
import { HugeCollapse } from "../src/huge-collapse.ts";
import { HugeMappings } from "../src/huge-mappings.ts";
import { HugePmds } from "../src/huge-pmds.ts";
import { HugeSplits } from "../src/huge-split-folio.ts";
import { checkAccounting } from "../src/invariants.ts";
import { Lazyfree } from "../src/lazyfree.ts";
import { MappedPages } from "../src/mapped-pages.ts";
import { MlockPages } from "../src/mlock-pages.ts";
import { MM_ANONPAGES, MmCounters } from "../src/mm-counters.ts";
import { MmuGather } from "../src/mmu-gather.ts";
import type { MmuParts } from "../src/mmu-parts.ts";
import { NO_SLOT, PageTables } from "../src/page-tables.ts";
import { Populate } from "../src/populate.ts";
import { Protection } from "../src/protection.ts";
import { PTE_NONE, pteIsPresent, pteIsSpecial, ptePfn, pteWithoutAccessed, pteWithoutWritable } from "../src/pte.ts";
import { Rmap } from "../src/rmap.ts";
import { Thp } from "../src/thp.ts";
import { TLB_MISS, Tlbs } from "../src/tlbs.ts";
import { unmapMappingRange } from "../src/unmap-mapping.ts";
import { VM_MAYREAD, VM_MAYSHARE, VM_MAYWRITE, VM_READ, VM_SHARED, VM_WRITE } from "../src/vm-flags.ts";
import { NO_VMA } from "../src/vma-index.ts";
import { NO_MAPPING, Vmas } from "../src/vmas.ts";
import { ZAP_DROP_MARKERS, ZAP_EVEN_COWS, Zap } from "../src/zap.ts";

export const PRIVATE: number = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE;
export const SHARED: number = PRIVATE | VM_SHARED | VM_MAYSHARE;
export const FILE = 0;

/** One file in memory: a map from index to frame, of which it holds a reference. */
export class MemoryFile implements FileFaultHandler {
  features: FileFaultHandler["features"] = { writeNotify: false, faultAround: true };
  readonly pages: Map<number, number> = new Map();
  pageCount = 64;
  isSwapbacked = true;
  /** What the filesystem was asked, in order. */
  readonly asked: string[] = [];
  readonly #folios: Folios;
  readonly #unmap: (firstIndex: number, pageCount: number, isEvenCows: boolean) => void;

  constructor(folios: Folios, unmap: (firstIndex: number, pageCount: number, isEvenCows: boolean) => void) {
    this.#folios = folios;
    this.#unmap = unmap;
  }

  /** The frame of a page, made if missing; `NO_FRAME`: no memory. */
  make(index: number): number {
    const folios = this.#folios, known = this.pages.get(index);
    if (known !== undefined) return known;
    const pfn = folios.allocate(0);
    if (pfn === NO_FRAME) return NO_FRAME;
    folios.zero(pfn);
    folios.setFlag(pfn, PG_uptodate);
    if (this.isSwapbacked) folios.setFlag(pfn, PG_swapbacked);
    folios.setMapping(pfn, fileMapping(FILE), index);
    this.pages.set(index, pfn);
    return pfn;
  }
  fault(fault: FileFault): FaultResult {
    this.asked.push(`fault ${fault.index} ${fault.access === WRITE ? "write" : "read"}`);
    if (fault.index >= this.pageCount) return VM_FAULT_SIGBUS;
    const pfn = this.make(fault.index);
    if (pfn === NO_FRAME) return VM_FAULT_OOM;
    this.#folios.lock(pfn);
    this.#folios.get(pfn);
    fault.pfn = pfn;
    return VM_FAULT_LOCKED;
  }
  nextMappable(fault: FileFault, lastIndex: number): boolean {
    for (let index = fault.index; index <= Math.min(lastIndex, this.pageCount - 1); index++) {
      const pfn = this.pages.get(index);
      if (pfn === undefined || !this.#folios.testFlag(pfn, PG_uptodate) || !this.#folios.tryLock(pfn)) continue;
      this.#folios.get(pfn);
      fault.index = index;
      fault.pfn = pfn;
      return true;
    }
    return false;
  }
  pageMkwrite(fault: FileFault): FaultResult {
    this.asked.push(`mkwrite ${fault.index}`);
    this.#folios.lock(fault.pfn);
    return VM_FAULT_LOCKED;
  }
  isCached(_mapping: number, index: number): boolean {
    return this.pages.has(index);
  }
  evict(_mapping: number, pfn: number): boolean {
    const folios = this.#folios;
    if (folios.testFlag(pfn, PG_dirty) || folios.refcount(pfn) !== 2) return false;
    this.#drop(folios.index(pfn));
    return true;
  }
  punch(_mapping: number, firstIndex: number, pageCount: number): number {
    this.#unmap(firstIndex, pageCount, false);
    for (let index = firstIndex; index < firstIndex + pageCount; index++) this.#drop(index);
    return 0;
  }
  sync(): number {
    return 0;
  }
  truncate(pageCount: number): void {
    this.pageCount = pageCount;
    this.#unmap(pageCount, Number.POSITIVE_INFINITY, true);
    for (const index of [...this.pages.keys()]) if (index >= pageCount) this.#drop(index);
  }
  #drop(index: number): void {
    const pfn = this.pages.get(index);
    if (pfn === undefined) return;
    this.pages.delete(index);
    this.#folios.setMapping(pfn, 0, 0);
    this.#folios.put(pfn);
  }
}

export interface WorldOptions {
  readonly frameCount?: number;
  readonly tableShift?: number;
  readonly tableCapacity?: number;
  readonly mmCapacity?: number;
  readonly gatherFrames?: number;
  readonly faultAroundPages?: number;
  readonly columns?: ColumnAllocator;
  readonly hugePages?: boolean;
}

/** Address spaces, one file, and everything that is done to their pages, without system calls around it. */
export class World {
  readonly counters: Counters;
  readonly folios: Folios;
  readonly parts: MmuParts;
  readonly file: MemoryFile;
  readonly maps: MappedPages;
  readonly faults: Faults;
  readonly zap: Zap;
  readonly rmap: Rmap;
  readonly protection: Protection;
  readonly lazyfree: Lazyfree;
  readonly coldPageout: ColdPageout;
  readonly guards: Guards;
  readonly populate: Populate;
  readonly mlockPages: MlockPages;
  readonly huge: HugePmds;
  readonly splits: HugeSplits;
  readonly collapse: HugeCollapse;

  constructor({ frameCount = 64, tableShift = 3, tableCapacity = 64, mmCapacity = 3, gatherFrames = 5, faultAroundPages = 4, columns = reservedColumns(), hugePages = false }: WorldOptions = {}) {
    const tracer = new Counters(columns), folios = new Folios(columns, { frameCount, pageShift: 12, hugeZeroOrder: tableShift, tracer });
    const tables = new PageTables(columns, { mmCapacity, tableCapacity, tableShift, levels: 3 });
    const tlbs = new Tlbs(columns, tables, folios, { cpuCount: 2, tlbShift: 3, tlbWays: 1 });
    const vmas = new Vmas(columns, { mmCapacity, vmaCapacity: 16, mappingCapacity: 1 });
    const anonVmas = new AnonVmas(columns, vmas, { anonVmaCapacity: 16, linkCapacity: 48 });
    const counters = new MmCounters(columns, mmCapacity), gather = new MmuGather(tlbs, folios, gatherFrames);
    const thp = new Thp(columns, folios, tables, vmas, hugePages), hugeMappings = new HugeMappings(columns, folios, thp);
    const parts: MmuParts = { folios, tables, tlbs, gather, vmas, anonVmas, counters, thp, hugeMappings, tracer, handler: () => this.file, faultAroundPages };
    this.counters = tracer;
    this.folios = folios;
    this.parts = parts;
    this.maps = new MappedPages(parts);
    this.huge = new HugePmds(parts, this.maps);
    this.splits = new HugeSplits(parts, this.maps, this.huge);
    this.collapse = new HugeCollapse(parts, this.maps);
    this.zap = new Zap(parts, this.maps, this.huge);
    this.faults = new Faults(parts, this.maps, this.huge);
    this.rmap = new Rmap(parts, this.maps, this.huge);
    this.protection = new Protection(parts, this.huge);
    this.lazyfree = new Lazyfree(parts, this.maps, this.splits);
    this.coldPageout = new ColdPageout(parts, this.maps, this.rmap, this.splits);
    this.guards = new Guards(parts, this.zap);
    this.populate = new Populate(parts, this.maps, this.faults);
    this.mlockPages = new MlockPages(parts, this.maps);
    this.file = new MemoryFile(folios, (first, count, isEvenCows) => unmapMappingRange(parts, this.zap, FILE, first, count, isEvenCows));
  }

  /** An area of private memory. */
  anonymous(first: number, end: number, flags: number = PRIVATE, mm: number = 0): number {
    return this.area(mm, first, end, flags, NO_MAPPING, first);
  }
  /** An area that shows the file from page `pageIndex` on. */
  fileArea(first: number, end: number, flags: number, pageIndex: number = 0, mm: number = 0): number {
    return this.area(mm, first, end, flags, FILE, pageIndex);
  }
  area(mm: number, first: number, end: number, flags: number, mapping: number, pageIndex: number): number {
    const { vmas } = this.parts, vma = vmas.allocate(mm, first, end, flags, mapping, pageIndex);
    vmas.index.insert(mm, vma);
    if (mapping !== NO_MAPPING) vmas.iMmap.insert(mapping, vma, pageIndex, pageIndex + end - first - 1);
    return vma;
  }
  /** Removes an area with all that it maps. */
  unmap(vma: number): void {
    const { vmas, anonVmas } = this.parts;
    this.zap.single(vma, vmas.firstPageOf(vma), vmas.endPageOf(vma), ZAP_EVEN_COWS | ZAP_DROP_MARKERS);
    anonVmas.unlink(vma);
    if (vmas.mappingOf(vma) !== NO_MAPPING) vmas.iMmap.erase(vmas.mappingOf(vma), vma);
    vmas.index.erase(vmas.mmOf(vma), vma);
    vmas.free(vma);
  }
  /** The pages of a private area of `mm` are shown in another address space too, as fork does. */
  fork(vma: number, mm: number): number {
    const { vmas, anonVmas, tables, tlbs, counters } = this.parts, folios = this.folios, from = vmas.mmOf(vma), first = vmas.firstPageOf(vma), end = vmas.endPageOf(vma);
    const child = this.area(mm, first, end, vmas.flagsOf(vma), vmas.mappingOf(vma), vmas.pageIndexOf(vma));
    anonVmas.fork(child, vma);
    for (let page = first; page < end; page++) {
      const pte = this.pte(page, from);
      if (pte === PTE_NONE) continue;
      const entry = pteIsPresent(pte) ? pteWithoutWritable(pte) : pte, slot = tables.createSlot(mm, page);
      tables.store(tables.slotOf(from, page), entry);
      tables.store(slot, pteIsPresent(entry) ? pteWithoutAccessed(entry) : entry);
      if (!pteIsPresent(pte) || pteIsSpecial(pte)) continue;
      const pfn = ptePfn(pte);
      folios.get(pfn);
      folios.addRmap(pfn);
      folios.clearFlag(pfn, PG_anon_exclusive);
      counters.add(mm, this.maps.kindOf(pfn), 1);
    }
    tlbs.flushMm(from);
    return child;
  }
  protect(vma: number, flags: number): void {
    const { vmas } = this.parts;
    vmas.setFlags(vma, flags);
    this.protection.change(vma, vmas.firstPageOf(vma), vmas.endPageOf(vma));
  }

  /** A user access: the byte, or the fault result, negated. */
  read(page: number, offset: number = 0, mm: number = 0, cpu: number = 0): number {
    return this.#access(mm, page, READ, () => this.parts.tlbs.load8(cpu, mm, page, offset));
  }
  write(page: number, value: number, offset: number = 0, mm: number = 0, cpu: number = 0): number {
    return this.#access(mm, page, WRITE, () => this.parts.tlbs.store8(cpu, mm, page, offset, value));
  }
  execute(page: number, mm: number = 0): number {
    return this.#access(mm, page, EXEC, () => this.parts.tlbs.translate(0, mm, page, EXEC));
  }
  #access(mm: number, page: number, access: Access, once: () => number): number {
    for (let tries = 0; tries < 5; tries++) {
      const value = once();
      if (value !== TLB_MISS) return value;
      const result = this.faults.handle(mm, page, access);
      if (faultIsError(result)) return -result;
    }
    throw new Error(`page ${page}: 5 faults in a row`);
  }
  /** Faults that `access` takes. */
  faultsOf(access: () => unknown, mm: number = 0): number {
    const before = this.parts.counters.minorFaults(mm);
    access();
    return this.parts.counters.minorFaults(mm) - before;
  }

  pte(page: number, mm: number = 0): number {
    const slot = this.parts.tables.slotOf(mm, page);
    return slot === NO_SLOT ? PTE_NONE : this.parts.tables.load(slot);
  }
  pfn(page: number, mm: number = 0): number {
    return ptePfn(this.pte(page, mm));
  }
  /** Letters of pages [first, end): "." nothing, "Z" zero page, "A" anonymous, "F" or "D" of the file and clean or dirty, "m" a marker. */
  letters(first: number, end: number, mm: number = 0): string {
    return Array.from({ length: end - first }, (_, nth) => this.#letter(this.pte(first + nth, mm))).join("");
  }
  #letter(pte: number): string {
    if (pte === PTE_NONE) return ".";
    if (!pteIsPresent(pte)) return "m";
    if (ptePfn(pte) === ZERO_PFN) return "Z";
    if (isAnonMapping(this.folios.mapping(ptePfn(pte)))) return "A";
    return this.folios.testFlag(ptePfn(pte), PG_dirty) ? "D" : "F";
  }
  rss(kind: typeof MM_ANONPAGES | 0 | 3 = MM_ANONPAGES, mm: number = 0): number {
    return this.parts.counters.rss(mm, kind);
  }
  flag(page: number, flag: number): boolean {
    return this.folios.testFlag(this.pfn(page), flag);
  }

  check(): void {
    checkAccounting(this.parts);
    this.folios.checkInvariants();
    this.parts.vmas.index.checkInvariants();
    if (this.folios.usedFrames > this.#ownedFrames()) throw new Error(`${this.folios.usedFrames} frames are used, ${this.#ownedFrames()} have an owner`);
  }
  /** Frames that something maps or the file holds: any other one has leaked. */
  #ownedFrames(): number {
    const owned = new Set(this.file.pages.values());
    for (let pfn = 1; pfn < this.folios.totalFrames; pfn++) if (this.folios.mapcount(pfn) > 0) owned.add(pfn);
    return owned.size;
  }
}

export { NO_VMA };
