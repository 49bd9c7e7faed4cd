import { expect, test } from "vitest";
import { BatchTimes, percentileName } from "../src/index.ts";

test("percentiles are the nearest rank of the batches, the mean is over operations", () => {
  const times = new BatchTimes(100);
  for (let ns = 100; ns >= 1; ns--) times.add(ns, 1);
  const { N, min, max, mean, stddev, percentile } = times.latency();
  expect({ N, min, max, mean }).toEqual({ N: 100, min: 1, max: 100, mean: 50.5 });
  expect(stddev).toBeCloseTo(Math.sqrt((100 ** 2 - 1) / 12), 9);
  expect([1, 50, 90, 99, 99.5, 99.99].map((percent) => percentile[percentileName(percent)])).toEqual([1, 50, 90, 99, 100, 100]);
});

test("a short batch counts by its operations", () => {
  const times = new BatchTimes(2);
  times.add(640, 64);
  times.add(30, 1);
  expect(times.latency()).toMatchObject({ N: 2, mean: 670 / 65, min: 10, max: 30 });
});

test("no batch at all is all 0", () => expect(new BatchTimes(0).latency()).toMatchObject({ N: 0, min: 0, max: 0, mean: 0, stddev: 0 }));
