import { type Gate, gateHolder, Slab } from "@zeropfn/state";
import { afterEach, expect, test } from "vitest";
import { Gup } from "../src/gup.ts";
import { FOLL_GET, FOLL_PIN, FOLL_WRITE } from "../src/gup-flags.ts";
import { MmPins } from "../src/mm-pins.ts";
import { World } from "./pages-world.ts";

/** Performs each leaf at once, and notes the names of those that are steps. */
function performing(steps: string[]): Gate {
  return {
    pass({ name, body, silent, coarse }, owner, args) {
      if (coarse) return body.apply(owner, args);
      if (!silent) steps.push(name);
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

let isGuarded = false;
afterEach(() => {
  gateHolder.gate = null;
  isGuarded = false;
});

/** A small machine with an area of pages 4 to 8, and its pages for others; what touched its columns outside a leaf. */
function guarded(): { world: World; gup: Gup; touched: string[]; stepsOf: (thread: () => unknown) => string[] } {
  const touched: string[] = [], columns = new Slab({ guard: (name) => void (isGuarded && !gateHolder.inLeaf && touched.push(name)) });
  const world = new World({ columns, frameCount: 16, tableShift: 2, tableCapacity: 16 });
  const gup = new Gup(world.parts, world.faults, new MmPins(columns, 3), 64);
  const stepsOf = (thread: () => unknown): string[] => {
    const steps: string[] = [];
    gateHolder.gate = performing(steps);
    isGuarded = true;
    thread();
    isGuarded = false;
    gateHolder.gate = null;
    return steps;
  };
  return { world, gup, touched, stepsOf };
}

test("a page is looked at, held and looked at again in three steps, and without a lock", () => {
  const { world, gup, touched, stepsOf } = guarded(), out = new Uint32Array(1);
  world.anonymous(4, 8);
  world.write(4, 1);
  expect(stepsOf(() => gup.fast(0, 4, 1, FOLL_GET | FOLL_WRITE, out))).toEqual(["gup.peek", "folios.head", "folios.tryGetHead", "folios.isHeadOf", "gup.isUnchanged", "folios.setFlag"]);
  expect(stepsOf(() => gup.fast(0, 4, 1, FOLL_PIN | FOLL_WRITE, out))).toEqual([
    "pins.setHasPinned", "pins.sequence", "gup.peek", "folios.head", "folios.tryGetHead", "folios.isHeadOf", "folios.pin", "folios.putTestZero", "gup.isUnchanged", "folios.setFlag", "pins.sequence",
  ]);
  expect(touched).toEqual([]);
});

test("between leaves no column is touched, whatever is asked for", () => {
  const { world, gup, touched, stepsOf } = guarded(), out = new Uint32Array(4);
  const vma = world.anonymous(4, 8);
  world.write(4, 1);
  world.fork(vma, 1);
  for (const flags of [FOLL_GET, FOLL_PIN, FOLL_PIN | FOLL_WRITE]) {
    stepsOf(() => {
      const found = gup.fast(0, 4, 3, flags, out);
      for (let nth = 0; nth < found; nth++) gup.releaseDirty(out[nth]!, flags);
      const others = gup.remote(1, 4, 3, flags, out);
      for (let nth = 0; nth < others; nth++) gup.release(out[nth]!, flags);
    });
  }
  expect(touched).toEqual([]);
});
