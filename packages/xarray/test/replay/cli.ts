import "./ordinary-build.ts";
import { resolve } from "node:path";
import { lastLine } from "./log.ts";

const [file, ...others] = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const isVerbose = process.argv.includes("--verbose"), isChecking = process.argv.includes("--check");

if (file === undefined || others.length > 0) {
  console.error("usage: replay FILE [--verbose] [--check]: FILE is one log of operations, plain or .gz");
  process.exit(2);
}
const path = resolve(process.env["INIT_CWD"] ?? ".", file);
const { replay } = await import("./replay.ts");
try {
  const tally = await replay(path, isChecking);
  for (const report of tally.reports.slice(0, isVerbose ? undefined : 20)) console.log(report);
  if (isVerbose) for (const line of tally.leftOut) console.log(`left out: ${line}`);
  console.log(`nodes and height: ${tally.insideCompared} compared, ${tally.insideDiffers} differ`);
  console.log(lastLine(tally));
  process.exitCode = tally.disagreements > 0 || tally.skipped > 0 ? 1 : 0;
} catch (error) {
  console.error(error instanceof Error && error.cause === undefined ? error.message : error);
  process.exitCode = 2;
}
