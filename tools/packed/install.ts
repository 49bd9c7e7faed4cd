import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const packages = join(import.meta.dirname, "..", "..", "packages");

const manifestOf = (folder: string): { readonly name: string; readonly dependencies?: Readonly<Record<string, string>> } =>
  JSON.parse(readFileSync(join(packages, folder, "package.json"), "utf8"));

/** Folder names of the packages of this repository that `folder` needs, itself first. */
export function closureOf(folder: string, seen: string[] = []): string[] {
  if (seen.includes(folder)) return seen;
  const folders = readdirSync(packages),
    ours = (name: string): string | undefined => folders.find((each) => manifestOf(each).name === name);
  const needed = Object.keys(manifestOf(folder).dependencies ?? {}).flatMap((name) => ours(name) ?? []);
  return needed.reduce((known, each) => closureOf(each, known), [...seen, folder]);
}

/**
 * Installs `folder` into the empty folder `into` as a stranger would: packed, with what it needs, and nothing of this tree.
 * What it needs from outside the repository is not installed.
 */
export function installPacked(folder: string, into: string): void {
  const tarballs = join(into, "tarballs");
  mkdirSync(tarballs, { recursive: true });
  const npm = (cwd: string, ...args: string[]): string => execFileSync("npm", [...args, "--silent"], { cwd, encoding: "utf8" });
  for (const each of closureOf(folder)) npm(join(packages, each), "pack", "--pack-destination", tarballs);
  writeFileSync(join(into, "package.json"), JSON.stringify({ name: "stranger", private: true }));
  npm(into, "install", "--offline", "--ignore-scripts", ...readdirSync(tarballs).map((name) => join(tarballs, name)));
}
