import type { Folios } from "@zeropfn/folio";
import { type ColumnAllocator, noTracer, type Tracer } from "@zeropfn/state";
import {
  type Access, BUS_ADRERR, EAGAIN, type FaultResult, faultIsError, READ, SEGV_ACCERR, SEGV_MAPERR, SIGBUS, SIGKILL, SIGSEGV, VM_FAULT_ACCERR, VM_FAULT_SIGBUS, VM_FAULT_SIGSEGV, WRITE,
} from "@zeropfn/units";
import { AnonVmas, type AnonVmasOptions } from "./anon-vmas.ts";
import { Areas } from "./areas.ts";
import type { CallParts } from "./calls/call-parts.ts";
import { fork } from "./calls/fork.ts";
import { unmapAreas, unmapRange } from "./calls/munmap.ts";
import { ColdPageout } from "./cold-pageout.ts";
import { CopyPages } from "./copy-pages.ts";
import { PteMmuError } from "./errors.ts";
import { Faults } from "./faults.ts";
import type { FileFaultHandler } from "./file-fault-handler.ts";
import { Guards } from "./guards.ts";
import { Gup } from "./gup.ts";
import { HugeCollapse } from "./huge-collapse.ts";
import { HugeMappings } from "./huge-mappings.ts";
import { HugePmds } from "./huge-pmds.ts";
import { HugeSplits } from "./huge-split-folio.ts";
import { Inserts } from "./insert.ts";
import { Lazyfree } from "./lazyfree.ts";
import { MappedPages } from "./mapped-pages.ts";
import type { MappedFiles } from "./mapped-files.ts";
import { MlockPages } from "./mlock-pages.ts";
import { MmCounters } from "./mm-counters.ts";
import { MmPins } from "./mm-pins.ts";
import { Mms, NO_MM } from "./mms.ts";
import { MmuGather } from "./mmu-gather.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { PageTables, type PageTablesOptions } from "./page-tables.ts";
import { Populate } from "./populate.ts";
import { Protection } from "./protection.ts";
import { Rmap } from "./rmap.ts";
import { Thp } from "./thp.ts";
import { TLB_MISS, Tlbs, type TlbsOptions } from "./tlbs.ts";
import { unmapMappingRange } from "./unmap-mapping.ts";
import type { VmFlags } from "./vm-flags.ts";
import { NO_VMA } from "./vma-index.ts";
import { NO_ANON_VMA, NO_MAPPING, Vmas, type VmasOptions } from "./vmas.ts";
import { Zap } from "./zap.ts";

export interface MmuOptions extends PageTablesOptions, TlbsOptions, VmasOptions, Partial<AnonVmasOptions> {
  /** Areas that one address space may have. Default 65,530, or `vmaCapacity`. @kernel DEFAULT_MAX_MAP_COUNT — include/linux/mm.h, v6.18 */
  readonly maximumMapCount?: number;
  /** Pages of the aligned window that a read fault on a file maps: a power of two. Default 16, as fault_around_bytes of 64 KiB. */
  readonly faultAroundPages?: number;
  /** Pages of user space. Default: the lower half of what the tables reach, less one; all of it on a machine of less than 2^20 pages. */
  readonly taskPages?: number;
  /** Frames that are gathered before they are freed. */
  readonly gatherCapacity?: number;
  /** Who counts references to files that are mapped. Default: nobody, and there is no shared anonymous memory. */
  readonly files?: MappedFiles;
  readonly tracer?: Tracer;
  /** False: no huge pages, and no columns for them. Default true, where the tables have a level for them and the zero page of `folios` has their size. */
  readonly hugePages?: boolean;
}

/** What a user access gives: its value (0 or more), or the number of the signal, negated. */
export type AccessResult = number;

/** An area to be made: pages [firstPage, firstPage + pageCount) of `mm` show pages of a file from `pageIndex` on. */
export interface VmaRange {
  readonly mm: number;
  readonly firstPage: number;
  readonly pageCount: number;
  /** The file, or `NO_MAPPING`. */
  readonly mapping: number;
  readonly pageIndex: number;
  readonly flags: VmFlags;
}

