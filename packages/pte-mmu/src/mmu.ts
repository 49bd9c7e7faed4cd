import type { Folios } from "@zeropfn/folio";
import { type ColumnAllocator, noTracer, type Tracer } from "@zeropfn/state";
import {
  type Access, EXEC, type FaultResult, faultIsError, READ, VM_FAULT_MAJOR, VM_FAULT_NOPAGE, VM_FAULT_OOM, VM_FAULT_SIGBUS, VM_FAULT_SIGSEGV, WRITE,
} from "@zeropfn/units";
import { PteMmuError } from "./errors.ts";
import type { FileFaultHandler } from "./file-fault-handler.ts";
import { MmCounters } from "./mm-counters.ts";
import { NO_SLOT, PageTables, type PageTablesOptions } from "./page-tables.ts";
import {
  PTE_ACCESSED, PTE_DIRTY, PTE_NONE, PTE_NX, PTE_PRESENT, PTE_SPECIAL, PTE_USER, PTE_WRITABLE, pteIsPresent, pteIsSpecial, pteOf, ptePfn,
} from "./pte.ts";
import { TLB_MISS, Tlbs, type TlbsOptions } from "./tlbs.ts";
import { NO_VMA, VM_EXEC, VM_READ, VM_WRITE, type VmaRange, Vmas, type VmasOptions } from "./vmas.ts";

export type MmuOptions = PageTablesOptions & TlbsOptions & VmasOptions & { readonly tracer?: Tracer };

/** What a user access gives: its value (0 or more), or the number of the signal, negated. */
export type AccessResult = number;

/** Told of a present entry: the page of the address space, and the packed entry. */
export type PresentVisitor = (page: number, pte: number) => void;

/** Faults of one access in a row. @differs The kernel tries for ever. */
const MAX_TRIES = 32;
const SIGBUS = 7;
const SIGSEGV = 11;
const SIGKILL = 9;

/** Address spaces: user accesses, the page fault, what handlers insert, and unmapping. */
export class Mmu {
  readonly tables: PageTables;
  readonly tlbs: Tlbs;
  readonly vmas: Vmas;
  readonly counters: MmCounters;
  readonly #folios: Folios;
  readonly #tracer: Tracer;
  readonly #pgfault: number;
  readonly #pgmajfault: number;
  #handler: FileFaultHandler | undefined;

  constructor(columns: ColumnAllocator, folios: Folios, options: MmuOptions) {
    this.tables = new PageTables(columns, options);
    this.tlbs = new Tlbs(columns, this.tables, folios, options);
    this.vmas = new Vmas(columns, options);
    this.counters = new MmCounters(columns, options.mmCapacity);
    this.#folios = folios;
    this.#tracer = options.tracer ?? noTracer;
    this.#pgfault = this.#tracer.event("pgfault");
    this.#pgmajfault = this.#tracer.event("pgmajfault");
  }

  /** Says who fills file mappings. Once, when the machine is wired. */
  connect(handler: FileFaultHandler): void {
    this.#handler = handler;
  }

  /** A user program's load of the byte at `offset` of `page`: 0 … 255, or a negative signal. */
  load8(cpu: number, mm: number, page: number, offset: number): AccessResult {
    const value = this.tlbs.load8(cpu, mm, page, offset);
    return value === TLB_MISS ? this.#load8AfterFault(cpu, mm, page, offset) : value;
  }

  /** A user program's store of one byte: 0, or a negative signal. */
  store8(cpu: number, mm: number, page: number, offset: number, value: number): AccessResult {
    const result = this.tlbs.store8(cpu, mm, page, offset, value);
    return result === TLB_MISS ? this.#store8AfterFault(cpu, mm, page, offset, value) : result;
  }

  /** Makes `page` accessible as a user access would, and gives its frame, or a negative signal. For accesses of many bytes. */
  translate(cpu: number, mm: number, page: number, access: Access): number {
    const pfn = this.tlbs.translate(cpu, mm, page, access);
    return pfn === TLB_MISS ? this.#translateAfterFault(cpu, mm, page, access) : pfn;
  }

  // Apart, so that what hits stays small enough to be inlined.

