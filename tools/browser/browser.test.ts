import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { build } from "vite";
import { expect, onTestFinished, test } from "vitest";
import { faults, grown } from "./program.ts";

const CHROMIUM = "/usr/bin/chromium";
const isMissing = !existsSync(CHROMIUM);
/** Where the browser was to be installed, its absence is no excuse. */
const isRequired = process.env.ZEROPFN_CLIENTS === "required";

if (isMissing && !isRequired) console.log(`skipped: the packages in a browser. ${CHROMIUM} is missing`);

/** The program and all packages under it, as one script that defines `program`. */
async function bundle(): Promise<string> {
  const entry = join(import.meta.dirname, "program.ts");
  const result = await build({ configFile: false, logLevel: "silent", build: { write: false, lib: { entry, name: "program", formats: ["iife"] } } });
  const [{ output }] = result as unknown as [{ output: { type: string; code: string }[] }];
  expect(output.map(({ type }) => type)).toEqual(["chunk"]);
  return output[0]!.code;
}

test("in Node the program does what it should", () => {
  expect(faults()).toMatchObject([
    { stack: "dax-cache-page", letters: "FX.", loaded: [0, 0, 7, -11], framesInUse: 1, content: ["simd", true, expect.any(Number)] },
    { stack: "dax-zero-page", letters: "ZX.", loaded: [0, 0, 7, -11], framesInUse: 0, content: ["simd", true, expect.any(Number)] },
  ]);
  expect(grown()).toEqual([1, 5000, 0]);
});

test.skipIf(isMissing && !isRequired)("in a browser the packages do the same as in Node, and ask it for nothing but WebAssembly", async () => {
  const args = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  const browser = await chromium.launch({ executablePath: CHROMIUM, args });
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  const errors: Error[] = [];
  page.on("pageerror", (error) => errors.push(error));
  await page.setContent("<!doctype html><title>zeropfn</title>");
  await page.addScriptTag({ content: await bundle() });
  expect(await page.evaluate("[program.faults(), program.grown()]")).toEqual([faults(), grown()]);
  expect(errors).toEqual([]);
});
