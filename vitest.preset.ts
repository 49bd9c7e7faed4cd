import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type ViteUserConfig } from "vitest/config";

type Projects = NonNullable<NonNullable<ViteUserConfig["test"]>["projects"]>;

const movingColumns = join(import.meta.dirname, "tools/test-setup/moving-columns.ts");

/** A package without columns has none that could move, and its tests run where `state` is not built. */
function hasColumns(root: string): boolean {
  const { name, dependencies = {} } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { name: string; dependencies?: Record<string, string> };
  return name === "@zeropfn/state" || "@zeropfn/state" in dependencies;
}

/**
 * The three ways in which the tests of a package run:
 * - `fast`: the ordinary build of its siblings;
 * - `moving`: the same tests while every pool that may grow replaces its columns at every operation;
 * - `explore`: `*.explore.test.ts`, on explore builds. In vitest 4 only `ssr.resolve.conditions` chooses them.
 */
export function projectsOf(name: string, root: string): Projects {
  // Nothing tests time: a machine that is busy is slow.
  const patient = { testTimeout: 60_000, hookTimeout: 60_000 };
  const everyday = { ...patient, include: ["test/**/*.test.ts"], exclude: ["test/**/*.explore.test.ts"] };
  return [
    { root, define: { __EXPLORE__: "false" }, test: { name: `${name}:fast`, ...everyday } },
    ...(hasColumns(root) ? [{ root, define: { __EXPLORE__: "false" }, test: { name: `${name}:moving`, ...everyday, setupFiles: [movingColumns] } }] : []),
    {
      root,
      define: { __EXPLORE__: "true" },
      ssr: { resolve: { conditions: ["explore", "module", "node", "development|production"] } },
      test: { ...patient, name: `${name}:explore`, include: ["test/**/*.explore.test.ts"] },
    },
  ];
}

/** The configuration of one package: `vitest run` in its folder. */
export const packageTests = (name: string, root: string): ViteUserConfig => defineConfig({ test: { projects: projectsOf(name, root), passWithNoTests: true } });