  #load8AfterFault(cpu: number, mm: number, page: number, offset: number): AccessResult {
    for (let tries = 0; ; tries++) {
      const result = this.#faultAgain(mm, page, READ, tries);
      if (faultIsError(result)) return -signalOf(result);
      const value = this.tlbs.load8(cpu, mm, page, offset);
      if (value !== TLB_MISS) return value;
    }
  }

  #store8AfterFault(cpu: number, mm: number, page: number, offset: number, value: number): AccessResult {
    for (let tries = 0; ; tries++) {
      const result = this.#faultAgain(mm, page, WRITE, tries);
      if (faultIsError(result)) return -signalOf(result);
      if (this.tlbs.store8(cpu, mm, page, offset, value) !== TLB_MISS) return 0;
    }
  }

  #translateAfterFault(cpu: number, mm: number, page: number, access: Access): number {
    for (let tries = 0; ; tries++) {
      const result = this.#faultAgain(mm, page, access, tries);
      if (faultIsError(result)) return -signalOf(result);
      const pfn = this.tlbs.translate(cpu, mm, page, access);
      if (pfn !== TLB_MISS) return pfn;
    }
  }

  /** A fault may be in vain: what it mapped is gone again before it is used. But not for ever. */
  #faultAgain(mm: number, page: number, access: Access, tries: number): FaultResult {
    if (tries === MAX_TRIES) {
      throw new PteMmuError("PTE_MMU_LIVELOCK", `page ${page} of address space ${mm}: ${MAX_TRIES} faults in a row were answered and the page cannot be used`);
    }
    return this.handleFault(mm, page, access);
  }

  /** @kernel do_user_addr_fault(), handle_mm_fault() — arch/x86/mm/fault.c, mm/memory.c, v6.12 */
  handleFault(mm: number, page: number, access: Access): FaultResult {
    const { vmas } = this, vma = vmas.find(mm, page);
    if (vma === NO_VMA || (vmas.flagsOf(vma) & rightFor(access)) === 0) return VM_FAULT_SIGSEGV;
    if (this.#handler === undefined) throw new PteMmuError("PTE_MMU_NO_HANDLER", "a fault on a file mapping, and nobody was connected to handle it");
    this.#tracer.count(this.#pgfault, 1, page);
    const index = page - vmas.firstPageOf(vma) + vmas.pageIndexOf(vma);
    const result = this.#handler.fault(vmas.mappingOf(vma), vma, page, index, access);
    if ((result & VM_FAULT_MAJOR) !== 0) this.#tracer.count(this.#pgmajfault, 1, page);
    return result;
  }

  /**
   * Maps a frame that has no folio to account: the zero page, or storage. Read-only, unless `access` is a write; then
   * dirty and writable in one step. A present entry stays, unless this is a write to the same frame.
   * @returns VM_FAULT_NOPAGE, or VM_FAULT_OOM.
   * @kernel insert_pfn() — mm/memory.c, v6.12
   */
  insertPfn(vma: number, page: number, pfn: number, access: Access): FaultResult {
    const { tables, vmas } = this, slot = tables.createSlot(vmas.mmOf(vma), page);
    if (slot === NO_SLOT) return VM_FAULT_OOM;
    const isWrite = access === WRITE;
    tables.lock(slot);
    const old = tables.load(slot);
    if (old === PTE_NONE || (isWrite && ptePfn(old) === pfn)) {
      tables.store(slot, pteOf(pfn, PTE_SPECIAL + (isWrite ? PTE_WRITABLE + PTE_DIRTY : 0) + rightsOf(vmas.flagsOf(vma))));
    }
    tables.unlock(slot);
    return VM_FAULT_NOPAGE;
  }

  /**
   * Maps a folio's page read-only, and takes a reference on it. A present entry stays.
   * @returns VM_FAULT_NOPAGE, or VM_FAULT_OOM.
   * @kernel finish_fault(), set_pte_range() — mm/memory.c, v6.12
   */
  insertFolio(vma: number, page: number, pfn: number): FaultResult {
    const { tables, vmas } = this, mm = vmas.mmOf(vma), slot = tables.createSlot(mm, page);
    if (slot === NO_SLOT) return VM_FAULT_OOM;
    tables.lock(slot);
    if (tables.load(slot) === PTE_NONE) {
      this.#folios.get(pfn);
      this.#folios.addRmap(pfn);
      this.counters.addFilePages(mm, 1);
      tables.store(slot, pteOf(pfn, rightsOf(vmas.flagsOf(vma))));
    }
    tables.unlock(slot);
    return VM_FAULT_NOPAGE;
  }

  /**
   * Unmaps pages [firstIndex, firstIndex + pageCount) of a file from every address space that maps them.
   * @kernel unmap_mapping_range(), unmap_mapping_pages() — mm/memory.c, v6.12
   */
  unmapMappingRange(mapping: number, firstIndex: number, pageCount: number): void {
    const { vmas } = this;
    vmas.lockMappingShared(mapping);
    for (let vma = vmas.firstOfMapping(mapping); vma !== NO_VMA; vma = vmas.nextInMapping(vma)) {
      const shift = vmas.firstPageOf(vma) - vmas.pageIndexOf(vma);
      const first = Math.max(vmas.firstPageOf(vma), firstIndex + shift);
      const end = Math.min(vmas.endPageOf(vma), firstIndex + pageCount + shift);
      this.#zapRange(vmas.mmOf(vma), first, end);
    }
    vmas.unlockMappingShared(mapping);
  }

  /** Adds an area. The address space gets page tables when it faults. @throws {PteMmuError} PTE_MMU_BAD_RANGE, PTE_MMU_NO_VMA */
  map(range: VmaRange): number {
    const { firstPage, pageCount } = range;
    if (!(firstPage >= 0 && pageCount > 0 && firstPage + pageCount <= this.tables.pageCount)) {
      throw new PteMmuError("PTE_MMU_BAD_RANGE", `pages ${firstPage} to ${firstPage + pageCount - 1}, expected pages from 0 to ${this.tables.pageCount - 1}`);
    }
    return this.vmas.add(range);
  }

  /** Unmaps a whole area. @kernel do_vmi_munmap(), unmap_region() — mm/vma.c, v6.12 */
  unmap(vma: number): void {
    const { vmas } = this;
    this.#zapRange(vmas.mmOf(vma), vmas.firstPageOf(vma), vmas.endPageOf(vma));
    vmas.remove(vma);
  }

  /** Visits the present entries of pages [firstPage, endPage). For reports: not a leaf. */
  forEachPresent(mm: number, firstPage: number, endPage: number, visit: PresentVisitor): void {
    const { tables } = this;
    for (let page = firstPage; page < endPage; page++) {
      const slot = tables.slotOf(mm, page);
      if (slot === NO_SLOT) {
        page = this.#lastPageOfTable(page);
        continue;
      }
      const pte = tables.load(slot);
      if (pteIsPresent(pte)) visit(page, pte);
    }
  }

  /** @kernel zap_pte_range() — mm/memory.c, v6.12. @differs Flushes page by page, under the lock; nothing is gathered. */
  #zapRange(mm: number, firstPage: number, endPage: number): void {
    for (let page = firstPage; page < endPage; page++) {
      const slot = this.tables.slotOf(mm, page);
      if (slot === NO_SLOT) page = this.#lastPageOfTable(page);
      else this.#zap(mm, page, slot);
    }
  }

  #zap(mm: number, page: number, slot: number): void {
    const { tables } = this;
    tables.lock(slot);
    const pte = tables.getAndClear(slot);
    if (pte !== PTE_NONE) this.tlbs.flushPage(mm, page);
    const hasFolio = pteIsPresent(pte) && !pteIsSpecial(pte);
    if (hasFolio) {
      this.#folios.removeRmap(ptePfn(pte));
      this.counters.addFilePages(mm, -1);
    }
    tables.unlock(slot);
    if (hasFolio) this.#folios.put(ptePfn(pte)); // only now: no TLB reaches it any more
  }

  #lastPageOfTable(page: number): number {
    const { pagesPerTable } = this.tables;
    return Math.floor(page / pagesPerTable) * pagesPerTable + pagesPerTable - 1;
  }
}

const rightFor = (access: Access): number => (access === WRITE ? VM_WRITE : access === EXEC ? VM_EXEC : VM_READ);

/** What every entry of an area has. New entries are young: the access that faulted is about to use them. */
const rightsOf = (vmaFlags: number): number => PTE_PRESENT + PTE_USER + PTE_ACCESSED + ((vmaFlags & VM_EXEC) === 0 ? PTE_NX : 0);

/** @kernel do_sigbus(), bad_area() — arch/x86/mm/fault.c, v6.12. Out of memory kills. */
const signalOf = (result: FaultResult): number => ((result & VM_FAULT_SIGBUS) !== 0 ? SIGBUS : (result & VM_FAULT_SIGSEGV) !== 0 ? SIGSEGV : SIGKILL);
