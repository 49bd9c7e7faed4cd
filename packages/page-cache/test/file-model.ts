import { ENOMEM, ENXIO } from "@zeropfn/units";
import { PAGE } from "./world.ts";

/** What a page of the model knows beside its bytes. */
interface ModelPage {
  isUptodate: boolean;
  isDirty: boolean;
  /** 0 … 3: never used, referenced, active, active and referenced. */
  uses: number;
}

/**
 * A file of tmpfs as the manual pages describe it: one flat array of bytes, and which pages are there. Bytes of pages that
 * are not there or not uptodate are zero in the array.
 */
export class FileModel {
  size = 0;
  readonly bytes: Uint8Array;
  readonly pages = new Map<number, ModelPage>();
  /** Pages mapped shared, and whether they were written through the mapping since. */
  readonly mapped = new Map<number, boolean>();
  readonly copies = new Set<number>();
  readonly #frames: number;

  constructor(pageCount: number, frames: number) {
    this.bytes = new Uint8Array(pageCount * PAGE);
    this.#frames = frames;
  }

  /** Frames taken by the file. */
  get #isFull(): boolean {
    return this.pages.size >= this.#frames;
  }
  #add(index: number, page: ModelPage): ModelPage | undefined {
    if (this.#isFull) return undefined;
    this.pages.set(index, page);
    return page;
  }
  #used(page: ModelPage): void {
    page.uses = Math.min(page.uses + 1, 3);
  }

  read(offset: number, length: number): Uint8Array {
    const end = Math.min(offset + length, this.size);
    for (let index = Math.ceil(offset / PAGE); index * PAGE < end; index++) {
      const page = this.pages.get(index);
      if (page?.isUptodate) this.#used(page);
    }
    return this.bytes.slice(offset, Math.max(offset, end));
  }
  write(offset: number, length: number, value: number): number {
    let done = 0;
    while (done < length) {
      const at = offset + done, index = Math.floor(at / PAGE), part = Math.min(length - done, (index + 1) * PAGE - at);
      const found = this.pages.get(index), page = found ?? this.#add(index, { isUptodate: true, isDirty: true, uses: 1 });
      if (page === undefined) return done > 0 ? done : -ENOMEM;
      if (found !== undefined) this.#used(found);
      page.isUptodate = page.isDirty = true;
      this.bytes.fill(value, at, at + part);
      done += part;
      this.size = Math.max(this.size, at + part);
    }
    return done;
  }
  /** A fault: "sigbus", "oom" or "mapped". */
  fault(index: number): "sigbus" | "oom" | "mapped" {
    if (index * PAGE >= this.size) return "sigbus";
    const page = this.pages.get(index) ?? this.#add(index, { isUptodate: true, isDirty: false, uses: 0 });
    if (page === undefined) return "oom";
    page.isUptodate = true;
    if (!this.mapped.has(index)) this.mapped.set(index, false);
    return "mapped";
  }
  /** A store through the mapping, at any place of a mapped page. */
  store(at: number, value: number): boolean {
    const index = Math.floor(at / PAGE);
    if (!this.mapped.has(index)) return false;
    this.mapped.set(index, true);
    this.bytes[at] = value;
    return true;
  }
  truncate(size: number): number {
    const before = this.size, first = Math.ceil(size / PAGE);
    this.size = size;
    if (size > before) return 0;
    if (before > first * PAGE) {
      this.#unmap(first, Infinity);
      for (const index of this.copies) if (index >= first) this.copies.delete(index);
    }
    this.#remove(size, Infinity);
    return 0;
  }
  punch(offset: number, length: number): number {
    const endPage = Math.floor((offset + length) / PAGE);
    this.#unmap(Math.ceil(offset / PAGE), endPage === 0 ? Infinity : endPage); // as Linux 6.18.44 does
    this.#remove(offset, offset + length);
    return 0;
  }
  allocate(offset: number, length: number, isGrowing: boolean): number {
    const first = Math.floor(offset / PAGE), end = Math.ceil((offset + length) / PAGE), added: number[] = [];
    for (let index = first; index < end; index++) {
      const found = this.pages.get(index);
      if (found !== undefined) found.isUptodate = true;
      else if (!this.#isFull) added.push(index);
      const page = found ?? this.#add(index, { isUptodate: false, isDirty: true, uses: 0 });
      if (page === undefined) {
        for (const each of added) this.pages.delete(each);
        return -ENOMEM;
      }
      page.isDirty = true;
    }
    if (isGrowing) this.size = Math.max(this.size, offset + length);
    return 0;
  }
  /** The page is unmapped, and then dropped if it is clean. */
  evict(index: number): boolean {
    const page = this.pages.get(index);
    if (page === undefined) return false;
    this.#unmap(index, index + 1);
    if (page.isDirty) {
      page.uses |= 2;
      return false;
    }
    this.pages.delete(index);
    return this.bytes.fill(0, index * PAGE, (index + 1) * PAGE) !== undefined;
  }
  seek(offset: number, wanted: boolean): number {
    if (offset >= this.size) return -ENXIO;
    for (let at = offset; at < this.size; at++) if ((this.pages.get(Math.floor(at / PAGE))?.isUptodate ?? false) === wanted) return at;
    return wanted ? -ENXIO : this.size;
  }

  #unmap(first: number, end: number): void {
    for (const [index, isWritten] of this.mapped) {
      if (index < first || index >= end) continue;
      this.mapped.delete(index);
      if (isWritten) this.pages.get(index)!.isDirty = true;
    }
  }
  /** Whole pages go; of others the bytes are zeroed, and they are dirty. */
  #remove(start: number, end: number): void {
    this.bytes.fill(0, start, Math.min(end, this.bytes.length));
    for (const [index, page] of this.pages) {
      if ((index + 1) * PAGE <= start || index * PAGE >= end) continue;
      if (index * PAGE >= start && (index + 1) * PAGE <= end) this.pages.delete(index);
      else page.isDirty = true;
    }
  }
}
