import { EAGAIN, EBUSY, EFAULT, ENXIO } from "@zeropfn/units";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Machine, MADV_DONTNEED, type Pipe, type Process, PROT_READ, PROT_WRITE } from "../src/index.ts";
import { at, checkHeld, Disk, mapPrivate, onlyByte, PAGE, pageOf, PROCESSES, smallMachine } from "./pins-machine.ts";

const PAGES = 3;
const FIRST = 6; // so that the pages lie in two tables

/** A page's bytes are all one. Who holds the object has the page, whoever maps it. */
interface FlatPage {
  byte: number;
}
interface FlatProcess {
  readonly process: Process;
  pages: FlatPage[];
  readonly isReadOnly: boolean[];
  /** Registered: the pages as they were. */
  buffer: { readonly first: number; readonly pages: readonly FlatPage[] } | undefined;
  /** A read of one page that waits. */
  request: number | undefined;
}
/** What was spliced: the page, and all that the process has had there since, or in that page, if a device still reaches it. */
interface Spliced {
  readonly owner: FlatProcess;
  readonly page: number;
  readonly spliced: FlatPage;
  readonly seen: Set<number>;
}

type Step = readonly [kind: number, who: number, page: number, byte: number];

/**
 * Processes as arrays of pages, each with its own. A pin is the page object itself, so that what arrives through it is seen as long as
 * the process has not thrown the page away; and nobody else ever sees it. What comes out of a pipe must be something that the process
 * that spliced it had there since.
 */
class World {
  readonly machine: Machine = smallMachine(512);
  readonly processes: FlatProcess[] = [];
  readonly #disk = new Disk();
  readonly #ringPipe: Pipe;
  readonly #splicePipe: Pipe;
  readonly #spliced: Spliced[] = [];

  constructor() {
    const process = this.machine.createProcess();
    this.#ringPipe = this.machine.createPipe();
    this.#splicePipe = this.machine.createPipe();
    mapPrivate(process, FIRST, PAGES);
    this.processes.push({ process, pages: Array.from({ length: PAGES }, () => ({ byte: 0 })), isReadOnly: new Array<boolean>(PAGES).fill(false), buffer: undefined, request: undefined });
  }

