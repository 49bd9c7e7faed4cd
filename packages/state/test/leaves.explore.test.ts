import { afterEach, beforeEach, expect, test } from "vitest";
import { EXPLORE, gateHolder, leaves, type LeafOperation, type LeafResult, mark } from "../src/index.ts";

class Lock {
  holder = 0;
  static {
    if (__EXPLORE__) leaves(Lock, "demo/lock", { take: { when: (lock) => lock.holder === 0 }, release: {}, takeTwice: {}, isHeld: { silent: true } });
  }
  take(by: number): number {
    this.holder = by;
    return by;
  }
  release(): void {
    this.holder = 0;
  }
  isHeld(): boolean {
    return this.holder !== 0;
  }
  /** Calls another leaf. */
  takeTwice(by: number): number {
    return this.take(by) + this.take(by);
  }
  /** Not a leaf. */
  reset(): void {
    this.release();
  }
}

let passed: { operation: LeafOperation; owner: object; args: unknown[] }[] = [];
let marks: unknown[] = [];

beforeEach(() => {
  passed = [];
  marks = [];
  gateHolder.gate = {
    pass(operation, owner, args): LeafResult {
      passed.push({ operation, owner, args });
      gateHolder.inLeaf = true;
      try {
        return operation.body.apply(owner, args);
      } finally {
        gateHolder.inLeaf = false;
      }
    },
    mark: (label, live) => marks.push([label, ...live]),
  };
});
afterEach(() => {
  gateHolder.gate = null;
});

const names = (): string[] => passed.map(({ operation }) => operation.name);

test("a leaf passes the gate with its name, its package, its owner and its arguments, and its result comes back", () => {
  expect(EXPLORE).toBe(true);
  const lock = new Lock();
  expect(lock.take(3)).toBe(3);
  expect(lock.holder).toBe(3);
  expect(passed).toHaveLength(1);
  expect(passed[0]).toMatchObject({ operation: { name: "lock.take", package: "demo", silent: false }, args: [3] });
  expect(passed[0]!.owner).toBe(lock);
});

test("the gate knows what a leaf waits for, and which leaf is no step of its own", () => {
  const lock = new Lock();
  lock.take(3);
  lock.isHeld();
  const [take, isHeld] = passed.map(({ operation }) => operation);
  expect(take!.when!(lock, 4)).toBe(false);
  expect(take!.when!(new Lock(), 4)).toBe(true);
  expect(isHeld).toMatchObject({ silent: true, when: undefined });
});

test("what a leaf calls runs inline; what another method calls passes the gate", () => {
  const lock = new Lock();
  expect(lock.takeTwice(2)).toBe(4);
  expect(names()).toEqual(["lock.takeTwice"]);
  lock.reset();
  expect(names()).toEqual(["lock.takeTwice", "lock.release"]);
});

test("without a gate a leaf is a plain call", () => {
  gateHolder.gate = null;
  expect(new Lock().takeTwice(2)).toBe(4);
  expect(passed).toEqual([]);
});

test("a mark passes the gate, but not from within a leaf", () => {
  mark("again", 4, true);
  expect(marks).toEqual([["again", 4, true]]);
  gateHolder.inLeaf = true;
  mark("inside");
  gateHolder.inLeaf = false;
  expect(marks).toHaveLength(1);
});

test("the gate is one for the process, however many copies of the module there are", async () => {
  const copy = (await import("../src/gate.ts?copy" as string)) as typeof import("../src/gate.ts");
  expect(copy).not.toBe(await import("../src/gate.ts"));
  expect(copy.gateHolder).toBe(gateHolder);
});
