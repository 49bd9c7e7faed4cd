import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { firstDifference } from "../src/host-log/compare.ts";

describe("What was recorded and what is shown", () => {
  test.each([
    ["a number", 1, 2, { path: "", recorded: 1, ours: 2 }],
    ["a number and its text", 1, "1", { path: "", recorded: 1, ours: "1" }],
    ["an area", [[0, 4096, "rw-p", null, 0]], [[0, 4096, "r--p", null, 0]], { path: "[0][2]", recorded: "rw-p", ours: "r--p" }],
    ["one area more", [[0, 1]], [[0, 1], [1, 2]], { path: "[1]", recorded: undefined, ours: [1, 2] }],
    ["one area less", [[0, 1], [1, 2]], [[0, 1]], { path: "[1]", recorded: [1, 2], ours: undefined }],
    ["a field of a later area", [{ s: 0 }, { s: 1, Rss: 4 }], [{ s: 0 }, { s: 1, Rss: 8 }], { path: "[1].Rss", recorded: 4, ours: 8 }],
    ["a field that is not shown", { Rss: 4, Pss: 4 }, { Rss: 4 }, { path: ".Pss", recorded: 4, ours: undefined }],
    ["a field that was not recorded", { Rss: 4 }, { Rss: 4, Pss: 4 }, { path: ".Pss", recorded: undefined, ours: 4 }],
    ["no file, and one that is in no slot", [null], [undefined], { path: "[0]", recorded: null, ours: undefined }],
    ["a list and a record", [], {}, { path: "", recorded: [], ours: {} }],
  ])("differ in %s", (_, recorded, ours, difference) => {
    expect(firstDifference(recorded, ours)).toEqual(difference);
  });

  /** The JSON of a value, its keys in order. */
  const canonical = (value: unknown): string =>
    JSON.stringify(value, (_, inside: unknown) =>
      typeof inside === "object" && inside !== null && !Array.isArray(inside) ? Object.fromEntries(Object.entries(inside).sort(([a], [b]) => (a < b ? -1 : 1))) : inside,
    );

  test("are the same if one is -0 and the other 0", () => expect(firstDifference({ ret: 0 }, { ret: -0 })).toBeUndefined());

  test("are the same if they are the same JSON, in whatever order of keys, and differ else", () => {
    const leaf = fc.constantFrom(0, 1, "", "0", null);
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(leaf, fc.array(tie("json"), { maxLength: 2 }), fc.dictionary(fc.constantFrom("a", "b"), tie("json"), { noNullPrototype: true })),
    }));
    fc.assert(fc.property(json, json, (one, two) => {
      expect(firstDifference(one, two) === undefined).toBe(canonical(one) === canonical(two));
    }), { numRuns: 2000 });
  });
});
