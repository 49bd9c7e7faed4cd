import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { AnyBenchmark } from "./benchmark.ts";

/** A benchmark and where it was found. */
export interface BenchmarkFile {
  /** "xarray/lookup". */
  readonly name: string;
  readonly file: string;
}

const ENDING = ".bench.ts";

/** All benchmarks under `packages`, by package. */
export function benchmarkFiles(packages: string): BenchmarkFile[] {
  return readdirSync(packages).flatMap((name) => {
    const folder = join(packages, name, "bench");
    if (!existsSync(folder)) return [];
    const files = readdirSync(folder).filter((each) => each.endsWith(ENDING));
    return files.map((each) => ({ name: `${name}/${each.slice(0, -ENDING.length)}`, file: join(folder, each) }));
  });
}

/** The folders of the packages that have a script `bench` of their own. */
export const ownScripts = (packages: string): string[] =>
  readdirSync(packages).filter((name) => {
    const manifest = join(packages, name, "package.json");
    return existsSync(manifest) && "bench" in ((JSON.parse(readFileSync(manifest, "utf8")) as { scripts?: object }).scripts ?? {});
  });

/** @throws {Error} If the file exports no `bench`. */
export async function loadBenchmark(file: string): Promise<AnyBenchmark> {
  const { bench } = (await import(pathToFileURL(file).href)) as { bench?: AnyBenchmark };
  if (bench === undefined) throw new Error(`${file}: expected an export called bench, made by defineBenchmark()`);
  return bench;
}
