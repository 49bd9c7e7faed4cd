import { type Gate, gateHolder, Slab } from "@zeropfn/state";
import { afterEach, expect, test } from "vitest";
import { createMachine, linuxTmpfs, type Machine } from "../src/index.ts";
import { at, Disk, mapPrivate, PAGE, pageOf } from "./pins-machine.ts";

/** Performs each leaf at once; those that are coarse are no steps. */
const performing: Gate = {
  pass({ body, coarse }, owner, args) {
    if (coarse) return body.apply(owner, args);
    gateHolder.inLeaf = true;
    try {
      return body.apply(owner, args);
    } finally {
      gateHolder.inLeaf = false;
    }
  },
  mark() {},
};

afterEach(() => {
  gateHolder.gate = null;
});

test("calls that hold pages touch columns in leaves only", () => {
  const touched: string[] = [];
  let isWatched = false;
  const columns = new Slab({ guard: (name) => void (isWatched && !gateHolder.inLeaf && touched.push(name)) });
  const machine: Machine = createMachine({
    stack: linuxTmpfs,
    memoryBytes: 64 * PAGE,
    columns,
    size: {
      pageShift: 5, tableShift: 2, levels: 2, tlbShift: 0, tlbWays: 1, asidCount: 1, chunkShift: 1, processCapacity: 2, fileCapacity: 2, vmaCapacity: 8, maximumMapCount: 4, anonVmaCapacity: 8,
      linkCapacity: 8, tableCapacity: 16, nodeCapacity: 8, faultAroundPages: 1, gatherCapacity: 1, pipeCapacity: 1, pipeBuffers: 2, ringPages: 2,
    },
  });
  const process = machine.createProcess(), other = machine.createProcess(), file = machine.createFile("file", PAGE), pipe = machine.createPipe(), disk = new Disk(), out = new Uint8Array(PAGE);
  mapPrivate(process, 4, 3);
  mapPrivate(other, 4, 2);
  gateHolder.gate = performing;
  isWatched = true;
  const results = [
    process.registerBuffer(at(4), 2 * PAGE), process.readFixed(pipe, at(4, 30), 5), pipe.write(pageOf(7)), process.waitForRing(), pipe.read(out), process.writeFixed(pipe, at(4, 30), 5),
    process.vmsplice(pipe, at(6), PAGE), pipe.read(out), process.unregisterBuffer(),
    process.processVmWritev(other, at(4), pageOf(9)), process.processVmReadv(other, at(4), out), other.writeMem(at(5), pageOf(8)), other.readMem(at(5), out),
    process.directRead(disk, 0, at(4), PAGE), process.directWrite(disk, 0, at(5), PAGE), process.pwrite(file, 0, at(5), PAGE), process.pread(file, 0, at(6), PAGE),
  ];
  pipe.close();
  process.exit();
  isWatched = false;
  gateHolder.gate = null;
  expect(results).toEqual([0, 0, PAGE, 5, PAGE - 5, 5, PAGE, PAGE, 0, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE]);
  expect([...new Set(touched)]).toEqual([]);
});
