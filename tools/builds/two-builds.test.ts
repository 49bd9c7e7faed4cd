import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readWorkspace } from "../tidy/workspace.ts";

const root = join(import.meta.dirname, "..", "..");
const { packages } = readWorkspace(root);
const withTwoBuilds = packages.filter(({ manifest }) => "./explore" in (manifest.exports ?? {}));

/** All code of a build: its entries, and the chunks that they share. */
function codeOf(folder: string): string {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith(".js"));
  expect(names).toContain("index.js");
  return names.map((name) => readFileSync(join(root, folder, name), "utf8")).join("\n");
}

const importsOf = (code: string): string[] => [...code.matchAll(/\bfrom\s*"([^"]+)"|\bimport\s*\(?\s*"([^"]+)"/g)].map(([, from, bare]) => (from ?? bare)!);

/** What only the explore build has a use for. */
const OF_THE_GATE = /\bleaves\(|\bgateHolder\b|\bzeropfn\.gate\b|\b__EXPLORE__\b|\bgate\.(?:pass|mark)\b/;

/** The explorer is the other side of the gate. */
const withoutExplorer = packages.filter(({ name }) => name !== "@zeropfn/explore");

describe.each(withoutExplorer)("the ordinary build of $name", ({ name, folder, floor }) => {
  test("has no trace of the gate", () => {
    const code = codeOf(`${folder}/dist`);
    // `state` exports the names for outsiders' own leaves. Of their bodies nothing may be left.
    const rest =
      name === "@zeropfn/state"
        ? code.replaceAll(/function leaves\(\w+, \w+, \w+\) \{\s*\}/g, "").replaceAll(/\bgateHolder( = \{ gate: null[^}]*\}|,)/g, "")
        : code;
    expect(rest.split("\n").filter((line) => OF_THE_GATE.test(line))).toEqual([]);
    // The command settles scenarios in its own process, and so imports explore builds by name.
    if (floor !== 5) expect(importsOf(code).filter((path) => path.endsWith("/explore"))).toEqual([]);
  });
});

describe.each(withTwoBuilds)("the explore build of $name", ({ folder }) => {
  test("imports explore builds of its siblings and no others, so that the kinds never meet", () => {
    const hasTwo = (path: string): boolean => withTwoBuilds.some(({ name }) => name === path);
    expect(importsOf(codeOf(`${folder}/dist/explore`)).filter(hasTwo)).toEqual([]);
  });
});

test("the explore builds do have a gate, so the ordinary ones are rightly searched for it", () => {
  const source = (folder: string): string =>
    readdirSync(join(root, folder, "src"))
      .filter((each) => each.endsWith(".ts"))
      .map((each) => readFileSync(join(root, folder, "src", each), "utf8"))
      .join("\n");
  const gated = withTwoBuilds.filter(({ folder }) => existsSync(join(root, folder, "src")) && /if \(__EXPLORE__\)/.test(source(folder)));
  expect(gated.map(({ name }) => name)).toContain("@zeropfn/state");
  for (const { folder } of gated) expect(codeOf(`${folder}/dist/explore`)).toMatch(OF_THE_GATE);
});
