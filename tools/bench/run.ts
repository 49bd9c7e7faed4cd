/**
 * `npm run bench [-- NAME …] [--tiny]`: answers the questions of all packages in turn, or of those whose names begin so. A package
 * that measures in a way of its own has a script `bench` in its package.json, which runs after its questions.
 */
import { spawnSync } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type BenchmarkFile, benchmarkFiles, loadBenchmark, ownScripts } from "./files.ts";
import { disagreements, measuredOf, reportOf } from "./report.ts";
import { timeRounds } from "./rounds.ts";

const packages = join(import.meta.dirname, "..", "..", "packages");
const { values, positionals } = parseArgs({ options: { tiny: { type: "boolean", default: false } }, allowPositionals: true });
const size = values.tiny ? "tiny" : "real";
const isChosen = (name: string): boolean => positionals.length === 0 || positionals.some((start) => name.startsWith(start));
const questions = benchmarkFiles(packages);
const scripts = ownScripts(packages);

/** Prints the answer. @returns Whether the candidates agree, if they must. */
async function answer({ name, file }: BenchmarkFile): Promise<boolean> {
  const bench = await loadBenchmark(file);
  const before = loadavg()[0]!;
  const rounds = await timeRounds(bench, file, size);
  console.log(`${reportOf(name, bench, size, rounds, { node: process.version, cpus: cpus().length, load: [before, loadavg()[0]!] }).join("\n")}\n`);
  return disagreements(bench, measuredOf(rounds)).length === 0;
}

function runScript(name: string): boolean {
  console.log(`${name}: its own script`);
  return spawnSync("npm", ["run", "--silent", "bench"], { cwd: join(packages, name), stdio: "inherit" }).status === 0;
}

const chosen = questions.filter(({ name }) => isChosen(name));
const chosenScripts = values.tiny ? [] : scripts.filter(isChosen);
if (chosen.length + chosenScripts.length === 0) {
  console.error(`no benchmark begins with ${positionals.join(" or ")}; there are: ${[...questions.map(({ name }) => name), ...scripts].join(", ")}`);
  process.exitCode = 2;
}
for (const each of chosen) if (!(await answer(each))) process.exitCode = 1;
for (const each of chosenScripts) if (!runScript(each)) process.exitCode = 1;
