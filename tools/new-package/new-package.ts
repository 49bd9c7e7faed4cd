import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readWorkspace } from "../tidy/workspace.ts";
import { type NewPackage, packageFiles } from "./package-files.ts";

/** What is wrong with `asked`, in one line; undefined if nothing is. */
export function mistakeIn(root: string, asked: NewPackage): string | undefined {
  const { name, floor, dependencies, hasLeaves } = asked;
  const byFolder = new Map(readWorkspace(root).packages.map((each) => [each.folder.replace("packages/", ""), each]));
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) return `name ${name}: expected kebab-case, such as page-cache`;
  if (existsSync(join(root, "packages", name))) return `name ${name}: packages/${name} exists`;
  if (!Number.isInteger(floor) || floor < 0 || floor > 5) return `--floor ${floor}: expected an integer from 0 to 5`;
  for (const each of dependencies) {
    const sibling = byFolder.get(each);
    if (sibling === undefined) return `--depends ${each}: expected one of ${[...byFolder.keys()].join(", ")}`;
    if (!(sibling.floor! < floor)) return `--depends ${each}: it is on floor ${sibling.floor}, expected one below floor ${floor}`;
  }
  if (hasLeaves && !dependencies.includes("state")) return "--leaves: expected --depends state as well";
  return undefined;
}

/** Writes the package and returns the paths of its files, from the root. */
export function writePackage(root: string, asked: NewPackage): string[] {
  return Object.entries(packageFiles(asked)).map(([path, text]) => {
    const file = `packages/${asked.name}/${path}`;
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
    return file;
  });
}
