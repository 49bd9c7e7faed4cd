import { describe, expect, test } from "vitest";
import { catches } from "./checks/catches.ts";
import { decorators, subclasses } from "./checks/classes.ts";
import { deadFiles } from "./checks/dead-files.ts";
import { floors } from "./checks/floors.ts";
import { functionLength } from "./checks/function-length.ts";
import { emptyPackages, indexFiles } from "./checks/index-files.ts";
import { linked, links, listed } from "./checks/links.ts";
import { lockFile } from "./checks/lock-file.ts";
import { readmes } from "./checks/readmes.ts";
import { scenarios } from "./checks/scenarios.ts";
import { strayGlobals } from "./checks/stray-globals.ts";
import { fixture, manifest } from "./fixture.ts";

/** Each check sees what breaks its rule, and lets pass what comes close. */

/** A mechanism of one file. */
const mechanism = (text: string) => fixture({ "packages/a/package.json": manifest("a", 2), "packages/a/src/a.ts": text });

describe("imports point down", () => {
  const siblings = {
    "packages/low/package.json": manifest("low", 0),
    "packages/peer/package.json": manifest("peer", 1),
    "packages/high/package.json": manifest("high", 2),
  };
  const onFloor1 = (files: Record<string, string>, more: object = {}) =>
    floors(fixture({ ...siblings, "packages/a/package.json": manifest("a", 1, { dependencies: { "@zeropfn/low": "0" }, ...more }), ...files }));

  test("a lower floor may be imported, once the manifest names it", () => {
    expect(onFloor1({ "packages/a/src/a.ts": 'import { x } from "@zeropfn/low";\nimport { y } from "./y.ts";' })).toEqual([]);
    expect(onFloor1({ "packages/a/src/a.ts": 'import { x } from "@zeropfn/low";' }, { dependencies: {} })).toEqual([
      "packages/a/src/a.ts:1 imports @zeropfn/low, which its package.json does not name",
    ]);
  });

  test.each(["peer", "high"])("what is shipped may not import %s, in no form of import", (name) => {
    const lines = [`import "@zeropfn/${name}";`, `export { x } from "@zeropfn/${name}/conformance";`, `await import("@zeropfn/${name}");`];
    const complaints = onFloor1({ "packages/a/conformance/index.ts": lines.join("\n") });
    expect(complaints).toHaveLength(3);
    for (const complaint of complaints) expect(complaint).toContain("which is not below floor 1");
  });

  test("a test may import its own floor, but no higher one", () => {
    const more = { devDependencies: { "@zeropfn/peer": "0", "@zeropfn/high": "0" } };
    expect(onFloor1({ "packages/a/test/a.test.ts": 'import { x } from "@zeropfn/peer";\nimport { y } from "@zeropfn/high";' }, more)).toEqual([
      "packages/a/test/a.test.ts:2 imports @zeropfn/high, which is above floor 1",
    ]);
  });

  test("what is shipped may not import its own package by name, as a test may", () => {
    expect(onFloor1({ "packages/a/conformance/index.ts": 'import { x } from "@zeropfn/a";' })).toHaveLength(1);
    expect(onFloor1({ "packages/a/test/a.test.ts": 'import { x } from "@zeropfn/a";' })).toEqual([]);
  });

  test("a manifest may depend on lower floors of this repository alone", () => {
    expect(onFloor1({}, { dependencies: { "@zeropfn/low": "0", "@zeropfn/peer": "0", lodash: "4" } })).toEqual([
      "packages/a/package.json depends on @zeropfn/peer, which is not below floor 1",
      "packages/a/package.json depends on lodash, from outside the repository",
    ]);
  });

  test("what a mechanism ships imports nothing from outside, while its tests may", () => {
    const text = 'import { readFileSync } from "node:fs";\nimport ini from "ini";';
    expect(onFloor1({ "packages/a/src/a.ts": text })).toHaveLength(2);
    expect(onFloor1({ "packages/a/test/a.test.ts": text })).toEqual([]);
  });

  test("a package without a floor is named", () => {
    expect(floors(fixture({ "packages/a/package.json": { name: "a" } }))).toEqual(["packages/a/package.json: expected one Nx tag floor:0 … floor:5"]);
  });
});

describe("mechanisms ask no clock, no chance and no process", () => {
  test.each(["Date.now()", "new Date()", "performance.now()", "Math.random()", "console.log(1)", "process.env", "globalThis.x", "{ Date }"])(
    "%s is seen",
    (use) => {
      expect(strayGlobals(mechanism(`export const x = ${use};`))).toHaveLength(1);
    },
  );

  test("what only looks like one is not: a property, a key, a type, a name of one's own, a comment", () => {
    const text = [
      "export interface Clock { process(date: Date): void; readonly console: number }",
      "export const f = (clock: Clock, performance: number): number => clock.console + performance + Math.floor(1); // Date.now()",
      "export const g = { process: 1, fetch() {} };",
    ];
    expect(strayGlobals(mechanism(text.join("\n")))).toEqual([]);
  });

  test("above the mechanisms, and in tests, they are allowed", () => {
    const text = "console.log(Date.now());";
    expect(strayGlobals(fixture({ "packages/a/package.json": manifest("a", 4), "packages/a/src/a.ts": text }))).toEqual([]);
    expect(strayGlobals(fixture({ "packages/a/package.json": manifest("a", 1), "packages/a/test/a.test.ts": text }))).toEqual([]);
  });
});

