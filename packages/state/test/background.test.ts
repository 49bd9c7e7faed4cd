import { expect, test } from "vitest";
import { BackgroundWork, noBackground, StateError, waitFor } from "../src/index.ts";

/** Work that takes `steps` runs. */
const worker = (steps: number, done: () => void = () => {}) => ({
  run(): boolean {
    if (steps === 0) return false;
    steps--;
    done();
    return true;
  },
});

test("what holds already is not waited for", () => {
  let runs = 0;
  waitFor("dax.grab(3): locked", { run: () => ++runs > 0 }, () => true);
  expect(runs).toBe(0);
});

test("background work runs until it has made it hold, and no longer", () => {
  let written = 0;
  const work = new BackgroundWork();
  work.add(worker(10, () => written++));
  waitFor("page 3: under writeback", work, () => written >= 4);
  expect(written).toBe(4);
});

test("with no work left it is a deadlock, which says who waits for what", () => {
  const wait = (): void => waitFor("dax.grab(3): the entry is locked", noBackground, () => false);
  expect(wait).toThrow(StateError);
  expect(wait).toThrow(/STATE_DEADLOCK: dax\.grab\(3\): the entry is locked/);
  const work = new BackgroundWork();
  work.add(worker(3));
  expect(() => waitFor("x", work, () => false)).toThrow(/STATE_DEADLOCK/);
});

test("workers take turns, and one that has nothing to do is passed over", () => {
  const order: string[] = [];
  const work = new BackgroundWork();
  work.add(worker(2, () => order.push("a")));
  work.add(worker(0));
  work.add(worker(3, () => order.push("c")));
  while (work.run());
  expect(order).toEqual(["a", "c", "a", "c", "c"]);
  expect(work.run()).toBe(false);
});

test("no workers, no work", () => {
  expect(new BackgroundWork().run()).toBe(false);
  expect(noBackground.run()).toBe(false);
});
