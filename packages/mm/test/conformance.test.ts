import { daxMapperConformance } from "@zeropfn/dax-pmem/conformance";
import { extentMapConformance } from "@zeropfn/fs-extents/conformance";
import { FileExtents } from "@zeropfn/fs-extents";
import { fileFaultHandlerConformance } from "@zeropfn/pte-mmu/conformance";
import { VM_READ, VM_SHARED, VM_WRITE } from "@zeropfn/pte-mmu";
import { reservedColumns } from "@zeropfn/state";
import { describe, test } from "vitest";
import { createMachine, type Machine, type Stack, stacks } from "../src/index.ts";

const PAGE_SHIFT = 6;
const PAGE = 2 ** PAGE_SHIFT;
const machineOf = (stack: Stack): Machine =>
  createMachine({ stack, memoryBytes: 64 * PAGE, pmemBytes: 64 * PAGE, cpus: 2, size: { pageShift: PAGE_SHIFT, tableShift: 4, levels: 2, tlbShift: 2, processCapacity: 2, tableCapacity: 16, nodeCapacity: 8, extentCapacity: 16 } });

for (const stack of Object.values(stacks)) {
  describe(stack.name, () => {
    fileFaultHandlerConformance({ describe, test }, () => {
      const machine = machineOf(stack), file = machine.createFile("data", 4 * PAGE);
      return { mmu: machine.parts.mmu, handler: machine.parts.files, mapping: file.id, filePages: 4, pageSize: PAGE };
    });
  });
}

daxMapperConformance({ describe, test }, () => {
  const machine = machineOf(Object.values(stacks)[0]!), { mmu, folios } = machine.parts, file = machine.createFile("data", 8 * PAGE);
  for (const mm of [0, 1]) mmu.map({ mm, firstPage: 0, pageCount: 8, mapping: file.id, pageIndex: 0, flags: VM_READ + VM_WRITE + VM_SHARED });
  return {
    mapper: mmu,
    storage: folios.firstDevicePfn,
    folio: folios.allocate(0),
    reaches: (area, page, access) => mmu.tlbs.translate(area, area, page, access),
    references: (folio) => folios.refcount(folio),
  };
});

extentMapConformance({ describe, test }, ({ blockCount, blockBytes }) => new FileExtents(reservedColumns(), { fileCapacity: 2, extentCapacity: blockCount, blockCount, blockShift: Math.log2(blockBytes) }));