/** Why the last access failed. @kernel siginfo_t — include/uapi/asm-generic/siginfo.h, v6.18 */
export interface SignalInfo {
  signal: number;
  /** si_code: SEGV_MAPERR, SEGV_ACCERR, BUS_ADRERR; 0 for SIGKILL. */
  code: number;
  page: number;
}

/** Faults of one access in a row. @differs The kernel tries for ever. */
const MAX_TRIES = 32;
const DEFAULT_MAX_MAP_COUNT = 65_530;
/** @kernel fault_around_bytes — mm/memory.c, v6.18 */
const FAULT_AROUND_PAGES = 16;

const noFiles: MappedFiles = { mapped: () => {}, unmapped: () => {}, createShared: () => NO_MAPPING };

/** Address spaces: user accesses, what handlers of files insert and unmap, and the parts that system calls work with. */
export class Mmu {
  readonly tables: PageTables;
  readonly tlbs: Tlbs;
  readonly vmas: Vmas;
  readonly counters: MmCounters;
  readonly mms: Mms;
  /** Huge pages: the mode, and which areas may have them. */
  readonly thp: Thp;
  /** Who maps huge pages. For reports. */
  readonly hugeMappings: HugeMappings;
  /** For system calls. */
  readonly calls: CallParts;
  readonly faults: Faults;
  readonly rmap: Rmap;
  /** Why the last access failed: read it at once. */
  readonly signal: SignalInfo = { signal: 0, code: 0, page: 0 };
  readonly #inserts: Inserts;
  readonly #copyPages: CopyPages;
  #handler: FileFaultHandler | undefined;

  constructor(columns: ColumnAllocator, folios: Folios, options: MmuOptions) {
    const { tracer = noTracer, files = noFiles, vmaCapacity } = options;
    const tables = new PageTables(columns, options), tlbs = new Tlbs(columns, tables, folios, options), vmas = new Vmas(columns, options);
    const anonVmas = new AnonVmas(columns, vmas, { ...options, anonVmaCapacity: options.anonVmaCapacity ?? vmaCapacity, linkCapacity: options.linkCapacity ?? 2 * vmaCapacity });
    const counters = new MmCounters(columns, options.mmCapacity), gather = new MmuGather(tlbs, folios, options.gatherCapacity);
    const thp = new Thp(columns, folios, tables, vmas, options.hugePages ?? true);
    const parts: MmuParts = { folios, tables, tlbs, gather, vmas, anonVmas, counters, thp, hugeMappings: new HugeMappings(columns, folios, thp), tracer, handler: () => this.#connected(), faultAroundPages: options.faultAroundPages ?? FAULT_AROUND_PAGES };
    const maps = new MappedPages(parts), huge = new HugePmds(parts, maps), splits = new HugeSplits(parts, maps, huge), zap = new Zap(parts, maps, huge);
    this.tables = tables;
    this.tlbs = tlbs;
    this.vmas = vmas;
    this.counters = counters;
    this.thp = thp;
    this.hugeMappings = parts.hugeMappings;
    this.mms = new Mms(columns, options.mmCapacity);
    this.faults = new Faults(parts, maps, huge);
    this.rmap = new Rmap(parts, maps, huge);
    this.#inserts = new Inserts(parts, maps);
    const pins = new MmPins(columns, options.mmCapacity), taskPages = options.taskPages ?? defaultTaskPages(tables.pageCount, folios.pageSize);
    this.#copyPages = new CopyPages(parts, maps, pins, huge);
    this.calls = {
      ...parts, zap, files,
      areas: new Areas(parts, files, huge, options.maximumMapCount ?? Math.min(vmaCapacity, DEFAULT_MAX_MAP_COUNT)),
      protection: new Protection(parts, huge), populate: new Populate(parts, maps, this.faults), coldPageout: new ColdPageout(parts, maps, this.rmap, splits), lazyfree: new Lazyfree(parts, maps, splits), guards: new Guards(parts, zap),
      mlockPages: new MlockPages(parts, maps), huge, collapse: new HugeCollapse(parts, maps), pins, gup: new Gup(parts, this.faults, pins, taskPages), pageSize: folios.pageSize, taskPages,
    };
  }

  /** Says who fills file mappings. Once, when the machine is wired. */
  connect(handler: FileFaultHandler): void {
    this.#handler = handler;
  }
  #connected(): FileFaultHandler {
    if (this.#handler === undefined) throw new PteMmuError("PTE_MMU_NO_HANDLER", "a fault on a file mapping, and nobody was connected to handle it");
    return this.#handler;
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
      if (faultIsError(result)) return this.#fail(result, page);
      const value = this.tlbs.load8(cpu, mm, page, offset);
      if (value !== TLB_MISS) return value;
    }
  }

