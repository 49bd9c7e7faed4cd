import { readdirSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { projectsOf } from "./vitest.preset.ts";

const packages = join(import.meta.dirname, "packages");

/** All tests of all packages, and of the tools, in one run. */
export default defineConfig({
  test: {
    projects: [
      ...readdirSync(packages).flatMap((name) => projectsOf(name, join(packages, name))),
      { root: join(import.meta.dirname, "tools"), test: { name: "tools", include: ["**/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000 } },
    ],
  },
});
