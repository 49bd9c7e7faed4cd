import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { debatePage, debates } from "../src/debates.ts";

/** `UPDATE_PAGES=1 npx vitest run` in this package writes them anew. */
test.each(Object.keys(debates))("the page of debate %s says what the scenarios say today", (seed) => {
  const file = join(import.meta.dirname, "..", "..", "..", "docs", "debates", `${seed}.md`), page = debatePage(seed);
  if (process.env["UPDATE_PAGES"] !== undefined) writeFileSync(file, page);
  expect(readFileSync(file, "utf8")).toBe(page);
}, 60_000);
