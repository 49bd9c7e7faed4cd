import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { ExploreError } from "../errors.ts";
import { disagreementsOf, parseKnownAnswers } from "./run.ts";

/** `known-answers FILE…`: runs the tests of each file, says what differs, and counts. Paths are those of the caller's folder. */
function main(files: readonly string[]): number {
  if (files.length === 0) return complain("expected a file of known answers: known-answers FILE");
  let tests = 0, disagreements = 0;
  for (const file of files) {
    for (const test of parseKnownAnswers(textOf(file), file)) {
      tests++;
      const lines = disagreementsOf(test);
      if (lines.length > 0) disagreements++;
      for (const line of lines) console.log(line);
    }
  }
  console.log(`${tests} tests, ${disagreements} disagreements`);
  return disagreements > 0 ? 1 : 0;
}

function textOf(file: string): string {
  const path = resolve(process.env.INIT_CWD ?? ".", file);
  try {
    const bytes = readFileSync(path);
    return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("utf8");
  } catch (cause) {
    throw new ExploreError("EXPLORE_BAD_FILE", `${file}: ${(cause as Error).message}`, { cause });
  }
}

function complain(message: string): number {
  console.error(message);
  return 2;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (thrown) {
  if (!(thrown instanceof ExploreError)) throw thrown;
  process.exitCode = complain(thrown.message);
}
