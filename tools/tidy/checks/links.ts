import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { readText, type Workspace } from "../workspace.ts";

/** The files and folders of ours that a text links to, from the root. */
const targetsOf = (workspace: Workspace, file: string): string[] =>
  [...readText(workspace, file).matchAll(/\]\(([^()#\s]+)[^()]*\)/g)].flatMap(([, target]) =>
    /^[a-z]+:/.test(target!) ? [] : normalize(join(dirname(file), target!)),
  );

/** A link from one text of ours to another leads somewhere. Addresses elsewhere are not asked. */
export const links = (workspace: Workspace): string[] =>
  workspace.files
    .filter((file) => file.endsWith(".md"))
    .flatMap((file) =>
      targetsOf(workspace, file)
        .filter((target) => !existsSync(join(workspace.root, target)))
        .map((target) => `${file} links to ${target}, which is missing`),
    );

/** No text is lost: each page of docs/ is linked from another text, or lies in a folder whose README says what the folder holds. */
export const linked = (workspace: Workspace): string[] => {
  const pages = workspace.files.filter((file) => file.startsWith("docs/") && file.endsWith(".md"));
  const named = new Set(
    workspace.files.filter((file) => file.endsWith(".md")).flatMap((file) => targetsOf(workspace, file).filter((target) => target !== file)),
  );
  const isPresented = (page: string): boolean => named.has(page) || (!page.endsWith("/README.md") && workspace.files.includes(`${dirname(page)}/README.md`));
  return pages.filter((page) => !isPresented(page)).map((page) => `${page} is linked from nowhere`);
};

/** Every package has its place in the two texts that a newcomer reads first. */
export const listed = (workspace: Workspace): string[] =>
  ["README.md", "docs/ARCHITECTURE.md"].flatMap((file) => {
    const text = workspace.files.includes(file) ? readText(workspace, file) : "";
    return workspace.packages
      .map(({ folder }) => folder.replace("packages/", ""))
      .flatMap((name) => (new RegExp(`^\\| .*[\`/]${name}[\`)]`, "m").test(text) ? [] : [`${file} has no row for ${name}`]));
  });
