import { PG_dirty } from "@zeropfn/folio";
import { EAGAIN, EBUSY, EFAULT, EINVAL, EIO, ENOMEM, ENXIO } from "@zeropfn/units";
import { describe, expect, test } from "vitest";
import { createMachine, linuxTmpfs, MADV_DONTNEED, type Machine, type Process, PROT_NONE, PROT_READ, PROT_WRITE, pageInfo, statusFields } from "../src/index.ts";
import { at, checkHeld, Disk, mapPrivate, mapShared, onlyByte, PAGE, pageOf, smallMachine } from "./pins-machine.ts";

/** A process with private pages 8 to 12, of which the first two hold 65. */
function started(): { machine: Machine; process: Process } {
  const machine = smallMachine(), process = machine.createProcess();
  mapPrivate(process, 8, 4);
  process.write(at(8), pageOf(65, 2));
  return { machine, process };
}
/** Letters of pages 8 to 12. */
const letters = (process: Process): string => [8, 9, 10, 11].map((page) => process.pageLetter(at(page))).join("");
const pfnOf = (process: Process, page: number): number => pageInfo(process, at(page)).pfn;
/** What `length` bytes of a call's array hold: all the same, or -1. */
function read(call: (out: Uint8Array) => number, length: number = PAGE): readonly [result: number, byte: number | undefined] {
  const out = new Uint8Array(length), result = call(out);
  return [result, result > 0 ? onlyByte(out.subarray(0, result)) : undefined];
}

describe("a pipe", () => {
  test("gives back what was put in, across its pages and in pieces", () => {
    const { machine } = started(), pipe = machine.createPipe(), bytes = Uint8Array.from({ length: 2 * PAGE + 5 }, (_, nth) => nth), out = new Uint8Array(bytes.length);
    expect(pipe.write(bytes)).toBe(bytes.length);
    expect([pipe.read(out.subarray(0, 40)), pipe.read(out.subarray(40))]).toEqual([40, bytes.length - 40]);
    expect([out, pipe.read(out)]).toEqual([bytes, -EAGAIN]);
    expect(machine.framesInUse).toBe(2);
  });

  test("takes as much as it has buffers for; small writes share one", () => {
    const { machine } = started(), pipe = machine.createPipe();
    expect([pipe.write(pageOf(1, 9)), pipe.write(pageOf(1))]).toEqual([4 * PAGE, -EAGAIN]);
    pipe.close();
    const other = machine.createPipe();
    for (let nth = 0; nth < 2 * PAGE; nth++) expect(other.write(Uint8Array.of(nth, nth))).toBe(2);
    const out = new Uint8Array(4 * PAGE);
    expect([other.read(out), out[0], out[4 * PAGE - 1], machine.framesInUse]).toEqual([4 * PAGE, 0, 2 * PAGE - 1, 2]);
  });

  test("takes what there is memory for", () => {
    const { machine } = started(), pipe = machine.createPipe();
    machine.parts.folios.failAllocation(2);
    expect(pipe.write(pageOf(1, 3))).toBe(PAGE);
    machine.parts.folios.failAllocation(1);
    expect(pipe.write(pageOf(1, 3))).toBe(-ENOMEM);
  });

  test("gives its pages and its number back when it is closed", () => {
    const { machine, process } = started(), pipes = Array.from({ length: 4 }, () => machine.createPipe());
    expect(() => machine.createPipe()).toThrow("MM_NO_PIPE");
    pipes[2]!.write(pageOf(1, 2));
    process.vmsplice(pipes[2]!, at(8), PAGE);
    pipes[2]!.close();
    expect([machine.createPipe().id, machine.framesInUse]).toEqual([pipes[2]!.id, 2]);
  });
});

describe("vmsplice", () => {
  test("puts no copy into a pipe: what is stored before the pipe is read comes out", () => {
    const { machine, process } = started(), pipe = machine.createPipe();
    expect(process.vmsplice(pipe, at(8), PAGE)).toBe(PAGE);
    process.write(at(8), pageOf(66));
    expect([read((out) => pipe.read(out)), machine.framesInUse]).toEqual([[PAGE, 66], 2]);
    checkHeld(machine);
  });

  test("keeps the page of a child that has unmapped it: the parent's secrets go to a copy", () => {
    const { machine, process } = started(), pipe = machine.createPipe(), child = process.fork() as Process;
    child.vmsplice(pipe, at(8), PAGE);
    child.munmap(at(8), PAGE);
    process.write(at(8), pageOf(83));
    expect(read((out) => pipe.read(out))).toEqual([PAGE, 65]);
    checkHeld(machine);
  });

  test("puts parts of pages in, as far as there are buffers and memory that may be read", () => {
    const { machine, process } = started(), pipe = machine.createPipe();
    expect([process.vmsplice(pipe, at(8, 20), PAGE), process.vmsplice(pipe, at(11, 16), PAGE), process.vmsplice(pipe, at(12), PAGE)]).toEqual([PAGE, 16, -EFAULT]);
    expect([process.vmsplice(pipe, at(8), 2 * PAGE), process.vmsplice(pipe, at(8), PAGE)]).toEqual([PAGE, -EAGAIN]);
    expect(read((out) => pipe.read(out), PAGE)).toEqual([PAGE, 65]);
    checkHeld(machine); // what did not fit is let go
  });

  test("is a user access by a name: nothing is written behind it", () => {
    const { machine, process } = started(), pipe = machine.createPipe();
    process.vmsplice(pipe, at(8), 4);
    pipe.write(Uint8Array.of(1, 2));
    expect(process.load8(at(8, 4))).toBe(65);
  });
});

