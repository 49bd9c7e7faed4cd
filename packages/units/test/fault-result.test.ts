import { expect, test } from "vitest";
import * as units from "../src/index.ts";

const bits = Object.entries(units).filter((entry): entry is [string, number] => entry[0].startsWith("VM_FAULT_"));

/** From enum vm_fault_reason in include/linux/mm_types.h, v6.12. */
const LINUX: Readonly<Record<string, number>> = {
  VM_FAULT_OOM: 0x1,
  VM_FAULT_SIGBUS: 0x2,
  VM_FAULT_MAJOR: 0x4,
  VM_FAULT_SIGSEGV: 0x40,
  VM_FAULT_NOPAGE: 0x100,
  VM_FAULT_LOCKED: 0x200,
  VM_FAULT_RETRY: 0x400,
  VM_FAULT_FALLBACK: 0x800,
  VM_FAULT_NEEDDSYNC: 0x2000,
};

/** Bits that Linux uses, those included in which it keeps a number (VM_FAULT_HINDEX_MASK). */
const LINUX_HAS = 0x000f_0fff | 0x7000;

test("fault results are the kernel's bits, but for one that the kernel does not use", () => {
  expect(Object.fromEntries(bits)).toEqual({ ...LINUX, VM_FAULT_ACCERR: units.VM_FAULT_ACCERR });
  expect(units.VM_FAULT_ACCERR & LINUX_HAS).toBe(0);
});

test("an access fails for want of memory or of the page, whatever else the result says, and not otherwise", () => {
  const failures = [units.VM_FAULT_OOM, units.VM_FAULT_SIGBUS, units.VM_FAULT_SIGSEGV, units.VM_FAULT_ACCERR];
  for (const [, bit] of bits) {
    expect(units.faultIsError(bit)).toBe(failures.includes(bit));
    expect(units.faultIsError(bit | units.VM_FAULT_SIGBUS)).toBe(true);
  }
  expect(units.faultIsError(0)).toBe(false);
});

test("the three accesses differ", () => {
  expect(new Set([units.READ, units.WRITE, units.EXEC]).size).toBe(3);
});
