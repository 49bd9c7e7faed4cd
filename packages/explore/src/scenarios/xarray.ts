import { NOT_FOUND, XArrays } from "@zeropfn/xarray";
import { type Scenario, scenarioOf } from "../index.ts";

/** An erase that takes the entry behind as well. */
function eraseTwo(this: XArrays, array: number, index: number): number {
  this.store(array, index + 1, 0);
  return this.store(array, index, 0);
}

export const xarrayRaces: readonly Scenario[] = [
  scenarioOf("xarray-X1", {
    exercises: ["xarray"], expected: "SAFE", bounds: ["5 entries", "nodes of 4 slots"],
    claim: "Who walks an array and pauses between entries meets every entry that stays, once, while others are erased and split.",
    source: "xas_pause() — lib/xarray.c, v6.12: the walk goes on behind the entry it stood at",
    reason: "Each step of the walk starts from an index, under the lock, and trusts nothing that it saw before.",
  }, (s) => {
    const arrays = new XArrays(s.columns, { arrayCapacity: 1, nodeCapacity: 4, chunkShift: 2 }), array = arrays.createArray();
    for (const index of [0, 1, 5]) arrays.store(array, index, 10 + index);
    arrays.storeOrder(array, 2, 1, 12);
    const split = s.ghost("split");
    s.thread("walk", () => {
      const met: number[] = [];
      for (let index = arrays.find(array, 0); index !== NOT_FOUND; index = arrays.findAfter(array, index)) met.push(index);
      s.check(met.every((index, at) => at === 0 || index > met[at - 1]!), `TWICE: the walk met ${met.join(", ")}`);
      s.check([0, 2, 5].every((index) => met.includes(index)), `MISSED: the walk met ${met.join(", ")}`);
    });
    s.thread("change", () => {
      arrays.erase(array, 1);
      split.set(1 + arrays.split(array, 2, 0, 13));
    });
    s.sometimes("split", () => split.get() === 1 && arrays.getOrder(array, 2) === 0);
    s.sometimes("erased, not yet split", () => arrays.load(array, 1) === 0 && arrays.getOrder(array, 2) === 1);
    s.mutant("a pause that loses its place", { override: { "xa.findAfter": function (this: XArrays, of: number, index: number) { return this.find(of, index + 3); } } });
    s.mutant("an erase that takes its neighbour", { override: { "xa.erase": eraseTwo } });
  }),
];
