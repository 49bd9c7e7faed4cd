import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { showSearch } from "../src/commands/search-progress.ts";

let written = "";
beforeEach(() => {
  written = "";
  vi.useFakeTimers({ toFake: ["performance", "Date", "setTimeout", "clearTimeout"] });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});
const told = { states: 70_000, frontier: 81, statesPerSecond: 35_000 };

test("a search that is over within two seconds shows nothing", () => {
  const search = showSearch(), { onProgress } = search.next("004-D1");
  vi.advanceTimersByTime(1900);
  onProgress(told);
  search.stop();
  expect(written).toBe("");
});

test("a longer one shows its name, states, depth and rate on stderr", () => {
  const search = showSearch(), { onProgress } = search.next("004-D1");
  vi.advanceTimersByTime(2100);
  onProgress(told);
  vi.advanceTimersByTime(2100);
  onProgress({ ...told, states: 140_000 });
  vi.advanceTimersByTime(2100);
  search.stop();
  expect(written).toContain("004-D1: 70000 states, 81 deep, 35000 states/s");
});
