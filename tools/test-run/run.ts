/**
 * `npm test`: builds everything, then makes every check there is, and ends with one line that counts them.
 * All checks are made, even when an earlier one failed; only a failed build ends the run at once.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { closingLine, sum, type Tally, tallyOfCheck, tallyOfVitest, type VitestReport } from "./tally.ts";

const root = join(import.meta.dirname, "..", "..");
const reportFile = join(root, ".vitest-report.json");
const failures: string[] = [];

function succeeds(what: string, ...command: string[]): boolean {
  console.log(`\n== ${what}: ${command.join(" ")}`);
  const { status } = spawnSync("npx", ["--no-install", ...command], { cwd: root, stdio: "inherit" });
  if (status !== 0) failures.push(what);
  return status === 0;
}

function vitest(): Tally {
  rmSync(reportFile, { force: true });
  const hasPassed = succeeds("tests", "vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`);
  if (!existsSync(reportFile)) return tallyOfCheck(false);
  const report = JSON.parse(readFileSync(reportFile, "utf8")) as VitestReport;
  return tallyOfVitest({ ...report, success: hasPassed && report.success });
}

function allChecks(): Tally[] {
  if (!succeeds("build", "nx", "run-many", "-t", "build")) return [tallyOfCheck(false)];
  return [
    tallyOfCheck(true),
    tallyOfCheck(succeeds("types", "tsc", "-p", "tsconfig.json")),
    tallyOfCheck(succeeds("lint", "biome", "check", "--error-on-warnings", ".")),
    vitest(),
    tallyOfCheck(succeeds("reference", "typedoc", "--logLevel", "Warn")),
    tallyOfCheck(succeeds("packages as published", "nx", "run-many", "-t", "check")),
  ];
}

const tally = sum(allChecks());
if (failures.length > 0) console.log(`\nFailed: ${failures.join(", ")}`);
console.log(`\n${closingLine(tally)}`);
process.exitCode = tally.failed === 0 ? 0 : 1;