describe("memory of another process", () => {
  test("is read and written with its rights, and a page that it shares becomes its own", () => {
    const { machine, process } = started(), child = process.fork() as Process;
    expect(read((out) => process.processVmReadv(child, at(8), out))).toEqual([PAGE, 65]);
    expect([pfnOf(child, 8) === pfnOf(process, 8), pfnOf(child, 9) === pfnOf(process, 9)]).toEqual([false, true]);
    expect([process.processVmWritev(child, at(8, 30), pageOf(66)), child.load8(at(9)), process.load8(at(9)), child.load8(at(8))]).toEqual([PAGE, 66, 65, 65]);
    child.mprotect(at(8), PAGE, PROT_READ);
    expect([process.processVmWritev(child, at(8), pageOf(1)), process.processVmWritev(child, at(11), pageOf(1, 2))]).toEqual([-EFAULT, PAGE]);
    checkHeld(machine);
  });

  test("more of it than is pinned at once", () => {
    const machine = smallMachine(), process = machine.createProcess(), bytes = Uint8Array.from({ length: 40 * PAGE }, (_, nth) => nth % 251), out = new Uint8Array(bytes.length);
    mapPrivate(process, 20, 41);
    expect([process.processVmWritev(process, at(20, 3), bytes), process.processVmReadv(process, at(20, 3), out), out]).toEqual([bytes.length, bytes.length, bytes]);
  });

  test("through /proc/PID/mem no protection counts, but what is written behind it is a copy", () => {
    const { machine, process } = started(), file = machine.createFile("file", 4 * PAGE);
    file.pwrite(0, pageOf(97, 4));
    mapPrivate(process, 16, 2, file, PROT_READ);
    mapShared(process, 20, 2, file, PROT_READ);
    mapPrivate(process, 24, 1, null, PROT_NONE);
    expect([process.writeMem(at(16), pageOf(90)), process.load8(at(16)), process.pageLetter(at(16)), read((out) => file.pread(0, out))]).toEqual([PAGE, 90, "A", [PAGE, 97]]);
    expect([process.store8(at(16), 1), process.writeMem(at(20), pageOf(90)), read((out) => process.readMem(at(20), out))]).toEqual([-11, -EIO, [PAGE, 97]]);
    expect([process.writeMem(at(24), pageOf(90)), read((out) => process.readMem(at(24), out)), process.load8(at(24))]).toEqual([PAGE, [PAGE, 90], -11]);
    expect([read((out) => process.readMem(at(25), out)), process.writeMem(at(9), pageOf(1, 4))]).toEqual([[-EIO, undefined], 3 * PAGE]);
    checkHeld(machine);
  });
});

