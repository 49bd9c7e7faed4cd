import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { readWorkspace, type Workspace } from "./workspace.ts";

/** A repository of the given files, in a folder that lasts as long as the test; manifests may be given as objects. */
export function fixture(files: Readonly<Record<string, string | object>>): Workspace {
  const root = mkdtempSync(join(tmpdir(), "zeropfn-tidy-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, content] of Object.entries({ "package.json": { name: "fixture" }, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  return readWorkspace(root);
}

/** A package.json of a package on `floor`. */
export const manifest = (name: string, floor: number, more: object = {}): object => ({ name: `@zeropfn/${name}`, nx: { tags: [`floor:${floor}`] }, ...more });
