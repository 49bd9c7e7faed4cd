import { EXPLORE, type Gate, gateHolder, type LeafOperation, Slab } from "@zeropfn/state";
import { VM_FAULT_LOCKED, VM_FAULT_NOPAGE } from "@zeropfn/units";
import { afterEach, expect, test } from "vitest";
import { bytesOf, faultOn, type World, worldOf } from "./world.ts";

type Answer = ReturnType<LeafOperation["body"]>;

/** Performs each leaf at once and notes its name; those that are coarse are no steps. `answers` stand in for leaves that they name. */
function performing(names: string[], answers: Readonly<Record<string, Answer>> = {}): Gate {
  return {
    pass({ name, coarse, body }, owner, args) {
      if (coarse) return body.apply(owner, args);
      names.push(name);
      if (name in answers) return answers[name];
      gateHolder.inLeaf = true;
      try {
        return body.apply(owner, args);
      } finally {
        gateHolder.inLeaf = false;
      }
    },
    mark() {},
  };
}

afterEach(() => {
  gateHolder.gate = null;
});

const PAGE = 8;
interface Watched {
  readonly world: World;
  readonly names: string[];
  /** Columns touched outside of leaves. */
  readonly touched: string[];
}
/** A machine of the smallest size, the steps that are performed on it, and what breaks the rule of leaves. */
function watched(prepare: (world: World) => void = () => {}, answers: Readonly<Record<string, Answer>> = {}): Watched {
  const names: string[] = [], touched: string[] = [];
  let isBuilding = true;
  const columns = new Slab({ guard: (name) => void (isBuilding || gateHolder.inLeaf || touched.push(name)) });
  const world = worldOf({ columns, fileCapacity: 1, frames: 4, nodes: 4, pageShift: 3 });
  prepare(world);
  isBuilding = false;
  gateHolder.gate = performing(names, answers);
  return { world, names, touched };
}

test("calls and faults touch columns in leaves only", () => {
  expect(EXPLORE).toBe(true);
  const { world, touched } = watched();
  const { files, fault } = world, out = new Uint8Array(2 * PAGE);
  expect(files.write(0, 3, bytesOf(PAGE, 7))).toBe(PAGE);
  expect(files.read(0, 0, out)).toBe(3 + PAGE);
  expect([...out]).toEqual([0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0, 0, 0, 0]);
  expect(files.fallocate(0, 0, 2 * PAGE, 2 * PAGE)).toBe(0);
  expect(files.fallocate(0, 0, 2 * PAGE, 4 * PAGE)).toBeLessThan(0);
  expect(fault(0, 3)).toBe(VM_FAULT_LOCKED);
  const around = faultOn(0, 0);
  expect(files.nextMappable(around, 7)).toBe(true);
  world.mapper.map(around.index, around.pfn);
  expect([files.seekData(0, 0), files.seekHole(0, 1), files.isCached(0, 2), files.blocks(0) > 0, files.size(0)]).toEqual([0, 4 * PAGE, true, true, 4 * PAGE]);
  expect([files.fallocate(0, 3, 1, 3 * PAGE), files.truncate(0, 5), files.fsync(0), files.sync(0, 0, 1)]).toEqual([0, 0, 0, 0]);
  files.release(0);
  expect(files.create()).toBe(0);
  expect([...new Set(touched)]).toEqual([]);
});

test("a page is looked up without a lock, held, and looked at again under its lock", () => {
  const { world, names } = watched(({ files }) => files.write(0, 0, bytesOf(1, 1)));
  const fault = faultOn(0, 0);
  expect(world.files.fault(fault)).toBe(VM_FAULT_LOCKED);
  expect(names).toEqual([
    "tmpfs.isPunched", "tmpfs.size", "cache.load", "folios.head", "folios.tryGetHead", "folios.isHeadOf", "cache.load", "folios.lock", "cache.isOf", "folios.testFlag",
  ]);
});

test("a fault on a hole puts its page into the file before it zeroes it, and asks for the size again after that", () => {
  const { world, names } = watched(({ files }) => files.truncate(0, PAGE));
  world.files.fault(faultOn(0, 0));
  expect(names.filter((name) => /^(tmpfs|cache|folios\.(allocate|lock|zero))/.test(name))).toEqual([
    "tmpfs.isPunched", "tmpfs.size", "cache.load", "folios.allocate", "cache.insert", "tmpfs.takePage", "folios.zeroWord", "folios.zeroWord", "tmpfs.size",
  ]);
});

test("a fault on a page that is being punched out waits, takes nothing and is told to try again", () => {
  const { world, names } = watched(({ files }) => files.truncate(0, PAGE), { "tmpfs.isPunched": true, "tmpfs.waitPunch": undefined });
  expect(world.files.fault(faultOn(0, 0))).toBe(VM_FAULT_NOPAGE);
  expect(names).toEqual(["tmpfs.isPunched", "tmpfs.waitPunch"]);
});

test("a frame that became another page between the lookup and the reference is let go again", () => {
  const { world, names } = watched(({ files }) => files.write(0, 0, bytesOf(2 * PAGE, 1)));
  const { cache, folios } = world, [first, second] = [cache.load(0, 0), cache.load(0, 1)];
  names.length = 0;
  let looks = 0;
  const performed = performing(names);
  // The first look sees what was there before: page 0 had been in the second frame.
  gateHolder.gate = { pass: (operation, owner, args) => (operation.name === "cache.load" && looks++ === 0 ? second : performed.pass(operation, owner, args)), mark() {} };
  expect(cache.find(0, 0)).toBe(first);
  gateHolder.gate = null;
  expect([folios.refcount(first), folios.refcount(second)]).toEqual([2, 1]);
  expect(names).toContain("folios.putTestZero");
});
