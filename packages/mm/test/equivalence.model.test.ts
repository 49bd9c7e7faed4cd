import { MM_FILEPAGES } from "@zeropfn/pte-mmu";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMachine, daxCachePage, daxZeroPage, type MachineFile, type MachineOptions, type Overrides, type Process, type Stack } from "../src/index.ts";

const PAGE_SHIFT = 5;
const PAGE = 2 ** PAGE_SHIFT;
const MAX_PAGES = 6;
const MAX_BYTES = MAX_PAGES * PAGE;
const SIGBUS = -7;

/** A file as one array of bytes: what every stack must look like from outside. */
class FlatFile {
  readonly bytes: Uint8Array = new Uint8Array(MAX_BYTES);
  size = 0;

  #mappedEnd(): number {
    return Math.ceil(this.size / PAGE) * PAGE;
  }
  mread(at: number): number {
    return at < this.#mappedEnd() ? this.bytes[at]! : SIGBUS;
  }
  mwrite(at: number, value: number): number {
    if (at >= this.#mappedEnd()) return SIGBUS;
    this.bytes[at] = value;
    return 0;
  }
  pread(at: number, length: number): Uint8Array {
    return this.bytes.slice(at, Math.max(at, Math.min(at + length, this.size)));
  }
  pwrite(at: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, at);
    if (bytes.length > 0) this.size = Math.max(this.size, at + bytes.length);
  }
  truncate(size: number): void {
    if (size < this.size) this.bytes.fill(0, size);
    this.size = size;
  }
  punch(at: number, length: number): void {
    this.bytes.fill(0, at, Math.max(at, Math.min(at + length, this.#mappedEnd())));
  }
}

const at = fc.nat(MAX_BYTES - 1);
const who = fc.nat(1);
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant("mread" as const), who, at }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("mwrite" as const), who, at, value: fc.integer({ min: 1, max: 255 }) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("pread" as const), at, length: fc.nat(2 * PAGE) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("pwrite" as const), at, length: fc.nat(2 * PAGE), value: fc.integer({ min: 1, max: 255 }) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("truncate" as const), size: fc.nat(MAX_BYTES) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("punch" as const), at, length: fc.integer({ min: 1, max: 3 * PAGE }) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

interface World {
  readonly file: MachineFile;
  readonly processes: readonly Process[];
  readonly addresses: readonly number[];
}

function worldOf(stack: Stack, options: Partial<MachineOptions> = {}): World {
  const machine = createMachine({
    stack,
    memoryBytes: 64 * PAGE,
    pmemBytes: 32 * PAGE,
    cpus: 2,
    size: { pageShift: PAGE_SHIFT, tableShift: 3, levels: 2, tlbShift: 1, chunkShift: 2, tableCapacity: 32, nodeCapacity: 16, fileCapacity: 2, processCapacity: 2, vmaCapacity: 4, extentCapacity: 16 },
    ...options,
  });
  const file = machine.createFile("data", MAX_BYTES);
  const processes = [machine.createProcess(0), machine.createProcess(1)];
  const addresses = processes.map((process) => process.mmap(file, { length: MAX_BYTES }));
  return { file, processes, addresses };
}

/** Runs one operation on both; undefined if they agree. */
function differ({ file, processes, addresses }: World, model: FlatFile, operation: Operation): string | undefined {
  const address = (who: number, at: number): never => (addresses[who]! + at) as never;
  const compare = (is: unknown, was: unknown): string | undefined => (is === was ? undefined : `${JSON.stringify(operation)}: ${String(is)}, the flat file ${String(was)}`);
  switch (operation.op) {
    case "mread":
      return compare(processes[operation.who]!.load8(address(operation.who, operation.at)), model.mread(operation.at));
    case "mwrite":
      return compare(processes[operation.who]!.store8(address(operation.who, operation.at), operation.value), model.mwrite(operation.at, operation.value));
    case "pread": {
      const out = new Uint8Array(operation.length);
      const length = file.pread(operation.at, out);
      return compare(out.subarray(0, length).join(), model.pread(operation.at, operation.length).join());
    }
    case "pwrite": {
      const bytes = new Uint8Array(Math.min(operation.length, MAX_BYTES - operation.at)).fill(operation.value);
      model.pwrite(operation.at, bytes);
      return compare(file.pwrite(operation.at, bytes), bytes.length);
    }
    case "truncate":
      model.truncate(operation.size);
      return compare(file.truncate(operation.size), 0);
    case "punch":
      model.punch(operation.at, operation.length);
      return compare(file.punch(operation.at, operation.length), 0);
  }
}

/** The first disagreement, of an operation or of what is there at the end. */
function firstDifference(stack: Stack, operations: readonly Operation[], override: Overrides = {}): string | undefined {
  const world = worldOf(stack, { override }), model = new FlatFile();
  model.size = MAX_BYTES;
  const atTheEnd: Operation[] = Array.from({ length: MAX_BYTES * 2 }, (_, nth) => ({ op: "mread", who: nth & 1, at: nth >> 1 }));
  for (const step of [...operations, ...atTheEnd]) {
    const difference = differ(world, model, step);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

const operations = fc.array(operation, { maxLength: 60 });
const RUNS = { numRuns: 300 };

describe.each([daxCachePage, daxZeroPage])("$name reads the bytes of a flat file", (stack) => {
  test("under random mapped and unmapped reads and writes, truncate and punch, of two processes", () => {
    fc.assert(
      fc.property(operations, (steps) => {
        expect(firstDifference(stack, steps)).toBeUndefined();
      }),
      RUNS,
    );
  });
  test("and a stack that unmaps nobody does not", () => {
    const isFound = fc.check(fc.property(operations, (steps) => firstDifference(stack, steps, { "mmu.unmapMappingRange": () => {} }) === undefined), RUNS);
    expect(isFound.failed).toBe(true);
  });
});

test("all frames come back when the file is truncated to nothing", () => {
  fc.assert(
    fc.property(operations, (steps) => {
      const world = worldOf(daxCachePage), model = new FlatFile();
      model.size = MAX_BYTES;
      for (const step of steps) differ(world, model, step);
      world.file.truncate(0);
      expect(world.file.size).toBe(0);
      const { machine } = world.processes[0]!;
      expect([machine.framesInUse, machine.treeNodes, machine.parts.extents?.freeBlocks]).toEqual([0, 0, 32]);
      expect(machine.parts.mmu.counters.rss(0, MM_FILEPAGES)).toBe(0);
    }),
    RUNS,
  );
});
