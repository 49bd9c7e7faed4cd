import { join } from "node:path";
import { expect, test } from "vitest";
import { checks } from "./checks.ts";
import { readWorkspace } from "./workspace.ts";

const workspace = readWorkspace(join(import.meta.dirname, "..", ".."));

test.each(Object.entries(checks))("%s", (_, check) => {
  expect(check(workspace)).toEqual([]);
});