  step([kind, who, page, byte]: Step): void {
    const flat = this.processes[who % this.processes.length]!, operations = World.#operations;
    operations[kind % operations.length]!(this, flat, page % PAGES, byte);
    for (const { owner, page: at, spliced, seen } of this.#spliced) seen.add(owner.pages[at]!.byte).add(spliced.byte);
  }

  static readonly #operations: readonly ((world: World, flat: FlatProcess, page: number, byte: number) => void)[] = [
    (_, flat, page, byte) => store(flat, page, flat.process.write(at(FIRST + page), pageOf(byte)) === PAGE, !flat.isReadOnly[page], byte),
    (_, flat, page, byte) => store(flat, page, flat.process.onCpu(1).write(at(FIRST + page), pageOf(byte)) === PAGE, !flat.isReadOnly[page], byte),
    (_, flat, page) => expect(flat.process.read(at(FIRST + page), new Uint8Array(1))).toBe(1),
    (world, flat) => world.#fork(flat),
    (world, flat) => world.#exit(flat),
    (_, flat, page) => {
      flat.process.madvise(at(FIRST + page), PAGE, MADV_DONTNEED);
      flat.pages[page] = { byte: 0 };
    },
    (_, flat, page) => {
      flat.isReadOnly[page] = !flat.isReadOnly[page];
      flat.process.mprotect(at(FIRST + page), PAGE, flat.isReadOnly[page] ? PROT_READ : PROT_READ | PROT_WRITE);
    },
    (world, flat, page, byte) => world.#register(flat, page, byte),
    (_, flat) => {
      expect(flat.process.unregisterBuffer()).toBe(flat.buffer === undefined ? -ENXIO : 0);
      flat.buffer = undefined;
    },
    (world, flat, page) => world.#submit(flat, page),
    (world, flat, _page, byte) => world.#arrive(flat, byte),
    (world, flat, page) => world.#fromBuffer(flat, page),
    (world, flat, page) => world.#splice(flat, page),
    (world) => world.#takeOut(),
    (world, flat, page, byte) => {
      world.#disk.bytes.fill(byte);
      world.#disk.meanwhile = byte % 3 === 0 ? () => world.#fork(flat) : () => {};
      const result = flat.process.directRead(world.#disk, 0, at(FIRST + page), PAGE);
      store(flat, page, result === PAGE, !flat.isReadOnly[page], byte);
    },
    (world, flat, page) => {
      world.#disk.meanwhile = () => {};
      expect([flat.process.directWrite(world.#disk, 0, at(FIRST + page), PAGE), onlyByte(world.#disk.bytes.subarray(0, PAGE))]).toEqual([PAGE, flat.pages[page]!.byte]);
    },
    (world, flat, page, byte) => store(flat, page, world.processes[0]!.process.processVmWritev(flat.process, at(FIRST + page), pageOf(byte)) === PAGE, !flat.isReadOnly[page], byte),
    (world, flat, page) => {
      const out = new Uint8Array(PAGE);
      expect([world.processes[0]!.process.processVmReadv(flat.process, at(FIRST + page), out), onlyByte(out)]).toEqual([PAGE, flat.pages[page]!.byte]);
    },
    (_, flat, page, byte) => store(flat, page, flat.process.writeMem(at(FIRST + page), pageOf(byte)) === PAGE, true, byte),
  ];

  #fork(flat: FlatProcess): void {
    if (this.processes.length === PROCESSES) return;
    const process = flat.process.fork() as Process;
    this.processes.push({ process, pages: flat.pages.map(({ byte }) => ({ byte })), isReadOnly: [...flat.isReadOnly], buffer: undefined, request: undefined });
  }
  #exit(flat: FlatProcess): void {
    if (this.processes.length === 1) return;
    flat.process.exit();
    this.processes.splice(this.processes.indexOf(flat), 1);
  }
  #register(flat: FlatProcess, page: number, byte: number): void {
    const count = 1 + (byte % (PAGES - page)), pages = flat.pages.slice(page, page + count), isRefused = flat.isReadOnly.slice(page, page + count).includes(true);
    expect(flat.process.registerBuffer(at(FIRST + page), count * PAGE)).toBe(flat.buffer !== undefined ? -EBUSY : isRefused ? -EFAULT : 0);
    if (flat.buffer === undefined && !isRefused) flat.buffer = { first: page, pages };
  }
  #submit(flat: FlatProcess, page: number): void {
    if (this.processes.some(({ request }) => request !== undefined)) return;
    expect(flat.process.readFixed(this.#ringPipe, at(FIRST + page), PAGE)).toBe(0);
    if (pinnedAt(flat, page) === undefined) expect(flat.process.waitForRing()).toBe(-EFAULT);
    else {
      expect(flat.process.waitForRing()).toBe(-EAGAIN);
      flat.request = page;
    }
  }
  /** Bytes arrive for who waits. They go where the buffer was when it was registered. */
  #arrive(flat: FlatProcess, byte: number): void {
    if (flat.request === undefined) return;
    const page = pinnedAt(flat, flat.request);
    expect([this.#ringPipe.write(pageOf(byte)), flat.process.waitForRing()]).toEqual([PAGE, page === undefined ? -EFAULT : PAGE]);
    if (page === undefined) this.#ringPipe.read(new Uint8Array(PAGE));
    else page.byte = byte;
    flat.request = undefined;
  }
  #fromBuffer(flat: FlatProcess, page: number): void {
    if (this.processes.some(({ request }) => request !== undefined)) return;
    const pinned = pinnedAt(flat, page), out = new Uint8Array(PAGE), result = flat.process.writeFixed(this.#ringPipe, at(FIRST + page), PAGE);
    expect(result).toBe(pinned === undefined ? -EFAULT : PAGE);
    if (pinned !== undefined) expect([this.#ringPipe.read(out), onlyByte(out)]).toEqual([PAGE, pinned.byte]);
  }
  #splice(flat: FlatProcess, page: number): void {
    const result = flat.process.vmsplice(this.#splicePipe, at(FIRST + page), PAGE);
    expect(result).toBe(this.#spliced.length === 4 ? -EAGAIN : PAGE);
    if (result === PAGE) this.#spliced.push({ owner: flat, page, spliced: flat.pages[page]!, seen: new Set([flat.pages[page]!.byte]) });
  }
  #takeOut(): void {
    const oldest = this.#spliced.shift(), out = new Uint8Array(PAGE), result = this.#splicePipe.read(out);
    expect(result).toBe(oldest === undefined ? -EAGAIN : PAGE);
    if (oldest !== undefined && !oldest.seen.has(onlyByte(out))) throw new Error(`${onlyByte(out)} came out of the pipe; who spliced it had ${[...oldest.seen]} there`);
  }

  /** Everybody sees what is his own. */
  checkBytes(): void {
    for (const { process, pages } of this.processes) {
      for (const [page, { byte }] of pages.entries()) {
        const out = new Uint8Array(PAGE);
        expect([process.readMem(at(FIRST + page), out), onlyByte(out)]).toEqual([PAGE, byte]);
      }
    }
  }
  end(): void {
    for (const { process } of this.processes) process.exit();
    this.#ringPipe.close();
    this.#splicePipe.close();
    this.machine.parts.folios.checkInvariants();
    expect(this.machine.framesInUse).toBe(0);
  }
}

function store(flat: FlatProcess, page: number, isDone: boolean, isAllowed: boolean, byte: number): void {
  expect(isDone).toBe(isAllowed);
  if (isDone) flat.pages[page]!.byte = byte;
}
const pinnedAt = ({ buffer }: FlatProcess, page: number): FlatPage | undefined => buffer?.pages[page - buffer.first];

/** Most often what decides who has a page: stores, processes that come and go, what is thrown away, and what is spliced and taken out. */
const kinds: fc.Arbitrary<number> = fc.oneof(fc.nat(18), fc.constantFrom(0, 0, 3, 4, 5, 12, 13));
const steps: fc.Arbitrary<Step[]> = fc.array(fc.tuple(kinds, fc.nat(2), fc.nat(PAGES - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 80, size: "max" });

test("whatever is forked, pinned, spliced and copied: each process sees its own bytes, a pin reaches the page it was taken of, a pipe shows no other's, and all frames come back", () => {
  fc.assert(
    fc.property(steps, (history) => {
      const world = new World();
      for (const step of history) {
        world.step(step);
        checkHeld(world.machine);
        if (step[3] % 8 === 0) world.checkBytes(); // which makes all pages present: not always
      }
      world.checkBytes();
      world.end();
    }),
    { numRuns: 150 },
  );
}, 60_000);
