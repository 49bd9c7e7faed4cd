import { createMachine, type Machine, type MachineFile, type MachineSize, type Overrides, type Process, type Stack } from "@zeropfn/mm";
import { noTracer } from "@zeropfn/state";
import type { Scenario, ScenarioBuilder, ScenarioOptions } from "./scenario.ts";

/** Sizes of a machine to explore, beside those that every machine has. */
export interface ScenarioSize extends Partial<MachineSize> {
  /** Processors. Process n runs on processor n, as far as there are so many. */
  readonly cpus: number;
  /** Page frames of memory, the zero page among them. */
  readonly memoryFrames: number;
  /** Page frames of persistent memory. */
  readonly pmemFrames: number;
}

/** The smallest machine on which two processes share a page of a file: some 400 bytes. Nothing but sizes differs. */
export const TINY: ScenarioSize = Object.freeze({
  cpus: 2,
  memoryFrames: 3,
  pmemFrames: 1,
  pageShift: 3,
  tableShift: 1,
  levels: 1,
  tlbShift: 0,
  tlbWays: 1,
  asidCount: 1,
  chunkShift: 1,
  processCapacity: 2,
  fileCapacity: 1,
  vmaCapacity: 2,
  maximumMapCount: 2,
  anonVmaCapacity: 0,
  linkCapacity: 0,
  tableCapacity: 2,
  nodeCapacity: 1,
  extentCapacity: 2,
  faultAroundPages: 1,
  gatherCapacity: 1,
});

export interface MachineScenarioOptions extends ScenarioOptions {
  readonly stack: Stack;
  readonly size: ScenarioSize;
}

/** A `ScenarioBuilder` with a machine. */
export interface MachineScenarioBuilder extends ScenarioBuilder {
  readonly machine: Machine;
  /** A file of `pages` pages: all of it a hole. */
  file(pages: number): MachineFile;
  /** A process, on the next processor. */
  process(): Process;
}

/**
 * A scenario about a machine, wired as `options.stack` says and as everybody wires it.
 * @param name A seed and a variant: "004-D1".
 */
export function scenario(name: string, options: MachineScenarioOptions, setUp: (builder: MachineScenarioBuilder) => void): Scenario {
  return { name, options: { ...options, bounds: [...(options.bounds ?? []), `${options.size.cpus} CPUs`] }, hasSeams: true, setUp: (builder) => setUp(withMachine(builder, options)) };
}

/** Scenarios that have pipes or rings say so. */
const NOTHING_BESIDE = { pipeCapacity: 0, pipeBuffers: 0, ringPages: 0 };

function withMachine(builder: ScenarioBuilder, { stack, size: { cpus, memoryFrames, pmemFrames, ...size } }: MachineScenarioOptions): MachineScenarioBuilder {
  const { override = {}, stack: policies = {} } = builder.variation;
  const pageBytes = 2 ** (size.pageShift ?? 12);
  const machine = createMachine({
    stack: { ...stack, ...policies },
    memoryBytes: memoryFrames * pageBytes,
    pmemBytes: pmemFrames * pageBytes,
    cpus,
    columns: builder.columns,
    size: { ...NOTHING_BESIDE, ...size },
    tracer: noTracer,
    override: override as Overrides,
  });
  let files = 0, processes = 0;
  return {
    ...builder,
    machine,
    file: (pages) => machine.createFile(`file${files++}`, pages * pageBytes),
    process: () => machine.createProcess(processes++ % cpus),
  };
}
