import { PG_active, PG_dirty, PG_locked, PG_referenced, PG_swapbacked, PG_uptodate } from "@zeropfn/folio";
import { VM_FAULT_LOCKED, VM_FAULT_OOM, VM_FAULT_SIGBUS } from "@zeropfn/units";
import fc from "fast-check";
import { expect, test } from "vitest";
import { NO_PAGE } from "../src/index.ts";
import { FileModel } from "./file-model.ts";
import { bytesOf, faultOn, PAGE, type World, worldOf } from "./world.ts";

const PAGES = 8;
type Operation = "write" | "read" | "truncate" | "allocate" | "keep size" | "punch" | "fault" | "store" | "copy" | "evict" | "data" | "hole" | "around";
type Step = readonly [operation: Operation, offset: number, length: number];

const RESULTS = { sigbus: VM_FAULT_SIGBUS, oom: VM_FAULT_OOM, mapped: VM_FAULT_LOCKED };

function step({ files, folios, cache, mapper, fault }: World, model: FileModel, [operation, offset, length]: Step, nth: number): void {
  const index = Math.floor(offset / PAGE), value = (nth % 255) + 1;
  if (operation === "write") expect(files.write(0, offset, bytesOf(length, value))).toBe(model.write(offset, length, value));
  else if (operation === "read") {
    const out = bytesOf(length, 255), count = files.read(0, offset, out);
    expect(out.subarray(0, count)).toEqual(model.read(offset, length));
  } else if (operation === "truncate") expect(files.truncate(0, offset)).toBe(model.truncate(offset));
  else if (operation === "allocate") expect(files.fallocate(0, 0, offset, length)).toBe(model.allocate(offset, length, true));
  else if (operation === "keep size") expect(files.fallocate(0, 1, offset, length)).toBe(model.allocate(offset, length, false));
  else if (operation === "punch") expect(files.fallocate(0, 3, offset, length)).toBe(model.punch(offset, length));
  else if (operation === "fault") expect(fault(0, index)).toBe(RESULTS[model.fault(index)]);
  else if (operation === "store") {
    const entry = mapper.shared.get(index);
    expect(entry !== undefined).toBe(model.store(offset, value));
    if (entry !== undefined) folios.store8(entry.pfn, offset % PAGE, value);
    if (entry !== undefined) entry.isDirty = true;
  } else if (operation === "copy") {
    if (model.fault(index) === "mapped") model.copies.add(index);
    if (fault(0, index) === VM_FAULT_LOCKED) mapper.copies.add(index);
  } else if (operation === "evict") {
    const pfn = cache.find(0, index);
    if (pfn !== NO_PAGE) mapper.unmapMappingRange(0, index, 1, false);
    expect(pfn !== NO_PAGE && files.evict(0, pfn)).toBe(model.evict(index));
    if (pfn !== NO_PAGE) folios.put(pfn);
  } else if (operation === "around") mapAround({ files, mapper }, model, index, index + Math.ceil(length / PAGE));
  else expect(operation === "data" ? files.seekData(0, offset) : files.seekHole(0, offset)).toBe(model.seek(offset, operation === "data"));
}

function mapAround({ files, mapper }: Pick<World, "files" | "mapper">, model: FileModel, first: number, last: number): void {
  const found: number[] = [];
  for (const fault = faultOn(0, first); files.nextMappable(fault, last); fault.index++) {
    found.push(fault.index);
    mapper.map(fault.index, fault.pfn);
  }
  const expected = [...model.pages.keys()].filter((index) => index >= first && index <= last && index * PAGE < model.size && model.pages.get(index)!.isUptodate);
  expect(found).toEqual(expected.sort((a, b) => a - b));
  for (const index of found) if (!model.mapped.has(index)) model.mapped.set(index, false);
}

function checkEqual({ files, folios, cache, mapper, counters }: World, model: FileModel): void {
  folios.checkInvariants();
  expect([files.size(0), files.blocks(0), folios.usedFrames]).toEqual([model.size, model.pages.size, model.pages.size]);
  expect([counters.of("nr_shmem"), counters.of("nr_file_pages")]).toEqual([model.pages.size, model.pages.size]);
  expect([...mapper.shared.keys()].sort()).toEqual([...model.mapped.keys()].sort());
  expect([...mapper.copies].sort()).toEqual([...model.copies].sort());
  for (let index = 0; index < PAGES * 2; index++) {
    const page = model.pages.get(index), pfn = cache.load(0, index);
    expect(pfn !== NO_PAGE, `page ${index} is there`).toBe(page !== undefined);
    expect(files.isCached(0, index)).toBe(page?.isUptodate ?? false);
    if (page === undefined) continue;
    const flag = (which: number): boolean => folios.testFlag(pfn, which);
    expect({ isUptodate: flag(PG_uptodate), isDirty: flag(PG_dirty), uses: (flag(PG_active) ? 2 : 0) + (flag(PG_referenced) ? 1 : 0) }, `page ${index}`).toEqual(page);
    expect([flag(PG_swapbacked), flag(PG_locked), folios.refcount(pfn)]).toEqual([true, false, model.mapped.has(index) ? 2 : 1]);
    if (page.isUptodate) for (let at = 0; at < PAGE; at += 37) expect(folios.load8(pfn, at)).toBe(model.bytes[index * PAGE + at]);
  }
}

const operation = fc.constantFrom<Operation>("write", "write", "read", "read", "truncate", "allocate", "keep size", "punch", "fault", "fault", "store", "store", "copy", "evict", "data", "hole", "around");
/** Anywhere, with a liking for the edges of pages. */
const place = fc.oneof(fc.nat(PAGES * PAGE - 1), fc.nat(PAGES - 1).map((index) => index * PAGE), fc.integer({ min: 1, max: PAGES - 1 }).map((index) => index * PAGE - 1));
const length = fc.oneof(fc.integer({ min: 1, max: 3 * PAGE }), fc.integer({ min: 1, max: 3 }).map((pages) => pages * PAGE));

test.each([PAGES * 2, 5])("random calls and faults leave the bytes, pages, flags and counts of a flat array, with %i frames", (frames) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(operation, place, length), { maxLength: 40 }), (steps: Step[]) => {
      const world = worldOf({ frames }), model = new FileModel(PAGES * 2, frames);
      for (const [nth, one] of steps.entries()) {
        step(world, model, one, nth);
        try {
          checkEqual(world, model);
        } catch (error) {
          throw new Error(`after step ${nth}, ${one.join(" ")}`, { cause: error });
        }
      }
      world.mapper.unmapMappingRange(0, 0, Infinity, true);
      world.files.release(0);
      expect([world.folios.usedFrames, world.counters.of("nr_shmem"), world.files.create()]).toEqual([0, 0, 0]);
    }),
    { numRuns: 300 },
  );
});
