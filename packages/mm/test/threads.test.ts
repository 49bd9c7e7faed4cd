import { SIGSEGV } from "@zeropfn/units";
import { expect, test } from "vitest";
import { createMachine, linuxTmpfs, MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ } from "../src/index.ts";

const machine = () => createMachine({ stack: linuxTmpfs, memoryBytes: 1 << 20, cpus: 2 });

test("threads of a process have one memory, and each its own siginfo", () => {
  const process = machine().createProcess(0), thread = process.onCpu(1), at = process.mmap(null, { length: 4096, flags: MAP_PRIVATE | MAP_ANONYMOUS });
  thread.store8(at, 7);
  expect([process.load8(at), thread.mm, thread.cpu]).toEqual([7, process.mm, 1]);
  thread.mprotect(at, 4096, PROT_READ);
  expect([process.store8(at, 8), process.siginfo?.signal, thread.siginfo, thread.load8(at)]).toEqual([-SIGSEGV, SIGSEGV, undefined, 7]);
});

test("a thread runs on a processor that there is", () => {
  const process = machine().createProcess(0);
  for (const cpu of [-1, 2, 0.5]) expect(() => process.onCpu(cpu)).toThrow("MM_BAD_OPTION");
});

test("overrides reach what system calls work with, and nothing that is no part", () => {
  let flushes = 0;
  const { parts } = createMachine({ stack: linuxTmpfs, memoryBytes: 1 << 20, override: { "gather.finish": () => void flushes++ } });
  parts.mmu.calls.gather.finish();
  expect(flushes).toBe(1);
  for (const name of ["gather.finsh", "pageSize.toString", "nobody.finish"]) {
    expect(() => createMachine({ stack: linuxTmpfs, memoryBytes: 1 << 20, override: { [name]: () => {} } })).toThrow(/MM_UNKNOWN_OVERRIDE/);
  }
});
