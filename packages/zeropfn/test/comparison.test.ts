import { expect, test } from "vitest";
import { type Comparison, isSameBytes, mailRatios, ratiosToFastest } from "../src/report/comparison.ts";

const latency = (mean: number): object => ({ mean });

/** Stacks with a checksum of each pass and a mean of each pass. */
const comparisonOf = (...stacks: readonly (readonly [name: string, first: number, warm: number, mean: number])[]): Comparison =>
  ({ results: stacks.map(([stack, first, warm, mean]) => ({ stack, first: { checksum: first, fault: latency(mean) }, warm: { checksum: warm, fault: latency(mean) } })) }) as unknown as Comparison;

test("bytes are the same only if all passes of all stacks have one checksum", () => {
  expect(isSameBytes(comparisonOf(["a", 7, 7, 1], ["b", 7, 7, 1]))).toBe(true);
  expect(isSameBytes(comparisonOf(["a", 7, 7, 1], ["b", 8, 8, 1]))).toBe(false);
  expect(isSameBytes(comparisonOf(["a", 7, 7, 1], ["b", 7, 8, 1]))).toBe(false);
});

test("ratios are to the fastest, wherever it stands", () => {
  expect(ratiosToFastest(comparisonOf(["a", 7, 7, 30], ["b", 7, 7, 10]), "warm", ({ mean }) => mean)).toEqual([3, 1]);
});

test("the mail's ratio is 3.4 us / 0.8 us, and none for a stack that it does not know", () => {
  expect(mailRatios(comparisonOf(["dax-zero-page", 0, 0, 1], ["dax-cache-page", 0, 0, 1], ["mine", 0, 0, 1]))).toEqual([1, 4.25, undefined]);
  expect(mailRatios(comparisonOf(["mine", 0, 0, 1]))).toEqual([undefined]);
});
