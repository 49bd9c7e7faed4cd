import { createMachine, daxCachePage, daxZeroPage, type MachineFile, type Process } from "@zeropfn/mm";
import { GiB, type VirtualAddress } from "@zeropfn/units";
import { describe, expect, test } from "vitest";
import { scenario, type ScenarioSize, TINY } from "../src/machine-scenario.ts";
import { settleScenario } from "../src/settle.ts";

/** 8 frames of 16 bytes: the zero page, 3 of memory, 4 of storage. */
const EIGHT_FRAMES: ScenarioSize = { ...TINY, pageShift: 4, memoryFrames: 4, pmemFrames: 4, tableShift: 2, chunkShift: 2, tableCapacity: 2, vmaCapacity: 2, nodeCapacity: 1 };
const BYTE = 5;

/** What is done on both machines: A loads from a hole and again; B stores to it. */
const loadTwice = (a: Process, address: VirtualAddress): number[] => [a.load8(address), a.load8(address)];
const store = (b: Process, address: VirtualAddress): number => b.store8(address, BYTE);
const mapBoth = (file: MachineFile, processes: readonly Process[]): VirtualAddress[] => processes.map((process) => process.mmap(file));

describe.each([daxZeroPage, daxCachePage])("the fault code of $name", (stack) => {
  test("is explored on 8 frames of 16 bytes in one slab", () => {
    const explored = scenario(
      "same code",
      { stack, size: EIGHT_FRAMES, exercises: ["dax-pmem", "pte-mmu"], expected: "SAFE", claim: "Stale zeros are never seen.", reason: "As in 004-D1.", source: "004-D1" },
      (s) => {
        const [a, b] = [s.process(), s.process()], [at, bt] = mapBoth(s.file(2), [a, b]) as [VirtualAddress, VirtualAddress];
        const stored = s.ghost("stored");
        s.thread("A", () => {
          const [, last] = loadTwice(a, at);
          const wasStored = stored.get();
          const [now, later] = loadTwice(a, at);
          s.check(now! >= wasStored * BYTE && now! >= last! && later! >= now!, `A saw ${last}, then ${now} and ${later}`);
        });
        s.thread("B", () => {
          store(b, bt);
          stored.set(1);
        });
        s.sometimes("zeros are mapped", () => "ZF".includes(a.pageLetter(at)));
        s.mutant("no unmap", { override: { "mmu.unmapMappingRange": () => {} } });
      },
    );
    const verdict = settleScenario(explored);
    expect([verdict.why, verdict.verdict]).toEqual(["", "SAFE"]);
    expect(verdict.slabBytes).toBeLessThan(2048);
  });

  test("runs on 16 GiB, over all of it", () => {
    const machine = createMachine({ stack, memoryBytes: 16 * GiB, pmemBytes: 16 * GiB, cpus: 2 });
    expect(machine.parts.folios.totalFrames).toBe(2 ** 23);
    const file = machine.createFile("data", 16 * GiB), [a, b] = [machine.createProcess(0), machine.createProcess(1)];
    const [at, bt] = mapBoth(file, [a, b]) as [VirtualAddress, VirtualAddress];
    for (const offset of [0, 4095, 5 * GiB + 1, 16 * GiB - 1]) {
      expect(loadTwice(a, (at + offset) as VirtualAddress)).toEqual([0, 0]);
      expect(store(b, (bt + offset) as VirtualAddress)).toBe(0);
      expect(loadTwice(a, (at + offset) as VirtualAddress)).toEqual([BYTE, BYTE]);
    }
    expect(machine.parts.extents?.freeBlocks).toBe(2 ** 22 - 3);
  });
});
