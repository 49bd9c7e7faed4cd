import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");
const packages = join(root, "packages");

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** By folder. */
const manifests = new Map<string, Manifest>(
  readdirSync(packages).map((folder) => [folder, JSON.parse(readFileSync(join(packages, folder, "package.json"), "utf8"))]),
);
/** The folder of a package of ours, or undefined. */
const folderOf = (name: string): string | undefined => [...manifests].find(([, manifest]) => manifest.name === name)?.[0];
const dependenciesOf = (folder: string): string[] => Object.keys(manifests.get(folder)!.dependencies ?? {});

/** Folder names of the packages of this repository that `folder` needs, itself first. */
export function closureOf(folder: string, seen: string[] = []): string[] {
  if (seen.includes(folder)) return seen;
  const needed = dependenciesOf(folder).flatMap((name) => folderOf(name) ?? []);
  return needed.reduce((known, each) => closureOf(each, known), [...seen, folder]);
}

/** What `folder` needs from outside this repository, by name. */
const outsidersOf = (folder: string): string[] => dependenciesOf(folder).filter((name) => folderOf(name) === undefined);

/**
 * Installs `folder` into the empty folder `into` as a stranger would: packed, with what it needs, and nothing of this tree.
 * No registry is asked: what it needs from outside the repository is linked from here, and packages that need such are unpacked
 * by hand.
 */
export function installPacked(folder: string, into: string): void {
  const tarballs = join(into, "tarballs");
  mkdirSync(tarballs, { recursive: true });
  const npm = (cwd: string, ...args: string[]): string => execFileSync("npm", [...args, "--silent"], { cwd, encoding: "utf8" });
  const pack = (each: string): string => join(tarballs, npm(join(packages, each), "pack", "--pack-destination", tarballs).trim());
  writeFileSync(join(into, "package.json"), JSON.stringify({ name: "stranger", private: true }));
  const all = closureOf(folder);
  npm(into, "install", "--offline", "--ignore-scripts", ...all.filter((each) => outsidersOf(each).length === 0).map(pack));
  for (const each of all.filter((one) => outsidersOf(one).length > 0)) {
    const place = join(into, "node_modules", manifests.get(each)!.name);
    mkdirSync(place, { recursive: true });
    execFileSync("tar", ["-xzf", pack(each), "--strip-components=1", "-C", place]);
    for (const name of outsidersOf(each)) symlinkSync(join(root, "node_modules", name), join(into, "node_modules", name));
  }
}
