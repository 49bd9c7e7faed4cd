import { parseArgs } from "node:util";
import { mistakeIn, writePackage } from "./new-package.ts";

const USAGE = "usage: npm run new-package -- NAME [--floor 0…5] [--depends state,units] [--leaves]";

/** What a command says, and its exit code: 2 for what the user got wrong. */
export interface Outcome {
  readonly lines: readonly string[];
  readonly exitCode: 0 | 2;
}

/** Writes the package that `args` ask for into the repository at `root`. */
export function newPackage(root: string, args: string[]): Outcome {
  const mistake = (line: string): Outcome => ({ lines: [line, USAGE], exitCode: 2 });
  const { values, positionals, wrong } = parsed(args);
  if (wrong !== undefined) return mistake(wrong);
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) return mistake(`expected one name, not ${positionals.length}`);
  const asked = { name, floor: Number(values.floor ?? 2), dependencies: values.depends?.split(",") ?? ["state", "units"], hasLeaves: values.leaves ?? false };
  const found = mistakeIn(root, asked);
  if (found !== undefined) return mistake(found);
  const next = ["next: npm install (so that others find it)", `      npx nx test @zeropfn/${name}`, "      docs/ARCHITECTURE.md: say what it owns"];
  return { lines: [...writePackage(root, asked), ...next], exitCode: 0 };
}

interface Parsed {
  readonly values: { readonly floor?: string; readonly depends?: string; readonly leaves?: boolean };
  readonly positionals: readonly string[];
  readonly wrong?: string;
}

function parsed(args: string[]): Parsed {
  try {
    return parseArgs({ args, options: { floor: { type: "string" }, depends: { type: "string" }, leaves: { type: "boolean" } }, allowPositionals: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { values: {}, positionals: [], wrong: error.message };
  }
}
