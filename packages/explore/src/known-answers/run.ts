import { ExploreError } from "../errors.ts";
import { type ClassicTest, runClassic } from "./classics.ts";
import { type CrashTest, runCrashTest } from "./crash-sets.ts";
import { type LitmusTest, runLitmus } from "./litmus.ts";

export type KnownAnswer = LitmusTest | ClassicTest | CrashTest;

/** What differs from the known answer of one test, one line for each. */
export function disagreementsOf(test: KnownAnswer): string[] {
  if ("outcomes" in test) return runLitmus(test);
  if ("imagesAny" in test) return runCrashTest(test);
  return runClassic(test);
}

/** Reads a file of known answers. @throws {ExploreError} EXPLORE_BAD_FILE with the file, the test and what was expected. */
export function parseKnownAnswers(text: string, fileName: string): KnownAnswer[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new ExploreError("EXPLORE_BAD_FILE", `${fileName}: expected JSON: ${(cause as Error).message}`, { cause });
  }
  if (!Array.isArray(parsed)) throw new ExploreError("EXPLORE_BAD_FILE", `${fileName}: expected an array of tests`);
  return parsed.map((test: unknown, at) => {
    if (!isKnownAnswer(test)) throw new ExploreError("EXPLORE_BAD_FILE", `${fileName}: test ${at}: expected an object with name, threads and one of outcomes (litmus), liveness (classics), imagesAny (crash)`);
    return test;
  });
}

function isKnownAnswer(test: unknown): test is KnownAnswer {
  if (typeof test !== "object" || test === null || !("name" in test) || !("threads" in test) || !Array.isArray(test.threads)) return false;
  return "outcomes" in test || "liveness" in test || "imagesAny" in test;
}
