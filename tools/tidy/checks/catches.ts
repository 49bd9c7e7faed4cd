import ts from "typescript";
import { walk } from "../syntax.ts";
import { isMechanism, isShipped, type Source, type Workspace } from "../workspace.ts";

/**
 * Every `catch` on the floors of mechanisms rethrows what it does not know: an explorer suspends a thread by throwing, and
 * a catch that swallows the suspension ends the thread in the middle. So do `return`, `break` and `continue` in `finally`.
 */
export const catches = (workspace: Workspace): string[] =>
  workspace.packages.filter(isMechanism).flatMap(({ sources }) => sources.filter(isShipped).flatMap(complaints));

function complaints(source: Source): string[] {
  const found: string[] = [];
  walk(source.tree, (node) => {
    if (ts.isCatchClause(node) && !rethrows(node)) found.push(`${source.at(node)} catches and does not rethrow what it does not know`);
    if (ts.isTryStatement(node) && node.finallyBlock !== undefined && leaves(node.finallyBlock)) found.push(`${source.at(node.finallyBlock)} leaves a finally`);
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === "catch") {
      found.push(`${source.at(node)} catches a rejection: mechanisms are synchronous`);
    }
  });
  return found;
}

/** True if the block, and no function in it, throws the very thing that was caught. */
function rethrows({ variableDeclaration, block }: ts.CatchClause): boolean {
  if (variableDeclaration === undefined || !ts.isIdentifier(variableDeclaration.name)) return false;
  const { text } = variableDeclaration.name;
  return contains(block, (node) => ts.isThrowStatement(node) && ts.isIdentifier(node.expression) && node.expression.text === text);
}

const leaves = (block: ts.Block): boolean =>
  contains(block, (node) => ts.isReturnStatement(node) || ts.isBreakOrContinueStatement(node) || ts.isThrowStatement(node));

function contains(block: ts.Block, isIt: (node: ts.Node) => boolean): boolean {
  let isFound = false;
  walk(block, (node) => {
    if (ts.isFunctionLike(node)) return false;
    isFound ||= isIt(node);
  });
  return isFound;
}
