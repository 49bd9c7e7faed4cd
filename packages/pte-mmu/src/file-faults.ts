import { NO_FRAME, PG_dirty } from "@zeropfn/folio";
import { type Access, type FaultResult, faultIsError, READ, VM_FAULT_MAJOR, VM_FAULT_NOPAGE, VM_FAULT_OOM, VM_FAULT_RETRY, WRITE } from "@zeropfn/units";
import { newPte } from "./anonymous-faults.ts";
import type { FileFault } from "./file-fault-handler.ts";
import type { MappedPages } from "./mapped-pages.ts";
import type { MmuParts } from "./mmu-parts.ts";
import { protectionOf } from "./page-protection.ts";
import { NO_SLOT } from "./page-tables.ts";
import { PTE_NONE, pteIsWritable, pteOf, pteWithDirty } from "./pte.ts";
import { VM_SHARED } from "./vm-flags.ts";
import { linearPageIndex } from "./vmas.ts";

/** The first access to a page of a file mapping. */
export class FileFaults {
  readonly #parts: MmuParts;
  readonly #maps: MappedPages;
  readonly #fault: FileFault = { mapping: 0, vma: 0, page: 0, index: 0, access: READ, pfn: 0 };

  constructor(parts: MmuParts, maps: MappedPages) {
    this.#parts = parts;
    this.#maps = maps;
  }

  /** @returns 0, VM_FAULT_NOPAGE, or an error of the handler or of memory. With VM_FAULT_MAJOR. @kernel do_fault() — mm/memory.c, v6.18 */
  handle(vma: number, page: number, access: Access): FaultResult {
    if (access !== WRITE) return this.#read(vma, page, access);
    return (this.#parts.vmas.flagsOf(vma) & VM_SHARED) === 0 ? this.#copy(vma, page) : this.#share(vma, page);
  }

  /**
   * Asks the handler for the page. What it must know is in the record, which stays valid until somebody asks again.
   * @kernel __do_fault() — mm/memory.c, v6.18
   */
  ask(vma: number, page: number, access: Access): FaultResult {
    return this.#parts.handler().fault(this.#describe(vma, page, access));
  }
  /** Asks the handler whether the shared page, on which the caller has a reference, may become writable. @kernel do_page_mkwrite() — mm/memory.c, v6.18 */
  askToWrite(vma: number, page: number, pfn: number): FaultResult {
    const fault = this.#describe(vma, page, WRITE);
    fault.pfn = pfn;
    return this.#parts.handler().pageMkwrite(fault);
  }

  /** @kernel do_read_fault() — mm/memory.c, v6.18 */
  #read(vma: number, page: number, access: Access): FaultResult {
    const { handler, folios, faultAroundPages } = this.#parts;
    if (faultAroundPages > 1 && handler().features.faultAround) {
      const around = this.#around(vma, page, access);
      if (around !== 0) return around;
    }
    const result = this.ask(vma, page, access);
    if (isAnswered(result)) return result;
    const { pfn } = this.#fault;
    const finished = this.#finish(vma, page, pfn, access);
    folios.unlock(pfn);
    if (isAnswered(finished)) folios.put(pfn);
    return withMajor(finished, result);
  }

