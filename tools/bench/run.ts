/** `npm run bench [-- NAME …] [--tiny]`: answers the questions of all packages in turn, or of those whose names begin so. */
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benchmarkFiles, loadBenchmark } from "./files.ts";
import { disagreements, measuredOf, reportOf } from "./report.ts";
import { timeRounds } from "./rounds.ts";

const { values, positionals } = parseArgs({ options: { tiny: { type: "boolean", default: false } }, allowPositionals: true });
const size = values.tiny ? "tiny" : "real";
const all = benchmarkFiles(join(import.meta.dirname, "..", "..", "packages"));
const chosen = positionals.length === 0 ? all : all.filter(({ name }) => positionals.some((start) => name.startsWith(start)));

if (chosen.length === 0) {
  console.error(`no benchmark called ${positionals.join(" or ")}; there are: ${all.map(({ name }) => name).join(", ") || "none"}`);
  process.exitCode = 2;
}
for (const { name, file } of chosen) {
  const bench = await loadBenchmark(file);
  const before = loadavg()[0]!;
  const rounds = await timeRounds(bench, file, size);
  console.log(`${reportOf(name, bench, size, rounds, { node: process.version, cpus: cpus().length, load: [before, loadavg()[0]!] }).join("\n")}\n`);
  if (disagreements(bench, measuredOf(rounds)).length > 0) process.exitCode = 1;
}