describe("a registered buffer", () => {
  test("is made present and pinned, and counts as that", () => {
    const { machine, process } = started();
    process.load8(at(10));
    expect([process.registerBuffer(at(8, 8), 2 * PAGE), letters(process), machine.parts.mmu.counters.pinnedPages(process.mm)]).toEqual([0, "AAA.", 3]);
    checkHeld(machine);
    expect([process.unregisterBuffer(), machine.parts.mmu.counters.pinnedPages(process.mm), process.unregisterBuffer()]).toEqual([0, 0, -ENXIO]);
    checkHeld(machine);
  });

  test("shows in VmPin", () => {
    const machine = createMachine({ stack: linuxTmpfs, memoryBytes: 1 << 20 }), process = machine.createProcess();
    const address = process.mmap(null, { length: 16384, flags: 0x22 });
    process.registerBuffer(address, 12288);
    expect(statusFields(process).VmPin).toBe(12);
  });

  test("is refused as a whole if one page cannot be written, and nothing stays pinned", () => {
    const { machine, process } = started();
    process.mprotect(at(10), PAGE, PROT_READ);
    expect([process.registerBuffer(at(8), 4 * PAGE), process.registerBuffer(at(12), PAGE), process.registerBuffer(at(8), 0)]).toEqual([-EFAULT, -EFAULT, -EFAULT]);
    expect([process.registerBuffer(at(8), 9 * PAGE), process.registerBuffer(at(8), PAGE), process.registerBuffer(at(9), PAGE)]).toEqual([-ENOMEM, 0, -EBUSY]);
    expect(machine.parts.folios.pincount(pfnOf(process, 9))).toBe(0);
  });

  test("is copied for a child at once: what arrives later is the parent's, and its other bytes too", () => {
    const { machine, process } = started(), pipe = machine.createPipe();
    process.registerBuffer(at(8), PAGE);
    expect([process.readFixed(pipe, at(8), 4), process.waitForRing(), process.readFixed(pipe, at(8), 4)]).toEqual([0, -EAGAIN, -EBUSY]);
    const child = process.fork() as Process;
    process.store8(at(8, 9), 66);
    expect(pipe.write(Uint8Array.of(1, 2, 3, 4, 5))).toBe(5);
    expect([process.load8(at(8, 3)), process.load8(at(8, 9)), child.load8(at(8, 3)), child.load8(at(8, 9))]).toEqual([4, 66, 65, 65]);
    expect([process.waitForRing(), process.waitForRing(), read((out) => pipe.read(out))]).toEqual([4, -EAGAIN, [1, 5]]);
    checkHeld(machine);
  });

  test("is the frames that were there: what is mapped in their place is another's", () => {
    const { machine, process } = started(), pipe = machine.createPipe();
    process.registerBuffer(at(8), 2 * PAGE);
    process.madvise(at(8), PAGE, MADV_DONTNEED);
    process.munmap(at(9), PAGE);
    process.store8(at(8), 66);
    expect([process.writeFixed(pipe, at(8), 2 * PAGE), read((out) => pipe.read(out), 2 * PAGE), machine.framesInUse]).toEqual([2 * PAGE, [2 * PAGE, 65], 3]);
    process.unregisterBuffer();
    expect(machine.framesInUse).toBe(1);
  });

  test("takes nothing beside it", () => {
    const { machine, process } = started(), pipe = machine.createPipe();
    process.registerBuffer(at(8, 4), PAGE);
    expect([process.writeFixed(pipe, at(8), 4), process.writeFixed(pipe, at(9, 1), 4), process.writeFixed(pipe, at(9), 4)]).toEqual([-EFAULT, -EFAULT, 4]);
    expect([process.readFixed(pipe, at(8), 4), process.waitForRing()]).toEqual([0, -EFAULT]);
  });

  test("reads what is in the pipe already; and what another process splices into it", () => {
    const { machine, process } = started(), pipe = machine.createPipe(), child = process.fork() as Process;
    process.registerBuffer(at(8), PAGE);
    pipe.write(pageOf(70));
    expect([process.readFixed(pipe, at(8), PAGE), process.waitForRing(), process.load8(at(8, 31))]).toEqual([0, PAGE, 70]);
    process.readFixed(pipe, at(8), PAGE);
    child.write(at(9), pageOf(71));
    child.vmsplice(pipe, at(9), PAGE);
    expect([process.waitForRing(), process.load8(at(8, 31))]).toEqual([PAGE, 71]);
  });

  test("goes with its process, and its request too", () => {
    const { machine, process } = started(), pipe = machine.createPipe();
    process.registerBuffer(at(8), PAGE);
    process.readFixed(pipe, at(8), PAGE);
    process.exit();
    expect([machine.framesInUse, pipe.write(pageOf(1)), machine.framesInUse]).toEqual([0, PAGE, 1]);
    const next = machine.createProcess();
    expect([next.waitForRing(), next.unregisterBuffer()]).toEqual([-EAGAIN, -ENXIO]);
  });
});

