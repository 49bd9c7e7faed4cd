import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstExample } from "../readme/example.ts";
import { type Package, readWorkspace } from "../tidy/workspace.ts";

const root = join(import.meta.dirname, "..", "..");
const { packages } = readWorkspace(root);
const named = (name: string): Package => packages.find((each) => each.name === name)!;
const NAME = "@zeropfn/dax-pmem";

/** A package, and all of ours that it depends on. */
function withDependencies(name: string, found: Set<string> = new Set()): Set<string> {
  found.add(name);
  for (const each of Object.keys(named(name).manifest.dependencies ?? {})) if (!found.has(each)) withDependencies(each, found);
  return found;
}

const folder = mkdtempSync(join(tmpdir(), "zeropfn-install-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const npm = (cwd: string, ...args: string[]): string => execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const node = (...args: string[]): string => execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" });

describe(`${NAME}, packed as it is published and installed where nothing else is`, () => {
  beforeAll(() => {
    const tarballs = join(folder, "tarballs");
    mkdirSync(tarballs);
    writeFileSync(join(folder, "package.json"), '{ "name": "a-user", "private": true }');
    npm(root, "pack", "--pack-destination", tarballs, ...[...withDependencies(NAME)].flatMap((each) => ["-w", each]));
    npm(folder, "install", "--offline", "--no-audit", "--no-fund", ...readdirSync(tarballs).map((each) => join(tarballs, each)));
  });

  test("brings the structures under it and none of its siblings", () => {
    expect(readdirSync(join(folder, "node_modules")).filter((each) => !each.startsWith("."))).toEqual(["@zeropfn"]);
    expect(readdirSync(join(folder, "node_modules/@zeropfn")).sort()).toEqual(["dax-pmem", "folio", "state", "units", "xarray"]);
  });

  test("runs its example", () => {
    const example = firstExample(readFileSync(join(root, named(NAME).folder, "README.md"), "utf8"))!;
    writeFileSync(join(folder, "example.mjs"), example);
    expect(() => node("example.mjs")).not.toThrow();
  });

  test("can be required from CommonJS, with the same names as imported", () => {
    const names = 'const names = (of) => Object.keys(of).filter((name) => name !== "__esModule").sort().join();';
    const script = `${names} const required = names(require("${NAME}")); import("${NAME}").then((imported) => console.log(required === names(imported), required.length > 100));`;
    expect(node("--no-warnings", "--eval", script).trim()).toBe("true true");
  });

  test("gives its explore build to whoever asks with the condition, and by subpath", () => {
    const script = `import("@zeropfn/state").then((plain) => import("@zeropfn/state/explore").then((explore) => console.log(plain.EXPLORE, explore.EXPLORE)));`;
    expect(node("--eval", script).trim()).toBe("false true");
    expect(node("--conditions=explore", "--eval", script).trim()).toBe("true true");
  });
});
