import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installPacked } from "./install.ts";

const root = join(import.meta.dirname, "..", "..");
const guide = readFileSync(join(root, "docs", "guides", "write-a-scenario.md"), "utf8");
/** The TypeScript blocks of the guide, in order. */
const blocks = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);

/** What the guide tells a stranger to write, in an empty folder with the packed packages. */
describe("the guide to scenarios, followed in an empty folder", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "zeropfn-guide-"));
    installPacked("zeropfn", folder);
    symlinkSync(join(root, "node_modules", "vitest"), join(folder, "node_modules", "vitest"));
    const [scenario, tests] = blocks as [string, string];
    const [config, test] = tests.split("// hole.test.ts\n") as [string, string];
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "stranger", private: true, type: "module" }));
    writeFileSync(join(folder, "hole.ts"), scenario);
    writeFileSync(join(folder, "vitest.config.ts"), config);
    writeFileSync(join(folder, "hole.test.ts"), test);
    writeFileSync(
      join(folder, "broken.test.ts"),
      test.replace("expect(hole)", 'expect({ ...hole, options: { ...hole.options, override: { "mmu.unmapMappingRange": () => {} } } })'),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (...args: string[]): string => {
    try {
      return execFileSync(process.execPath, args, {
        cwd: folder,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, NO_COLOR: "1", VITEST: undefined, NODE_OPTIONS: "" },
      });
    } catch (error) {
      const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
      return `FAILED ${stdout}${stderr}`;
    }
  };

  test("its scenario is settled by a program of one's own, under the explore condition", () => {
    writeFileSync(
      join(folder, "settle.ts"),
      'import { printVerdicts, settleScenario } from "@zeropfn/explore";\nimport hole from "./hole.ts";\nconsole.log(printVerdicts([settleScenario(hole)]));\n',
    );
    expect(run("--conditions=explore", "--import", import.meta.resolve("tsx"), "settle.ts")).toMatch(
      /^mine-1 +SAFE within: 2 threads, 2 CPUs, SC; [\d,]+ states[\s\S]*all as expected\n$/,
    );
    expect(run("--import", import.meta.resolve("tsx"), "settle.ts")).toMatch(/EXPLORE_ORDINARY_BUILD/);
  });
  test("its scenario is settled by the command", () => {
    const command = join("node_modules", "zeropfn", "bin", "zeropfn.js");
    expect(run(command, "settle", "./hole.ts")).toMatch(/^mine-1 +SAFE within: 2 threads, 2 CPUs, SC; [\d,]+ states[\s\S]*all as expected\n$/);
    expect(run(command, "stacks")).toMatch(/^dax-cache-page /);
  });
  test("its matcher passes, and fails with the schedule where the scenario does not come out as it says", () => {
    const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
    expect(run(vitest, "run", "hole.test.ts")).toMatch(/1 passed/);
    expect(run(vitest, "run", "broken.test.ts")).toMatch(/^FAILED[\s\S]*mine-1 +UNSAFE \(expected SAFE\)[\s\S]*step +A +B +effect/);
  });
});
