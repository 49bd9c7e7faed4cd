import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";

/** What the checks read of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly nx?: { readonly tags?: readonly string[] };
}

/** A TypeScript or JavaScript file, parsed when it is first asked for. */
export class Source {
  /** From the root: "packages/xarray/src/node.ts". */
  readonly path: string;
  /** The folder of the package that it lies in, first: "src", "conformance", "test", "bench", "bin"; "" beside them. */
  readonly area: string;
  readonly #absolute: string;
  #tree: ts.SourceFile | undefined;

  constructor(root: string, path: string, area: string) {
    this.path = path;
    this.area = area;
    this.#absolute = join(root, path);
  }

  get tree(): ts.SourceFile {
    this.#tree ??= ts.createSourceFile(this.path, readFileSync(this.#absolute, "utf8"), ts.ScriptTarget.ES2023, true);
    return this.#tree;
  }

  /** "packages/xarray/src/node.ts:12", where `node` begins. */
  at(node: ts.Node): string {
    return `${this.path}:${lineOf(this, node.getStart(this.tree))}`;
  }
}

const lineOf = (source: Source, position: number): number => source.tree.getLineAndCharacterOfPosition(position).line + 1;

export interface Package {
  /** "@zeropfn/xarray". */
  readonly name: string;
  /** From the root: "packages/xarray". */
  readonly folder: string;
  /** From the Nx tag `floor:1`; undefined if there is none. */
  readonly floor: number | undefined;
  readonly manifest: Manifest;
  readonly sources: readonly Source[];
}

/** The repository, as far as the checks look at it. */
export interface Workspace {
  readonly root: string;
  readonly manifest: Manifest;
  readonly packages: readonly Package[];
  /** The files of tools/, and the presets at the root. */
  readonly tools: readonly Source[];
  /** All files that people write, from the root, whatever they are. */
  readonly files: readonly string[];
}

const GENERATED: ReadonlySet<string> = new Set(["node_modules", "dist", ".nx", ".git", "coverage", "docs/reference", ".vitest-report.json"]);

/** The floors that hold mechanisms: they run anywhere, and what they do depends on nothing but their arguments. */
export const isMechanism = ({ floor }: Package): boolean => floor !== undefined && floor <= 3;

/** What a package ships, as against what tries it out. */
export const isShipped = ({ area }: Source): boolean => area === "src" || area === "conformance";

/** A package whose index exports nothing: there is nothing in it to check yet. */
export function isEmpty({ folder, sources }: Package): boolean {
  const index = sources.find(({ path }) => path === `${folder}/src/index.ts`);
  return index?.tree.statements.every((statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier === undefined) ?? false;
}

export const readText = ({ root }: Workspace, path: string): string => readFileSync(join(root, path), "utf8");

export function readWorkspace(root: string): Workspace {
  const files = filesUnder(root, root);
  const manifest = (folder: string): Manifest => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Manifest;
  const folders = existsSync(join(root, "packages")) ? readdirSync(join(root, "packages")).map((name) => `packages/${name}`) : [];
  return {
    root,
    manifest: manifest("."),
    packages: folders.filter((folder) => files.includes(`${folder}/package.json`)).map((folder) => readPackage(root, folder, manifest(folder), files)),
    tools: files.filter((file) => isCode(file) && (file.startsWith("tools/") || !file.includes("/"))).map((file) => new Source(root, file, "tools")),
    files,
  };
}

function readPackage(root: string, folder: string, manifest: Manifest, files: readonly string[]): Package {
  const floors = (manifest.nx?.tags ?? []).flatMap((tag) => /^floor:(\d)$/.exec(tag)?.[1] ?? []);
  const own = files.filter((file) => isCode(file) && file.startsWith(`${folder}/`));
  const area = (file: string): string => (file.split("/").length > 3 ? file.split("/")[2]! : "");
  return {
    name: manifest.name,
    folder,
    floor: floors.length === 1 ? Number(floors[0]) : undefined,
    manifest,
    sources: own.map((file) => new Source(root, file, area(file))),
  };
}

const isCode = (file: string): boolean => /\.[cm]?[jt]sx?$/.test(file);

const filesUnder = (root: string, folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (GENERATED.has(entry.name) || GENERATED.has(relative(root, path))) return [];
    if (entry.isDirectory()) return filesUnder(root, path);
    return entry.isFile() ? [relative(root, path)] : [];
  });
