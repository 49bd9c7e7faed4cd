import { EXPLORE, leaves } from "@zeropfn/state";
import { NOT_FOUND, XArrayCursor, XArrays } from "@zeropfn/xarray";
import { type Scenario, scenarioOf } from "../index.ts";

/** An erase that takes the entry behind as well. */
function eraseTwo(this: XArrays, array: number, index: number): number {
  this.store(array, index + 1, 0);
  return this.store(array, index, 0);
}

const MET_UNIT = 64;

/** A walk that lets go of the lock behind each entry. One section under the lock is one step. */
class PausedWalk {
  static {
    if (EXPLORE) leaves(PausedWalk, "explore/walk", { meet: {} });
  }
  readonly arrays: XArrays;
  readonly array: number;
  constructor(arrays: XArrays, array: number) {
    this.arrays = arrays;
    this.array = array;
  }
  /** From `index` to the next entry, and a pause: the entry × MET_UNIT + the index where the walk goes on, or `NOT_FOUND`. */
  meet(index: number): number {
    const cursor = new XArrayCursor(this.arrays, this.array, index), entry = cursor.find();
    if (entry === 0) return NOT_FOUND;
    cursor.pause();
    return entry * MET_UNIT + cursor.index;
  }
}

/** Without the pause: the walk goes on one index further, in the midst of a wide entry. */
function meetWithoutPause(this: PausedWalk, index: number): number {
  const cursor = new XArrayCursor(this.arrays, this.array, index), entry = cursor.find();
  return entry === 0 ? NOT_FOUND : entry * MET_UNIT + cursor.index + 1;
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
  scenarioOf("xarray-X2", {
    exercises: ["xarray", "explore"], expected: "SAFE", bounds: ["5 entries", "nodes of 4 slots"],
    claim: "A cursor that pauses behind each entry meets a wide entry once, whole or as its pieces, while others are erased and it is split.",
    source: "xas_pause() — lib/xarray.c, v6.12",
    reason: "The pause moves behind all indices of the entry it stands at, and the cursor starts again from the head.",
  }, (s) => {
    const arrays = new XArrays(s.columns, { arrayCapacity: 1, nodeCapacity: 4, chunkShift: 2 }), array = arrays.createArray(), walk = new PausedWalk(arrays, array);
    for (const index of [0, 1, 5]) arrays.store(array, index, 10 + index);
    arrays.storeOrder(array, 2, 1, 12);
    const split = s.ghost("split"), sawWhole = s.ghost("saw the whole"), sawPieces = s.ghost("saw the pieces");
    s.thread("walk", () => {
      const met: number[] = [];
      for (let at = walk.meet(0); at !== NOT_FOUND; at = walk.meet(at % MET_UNIT)) met.push(Math.floor(at / MET_UNIT));
      const kept = met.filter((entry) => entry !== 11).join(" ");
      s.check(["10 12 15", "10 13 13 15"].includes(kept), `the walk met ${met.join(", ")}`);
      (met.includes(12) ? sawWhole : sawPieces).set(1);
    });
    s.thread("change", () => {
      arrays.erase(array, 1);
      split.set(1 + arrays.split(array, 2, 0, 13));
    });
    s.sometimes("the wide entry is met", () => sawWhole.get() === 1);
    s.sometimes("its pieces are met", () => sawPieces.get() === 1);
    s.mutant("no pause", { override: { "walk.meet": meetWithoutPause } });
    s.mutant("an erase that takes its neighbour", { override: { "xa.erase": eraseTwo } });
  }),
];
