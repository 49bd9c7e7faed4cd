import { ESRCH, SIGSEGV } from "@zeropfn/units";
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

test("the memory of a process that has ended is nobody's, also when another process has its number", () => {
  const on = machine(), reader = on.createProcess(0), ended = on.createProcess(1), out = new Uint8Array(1), options = { address: 4096, length: 4096, flags: MAP_PRIVATE | MAP_ANONYMOUS };
  const at = ended.mmap(null, options), access = (): number[] => [reader.processVmReadv(ended, at, out), reader.processVmWritev(ended, at, out), ended.readMem(at, out), ended.writeMem(at, out)];
  expect(access()).toEqual([1, 1, 1, 1]);
  ended.exit();
  expect(access()).toEqual([-ESRCH, -ESRCH, 0, 0]);
  const next = on.createProcess(1), nextAt = next.mmap(null, options);
  next.store8(nextAt, 7);
  expect([next.mm, nextAt, access(), next.load8(nextAt), reader.processVmReadv(next, nextAt, out), out[0]]).toEqual([ended.mm, at, [-ESRCH, -ESRCH, 0, 0], 7, 1, 7]);
});

test("a process that ends while somebody is at work in its memory keeps it until he has finished", () => {
  const on = machine(), process = on.createProcess(0), at = process.mmap(null, { length: 4096, flags: MAP_PRIVATE | MAP_ANONYMOUS }), { mmu } = on.parts;
  process.store8(at, 7);
  expect(mmu.mms.tryGet(process.mm, process.birth)).toBe(true);
  process.exit();
  expect([on.framesInUse, process.load8(at), on.createProcess(0).mm === process.mm]).toEqual([1, 7, false]);
  mmu.putMm(process.mm);
  expect([on.framesInUse, mmu.mms.tryGet(process.mm, process.birth), on.createProcess(0).mm]).toEqual([0, false, process.mm]);
});
