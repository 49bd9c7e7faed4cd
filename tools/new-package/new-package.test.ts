import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { indexFiles } from "../tidy/checks/index-files.ts";
import { floors } from "../tidy/checks/floors.ts";
import { readmes } from "../tidy/checks/readmes.ts";
import { readWorkspace } from "../tidy/workspace.ts";
import { newPackage } from "./command.ts";
import { mistakeIn } from "./new-package.ts";

const root = join(import.meta.dirname, "..", "..");
const PRESETS = [
  "package.json",
  "nx.json",
  "build.d.ts",
  "tsconfig.base.json",
  "tsup.preset.ts",
  "tools/builds/faster-names.ts",
  "vitest.preset.ts",
  "tools/test-setup",
];

/** A copy of the house without its people: presets, the manifests of the packages, and the installed dependencies. */
function copyOfTheHouse(): string {
  const copy = mkdtempSync(join(tmpdir(), "zeropfn-new-package-"));
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  for (const each of PRESETS) cpSync(join(root, each), join(copy, each), { recursive: true });
  for (const { folder } of readWorkspace(root).packages) {
    mkdirSync(join(copy, folder), { recursive: true });
    cpSync(join(root, folder, "package.json"), join(copy, folder, "package.json"));
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}

/** The exit code of a command, and all that it printed. */
function outcome(folder: string, command: string, ...args: string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: "utf8", env: { ...process.env, VITEST: undefined } });
  return { status, output: `${stdout}${stderr}` };
}

test.each([
  ["a package with leaves", "with-leaves", ["--floor", "2", "--depends", "state,units", "--leaves"]],
  ["a package without leaves", "without-leaves", ["--floor", "1", "--depends", "units"]],
])("%s is generated, obeys our rules, is built, and passes its test", (_, name, args) => {
  const copy = copyOfTheHouse();
  expect(newPackage(copy, [name, ...args]).exitCode).toBe(0);
  const folder = join(copy, "packages", name);
  const workspace = readWorkspace(copy);
  for (const check of [floors, indexFiles, readmes]) expect(check(workspace).filter((line) => line.includes(name))).toEqual([]);
  // Bundles and their types: what is built is in the copy, what it imports is here.
  expect(outcome(folder, join(root, "node_modules/.bin/tsup"))).toMatchObject({ status: 0 });
  for (const file of ["dist/index.js", "dist/index.d.ts"]) expect(existsSync(join(folder, file))).toBe(true);
  expect(existsSync(join(folder, "dist/explore/index.js"))).toBe(args.includes("--leaves"));
  expect(outcome(folder, join(root, "node_modules/.bin/vitest"), "run")).toMatchObject({ status: 0, output: expect.stringContaining("passed") });
});

describe("what cannot be is refused in one line, with exit code 2, and nothing is written", () => {
  const asked = { name: "new-one", floor: 2, dependencies: ["state"], hasLeaves: true };

  test.each([
    [{ ...asked, name: "NewOne" }, /^name NewOne: expected kebab-case/],
    [{ ...asked, name: "state" }, /^name state: packages\/state exists$/],
    [{ ...asked, floor: 6 }, /^--floor 6: expected an integer from 0 to 5$/],
    [{ ...asked, floor: Number.NaN }, /^--floor NaN/],
    [{ ...asked, dependencies: ["state", "nobody"] }, /^--depends nobody: expected one of .*state/],
    [{ ...asked, floor: 0 }, /^--depends state: it is on floor 0, expected one below floor 0$/],
    [{ ...asked, dependencies: [] }, /^--leaves: expected --depends state/],
  ])("%o", (wrong, message) => {
    expect(mistakeIn(root, wrong)).toMatch(message);
  });

  test("and what can be is not", () => {
    expect(mistakeIn(root, asked)).toBeUndefined();
  });

  test.each([[[]], [["a", "b"]], [["a", "--flor", "2"]], [["NewOne"]]])("the command with %o", (args) => {
    const { lines, exitCode } = newPackage(root, args);
    expect(exitCode).toBe(2);
    expect(lines[1]).toContain("usage: ");
  });
});
