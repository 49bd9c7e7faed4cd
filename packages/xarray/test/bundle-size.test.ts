import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { join } from "node:path";
import { expect, test } from "vitest";

/** With everything exported and with what it needs of `@zeropfn/state`. */
const GOAL_BYTES = 8 * 1024;

test("All of the package is small, minified and packed", async () => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "../src/index.ts")], bundle: true, minify: true, write: false, format: "esm", target: "es2022",
    define: { __EXPLORE__: "false" }, logLevel: "silent",
  });
  const [file] = outputFiles, packed = gzipSync(file!.contents, { level: 9 }).length;
  console.log(`@zeropfn/xarray: ${file!.contents.length} bytes minified, ${packed} with gzip, goal ${GOAL_BYTES}: ${packed < GOAL_BYTES ? "met" : "MISSED"}`);
  expect(packed).toBeLessThan(2 * GOAL_BYTES);
});
