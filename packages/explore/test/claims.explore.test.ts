import { type ColumnAllocator, leaves } from "@zeropfn/state";
import { expect, test } from "vitest";
import { compareSearches } from "../src/compare-searches.ts";
import { type ScenarioBuilder, scenarioOf } from "../src/scenario.ts";
import { search } from "../src/search.ts";

/** A value, and a hint that spares looking at it: what is written forgets the hint, so that whoever asks gets the value. */
class Hinted {
  static {
    leaves(Hinted, "hints/hinted", { find: {}, peek: {}, load: {}, put: {} });
  }
  readonly #value: Uint32Array;
  readonly #hint: Uint32Array;
  constructor(columns: ColumnAllocator) {
    this.#value = columns.u32("value", 1);
    this.#hint = columns.u32("hint", 1, "derived");
  }
  find(): number {
    if (this.#hint[0] === 0) this.#hint[0] = this.#value[0]! + 1;
    return this.#hint[0]! - 1;
  }
  /** The same, and no hint is left. */
  peek(): number {
    return this.#hint[0] === 0 ? this.#value[0]! : this.#hint[0]! - 1;
  }
  load(): number {
    return this.#value[0]!;
  }
  put(value: number): void {
    this.#value[0] = value;
    this.#hint[0] = 0;
  }
}

const hinted = scenarioOf("hints-1", { claim: "", source: "", reason: "", expected: "SAFE", exercises: ["hints"] }, (s: ScenarioBuilder) => {
  const cell = new Hinted(s.columns);
  s.thread("put", () => cell.put(5));
  s.thread("look", () => {
    const found = cell.peek();
    s.check(found <= cell.load(), `${found} was found before it was there`);
  });
  s.atEnd("5 is there", () => cell.find() === 5);
});

test("what claims write to derived columns is forgotten when the search goes on, or back", () => {
  expect(search(hinted)).toMatchObject({ end: "exhausted", why: "" });
  expect(search(hinted, { isReversed: true })).toMatchObject({ end: "exhausted", why: "" });
  expect(compareSearches(hinted)).toEqual([]);
});
