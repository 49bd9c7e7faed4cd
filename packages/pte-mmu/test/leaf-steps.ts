import { type Gate, gateHolder, Slab } from "@zeropfn/state";
import { afterEach } from "vitest";
import { World, type WorldOptions } from "./pages-world.ts";

/** Performs each leaf at once, and notes the names of those that are steps. */
function performing(steps: string[]): Gate {
  return {
    pass({ name, body, silent, coarse }, owner, args) {
      if (coarse && !name.startsWith("folios.")) return body.apply(owner, args);
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
/** A small machine, and what touched its columns outside a leaf. */
export function guardedWorld(options: WorldOptions = {}): { world: World; touched: string[] } {
  const touched: string[] = [];
  const columns = new Slab({ guard: (name) => void (isGuarded && !gateHolder.inLeaf && touched.push(name)) });
  return { world: new World({ columns, frameCount: 16, tableShift: 2, tableCapacity: 16, ...options }), touched };
}
/** The steps of what a thread does. */
export function stepsOf(thread: () => unknown): string[] {
  const steps: string[] = [];
  gateHolder.gate = performing(steps);
  isGuarded = true;
  thread();
  isGuarded = false;
  gateHolder.gate = null;
  return steps;
}
/** `steps`, as far as their names begin with one of these. */
export const only = (steps: string[], ...prefixes: string[]): string[] => steps.filter((step) => prefixes.some((prefix) => step.startsWith(prefix)));

afterEach(() => {
  gateHolder.gate = null;
  isGuarded = false;
});