  #store8AfterFault(cpu: number, mm: number, page: number, offset: number, value: number): AccessResult {
    for (let tries = 0; ; tries++) {
      const result = this.#faultAgain(mm, page, WRITE, tries);
      if (faultIsError(result)) return this.#fail(result, page);
      if (this.tlbs.store8(cpu, mm, page, offset, value) !== TLB_MISS) return 0;
    }
  }

  #translateAfterFault(cpu: number, mm: number, page: number, access: Access): number {
    for (let tries = 0; ; tries++) {
      const result = this.#faultAgain(mm, page, access, tries);
      if (faultIsError(result)) return this.#fail(result, page);
      const pfn = this.tlbs.translate(cpu, mm, page, access);
      if (pfn !== TLB_MISS) return pfn;
    }
  }

  /** A fault may be in vain: what it mapped is gone again before it is used. But not for ever. */
  #faultAgain(mm: number, page: number, access: Access, tries: number): FaultResult {
    if (tries === MAX_TRIES) throw this.#livelock(mm, page);
    return this.faults.handle(mm, page, access);
  }
  #livelock(mm: number, page: number): PteMmuError {
    return new PteMmuError("PTE_MMU_LIVELOCK", `page ${page} of address space ${mm}: ${MAX_TRIES} faults in a row were answered and the page cannot be used`);
  }

  /** @kernel do_sigbus(), bad_area(), pagefault_out_of_memory() — arch/x86/mm/fault.c, mm/oom_kill.c, v6.18. Out of memory kills. */
  #fail(result: FaultResult, page: number): AccessResult {
    const { signal } = this;
    signal.page = page;
    if ((result & VM_FAULT_SIGBUS) !== 0) {
      signal.signal = SIGBUS;
      signal.code = BUS_ADRERR;
    } else if ((result & VM_FAULT_SIGSEGV) !== 0) {
      signal.signal = SIGSEGV;
      signal.code = (result & VM_FAULT_ACCERR) === 0 ? SEGV_MAPERR : SEGV_ACCERR;
    } else {
      signal.signal = SIGKILL;
      signal.code = 0;
    }
    return -signal.signal;
  }

  /**
   * Maps a frame that has no folio to account: the zero page, or storage. Read-only, unless `access` is a write; then
   * dirty and writable in one step. A present entry stays, unless this is a write to the same frame.
   * @returns VM_FAULT_NOPAGE, or VM_FAULT_OOM.
   * @kernel insert_pfn() — mm/memory.c, v6.18
   */
  insertPfn(vma: number, page: number, pfn: number, access: Access): FaultResult {
    return this.#inserts.pfn(vma, page, pfn, access);
  }
  /**
   * Maps a folio's page read-only, and takes a reference on it. A present entry stays.
   * @returns VM_FAULT_NOPAGE, or VM_FAULT_OOM.
   * @kernel finish_fault(), set_pte_range() — mm/memory.c, v6.18
   */
  insertFolio(vma: number, page: number, pfn: number): FaultResult {
    return this.#inserts.folio(vma, page, pfn);
  }
  /**
   * Unmaps pages [firstIndex, firstIndex + pageCount) of a file from every address space. When it returns no processor reaches
   * the old frames.
   *
   * @param pageCount Integer, or Infinity: to the end.
   * @param isEvenCows Private copies too, as when the file is truncated. Default false.
   * @kernel unmap_mapping_range() — mm/memory.c, v6.18
   */
  unmapMappingRange(mapping: number, firstIndex: number, pageCount: number, isEvenCows: boolean = false): void {
    unmapMappingRange(this.calls, this.calls.zap, mapping, firstIndex, pageCount, isEvenCows);
  }

  /** Adds an area where none is, as it is: nothing is merged. @throws {PteMmuError} PTE_MMU_BAD_RANGE, PTE_MMU_NO_VMA */
  map({ mm, firstPage, pageCount, mapping, pageIndex, flags }: VmaRange): number {
    const endPage = firstPage + pageCount, { vmas } = this;
    if (!(firstPage >= 0 && pageCount > 0 && endPage <= this.tables.pageCount)) {
      throw new PteMmuError("PTE_MMU_BAD_RANGE", `pages ${firstPage} to ${endPage - 1}, expected pages from 0 to ${this.tables.pageCount - 1}`);
    }
    const after = vmas.index.find(mm, firstPage);
    if (after !== NO_VMA && vmas.firstPageOf(after) < endPage) throw new PteMmuError("PTE_MMU_BAD_RANGE", `pages ${firstPage} to ${endPage - 1} overlap an area`);
    const vma = this.calls.areas.insertNew({ mm, firstPage, endPage, flags, mapping, pageIndex, anonVma: NO_ANON_VMA, copiedFrom: NO_VMA });
    if (vma === NO_VMA) throw new PteMmuError("PTE_MMU_NO_VMA", "vmaCapacity is reached");
    this.counters.addArea(mm, flags, pageCount);
    return vma;
  }
  /** Unmaps a whole area. @kernel do_vmi_munmap() — mm/vma.c, v6.18 */
  unmap(vma: number): void {
    const { vmas } = this, mm = vmas.mmOf(vma);
    vmas.mmapLock.lock(mm);
    unmapRange(this.calls, mm, vmas.firstPageOf(vma), vmas.endPageOf(vma));
    vmas.mmapLock.unlock(mm);
  }
  /**
   * A new address space with the areas and pages of another: pages are shared until one of both writes.
   * @returns Its number, -ENOMEM, or -EAGAIN: no further address space can be had.
   * @kernel dup_mm() — kernel/fork.c, v6.18
   */
  fork(parent: number): number {
    const { mms } = this, child = mms.allocate();
    if (child === NO_MM) return -EAGAIN;
    mms.setHeap(child, mms.heapStart(parent), mms.heapEnd(parent));
    this.thp.setDisabled(child, this.thp.isDisabled(parent));
    const result = fork(this.calls, this.#copyPages, parent, child);
    if (result < 0) this.destroyMm(child);
    return result < 0 ? result : child;
  }
  /** One user of an address space less; the last takes it down. @kernel mmput() — kernel/fork.c, v6.18 */
  putMm(mm: number): void {
    if (this.mms.put(mm)) this.destroyMm(mm);
  }
  /** Unmaps all of an address space, and frees its tables and its number. No processor runs it any more. @kernel exit_mmap() — mm/mmap.c, v6.18 */
  destroyMm(mm: number): void {
    const { vmas, calls } = this, all: number[] = [];
    vmas.mmapLock.lock(mm);
    for (let vma = vmas.index.first(mm); vma !== NO_VMA; vma = vmas.index.next(vma)) all.push(vma);
    for (const vma of all) calls.areas.detach(vma);
    unmapAreas(calls, mm, all, 0, this.tables.pageCount);
    this.tables.destroy(mm);
    this.tlbs.dropMm(mm);
    this.counters.clear(mm);
    calls.pins.clear(mm);
    this.thp.setDisabled(mm, false);
    vmas.mmapLock.unlock(mm);
    this.mms.free(mm);
  }
}

/**
 * Where user space ends: the lower half of what the tables reach, less a guard page. All of it on a machine too small to share.
 * @kernel TASK_SIZE_MAX — arch/x86/include/asm/page_64.h, v6.18
 * @differs At 2^53 bytes at the latest, where numbers cease to be exact: five levels reach beyond.
 */
const defaultTaskPages = (pageCount: number, pageSize: number): number =>
  pageCount >= 2 ** 20 ? Math.min(pageCount / 2, 2 ** 53 / pageSize) - 1 : pageCount;
