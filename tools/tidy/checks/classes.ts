import ts from "typescript";
import { walk } from "../syntax.ts";
import type { Source, Workspace } from "../workspace.ts";

const allSources = (workspace: Workspace): Source[] => workspace.packages.flatMap(({ sources }) => sources);

/** No decorators: to lower one, the bundler turns every private field of its class into a map, twenty times as slow. */
export const decorators = (workspace: Workspace): string[] =>
  allSources(workspace).flatMap((source) => {
    const found: string[] = [];
    walk(source.tree, (node) => {
      if (ts.isDecorator(node)) found.push(`${source.at(node)} is a decorator`);
    });
    return found;
  });

/** No subclass of a class that has leaves: what it overrides would be no leaf, and run without a gate. */
export function subclasses(workspace: Workspace): string[] {
  const sources = allSources(workspace);
  const owners = new Set(sources.flatMap(ownersOfLeaves));
  return sources.flatMap((source) => {
    const found: string[] = [];
    walk(source.tree, (node) => {
      if (!ts.isClassLike(node)) return;
      for (const { expression } of heritage(node)) {
        if (ts.isIdentifier(expression) && owners.has(expression.text)) found.push(`${source.at(node)} extends ${expression.text}, which has leaves`);
      }
    });
    return found;
  });
}

const heritage = (node: ts.ClassLikeDeclaration): ts.ExpressionWithTypeArguments[] =>
  (node.heritageClauses ?? []).filter(({ token }) => token === ts.SyntaxKind.ExtendsKeyword).flatMap(({ types }) => [...types]);

/** The classes named in calls `leaves(Class, "prefix", { … })`. */
export function ownersOfLeaves(source: Source): string[] {
  const owners: string[] = [];
  walk(source.tree, (node) => {
    if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression) || node.expression.text !== "leaves") return;
    const [owner] = node.arguments;
    if (owner !== undefined && ts.isIdentifier(owner)) owners.push(owner.text);
  });
  return owners;
}