describe("mechanisms rethrow what they do not know", () => {
  test.each([
    "try { f(); } catch { g(); }",
    "try { f(); } catch (error) { g(error); }",
    "try { f(); } catch (error) { throw new Error(); }",
    "try { f(); } catch (error) { h(() => { throw error; }); }",
    "function x() { try { f(); } finally { return 1; } }",
    "promise.catch(f);",
  ])("%s is seen", (text) => {
    expect(catches(mechanism(text))).toHaveLength(1);
  });

  test.each([
    "try { f(); } catch (error) { if (!isOurs(error)) throw error; g(); }",
    "try { f(); } finally { g(); }",
    "function x() { try { f(); } finally { h(() => { return 1; }); } }",
  ])("%s is allowed", (text) => {
    expect(catches(mechanism(text))).toEqual([]);
  });
});

describe("classes", () => {
  test("a decorator is seen, on a class and on a method", () => {
    expect(decorators(mechanism("@frozen class A { @leaf get(): number { return 1; } }"))).toHaveLength(2);
  });

  test("a subclass of a class with leaves is seen, in another package too; other subclasses are allowed", () => {
    const workspace = fixture({
      "packages/a/package.json": manifest("a", 1),
      "packages/a/src/a.ts": 'export class A { static { if (__EXPLORE__) leaves(A, "a/a", {}); } }',
      "packages/b/package.json": manifest("b", 2),
      "packages/b/src/b.ts": "class B extends A {}\nclass MyError extends Error {}\nclass C implements A {}",
    });
    expect(subclasses(workspace)).toEqual(["packages/b/src/b.ts:1 extends A, which has leaves"]);
  });
});

describe("every file is reached from something that runs", () => {
  const tree = {
    "package.json": { name: "fixture", scripts: { go: "tsx tools/go/run.ts" } },
    "packages/a/package.json": manifest("a", 1, { scripts: { replay: "tsx test/replay/run.ts" } }),
    "packages/a/test/replay/run.ts": "",
    "packages/a/src/index.ts": 'export { b } from "./b.ts";',
    "packages/a/src/b.ts": 'new URL("./worker.js", import.meta.url);',
    "packages/a/src/worker.ts": "",
    "packages/a/tsup.config.ts": 'oneBuild({ entry: { more: "src/more.ts" } });',
    "packages/a/src/more.ts": "",
    "packages/a/test/vectors.ts": "",
    "packages/a/test/a.test.ts": 'import "./vectors.ts";',
    "tools/go/run.ts": 'import "./go.ts";',
    "tools/go/go.ts": "",
  };

  test("imports, workers, entries of the bundler, and scripts reach", () => {
    expect(deadFiles(fixture(tree))).toEqual([]);
  });

  test("a file that nothing names is dead, and so is what only it names", () => {
    const dead = deadFiles(
      fixture({ ...tree, "packages/a/src/old.ts": 'import "./older.ts";', "packages/a/src/older.ts": "", "packages/a/test/lost.ts": "", "tools/lost.ts": "" }),
    );
    expect(dead.map((line) => line.split(" ")[0])).toEqual(["packages/a/src/old.ts", "packages/a/src/older.ts", "packages/a/test/lost.ts", "tools/lost.ts"]);
  });
});

describe("the lock file", () => {
  const locked = (packages: object) => lockFile(fixture({ "package-lock.json": { packages } }));
  const complete = {
    "node_modules/@zeropfn/a": { resolved: "packages/a", link: true },
    "node_modules/nx": { optionalDependencies: { "@nx/linux": "1", "@nx/darwin": "1" } },
    "node_modules/@nx/linux": {},
    "node_modules/nx/node_modules/@nx/darwin": {},
  };

  test("passes when it is complete, with links to our own packages", () => {
    expect(locked(complete)).toEqual([]);
  });
  test("an address is seen", () => {
    expect(locked({ "node_modules/x": { resolved: "https://example.org/x.tgz" } })).toHaveLength(1);
  });
  test("a platform that was left out is seen", () => {
    const { "node_modules/@nx/linux": _, ...rest } = complete;
    expect(locked(rest)).toEqual(["package-lock.json: node_modules/nx wants @nx/linux, which has no entry"]);
  });
  test("its absence is seen", () => {
    expect(lockFile(fixture({}))).toHaveLength(1);
  });
});

