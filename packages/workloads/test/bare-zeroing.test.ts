import { createMachine, stacks } from "@zeropfn/mm";
import { MiB } from "@zeropfn/units";
import { expect, test } from "vitest";
import { WorkloadsError, zeroFrames } from "../src/index.ts";

const machineOf = (memoryBytes: number): ReturnType<typeof createMachine> => createMachine({ stack: stacks["dax-cache-page"]!, memoryBytes });

test("zeroes each frame once in each pass and gives all back", () => {
  const machine = machineOf(MiB);
  let ns = 0;
  const { first, warm } = zeroFrames(machine, 100, { clock: () => (ns += 6400) });
  expect(machine.parts.folios.zeroedBytes).toBe(2 * 100 * 4096);
  expect(machine.framesInUse).toBe(0);
  for (const pass of [first, warm]) expect(pass).toMatchObject({ N: 2, mean: 128, min: 100 });
});

test("progress ends with both passes", () => {
  const seen: number[][] = [];
  zeroFrames(machineOf(MiB), 100, { onProgress: (...at) => seen.push(at) });
  expect(seen).toEqual([[100, 200], [200, 200]]);
});

test("more frames than the machine has is an error", () => expect(() => zeroFrames(machineOf(MiB), 257)).toThrowError(WorkloadsError));
