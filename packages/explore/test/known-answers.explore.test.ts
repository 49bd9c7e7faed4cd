import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, expect, test, vi } from "vitest";
import { disagreementsOf, type KnownAnswer, parseKnownAnswers } from "../src/known-answers/run.ts";
import { SeenStates } from "../src/seen-states.ts";
import { StateGraph } from "../src/state-graph.ts";
import { World } from "../src/world.ts";

const answersIn = (file: string): KnownAnswer[] => parseKnownAnswers(gunzipSync(readFileSync(join(import.meta.dirname, "golden", file))).toString("utf8"), file);
const disagreements = (tests: readonly KnownAnswer[]): string[] => tests.flatMap(disagreementsOf);
const classics = answersIn("classics.json.gz");

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  ["litmus.json.gz", 301],
  ["classics.json.gz", 61],
  ["crash.json.gz", 32],
])("%s: the engine finds what is known", (file, count) => {
  const tests = answersIn(file);
  expect(tests).toHaveLength(count);
  expect(disagreements(tests)).toEqual([]);
}, 120_000);

test("a fingerprint that forgets a lane and most of the other is found out", () => {
  const { add } = SeenStates.prototype;
  vi.spyOn(SeenStates.prototype, "add").mockImplementation(function (this: SeenStates, a: number) {
    return add.call(this, a & 0xff, 0);
  });
  expect(disagreements(classics).length).toBeGreaterThan(0);
});

test("wait conditions that nobody asks are found out", () => {
  const { isEnabled } = World.prototype;
  vi.spyOn(World.prototype, "isEnabled").mockImplementation(function (this: World, actor: number) {
    return isEnabled.call(this, actor) || (actor < this.threads.length && this.controls[actor]!.kind === "step");
  });
  expect(disagreements(classics.filter((test) => "states" in test && test.states < 1000)).join()).toMatch(/deadlock/);
});

test("a livelock search that takes every component for fair, or that sees no progress, is found out", () => {
  const { outgoing } = StateGraph.prototype;
  vi.spyOn(StateGraph.prototype, "outgoing").mockImplementation(function (this: StateGraph) {
    return outgoing.call(this, () => true);
  });
  expect(disagreements(classics).join()).toMatch(/liveness LIVELOCK, expected PROGRESS/);
  vi.restoreAllMocks();
  vi.spyOn(StateGraph.prototype, "addState").mockImplementation(function (this: StateGraph, state: number, _enabled: number, isAtEnd: boolean) {
    this.enabled[state] = 0;
    this.isAtEnd[state] = isAtEnd;
  });
  expect(disagreements(classics).join()).toMatch(/liveness LIVELOCK, expected PROGRESS/);
});

test.each([
  ["no JSON", "{", /answers\.json: expected JSON/],
  ["no array", "{}", /answers\.json: expected an array of tests/],
  ["no test", '[{"name":"x"}]', /answers\.json: test 0: expected an object with name, threads/],
])("a file with %s is refused with its name and what was expected", (_, text, message) => {
  expect(() => parseKnownAnswers(text, "answers.json")).toThrow(message);
});
