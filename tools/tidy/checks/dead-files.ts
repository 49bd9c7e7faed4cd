import { existsSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { walk } from "../syntax.ts";
import { readText, type Source, type Workspace } from "../workspace.ts";

/**
 * Every file of code is reached from something that runs: what a package exports or its bundler is told, its tests,
 * benchmarks and programs; for tools, from a script of package.json or a test.
 */
export function deadFiles(workspace: Workspace): string[] {
  const sources = [...workspace.packages.flatMap((each) => each.sources), ...workspace.tools];
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const scripts = Object.values(workspace.manifest.scripts ?? {}).join(" ");
  const ci = workspace.files.filter((file) => file.startsWith(".ci/")).map((file) => readText(workspace, file));
  const ofPackages = workspace.packages.flatMap(({ folder, manifest }) =>
    Object.values(manifest.scripts ?? {}).flatMap((script) => script.split(" ").map((word) => `${folder}/${word}`)),
  );
  const isNamed = (path: string): boolean => ofPackages.includes(path) || [scripts, ...ci].some((text) => text.includes(path));
  const reached = new Set<string>();
  const follow = (source: Source): void => {
    if (reached.has(source.path)) return;
    reached.add(source.path);
    for (const path of mentioned(workspace, source)) {
      const other = byPath.get(path);
      if (other !== undefined) follow(other);
    }
  };
  for (const source of sources) if (isRoot(source) || isNamed(source.path)) follow(source);
  return sources.filter(({ path }) => !reached.has(path)).map(({ path }) => `${path} is reached from nothing that runs`);
}

/** Where reaching begins. */
function isRoot({ path, area }: Source): boolean {
  if (/\.test(-d)?\.ts$/.test(path) || !path.includes("/")) return true;
  if (area === "tools") return false;
  return area === "bin" || area === "" || path.endsWith(".bench.ts") || /^packages\/[^/]+\/(src|conformance)\/index\.ts$/.test(path);
}

/** The files that `source` names in a string: imports, workers, entries of the bundler. */
function mentioned({ root }: Workspace, source: Source): string[] {
  const paths: string[] = [];
  walk(source.tree, (node) => {
    if (!ts.isStringLiteralLike(node) || !/^[\w./-]+$/.test(node.text) || node.text === ".") return;
    for (const text of [node.text, node.text.replace(/\.js$/, ".ts")]) {
      const path = normalize(join(dirname(source.path), text));
      if (!path.startsWith("..") && existsSync(join(root, path)) && statSync(join(root, path)).isFile()) paths.push(path);
    }
  });
  return paths;
}
