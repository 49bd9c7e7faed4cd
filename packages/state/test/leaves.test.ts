import { afterEach, expect, test } from "vitest";
import { EXPLORE, gateHolder, leaves, mark } from "../src/index.ts";

class Counter {
  value = 0;
  add(by: number): number {
    this.value += by;
    return this.value;
  }
}
const { add } = Counter.prototype;
leaves(Counter, "state/counter", { add: {} });

afterEach(() => {
  gateHolder.gate = null;
});

test("in the ordinary build a leaf is the very method that was written, whatever gate there is", () => {
  expect(EXPLORE).toBe(false);
  expect(Counter.prototype.add).toBe(add);
  gateHolder.gate = {
    pass: () => expect.unreachable(),
    mark: () => expect.unreachable(),
  };
  expect(new Counter().add(2)).toBe(2);
  mark("again", 1, true);
});
