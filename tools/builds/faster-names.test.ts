import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { readWorkspace } from "../tidy/workspace.ts";
import { siblingsIn, withoutOwnConstants, withoutSiblingsConstants, withProperties } from "./faster-names.ts";

const root = join(import.meta.dirname, "..", "..");
const { packages } = readWorkspace(root);

const filesIn = (folder: string, ends: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ends))
    .map((name) => join(root, folder, name));

/** The words of a program in order, its comments left out. */
function words(name: string, source: string): { readonly kind: ts.SyntaxKind; readonly text: string }[] {
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true);
  const found: { kind: ts.SyntaxKind; text: string }[] = [];
  const visit = (node: ts.Node): void => {
    if (node.getChildCount(file) === 0) found.push({ kind: node.kind, text: node.getText(file) });
    for (const child of node.getChildren(file)) if (child.kind < ts.SyntaxKind.FirstJSDocNode || child.kind > ts.SyntaxKind.LastJSDocNode) visit(child);
  };
  visit(file);
  return found;
}

describe.each(packages)("$name", ({ folder }) => {
  test("has private names nowhere in what is built", () => {
    const left = filesIn(`${folder}/dist`, ".js").flatMap((path) =>
      words(path, readFileSync(path, "utf8")).filter(({ kind }) => kind === ts.SyntaxKind.PrivateIdentifier),
    );
    expect(left.map(({ text }) => text)).toEqual([]);
  });
  test("has the same words without private names, texts and patterns among them", () => {
    for (const path of filesIn(`${folder}/src`, ".ts")) {
      const source = readFileSync(path, "utf8");
      const asProperties = words(path, source).map(({ kind, text }) =>
        kind === ts.SyntaxKind.PrivateIdentifier ? { kind: ts.SyntaxKind.Identifier, text: `_${text.slice(1)}` } : { kind, text },
      );
      expect(words(path, withProperties(source)), path).toEqual(asProperties);
      const taken = [...source.matchAll(/\._([a-z]\w*)/g)].map(([, name = ""]) => name);
      expect(
        taken.filter((name) => source.includes(`#${name}`)),
        `${path}: properties that private names would meet`,
      ).toEqual([]);
    }
  });
});

/** Whose source runs without an explore build. */
const withoutExplorer = packages.filter(({ name }) => name !== "@zeropfn/explore");

test.each(withoutExplorer)("$name exports the numbers that its source does", async ({ folder }) => {
  (globalThis as { __EXPLORE__?: boolean }).__EXPLORE__ = false;
  const numbersOf = async (path: string): Promise<unknown[]> =>
    Object.entries((await import(path)) as Record<string, unknown>)
      .filter(([, value]) => typeof value === "number")
      .sort();
  expect(await numbersOf(join(root, folder, "dist/index.js"))).toEqual(await numbersOf(join(root, folder, "src/index.ts")));
});

describe("the constants of a module", () => {
  const source = [
    "/** Of the file. */",
    "export const PAGE = 0x1000;",
    "const TWO: number = 2 * PAGE;",
    'export const NAME = "PAGE = 1;";',
    "const LATER = later(PAGE);",
    "const OTHER = 1 << IMPORTED;",
    "export const use = () => PAGE + TWO;",
  ].join("\n");
  const { source: rest, constants } = withoutOwnConstants("x/src/x.ts", source);
  test("are those that follow from numbers alone", () => {
    expect(constants).toBe("export const PAGE = 0x1000;\nexport const TWO = 2 * PAGE;\n");
  });
  test("leave the other lines where they were", () => {
    expect(rest.split("\n").slice(0, 7)).toEqual(source.split("\n").map((line, at) => (at === 1 || at === 2 ? "" : line)));
  });
  test("are imported, and exported again if they were", () => {
    expect(rest.split("\n")[7]).toBe('import { PAGE, TWO } from "constants of x/src/x.ts"; export { PAGE };');
  });
});

describe("the constants of siblings", () => {
  const source = 'import { type Access, READ as R, faultIsError, WRITE } from "@zeropfn/units";\nimport {\n  a,\n  NONE,\n} from "@zeropfn/folio";\nlast();';
  const changed = withoutSiblingsConstants(source, (name) => new Set(name === "@zeropfn/units" ? ["READ", "WRITE"] : ["NONE"]));
  test("are asked of the siblings that are imported", () => {
    expect(siblingsIn(source)).toEqual(["@zeropfn/units", "@zeropfn/folio"]);
  });
  test("come from modules of their own, under the names they had", () => {
    expect(changed.split("\n")[0]).toBe(
      'import { type Access, faultIsError} from "@zeropfn/units"; import { READ as R, WRITE } from "constants of @zeropfn/units";',
    );
  });
  test("leave the other lines where they were", () => {
    expect(changed.split("\n").length).toBe(source.split("\n").length);
    expect(changed.split("\n").at(-1)).toBe("last();");
  });
});
