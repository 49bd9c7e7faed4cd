import { PG_uptodate } from "@zeropfn/folio";
import {
  MADV_GUARD_INSTALL, MADV_NORMAL, MLOCK_ONFAULT, MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE, MS_ASYNC, MS_INVALIDATE, MS_SYNC, NO_SLOT, PTE_MARKER_GUARD, PTE_NONE, pteIsPresent, pteMarkers,
  ptePfn, VM_DONTCOPY, VM_EXEC, VM_LOCKED, VM_LOCKONFAULT, VM_READ, VM_SHARED, VM_WIPEONFORK, VM_WRITE,
} from "@zeropfn/pte-mmu";
import { EXEC } from "@zeropfn/units";
import fc from "fast-check";
import {
  createMachine, linuxTmpfs, type Machine, type MachineFile, MAP_ANONYMOUS, MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_LOCKED, MAP_POPULATE, MAP_PRIVATE, MAP_SHARED, type Process,
} from "../src/index.ts";
import { ADVICE, type Bounds, FlatFile, type FlatPage, flatPage, FlatProcess, PAGE, type Refusal, TASK_PAGES } from "./flat-machine.ts";
import { checkMachine, unmergedSeams } from "./full-walk.ts";

const CPUS = 2;
const MOST_PROCESSES = 3;
const FILE_PAGES = 12;
const HEAP_PAGE = 48;

/** What happens: who does it and how is taken from small numbers, so that a failing history shrinks. */
export type Step = readonly [kind: StepKind, who: number, page: number, pages: number, a: number, b: number];
export type StepKind = keyof typeof STEPS;

/** A process here and there. */
interface Pair {
  /** A thread on each processor. */
  readonly threads: readonly Process[];
  readonly flat: FlatProcess;
}
interface Call extends Pair {
  readonly cpu: number;
  readonly page: number;
  readonly pages: number;
  readonly a: number;
  readonly b: number;
}

/** Sizes that differ from history to history. */
export interface WorldSize {
  readonly tlbShift: number;
  readonly faultAroundPages: number;
}

/** A machine and the flat one, which do the same. */
export class World {
  readonly machine: Machine;
  readonly #files: readonly (readonly [MachineFile, FlatFile])[];
  readonly #pairs: Pair[];
  #seams = new Set<string>();

