import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type AnyBenchmark, defineBenchmark, mix } from "./benchmark.ts";
import { benchmarkFiles, loadBenchmark, ownScripts } from "./files.ts";
import { Random } from "./random.ts";
import { disagreements, judged, measuredOf, reportOf } from "./report.ts";
import { timeRounds } from "./rounds.ts";

const packages = join(import.meta.dirname, "..", "..", "packages");

/** The hashes of two tiny rounds of each candidate. */
function tinyHashes(bench: AnyBenchmark): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(bench.candidates).map(([name, prepare]) => {
      const prepared = prepare(bench.tiny, new Random(bench.seed ?? 1));
      const hashes = [0, 1].map(() => {
        prepared.before?.();
        return prepared.round();
      });
      return [name, hashes];
    }),
  );
}

describe.each(benchmarkFiles(packages))("the benchmark $name", ({ file }) => {
  test("runs with its tiny parameters, gives the same result each time, and its candidates agree if they must", async () => {
    const bench = await loadBenchmark(file);
    const hashes = tinyHashes(bench);
    expect(tinyHashes(bench)).toEqual(hashes);
    if (bench.mustAgree !== false) for (const each of Object.values(hashes)) expect(each).toEqual(Object.values(hashes)[0]);
  });
});

describe("the harness", () => {
  const example = join(import.meta.dirname, "sum.example.ts");

  test("times each candidate in a process of its own, and their results are those of the same run here", async () => {
    const bench = await loadBenchmark(example);
    const rounds = await timeRounds(bench, example, "tiny");
    const here = tinyHashes(bench);
    for (const name of ["forwards", "backwards"]) {
      expect(rounds[name]).toHaveLength(2);
      expect(rounds[name]!.map(({ hash }) => hash)).toEqual(here[name]);
      for (const { ns } of rounds[name]!) expect(ns).toBeGreaterThan(0);
    }
  });

  test("a candidate's process that ends is an error, not a wait without end", async () => {
    const bench = defineBenchmark({ question: "", tiny: {}, real: {}, candidates: { missing: () => ({ operations: 1, round: () => 0 }) } });
    await expect(timeRounds(bench, example, "tiny")).rejects.toThrow("ended with 1");
  });

  const round = (ns: number, hash: number) => ({ ns, hash, operations: 10, stateBytes: undefined });
  const rounds = { a: [round(90, 7), round(50, 7), round(70, 7)], b: [round(100, 7), round(400, 7), round(200, 8)] };
  const two = defineBenchmark({ question: "Which?", tiny: { n: 1 }, real: { n: 9 }, candidates: {} });

  test("the time of a candidate is that of its fastest round, for one operation", () => {
    expect(measuredOf(rounds).map(({ fastestNs, medianNs }) => [fastestNs, medianNs])).toEqual([
      [5, 7],
      [10, 20],
    ]);
  });

  test("a candidate with another result is named, unless they need not agree", () => {
    expect(disagreements(two, measuredOf(rounds))).toEqual(["b"]);
    expect(disagreements({ ...two, mustAgree: false }, measuredOf(rounds))).toEqual([]);
  });

  test("a goal is met at its bound and missed beyond it", () => {
    const goal = { claim: "b costs twice as much", value: (ns: Readonly<Record<string, number>>) => ns.b! / ns.a! };
    expect(judged({ ...goal, atLeast: 2 }, measuredOf(rounds))).toBe("b costs twice as much: met (2.00)");
    expect(judged({ ...goal, atLeast: 2.1 }, measuredOf(rounds))).toBe("b costs twice as much: MISSED (2.00)");
    expect(judged({ ...goal, atMost: 1.9 }, measuredOf(rounds))).toBe("b costs twice as much: MISSED (2.00)");
  });

  test("the report says what was asked, with what, where, and what came out", () => {
    const lines = reportOf("x/y", two, "real", rounds, { node: "v20", cpus: 2, load: [0.5, 1] });
    expect(lines[0]).toBe("x/y: Which?");
    expect(lines[1]).toBe('  real {"n":9}, seed 1, 3 rounds in turns, a process each');
    expect(lines[2]).toBe("  Node v20, 2 CPUs, load 0.50 before and 1.00 after");
    expect(lines.at(-2)).toMatch(/^ {2}b +10\.0 +20\.0 +1\.00 +00000008$/);
    expect(lines.at(-1)).toBe("  WRONG: another result than a: b");
  });
});

test("random numbers repeat with their seed, keep below their limit, and permutations lose nothing", () => {
  const numbers = (seed: number): number[] =>
    Array.from(
      { length: 50 },
      (
        (random) => () =>
          random.below(7)
      )(new Random(seed)),
    );
  expect(numbers(3)).toEqual(numbers(3));
  expect(numbers(3)).not.toEqual(numbers(4));
  expect(new Set(numbers(3))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
  expect([...new Random(1).permutation(40)].sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index));
});

test("a hash sees order, and the bits of a number above 2^32", () => {
  expect(mix(mix(0, 1), 2)).not.toBe(mix(mix(0, 2), 1));
  expect(mix(0, 2 ** 40 + 5)).not.toBe(mix(0, 5));
});

test("benchmarks and scripts are found by package, and files that only serve them are not taken for questions", () => {
  const folder = mkdtempSync(join(tmpdir(), "zeropfn-bench-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, scripts] of [
    ["a", {}],
    ["b", { bench: "tsx bench/run.ts" }],
  ] as const) {
    mkdirSync(join(folder, name, "bench"), { recursive: true });
    writeFileSync(join(folder, name, "package.json"), JSON.stringify({ name, scripts }));
  }
  for (const file of ["a/bench/load.bench.ts", "a/bench/peers.ts", "b/bench/run.ts"]) writeFileSync(join(folder, file), "");
  expect(benchmarkFiles(folder)).toEqual([{ name: "a/load", file: join(folder, "a/bench/load.bench.ts") }]);
  expect(ownScripts(folder)).toEqual(["b"]);
});
