import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Options } from "tsup";
import { fasterNames } from "./tools/builds/faster-names.ts";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

// Not `import.meta.dirname`: tsup bundles this file into the config of a package, and keeps only `import.meta.url` true.
const packagesFolder = fileURLToPath(new URL("packages", import.meta.url));

interface Manifest {
  readonly exports: Record<string, unknown>;
}

const manifestOf = (folder: string): Manifest => JSON.parse(readFileSync(join(packagesFolder, folder, "package.json"), "utf8")) as Manifest;

/** `@zeropfn/xarray` names its explore build `@zeropfn/xarray/explore`; a package without leaves has only one. */
function exploreName(path: string): string {
  const [, folder, subpath] = /^@zeropfn\/([^/]+)(\/.+)?$/.exec(path) ?? [];
  if (folder === undefined || subpath !== undefined || !existsSync(join(packagesFolder, folder, "package.json"))) return path;
  return "./explore" in manifestOf(folder).exports ? `${path}/explore` : path;
}

/**
 * Sibling packages stay imports. In the explore build they name the sibling's explore build, so that the two kinds
 * never meet. `sideEffects: false` lets esbuild drop an import that only the other build uses.
 * tsup marks dependencies external before plugins are asked, hence `noExternal` below.
 */
const siblings = (rename: (path: string) => string): Plugin => ({
  name: "siblings",
  setup(build) {
    build.onResolve({ filter: /^@zeropfn\// }, ({ path }) => ({ path: rename(path), external: true, sideEffects: false }));
  },
});

const common: Options = {
  format: "esm",
  target: "es2022",
  platform: "neutral",
  sourcemap: true,
  splitting: true,
  external: [/^node:/],
  noExternal: [/^@zeropfn\//],
  // Folds `if (__EXPLORE__)` away: names and lines stay readable.
  esbuildOptions(options) {
    options.minifySyntax = true;
  },
};

const declarations: Options["dts"] = {
  compilerOptions: { composite: false, incremental: false, declarationMap: false, rootDir: ".", ignoreDeprecations: "6.0" },
};

/** `src/index.ts`, and `conformance/index.ts` where a package publishes suites for its seams. */
function entries(): Record<string, string> {
  return existsSync("conformance/index.ts") ? { index: "src/index.ts", conformance: "conformance/index.ts" } : { index: "src/index.ts" };
}

/** The build that runs: every leaf is a plain method. */
const ordinary = (options: Options): Options => ({
  ...common,
  entry: entries(),
  dts: declarations,
  outDir: "dist",
  define: { __EXPLORE__: "false" },
  esbuildPlugins: [fasterNames(packagesFolder), siblings((path) => path)],
  ...options,
});

/** The build that is explored. The declarations of the other serve both. */
const explored = (options: Options): Options => ({
  ...ordinary(options),
  dts: false,
  outDir: "dist/explore",
  define: { __EXPLORE__: "true" },
  esbuildPlugins: [fasterNames(packagesFolder), siblings(exploreName)],
});

/**
 * Away with what was built before: chunks are named after their content, so old ones would stay and be published.
 * Here and not by the option `clean`, with which either of two builds may delete what the other has just written.
 */
const clean = (): void => rmSync("dist", { recursive: true, force: true });

/** One build, for packages without leaves. */
export function oneBuild(options: Options = {}): ReturnType<typeof defineConfig> {
  clean();
  return defineConfig(ordinary(options));
}

/** Two builds of one source: the gates compiled away, and the gates compiled in. */
export function twoBuilds(options: Options = {}): ReturnType<typeof defineConfig> {
  clean();
  return defineConfig([ordinary(options), explored(options)]);
}
