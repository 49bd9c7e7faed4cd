import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closureOf, installPacked } from "./install.ts";

describe("dax-pmem, packed and installed into an empty folder", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "zeropfn-packed-"));
    installPacked("dax-pmem", folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const node = (...args: string[]): string =>
    execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();

  test("brings state, units, xarray and folio, and no sibling", () => {
    expect(readdirSync(join(folder, "node_modules", "@zeropfn")).sort()).toEqual(["dax-pmem", "folio", "state", "units", "xarray"]);
    expect(readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(["@zeropfn"]);
  });
  test("is imported, and required by those who still do", () => {
    const program = "p.daxPfn(p.daxEntry(7, p.DAX_ZERO_PAGE))";
    expect(node("--input-type=module", "-e", `import * as p from "@zeropfn/dax-pmem"; console.log(${program});`)).toBe("7");
    expect(node("-e", `const p = require("@zeropfn/dax-pmem"); console.log(${program});`)).toBe("7");
  });
  test("is the ordinary build by name, and the explore build by subpath or condition", () => {
    const kind = 'import { EXPLORE as here } from "@zeropfn/state"; import { EXPLORE as there } from "@zeropfn/state/explore"; console.log(here, there);';
    expect(node("--input-type=module", "-e", kind)).toBe("false true");
    expect(node("--conditions=explore", "--input-type=module", "-e", kind)).toBe("true true");
  });
  test("has the suites for its seams", () => {
    expect(node("--input-type=module", "-e", 'import * as c from "@zeropfn/dax-pmem/conformance"; console.log(Object.keys(c).sort().join(" "));')).toBe(
      "daxEntryLockConformance daxHolePolicyConformance daxMapperConformance",
    );
  });
});

test("what a package brings is what lies under it", () => {
  expect(closureOf("units")).toEqual(["units"]);
  expect(closureOf("xarray").sort()).toEqual(["state", "xarray"]);
  expect(closureOf("pte-mmu").sort()).toEqual(["folio", "pte-mmu", "state", "units"]);
  expect(closureOf("fs-extents").sort()).toEqual(["fs-extents", "state", "units"]);
});