describe("a device that reaches memory by itself", () => {
  test("fills pages that are there, that are not, and that were shared; the pins are gone then", () => {
    const { machine, process } = started(), disk = new Disk(), child = process.fork() as Process;
    for (let page = 0; page < 8; page++) disk.bytes.fill(64 + page, page * PAGE, (page + 1) * PAGE);
    expect([child.directRead(disk, PAGE, at(8), 2 * PAGE), child.load8(at(8)), child.load8(at(9)), process.load8(at(8))]).toEqual([2 * PAGE, 65, 66, 65]);
    expect([child.directRead(disk, 3 * PAGE, at(10, 8), 40), child.load8(at(11, 15)), child.load8(at(11, 16))]).toEqual([40, 68, 0]);
    checkHeld(machine);
    expect([8, 9, 10].every((page) => machine.parts.folios.pincount(pfnOf(child, page)) === 0)).toBe(true);
  });

  test("a fork while it is at work gives the child a copy: what arrives is the parent's", () => {
    const { process } = started(), disk = new Disk();
    let child: Process | undefined;
    disk.bytes.fill(99);
    disk.meanwhile = () => {
      child ??= process.fork() as Process;
      process.store8(at(9), 66);
    };
    process.directRead(disk, 0, at(8), PAGE);
    expect([process.load8(at(8)), child?.load8(at(8))]).toEqual([99, 65]);
  });

  test("a page of a file that is written back meanwhile is dirty again", () => {
    const { machine, process } = started(), disk = new Disk(), file = machine.createFile("file", PAGE), { folios } = machine.parts;
    mapShared(process, 16, 1, file);
    disk.meanwhile = () => {
      expect(folios.testFlag(pfnOf(process, 16), PG_dirty)).toBe(true);
      folios.clearFlag(pfnOf(process, 16), PG_dirty);
    };
    process.directRead(disk, 0, at(16), PAGE);
    expect(folios.testFlag(pfnOf(process, 16), PG_dirty)).toBe(true);
  });

  test("takes what memory holds, and the zero page where nothing was ever written", () => {
    const { process } = started(), disk = new Disk();
    disk.bytes.fill(9);
    expect([process.directWrite(disk, PAGE, at(9), 2 * PAGE), letters(process), disk.bytes[PAGE - 1], disk.bytes[PAGE], disk.bytes[3 * PAGE - 1], disk.bytes[3 * PAGE]]).toEqual([2 * PAGE, "AAZ.", 9, 65, 0, 9]);
    expect([process.directRead(disk, 0, at(10), PAGE), letters(process), process.load8(at(10))]).toEqual([PAGE, "AAA.", 9]);
  });

  test("wants whole sectors, and memory that may be accessed; ends where it ends; may fail", () => {
    const { process } = started(), disk = new Disk();
    process.mprotect(at(10), PAGE, PROT_READ);
    expect([process.directRead(disk, 4, at(8), PAGE), process.directRead(disk, 0, at(8, 4), PAGE), process.directRead(disk, 0, at(8), 4)]).toEqual([-EINVAL, -EINVAL, -EINVAL]);
    expect([process.directRead(disk, 0, at(9), 2 * PAGE), process.directRead(disk, 0, at(10), PAGE), process.directWrite(disk, 0, at(9), 2 * PAGE)]).toEqual([-EFAULT, -EFAULT, 2 * PAGE]);
    expect([process.directRead(disk, 7 * PAGE, at(8), 2 * PAGE), process.directRead(disk, 8 * PAGE, at(8), PAGE)]).toEqual([PAGE, 0]);
    disk.failure = EIO;
    expect(process.directRead(disk, 0, at(8), PAGE)).toBe(-EIO);
  });
});

describe("a file", () => {
  test("is read into its own mapping: private pages are copied, and the file is as it was", () => {
    const { machine, process } = started(), file = machine.createFile("file", 4 * PAGE);
    for (let page = 0; page < 4; page++) file.pwrite(page * PAGE, pageOf(97 + page));
    mapPrivate(process, 16, 4, file);
    expect([process.pread(file, PAGE, at(16), PAGE), process.load8(at(16)), read((out) => file.pread(0, out))]).toEqual([PAGE, 98, [PAGE, 97]]);
    expect([process.pwrite(file, 2 * PAGE, at(16), PAGE), process.load8(at(18))]).toEqual([PAGE, 98]);
  });

  test("is read as far as it goes, and as far as memory can be written", () => {
    const { machine, process } = started(), file = machine.createFile("file", 3 * PAGE + 5);
    expect([process.pread(file, 2 * PAGE, at(8), 3 * PAGE), process.pread(file, 4 * PAGE, at(8), PAGE)]).toEqual([PAGE + 5, 0]);
    process.mprotect(at(10), PAGE, PROT_READ);
    expect([process.pread(file, 0, at(9, 20), PAGE), process.pread(file, 0, at(10), PAGE), process.siginfo]).toEqual([12, -EFAULT, undefined]);
    expect(process.pread(file, 0, (machine.parts.mmu.calls.taskPages * PAGE) as never, 1)).toBe(-EFAULT);
  });

  test("is written as far as memory can be read, and grows", () => {
    const { machine, process } = started(), file = machine.createFile("file");
    process.mprotect(at(9), PAGE, PROT_NONE);
    expect([process.pwrite(file, 10, at(8), 2 * PAGE), file.size, process.pwrite(file, 0, at(9), PAGE), file.size]).toEqual([PAGE, 10 + PAGE, -EFAULT, 10 + PAGE]);
    process.mprotect(at(9), PAGE, PROT_READ | PROT_WRITE);
    expect([process.pwrite(file, 10, at(8), 2 * PAGE), file.size]).toEqual([2 * PAGE, 10 + 2 * PAGE]);
  });
});