  /** A write to a private mapping: the page is copied at once. @kernel do_cow_fault() — mm/memory.c, v6.18 */
  #copy(vma: number, page: number): FaultResult {
    const { folios, anonVmas } = this.#parts;
    if (!anonVmas.prepare(vma)) return VM_FAULT_OOM;
    const copy = folios.allocate(0);
    if (copy === NO_FRAME) return VM_FAULT_OOM;
    // The file is only read: what is written is the copy.
    const result = this.ask(vma, page, READ);
    if (isAnswered(result)) {
      folios.put(copy);
      return result;
    }
    const { pfn } = this.#fault;
    folios.copy(copy, pfn);
    const finished = this.#finish(vma, page, copy, WRITE);
    folios.unlock(pfn);
    folios.put(pfn);
    if (isAnswered(finished)) folios.put(copy);
    return withMajor(finished, result);
  }

  /** A write to a shared mapping. @kernel do_shared_fault() — mm/memory.c, v6.18 */
  #share(vma: number, page: number): FaultResult {
    const { folios, handler } = this.#parts;
    const result = this.ask(vma, page, WRITE);
    if (isAnswered(result)) return result;
    const { pfn } = this.#fault;
    if (handler().features.writeNotify) {
      folios.unlock(pfn);
      const may = this.askToWrite(vma, page, pfn);
      if (isAnswered(may)) {
        folios.put(pfn);
        return may;
      }
    }
    const finished = this.#finish(vma, page, pfn, WRITE);
    if (isAnswered(finished)) {
      folios.unlock(pfn);
      folios.put(pfn);
      return finished;
    }
    folios.setFlag(pfn, PG_dirty);
    folios.unlock(pfn);
    return withMajor(finished, result);
  }

  /**
   * Maps what is cached around a page that is read: in a window of `faultAroundPages`, cut at the area and at the table.
   *
   * @returns VM_FAULT_NOPAGE if the page itself is mapped now, VM_FAULT_OOM, or 0.
   * @kernel do_fault_around(), filemap_map_pages() — mm/memory.c, mm/filemap.c, v6.18
   */
  #around(vma: number, page: number, access: Access): FaultResult {
    const { tables, vmas, folios, handler, faultAroundPages } = this.#parts;
    const fault = this.#describe(vma, page, access), shift = fault.index - page, around = handler();
    const inTable = page & (tables.pagesPerTable - 1), inArea = page - vmas.firstPageOf(vma);
    const from = Math.max(inTable & -faultAroundPages, inTable - Math.min(inTable, inArea));
    const to = Math.min(from + faultAroundPages, tables.pagesPerTable, inTable + vmas.endPageOf(vma) - page) - 1;
    const lastIndex = fault.index + to - inTable;
    fault.index += from - inTable;
    if (!around.nextMappable(fault, lastIndex)) return 0;
    const slot = tables.createSlot(vmas.mmOf(vma), page);
    if (slot === NO_SLOT) {
      folios.unlock(fault.pfn);
      folios.put(fault.pfn);
      return VM_FAULT_OOM;
    }
    let result: FaultResult = 0;
    tables.lock(slot);
    do {
      const { pfn } = fault, offset = fault.index - shift - page; // from the page that faulted
      const isMissing = tables.load(slot + offset) === PTE_NONE;
      if (isMissing) {
        if (offset === 0) result = VM_FAULT_NOPAGE;
        this.#set(vma, page + offset, slot + offset, pfn, READ);
      }
      folios.unlock(pfn);
      if (!isMissing) folios.put(pfn);
      fault.index++;
    } while (fault.index <= lastIndex && around.nextMappable(fault, lastIndex));
    tables.unlock(slot);
    return result;
  }

  /**
   * Maps a page, of the file or a copy, with the caller's reference. @returns 0; VM_FAULT_NOPAGE if somebody came first, or
   * VM_FAULT_OOM: the reference is the caller's still.
   * @kernel finish_fault() — mm/memory.c, v6.18
   */
  #finish(vma: number, page: number, pfn: number, access: Access): FaultResult {
    const { tables, vmas } = this.#parts, slot = tables.createSlot(vmas.mmOf(vma), page);
    if (slot === NO_SLOT) return VM_FAULT_OOM;
    tables.lock(slot);
    const isMissing = tables.load(slot) === PTE_NONE;
    if (isMissing) this.#set(vma, page, slot, pfn, access);
    tables.unlock(slot);
    return isMissing ? 0 : VM_FAULT_NOPAGE;
  }

  /** @kernel set_pte_range() — mm/memory.c, v6.18 */
  #set(vma: number, page: number, slot: number, pfn: number, access: Access): void {
    const { tables, vmas, folios } = this.#parts, flags = vmas.flagsOf(vma);
    if (access === WRITE) {
      if ((flags & VM_SHARED) === 0) this.#maps.mapNewAnonymous(vma, page, pfn);
      else this.#maps.mapFile(vma, pfn);
      tables.store(slot, newPte(this.#parts, vma, pfn));
      return;
    }
    const pte = pteOf(pfn, protectionOf(this.#parts, flags));
    this.#maps.mapFile(vma, pfn);
    tables.store(slot, pteIsWritable(pte) && folios.testFlag(pfn, PG_dirty) ? pteWithDirty(pte) : pte);
  }

  #describe(vma: number, page: number, access: Access): FileFault {
    const { vmas } = this.#parts, fault = this.#fault;
    fault.mapping = vmas.mappingOf(vma);
    fault.vma = vma;
    fault.page = page;
    fault.index = linearPageIndex(vmas, vma, page);
    fault.access = access;
    fault.pfn = 0;
    return fault;
  }
}

/** True if there is nothing left to do with this answer: there is no page with it. */
export const isAnswered = (result: FaultResult): boolean => (result & (VM_FAULT_NOPAGE | VM_FAULT_RETRY)) !== 0 || faultIsError(result);
/** The outcome, with what the handler said of how long it took. */
const withMajor = (result: FaultResult, answer: FaultResult): FaultResult => result | (answer & VM_FAULT_MAJOR);
