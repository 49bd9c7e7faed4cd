import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { readText, type Workspace } from "../workspace.ts";

/** A link from one text of ours to another leads somewhere. Addresses elsewhere are not asked. */
export const links = (workspace: Workspace): string[] =>
  workspace.files
    .filter((file) => file.endsWith(".md"))
    .flatMap((file) =>
      [...readText(workspace, file).matchAll(/\]\(([^()#\s]+)[^()]*\)/g)]
        .map(([, target]) => target!)
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(workspace.root, normalize(join(dirname(file), target)))))
        .map((target) => `${file} links to ${target}, which is missing`),
    );

/** Every package has its place in the two texts that a newcomer reads first. */
export const listed = (workspace: Workspace): string[] =>
  ["README.md", "docs/ARCHITECTURE.md"].flatMap((file) => {
    const text = workspace.files.includes(file) ? readText(workspace, file) : "";
    return workspace.packages
      .map(({ folder }) => folder.replace("packages/", ""))
      .flatMap((name) => (new RegExp(`^\\| .*[\`/]${name}[\`)]`, "m").test(text) ? [] : [`${file} has no row for ${name}`]));
  });