  constructor({ tlbShift, faultAroundPages }: WorldSize, sabotage: (machine: Machine) => void = () => {}) {
    this.machine = createMachine({
      stack: linuxTmpfs,
      memoryBytes: 512 * PAGE,
      cpus: CPUS,
      size: {
        pageShift: 5, tableShift: 2, levels: 3, tlbShift, tlbWays: 2, asidCount: 2, chunkShift: 2, processCapacity: MOST_PROCESSES, fileCapacity: 64, vmaCapacity: 256, maximumMapCount: 128,
        anonVmaCapacity: 256, linkCapacity: 1024, tableCapacity: 128, nodeCapacity: 256, faultAroundPages, gatherCapacity: 3,
      },
    });
    this.#files = ["one", "two"].map((name) => [this.machine.createFile(name), new FlatFile()]);
    const process = this.machine.createProcess();
    process.setHeap((HEAP_PAGE * PAGE) as never);
    this.#pairs = [{ threads: threadsOf(process), flat: new FlatProcess(HEAP_PAGE, (page) => isKept(process, page)) }];
    for (const [nth, file] of this.#files.entries()) this.#resize(file, (FILE_PAGES - 5 * nth) * PAGE - 3);
    sabotage(this.machine);
  }

  /** @throws {Error} The two differ, or the machine is not in order. */
  step([kind, who, page, pages, a, b]: Step): void {
    const pair = this.#pairs[Math.floor(who / CPUS) % this.#pairs.length]!;
    const result = STEPS[kind].call(this, { ...pair, cpu: who % CPUS, page, pages, a, b });
    if (result !== undefined && result[0] !== result[1] && JSON.stringify(result[0]) !== JSON.stringify(result[1])) {
      throw new Error(`${kind}: the machine answers ${JSON.stringify(result[0])}, the flat one ${JSON.stringify(result[1])}`);
    }
    this.#checkSeams(kind === "fork" || (kind === "mremap" && (mremapFlags(a) & MREMAP_DONTUNMAP) !== 0));
    checkMachine(this.machine, this.#pairs.map(({ threads }) => threads[0]!));
    for (const one of this.#pairs) this.#compare(one);
    for (const file of this.#files) this.#compareFile(file);
  }

  /** Every byte of every process, by every processor. */
  readAll(): void {
    for (let address = 0; address < TASK_PAGES * PAGE; address++) {
      for (const { threads, flat } of this.#pairs) {
        const expected = flat.load(address);
        for (const thread of threads) {
          const [is, was] = accessed(thread, expected, thread.load8(address as never));
          if (is !== was) throw new Error(`address ${address} of process ${thread.mm} on processor ${thread.cpu}: ${is}, the flat one ${was}`);
        }
      }
    }
  }
  /** Everything is given back. */
  end(): void {
    for (const { threads: [process] } of this.#pairs.reverse()) process!.exit();
    for (const [file] of this.#files) file.truncate(0);
    const { folios, mmu: { tables } } = this.machine.parts, counted = ["nr_anon_pages", "nr_mapped", "nr_shmem", "nr_mlock"].map((event) => this.machine.count(event));
    const left = [folios.usedFrames, this.machine.treeNodes, tables.tableCount, ...counted];
    if (left.some((count) => count !== 0)) throw new Error(`at the end there are left frames, tree nodes, page tables, and counts of pages: ${left.join()}`);
  }

  fileOf(nth: number): readonly [MachineFile, FlatFile] {
    return this.#files[nth % this.#files.length]!;
  }
  truncate([file, flat]: readonly [MachineFile, FlatFile], bytes: number): readonly [unknown, unknown] {
    const ends = bytes < flat.size, result = file.truncate(bytes);
    flat.truncate(bytes);
    if (ends) for (const pair of this.#pairs) pair.flat.fileEndsAt(flat, Math.ceil(bytes / PAGE));
    return [result, 0];
  }
  #resize(file: readonly [MachineFile, FlatFile], bytes: number): void {
    this.truncate(file, bytes);
  }
  fork({ threads, flat, cpu }: Call): readonly [unknown, unknown] | undefined {
    if (this.#pairs.length === MOST_PROCESSES) return undefined;
    const child = threads[cpu]!.fork();
    if (typeof child === "number") return [child, "a child"];
    this.#pairs.push({ threads: threadsOf(child), flat: flat.fork((page) => isKept(child, page)) });
    return undefined;
  }
  exit({ threads, cpu }: Call): void {
    if (this.#pairs.length === 1) return;
    threads[cpu]!.exit();
    this.#pairs.splice(this.#pairs.findIndex((pair) => pair.threads === threads), 1);
  }

  /** Areas that are alike are one. Where fork() unlocks the copy of an area, or mremap() empties one, nobody looks at the neighbours. */
  #checkSeams(mayAdd: boolean): void {
    const seams = new Set(this.#pairs.flatMap(({ threads: [process] }) => [...unmergedSeams(this.machine, process!.mm)]));
    for (const seam of seams) if (!mayAdd && !this.#seams.has(seam)) throw new Error(`two areas that are alike meet at ${seam}, and are not one`);
    this.#seams = seams;
  }

  /** Areas and entries are what the flat machine has. Nothing is touched. */
  #compare({ threads: [process], flat }: Pair): void {
    const { folios, mmu: { vmas, tables } } = this.machine.parts, { mm } = process!, bytes = new Uint8Array(PAGE);
    const seen = new Set<number>();
    for (const vma of vmas.of(mm)) {
      const flags = vmas.flagsOf(vma);
      for (let page = vmas.firstPageOf(vma); page < vmas.endPageOf(vma); page++) {
        const it = flat.pages.get(page), name = `page ${page} of process ${mm}`;
        seen.add(page);
        if (it === undefined) throw new Error(`${name} is mapped`);
        if ((flags & SHOWN_FLAGS) !== flagsOf(it)) throw new Error(`${name}: flags 0x${(flags & SHOWN_FLAGS).toString(16)}, the flat one 0x${flagsOf(it).toString(16)}`);
        const slot = tables.slotOf(mm, page), pte = slot === NO_SLOT ? PTE_NONE : tables.load(slot);
        if (((pteMarkers(pte) & PTE_MARKER_GUARD) !== 0) !== it.isGuard) throw new Error(`${name}: guard ${!it.isGuard}`);
        const isPresent = pteIsPresent(pte), isOwn = isPresent && process!.pageLetter((page * PAGE) as never) === "A";
        if (it.own !== undefined && !it.mayBeZero && !isOwn) throw new Error(`${name} has lost its own bytes`);
        if (it.own === undefined && isOwn && it.file !== null) throw new Error(`${name} has bytes of its own`);
        if (!isPresent || (it.mayBeZero && !isOwn)) continue;
        folios.readBytes(ptePfn(pte), 0, bytes, 0, PAGE);
        if (!isSame(bytes, flat.bytesOf(it))) throw new Error(`${name} holds ${bytes.join()}, the flat one ${flat.bytesOf(it).join()}`);
      }
    }
    for (const page of flat.pages.keys()) if (!seen.has(page)) throw new Error(`page ${page} of process ${mm} is not mapped`);
  }
  #compareFile([file, flat]: readonly [MachineFile, FlatFile]): void {
    const { cache, folios } = this.machine.parts, bytes = new Uint8Array(PAGE);
    if (file.size !== flat.size) throw new Error(`file ${file.name} has ${file.size} bytes, the flat one ${flat.size}`);
    for (let index = 0; index * PAGE < flat.bytes.length; index++) {
      const pfn = cache!.load(file.id, index);
      bytes.fill(0);
      if (pfn !== 0 && folios.testFlag(pfn, PG_uptodate)) folios.readBytes(pfn, 0, bytes, 0, PAGE);
      if (!isSame(bytes, flat.bytes, index * PAGE)) throw new Error(`page ${index} of file ${file.name} holds ${bytes.join()}, the flat one ${flat.pageBytes(index).join()}`);
    }
  }
}

const SHOWN_FLAGS: number = VM_READ | VM_WRITE | VM_EXEC | VM_SHARED | VM_LOCKED | VM_LOCKONFAULT | VM_DONTCOPY | VM_WIPEONFORK;
/** What an area of such pages says; rights are the lowest bits. */
const flagsOf = ({ rights, isShared, isLocked, isLockedOnFault, isLeftOutByFork, isWipedByFork }: FlatPage): number =>
  rights | (isShared ? VM_SHARED : 0) | (isLocked ? VM_LOCKED : 0) | (isLockedOnFault ? VM_LOCKONFAULT : 0) | (isLeftOutByFork ? VM_DONTCOPY : 0) | (isWipedByFork ? VM_WIPEONFORK : 0);
/** A page's bytes, and those of another page that begin at `offset`. */
function isSame(bytes: Uint8Array, others: Uint8Array, offset: number = 0): boolean {
  for (let at = 0; at < PAGE; at++) if (bytes[at] !== others[offset + at]) return false;
  return true;
}
const threadsOf = (process: Process): Process[] => Array.from({ length: CPUS }, (_, cpu) => process.onCpu(cpu));
/** A page that MADV_FREE named, and nobody has dropped yet. */
const isKept = (process: Process, page: number): boolean => process.pageLetter((page * PAGE) as never) === "A";
const areasOf = ({ machine, mm }: Process): Bounds[] => {
  const { vmas } = machine.parts.mmu;
  return Array.from(vmas.of(mm), (vma) => [vmas.firstPageOf(vma), vmas.endPageOf(vma)]);
};

type Outcome = readonly [machine: unknown, flat: unknown];
const answer = (is: number, pages: number): Outcome => [is, pages < 0 ? pages : pages * PAGE];
/** A byte, or signal and code. */
const accessed = ({ siginfo }: Process, expected: number | Refusal, got: number): Outcome =>
  [got < 0 ? `${siginfo!.signal}:${siginfo!.code}` : got, typeof expected === "object" ? `${expected.signal}:${expected.code}` : (expected ?? 0)];

const FIXED: number = MREMAP_MAYMOVE + MREMAP_FIXED;
const mremapFlags = (a: number): number => [0, MREMAP_MAYMOVE, MREMAP_MAYMOVE, FIXED, FIXED, MREMAP_MAYMOVE + MREMAP_DONTUNMAP, FIXED + MREMAP_DONTUNMAP][a % 7]!;
/** Mostly all that a program needs. */
const rightsOf = (value: number): number => [3, 3, 3, 3, 3, 3, 7, 7, 1, 1, 0, 2, 5][value % 13]!;

function mmap(world: World, { threads, flat, cpu, page, pages, a, b }: Call): Outcome {
  const isShared = a % 2 === 1, nth = Math.floor(a / 2) % 3, [file, flatFile] = nth === 0 ? [null, null] : world.fileOf(nth), offset = b % (FILE_PAGES - 4), rights = rightsOf(b);
  const isNoReplace = a % 11 === 0, isFixed = isNoReplace || a % 5 > 0, populates = b % 5 === 0, isLocked = b % 11 === 0;
  const kind = (isShared ? MAP_SHARED : MAP_PRIVATE) + (file === null ? MAP_ANONYMOUS : 0), placing = isNoReplace ? MAP_FIXED_NOREPLACE : isFixed ? MAP_FIXED : 0;
  const flags = kind + placing + (populates ? MAP_POPULATE : 0) + (isLocked ? MAP_LOCKED : 0);
  const got = threads[cpu]!.mmap(file, { address: page * PAGE, length: pages * PAGE - (a % 2), protection: rights, flags, offset: file === null ? 0 : offset * PAGE });
  let shown = flatFile;
  if (file === null && isShared) {
    shown = new FlatFile();
    shown.truncate(pages * PAGE);
  }
  const it = { ...flatPage(rights, isShared, shown, file === null ? 0 : offset), isLocked };
  return answer(got, flat.mmap(page, pages, it, { isFixed, isNoReplace, populates }, got / PAGE));
}

function mremap(_world: World, { threads, flat, cpu, page, pages, a, b }: Call): Outcome {
  const thread = threads[cpu]!, areas = areasOf(thread), newPages = a % 4 === 0 ? 1 + (b % 9) : pages, oldPages = a % 13 === 0 ? 0 : pages, target = b % TASK_PAGES;
  // What is emptied is unlocked as a whole area, but pages of it that stay remain locked: so in the kernel too, and left out here.
  const leavesLocked = areas.some(([first, end]) => first < page + pages && end > page && (first < page || end > page + pages) && flat.pages.get(first)!.isLocked);
  const flags = leavesLocked ? mremapFlags(a) & ~MREMAP_DONTUNMAP : mremapFlags(a);
  const got = thread.mremap((page * PAGE) as never, oldPages * PAGE, newPages * PAGE, flags, target * PAGE);
  const expected = flat.mremap(page, oldPages, newPages, flags, target, areas, got / PAGE);
  if (got >= 0 && (flags & MREMAP_DONTUNMAP) !== 0) followUnlocking(thread, flat);
  return answer(got, expected);
}
/** Areas that MREMAP_DONTUNMAP empties are unlocked as a whole: how far they reach, neighbours that have joined them say. */
function followUnlocking({ machine, mm }: Process, flat: FlatProcess): void {
  const { vmas } = machine.parts.mmu;
  for (const [page, it] of flat.pages) {
    const vma = vmas.lookUp(mm, page);
    if ((vmas.flagsOf(vma) & VM_LOCKED) === 0) it.isLocked = it.isLockedOnFault = false;
  }
}

function madvise({ threads, flat, cpu, page, pages, a }: Call): Outcome {
  const wanted = ADVICE[a % ADVICE.length]!;
  // Populating stops at a guard, wherever neighbours end: with private pages of files one could tell.
  const hasCopies = Array.from({ length: pages }, (_, nth) => flat.pages.get(page + nth)).some((it) => it !== undefined && it.file !== null && !it.isShared);
  const advice = wanted === MADV_GUARD_INSTALL && hasCopies ? MADV_NORMAL : wanted;
  const expected = flat.madvise(page, pages, advice);
  return [threads[cpu]!.madvise((page * PAGE) as never, pages * PAGE, advice), expected];
}

/** Bytes one after the other, as many as can be had: how many, and why no more. */
function transfer({ threads, flat, cpu, page, pages, a, b }: Call, isWrite: boolean): Outcome {
  const address = page * PAGE + (a % PAGE), length = Math.min(pages * 11, TASK_PAGES * PAGE - address), thread = threads[cpu]!;
  const expected: number[] = [], bytes = new Uint8Array(length).fill(b + 1);
  let refusal: Refusal;
  while (expected.length < length && refusal === undefined) {
    const one = isWrite ? flat.store(address + expected.length, b + 1) : flat.load(address + expected.length);
    if (typeof one === "object") refusal = one;
    else expected.push(one ?? b + 1);
  }
  const count = isWrite ? thread.write(address as never, bytes) : thread.read(address as never, bytes), why = count < length ? `${thread.siginfo!.signal}:${thread.siginfo!.code}` : "";
  return [[...bytes.subarray(0, count), why], [...expected, refusal === undefined ? "" : `${refusal.signal}:${refusal.code}`]];
}

/** Each performs the step on both, the flat machine first where MADV_FREE may have left it a choice. */
const STEPS = {
  load({ threads, flat, cpu, page, a }: Call): Outcome {
    const address = page * PAGE + (a % PAGE), expected = flat.load(address);
    return accessed(threads[cpu]!, expected, threads[cpu]!.load8(address as never));
  },
  store({ threads, flat, cpu, page, a, b }: Call): Outcome {
    const address = page * PAGE + (a % PAGE), expected = flat.store(address, b + 1);
    return accessed(threads[cpu]!, expected, threads[cpu]!.store8(address as never, b + 1));
  },
  fetch({ threads, flat, cpu, page }: Call): Outcome {
    const expected = flat.access(page, EXEC), { mmu } = threads[cpu]!.machine.parts, got = mmu.translate(cpu, threads[cpu]!.mm, page, EXEC);
    return [got < 0 ? { signal: mmu.signal.signal, code: mmu.signal.code } : {}, expected ?? {}];
  },
  read: (call: Call): Outcome => transfer(call, false),
  write: (call: Call): Outcome => transfer(call, true),
  mmap(this: World, call: Call): Outcome {
    return mmap(this, call);
  },
  munmap: ({ threads, flat, cpu, page, pages }: Call): Outcome => [threads[cpu]!.munmap((page * PAGE) as never, pages * PAGE), flat.munmap(page, pages)],
  mprotect({ threads, flat, cpu, page, pages, a }: Call): Outcome {
    const expected = flat.mprotect(page, pages, rightsOf(a));
    return [threads[cpu]!.mprotect((page * PAGE) as never, pages * PAGE, rightsOf(a)), expected];
  },
  mremap(this: World, call: Call): Outcome {
    return mremap(this, call);
  },
  madvise,
  mlock({ threads, flat, cpu, page, pages, a }: Call): Outcome {
    const isOnFault = a % 3 === 0, expected = flat.mlock(page, pages, isOnFault);
    return [threads[cpu]!.mlock((page * PAGE) as never, pages * PAGE, isOnFault ? MLOCK_ONFAULT : 0), expected];
  },
  munlock: ({ threads, flat, cpu, page, pages }: Call): Outcome => [threads[cpu]!.munlock((page * PAGE) as never, pages * PAGE), flat.munlock(page, pages)],
  msync({ threads, flat, cpu, page, pages, a }: Call): Outcome {
    const flags = [MS_ASYNC, MS_SYNC, MS_ASYNC + MS_INVALIDATE, MS_SYNC + MS_INVALIDATE, 0][a % 5]!;
    return [threads[cpu]!.msync((page * PAGE) as never, pages * PAGE, flags), flat.msync(page, pages, flags)];
  },
  mincore: ({ threads, flat, cpu, page, pages }: Call): Outcome => [threads[cpu]!.mincore((page * PAGE) as never, pages * PAGE, new Uint8Array(pages)), flat.mincore(page, pages)],
  brk({ threads, flat, cpu, a, b }: Call): Outcome {
    const end = (HEAP_PAGE + (a % 17) - 1) * PAGE + (b % PAGE);
    return [threads[cpu]!.brk(end), flat.brk(end)];
  },
  truncate(this: World, { page, a, b }: Call): Outcome {
    return this.truncate(this.fileOf(a), (page % (FILE_PAGES + 2)) * PAGE + (b % PAGE));
  },
  allocate(this: World, { page, pages, a, b }: Call): Outcome {
    const [file, flat] = this.fileOf(a), at = (page % FILE_PAGES) * PAGE + (b % PAGE), length = pages * 19, keepsSize = a % 4 > 1;
    if (!keepsSize) flat.grow(at + length);
    return [file.fallocate(keepsSize ? 1 : 0, at, length), 0];
  },
  punch(this: World, { page, pages, a, b }: Call): Outcome {
    const [file, flat] = this.fileOf(a), at = (page % FILE_PAGES) * PAGE + (b % PAGE), length = pages * 19;
    flat.punch(at, length);
    return [file.punch(at, length), 0];
  },
  pread(this: World, { page, pages, a, b }: Call): Outcome {
    const [file, flat] = this.fileOf(a), at = (page % FILE_PAGES) * PAGE + (b % PAGE), out = new Uint8Array(pages * 11);
    const count = file.pread(at, out);
    return [[...out.subarray(0, count)], [...flat.pread(at, out.length)]];
  },
  pwrite(this: World, { page, pages, a, b }: Call): Outcome {
    const [file, flat] = this.fileOf(a), at = (page % FILE_PAGES) * PAGE + (b % PAGE), bytes = new Uint8Array(pages * 11).fill(b + 1);
    flat.pwrite(at, bytes);
    return [file.pwrite(at, bytes), bytes.length];
  },
  fork(this: World, call: Call): Outcome | undefined {
    return this.fork(call);
  },
  exit(this: World, call: Call): undefined {
    this.exit(call);
  },
} satisfies Record<string, (this: World, call: Call) => Outcome | undefined>;

const WEIGHTS: Readonly<Record<StepKind, number>> = {
  load: 26, store: 32, fetch: 2, read: 12, write: 12, mmap: 6, munmap: 1, mprotect: 5, mremap: 6, madvise: 16, mlock: 2, munlock: 3, msync: 1, mincore: 1, brk: 2, truncate: 2, allocate: 1, punch: 2,
  pread: 1, pwrite: 3, fork: 4, exit: 1,
};

/** Most of it happens to a few pages, or nobody would meet. */
const page: fc.Arbitrary<number> = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 8, max: 15 }) }, { weight: 1, arbitrary: fc.nat(TASK_PAGES - 1) });
const stepOf = (kind: StepKind): fc.Arbitrary<Step> => fc.tuple(fc.constant(kind), fc.nat(2 * MOST_PROCESSES - 1), page, fc.integer({ min: 1, max: 12 }), fc.nat(999), fc.nat(200));
const anyStep: fc.Arbitrary<Step> = fc.oneof(...(Object.entries(WEIGHTS) as [StepKind, number][]).map(([kind, weight]) => ({ weight, arbitrary: stepOf(kind) })));

/** A mapping where most things happen. */
const firstStep: fc.Arbitrary<Step> = fc.tuple(fc.constant("mmap" as const), fc.constant(0), fc.integer({ min: 6, max: 12 }), fc.integer({ min: 4, max: 8 }), fc.nat(999), fc.nat(200));

/** A machine's sizes, and what happens on it: of files and memory first, so that there is something to meet. */
export const history: fc.Arbitrary<{ readonly size: WorldSize; readonly steps: readonly Step[] }> = fc.noBias(fc.record({
  size: fc.record({ tlbShift: fc.constantFrom(0, 3), faultAroundPages: fc.constantFrom(1, 4) }),
  steps: fc.tuple(fc.array(firstStep, { minLength: 3, maxLength: 6 }), fc.array(anyStep, { maxLength: 100, size: "max" })).map(([first, rest]) => [...first, ...rest]),
}));

/** @throws {Error} At a step, or at the end. */
export function perform({ size, steps }: { readonly size: WorldSize; readonly steps: readonly Step[] }, sabotage?: (machine: Machine) => void): void {
  const world = new World(size, sabotage);
  for (const step of steps) world.step(step);
  world.readAll();
  world.end();
}
