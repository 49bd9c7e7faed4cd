import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { assembleContentModule, contentModuleText } from "./assemble.ts";
import { MODULE_FILE, moduleFileText } from "./module-file.ts";

test("the module that folio carries is the one that its source assembles to", async () => {
  expect(moduleFileText(await assembleContentModule())).toBe(readFileSync(MODULE_FILE, "utf8"));
});

test("the module touches nothing but the memory that it is given", () => {
  expect(contentModuleText().match(/\(import[^)]*\)/g)).toEqual(['(import "page" "bytes" (memory 1)']);
  expect(contentModuleText()).not.toContain("memory.grow");
});
