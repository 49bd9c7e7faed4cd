import { expect, test } from "vitest";
import { fixture } from "../fixture.ts";
import { words } from "./words.ts";

const complaints = (line: string): string[] => words(fixture({ "docs/a.md": line }));

test.each(["see /work/x", "cd /home/me", "http://localhost:4873/x", "https://registry.example.org/x", "this sess" + "ion", "a help" + "er for it", "utils"])(
  "%s is seen",
  (line) => {
    expect(complaints(line)).toHaveLength(1);
  },
);

test.each(["filename=/root/dax/data", "a network /working day", "import x from node:util", "mm/util.c, v6.18", "https://kernel.org/doc", "obsession"])(
  "%s is allowed",
  (line) => {
    expect(complaints(line)).toEqual([]);
  },
);
