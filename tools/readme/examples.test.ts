import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isEmpty, readWorkspace } from "../tidy/workspace.ts";
import { expectedLines, firstExample, missingLine } from "./example.ts";

const root = join(import.meta.dirname, "..", "..");
/** Inside the repository, so that the packages are found by their names, as published. */
const folder = join(root, "node_modules", ".zeropfn-readme-examples");

const examples = readWorkspace(root)
  .packages.filter((each) => !isEmpty(each) && existsSync(join(root, each.folder, "README.md")))
  .flatMap((each) => {
    const text = firstExample(readFileSync(join(root, each.folder, "README.md"), "utf8"));
    return text === undefined ? [] : [{ name: each.name, text, file: join(folder, `${each.folder.replace("packages/", "")}.mts`) }];
  });

const runnable = (file: string): string => file.replace(/\.mts$/, ".mjs");

/** What the compiler says of all examples, by file. */
const complaints = new Map<string, string[]>();

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  for (const { file, text } of examples) {
    writeFileSync(file, text);
    writeFileSync(runnable(file), ts.transpile(text, { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true }));
  }
  const program = ts.createProgram({
    rootNames: examples.map(({ file }) => file),
    options: {
      target: ts.ScriptTarget.ES2023,
      lib: ["lib.es2023.d.ts"],
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: ["node"],
      typeRoots: [join(root, "node_modules", "@types")],
    },
  });
  for (const { file, messageText } of ts.getPreEmitDiagnostics(program)) {
    const name = file?.fileName ?? "";
    complaints.set(name, [...(complaints.get(name) ?? []), ts.flattenDiagnosticMessageText(messageText, "\n")]);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(examples)("the example of $name", ({ file, text }) => {
  test("compiles", () => {
    expect(complaints.get(file) ?? []).toEqual([]);
  });

  test("runs, and prints what its comments say", () => {
    const printed = execFileSync(process.execPath, [runnable(file)], { cwd: root, encoding: "utf8" }).split("\n");
    expect([missingLine(expectedLines(text), printed), printed]).toEqual([undefined, printed]);
  });
});

describe("reading examples", () => {
  test("the first ts block counts, whatever comes before and after it", () => {
    expect(firstExample("# a\n```sh\nx\n```\n```ts\none();\n```\n```ts\ntwo();\n```\n")).toBe("one();\n");
    expect(firstExample("# a\n```js\nx\n```\n")).toBeUndefined();
  });

  test("what is missing or out of order is found; blanks and remarks do not matter", () => {
    const printed = ["1", "[ { a: 2 } ]", "3", ""];
    expect(missingLine(["1", "[{ a: 2 }]", "3: three"], printed)).toBeUndefined();
    expect(missingLine(["1", "3"], printed)).toBeUndefined();
    expect(missingLine(["3", "1"], printed)).toBe("1");
    expect(missingLine(["4"], printed)).toBe("4");
    expect(missingLine(["33"], printed)).toBe("33");
  });

  test("a line that prints may say what", () => {
    expect(expectedLines('const a = 1; // no print\nconsole.log(a); // 1\nconsole.log("b");\nconsole.log(c()); // 2 3\n')).toEqual(["1", "2 3"]);
  });
});