describe("packages show what they are", () => {
  const full = {
    "packages/a/package.json": manifest("a", 1),
    "packages/a/src/index.ts": 'export { a } from "./a.ts";',
    "packages/a/src/a.ts": "export const a = 1;",
  };

  test("a README with an example passes; none, one without an example, or with one of many lines does not", () => {
    const readme = (text: string) => readmes(fixture({ ...full, "packages/a/README.md": text }));
    expect(readme("# a\n```ts\na();\n```\n")).toEqual([]);
    expect(readme("# a\n```sh\na\n```\n")).toHaveLength(1);
    expect(readme(`# a\n\`\`\`ts\n${"a();\n".repeat(25)}\`\`\`\n`)).toHaveLength(1);
    expect(readmes(fixture(full))).toEqual(["packages/a/README.md is missing"]);
  });

  test.each(['export * from "./a.ts";', "export const a = 1;", 'import "./a.ts";', 'export { a } from "./a.ts";\nconsole.log(1);', "export default 1;"])(
    "the index %s is seen",
    (text) => {
      expect(indexFiles(fixture({ ...full, "packages/a/src/index.ts": text }))).toHaveLength(1);
    },
  );

  test("named re-exports pass, of types as well", () => {
    expect(indexFiles(fixture({ ...full, "packages/a/src/index.ts": 'export { a, type B } from "./a.ts";\nexport type { C } from "./c.ts";' }))).toEqual([]);
  });

  test("a package with nothing in it is seen", () => {
    expect(emptyPackages(fixture({ ...full, "packages/a/src/index.ts": "export {};\n" }))).toEqual(["packages/a/src/index.ts exports nothing"]);
    expect(emptyPackages(fixture(full))).toEqual([]);
  });
});

test("a link to nothing is seen; links to files, to parts of them, and to elsewhere are allowed", () => {
  const text = "[a](a.md) [b](../README.md#b) [c](https://example.org/x) [d](#here) [e](lost.md) [f](../docs)";
  expect(links(fixture({ "README.md": "", "docs/a.md": "", "docs/index.md": text }))).toEqual(["docs/index.md links to docs/lost.md, which is missing"]);
});

test("a page that nothing links to is seen, though it links to itself", () => {
  const text = {
    "README.md": "[a](docs/a.md)",
    "docs/a.md": "[b](b.md#part)",
    "docs/b.md": "",
    "docs/lost.md": "[me](lost.md)",
    "docs/adr/README.md": "",
    "docs/adr/0001.md": "",
  };
  expect(linked(fixture(text))).toEqual(["docs/adr/README.md is linked from nowhere", "docs/lost.md is linked from nowhere"]);
});

test("a package without a row in the first texts is seen", () => {
  const workspace = (row: string) =>
    fixture({ "packages/a/package.json": manifest("a", 1), "README.md": "| 1 | [a](packages/a) | x |\n", "docs/ARCHITECTURE.md": row });
  expect(listed(workspace("| `a` | all |\n"))).toEqual([]);
  expect(listed(workspace("a is `a`\n"))).toEqual(["docs/ARCHITECTURE.md has no row for a"]);
});

test("a scenario that reaches behind the public surface is seen", () => {
  const workspace = fixture({
    "packages/explore/package.json": manifest("explore", 4),
    "packages/explore/src/index.ts": 'export { scenario, type Size } from "./scenario.ts";',
    "packages/explore/src/scenarios/004.ts": [
      'import { scenario, type Size } from "../scenario.ts";',
      'import { daxZeroPage } from "@zeropfn/mm";',
      'import { sizes } from "./sizes.ts";',
      'import { search } from "../search.ts";',
      'import { x } from "@zeropfn/mm/explore";',
      'import { y } from "../../../mm/src/machine.ts";',
      'import { readFileSync } from "node:fs";',
      'import * as all from "../scenario.ts";',
    ].join("\n"),
  });
  expect(scenarios(workspace).map((line) => Number(/:(\d+)/.exec(line)![1]))).toEqual([4, 5, 6, 7, 8]);
});

describe("functions fit a screen", () => {
  const long = (lines: number): string => `function f() {\n${"  g();\n".repeat(lines - 2)}}`;

  test("70 lines pass and 71 do not", () => {
    expect(functionLength(mechanism(long(70)))).toEqual([]);
    expect(functionLength(mechanism(long(71)))).toEqual(["packages/a/src/a.ts:1 is a function of 71 lines, expected at most 70"]);
  });

  test("in a suite of tests the lines of inner functions do not count", () => {
    const suite = (text: string) => functionLength(fixture({ "packages/a/package.json": manifest("a", 1), "packages/a/test/a.test.ts": text }));
    const inner = `test("x", () => {\n${"  g();\n".repeat(40)}});\n`;
    expect(suite(`describe("a", () => {\n${inner}${inner}});`)).toEqual([]);
    expect(suite(`describe("a", () => {\n${"  g();\n".repeat(80)}});`)).toHaveLength(1);
  });
});
