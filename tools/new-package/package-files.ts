/** What is asked of a new package. */
export interface NewPackage {
  /** In kebab-case: "page-cache". */
  readonly name: string;
  /** Its floor: 0 … 5. */
  readonly floor: number;
  /** Folders of the packages below it that it builds on: "state", "xarray". */
  readonly dependencies: readonly string[];
  /** Whether it has leaves, and so an explore build. A package with leaves depends on state. */
  readonly hasLeaves: boolean;
}

type Files = Readonly<Record<string, string>>;

/** The files of a package, by their paths in its folder: enough to build, to test and to read. */
export function packageFiles(asked: NewPackage): Files {
  const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
  return {
    "package.json": json(manifestOf(asked)),
    "tsconfig.json": json({ extends: "../../tsconfig.base.json", compilerOptions: { rootDir: "." }, include: ["src", "conformance", "../../build.d.ts"] }),
    "tsup.config.ts": asked.hasLeaves ? TSUP.replaceAll("oneBuild", "twoBuilds") : TSUP,
    "vitest.config.ts": `import { packageTests } from "../../vitest.preset.ts";\n\nexport default packageTests("${asked.name}", import.meta.dirname);\n`,
    "README.md": readmeOf(asked),
    "src/index.ts": `export { ${className(asked)} } from "./${asked.name}.ts";\n`,
    [`src/${asked.name}.ts`]: asked.hasLeaves ? ownerOfColumns(asked) : plainClass(asked),
    [`test/${asked.name}.test.ts`]: testOf(asked),
  };
}

const TSUP = 'import { oneBuild } from "../../tsup.preset.ts";\n\nexport default oneBuild();\n';

/** "PageCache" for page-cache. */
const className = ({ name }: NewPackage): string => name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

function manifestOf({ name, floor, dependencies, hasLeaves }: NewPackage): object {
  const main = { types: "./dist/index.d.ts", ...(hasLeaves ? { explore: "./dist/explore/index.js" } : {}), default: "./dist/index.js" };
  return {
    name: `@zeropfn/${name}`,
    version: "0.0.0",
    description: `What ${name} models, in one line`,
    type: "module",
    license: "MIT",
    sideEffects: false,
    engines: { node: "^20.19.0 || ^22.13.0 || >=24" },
    files: ["dist"],
    exports: {
      ".": main,
      ...(hasLeaves ? { "./explore": { types: "./dist/index.d.ts", default: "./dist/explore/index.js" } } : {}),
      "./package.json": "./package.json",
    },
    main: "./dist/index.js",
    types: "./dist/index.d.ts",
    scripts: { build: "tsup", test: "vitest run", check: "publint --strict && attw --pack . --profile esm-only" },
    nx: { tags: [`floor:${floor}`] },
    ...(dependencies.length > 0 ? { dependencies: Object.fromEntries(dependencies.map((each) => [`@zeropfn/${each}`, "0.0.0"])) } : {}),
  };
}

const ownerOfColumns = (asked: NewPackage): string => `import { type ColumnAllocator, leaves } from "@zeropfn/state";

export interface ${className(asked)}Options {
  /** Rows there may be: integer ≥ 1. */
  readonly capacity: number;
}

/** What it is, in one sentence. */
export class ${className(asked)} {
  static {
    if (__EXPLORE__) leaves(${className(asked)}, "${asked.name}/rows", { take: {} });
  }
  readonly #used: Uint8Array;

  constructor(columns: ColumnAllocator, { capacity }: ${className(asked)}Options) {
    this.#used = columns.u8("${asked.name}.used", capacity);
  }

  /** Takes the first free row. @returns The row: 0 … capacity-1; -1 if all are taken. */
  take(): number {
    const row = this.#used.indexOf(0);
    if (row >= 0) this.#used[row] = 1;
    return row;
  }
}
`;

const plainClass = (asked: NewPackage): string => `/** What it is, in one sentence. */
export class ${className(asked)} {
  #used = 0;

  /** Takes the next row. @returns The row: 0, 1, 2, … */
  take(): number {
    return this.#used++;
  }
}
`;

const making = (asked: NewPackage): string => (asked.hasLeaves ? `new ${className(asked)}(reservedColumns(), { capacity: 8 })` : `new ${className(asked)}()`);
const importOfState = ({ hasLeaves }: NewPackage): string => (hasLeaves ? 'import { reservedColumns } from "@zeropfn/state";\n' : "");

const testOf = (asked: NewPackage): string => `${importOfState(asked)}import { expect, test } from "vitest";
import { ${className(asked)} } from "../src/index.ts";

test("rows are taken one after the other", () => {
  const rows = ${making(asked)};
  expect([rows.take(), rows.take()]).toEqual([0, 1]);
});
`;

const readmeOf = (asked: NewPackage): string => `# @zeropfn/${asked.name}

What it models, and of which kernel version.

\`\`\`ts
import { ${className(asked)} } from "@zeropfn/${asked.name}";
${importOfState(asked)}
const rows = ${making(asked)};
console.log(rows.take(), rows.take()); // 0 1
\`\`\`

## Memory layout

One row for each …

## Seams

None yet.

## Limits

What it does not model.
`;
