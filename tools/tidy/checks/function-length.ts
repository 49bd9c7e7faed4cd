import ts from "typescript";
import { walk } from "../syntax.ts";
import type { Source, Workspace } from "../workspace.ts";

const MOST_LINES = 70;

/**
 * A function fits a screen. In suites of tests, where functions hold functions, only a function's own lines count.
 */
export const functionLength = (workspace: Workspace): string[] =>
  [...workspace.packages.flatMap(({ sources }) => sources), ...workspace.tools].flatMap((source) => {
    const isSuite = source.area === "test" || source.area === "conformance" || source.path.endsWith(".test.ts");
    const found: string[] = [];
    walk(source.tree, (node) => {
      if (!ts.isFunctionLike(node)) return;
      const length = lineCount(source, node) - (isSuite ? innerLines(source, node) : 0);
      if (length > MOST_LINES) found.push(`${source.at(node)} is a function of ${length} lines, expected at most ${MOST_LINES}`);
    });
    return found;
  });

function lineCount({ tree }: Source, node: ts.Node): number {
  const line = (position: number): number => tree.getLineAndCharacterOfPosition(position).line;
  return line(node.getEnd()) - line(node.getStart(tree)) + 1;
}

/** The lines of the functions in `node`. */
function innerLines(source: Source, node: ts.Node): number {
  let lines = 0;
  walk(node, (child) => {
    if (!ts.isFunctionLike(child)) return;
    lines += lineCount(source, child);
    return false;
  });
  return lines;
}
