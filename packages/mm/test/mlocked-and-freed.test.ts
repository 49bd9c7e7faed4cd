import { MREMAP_DONTUNMAP, MREMAP_MAYMOVE } from "@zeropfn/pte-mmu";
import { expect, test } from "vitest";
import { createMachine, linuxTmpfs, MAP_ANONYMOUS, MAP_LOCKED, MAP_PRIVATE } from "../src/index.ts";

const PAGE = 4096;

test("a page that is still mlocked when nobody maps it any more is not counted as mlocked for ever", () => {
  const machine = createMachine({ stack: linuxTmpfs, memoryBytes: 64 * PAGE }), process = machine.createProcess();
  const address = process.mmap(null, { length: 2 * PAGE, flags: MAP_PRIVATE + MAP_ANONYMOUS + MAP_LOCKED });
  expect(machine.count("nr_mlock")).toBe(2);
  // The area is unlocked as a whole, and its second page stays as it is: munmap() does not see that it is mlocked.
  expect(process.mremap(address, PAGE, PAGE, MREMAP_MAYMOVE + MREMAP_DONTUNMAP)).toBeGreaterThan(0);
  expect(machine.count("nr_mlock")).toBe(2);
  process.munmap(address, 2 * PAGE);
  expect(machine.count("nr_mlock")).toBe(1);
  process.exit();
  expect([machine.count("nr_mlock"), machine.framesInUse]).toEqual([0, 0]);
  machine.parts.folios.checkInvariants();
});
