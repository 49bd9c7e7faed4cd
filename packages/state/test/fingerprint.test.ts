import fc from "fast-check";
import { expect, test } from "vitest";
import { Fingerprint } from "../src/index.ts";

const words = fc.array(fc.nat({ max: 2 ** 32 - 1 }), { minLength: 1, maxLength: 20 });
const print = (all: readonly number[], seed?: number): string => ((of) => `${of.a}/${of.b}`)(new Fingerprint(seed).add(Uint32Array.from(all)));
const printOneByOne = (all: readonly number[], seed?: number): string => ((of) => `${of.a}/${of.b}`)(all.reduce((of, word) => of.addWord(word), new Fingerprint(seed)));

test.each([
  ["many words at once", print],
  ["one word after another", printOneByOne],
] as const)("%s: the same words give the same fingerprint, and one other word another", (_, of) => {
  fc.assert(
    fc.property(words, fc.nat(), fc.integer({ min: 1, max: 2 ** 32 - 1 }), (all, at, by) => {
      expect(of(all)).toBe(of([...all]));
      const other = all.with(at % all.length, (all[at % all.length]! + by) % 2 ** 32);
      expect(of(other)).not.toBe(of(all));
    }),
  );
});

test("other seeds give other fingerprints, and reset brings back the first", () => {
  expect(print([1, 2, 3], 1)).not.toBe(print([1, 2, 3], 2));
  const used = new Fingerprint(5).add(Uint32Array.of(9, 9)).reset().add(Uint32Array.of(1, 2, 3));
  expect(`${used.a}/${used.b}`).toBe(print([1, 2, 3], 5));
});

test("order counts", () => {
  expect(print([1, 2])).not.toBe(print([2, 1]));
  expect(printOneByOne([1, 2])).not.toBe(printOneByOne([2, 1]));
});

test("lanes are unsigned words", () => {
  fc.assert(
    fc.property(words, (all) => {
      const { a, b } = new Fingerprint().add(Uint32Array.from(all)).addWord(7);
      for (const lane of [a, b]) expect(lane).toBe(lane >>> 0);
    }),
  );
});

test("a changed word costs one change, and taking it back gives the old fingerprint", () => {
  fc.assert(
    fc.property(words, fc.nat(), fc.nat({ max: 2 ** 32 - 1 }), (all, nth, now) => {
      const place = nth % all.length, was = all[place]!, of = new Fingerprint().add(Uint32Array.from(all));
      of.change(place, was, now);
      expect(`${of.a}/${of.b}`).toBe(print(all.with(place, now)));
      of.change(place, now, was);
      expect(`${of.a}/${of.b}`).toBe(print(all));
    }),
  );
});

/** Machines that are explored differ in a few small numbers: no state of that kind may stand for another. */
test("65,536 small states have as many fingerprints", () => {
  const seen = new Set<string>();
  const state = new Uint32Array(8);
  for (let number = 0; number < 4 ** 8; number++) {
    for (let at = 0; at < 8; at++) state[at] = (number >> (2 * at)) & 3;
    seen.add(print([...state]));
  }
  expect(seen.size).toBe(4 ** 8);
});
