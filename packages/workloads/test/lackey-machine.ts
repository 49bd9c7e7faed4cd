import { type Access, EEXIST, EFAULT, EINVAL, ENOMEM, EXEC, READ, SIGSEGV } from "@zeropfn/units";
import type { LackeyFile, LackeyMachine, LackeyMapping, LackeyProcess } from "../src/lackey/index.ts";

const PAGE = 4096;
const RIGHT: Readonly<Record<Access, number>> = { [READ]: 1, [EXEC]: 4, 1: 2 };

interface Page {
  readonly rights: number;
  /** "anon", or "NAME@PAGE". */
  readonly backing: string;
}

class PlainFile implements LackeyFile {
  size = 0;
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  truncate(bytes: number): number {
    this.size = bytes;
    return 0;
  }
}

/** An address space as a map of pages: what a replay needs of a machine, and obviously right. */
export class PlainMachine implements LackeyMachine<PlainFile, PlainProcess> {
  readonly pageSize = PAGE;
  readonly pages = new Map<number, Page>();
  /** Pages that the processor may use, and how, in "page:access". */
  readonly usable = new Set<string>();
  readonly files = new Map<string, PlainFile>();
  faults = 0;
  readonly parts = {
    mmu: {
      translate: (cpu: number, mm: number, page: number, access: Access): number => {
        const { tlbs } = this.parts.mmu, right = RIGHT[access];
        if (tlbs.translate(cpu, mm, page, access) >= 0) return page;
        if (((this.pages.get(page)?.rights ?? 0) & right) === 0) return -SIGSEGV;
        this.faults++;
        tlbs.walkCount++;
        this.usable.add(`${page}:${access}`);
        return page;
      },
      tlbs: {
        translate: (_cpu: number, _mm: number, page: number, access: Access): number => {
          if (this.usable.has(`${page}:${access}`)) return page;
          this.parts.mmu.tlbs.walkCount++;
          return -1;
        },
        walkCount: 7,
      },
      counters: { rssPages: (): number => this.usable.size },
      tables: { pagesPerTable: 512, tablesOf: (): number => this.usable.size },
    },
  };

  createProcess(): PlainProcess {
    return new PlainProcess(this);
  }
  createFile(name: string): PlainFile {
    const file = new PlainFile(name);
    this.files.set(name, file);
    return file;
  }
  count(event: string): number {
    return event === "pgfault" ? this.faults : 0;
  }
  forget(page: number): void {
    for (const access of [0, 1, 2]) this.usable.delete(`${page}:${access}`);
  }
}

export class PlainProcess implements LackeyProcess<PlainFile> {
  readonly mm = 0;
  readonly cpu = 0;
  readonly #machine: PlainMachine;
  constructor(machine: PlainMachine) {
    this.#machine = machine;
  }

  mmap(file: PlainFile | null, { address, length, protection, flags, offset }: LackeyMapping): number {
    const { pages } = this.#machine, all = pagesOf(address, length), isAnonymous = (flags & 0x20) !== 0;
    if ((flags & 0x100010) === 0 || address % PAGE !== 0 || isAnonymous !== (file === null)) return -EINVAL;
    if ((flags & 0x100000) !== 0 && all.some((page) => pages.has(page))) return -EEXIST;
    for (const [nth, page] of all.entries()) {
      this.#machine.forget(page);
      pages.set(page, { rights: protection, backing: file === null ? "anon" : `${file.name}@${offset / PAGE + nth}` });
    }
    return address;
  }
  munmap(address: number, length: number): number {
    for (const page of pagesOf(address, length)) {
      this.#machine.forget(page);
      this.#machine.pages.delete(page);
    }
    return 0;
  }
  mprotect(address: number, length: number, protection: number): number {
    const { pages } = this.#machine, all = pagesOf(address, length);
    if (all.some((page) => !pages.has(page))) return -ENOMEM;
    for (const page of all) {
      this.#machine.forget(page);
      pages.set(page, { ...pages.get(page)!, rights: protection });
    }
    return 0;
  }
  mremap(old: number, oldLength: number, newLength: number, flags: number, newAddress: number): number {
    const { pages } = this.#machine, from = pagesOf(old, oldLength), target = (flags & 2) !== 0 ? newAddress : old;
    if (from.some((page) => !pages.has(page))) return -EFAULT;
    const moved = from.map((page) => pages.get(page)!), fill = moved.at(-1)!;
    this.munmap(old, oldLength);
    for (const [nth, page] of pagesOf(target, newLength).entries()) pages.set(page, moved[nth] ?? fill);
    return target;
  }
  madvise(address: number, length: number, _advice: number): number {
    return pagesOf(address, length).some((page) => !this.#machine.pages.has(page)) ? -ENOMEM : 0;
  }
}

const pagesOf = (address: number, length: number): number[] => {
  const first = Math.floor(address / PAGE), end = Math.ceil((address + length) / PAGE);
  return Array.from({ length: end - first }, (_, nth) => first + nth);
};
