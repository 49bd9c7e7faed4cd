import ts from "typescript";
import type { Source } from "./workspace.ts";

/** An import or re-export, static or dynamic. */
export interface Import {
  /** What stands between the quotes. */
  readonly specifier: string;
  /** The names taken, as the other file calls them; empty if all or none are. */
  readonly names: readonly string[];
  readonly node: ts.Node;
}

/** Calls `visit` for each node below `node`, parents first. A node for which it returns false is not looked into. */
export function walk(node: ts.Node, visit: (node: ts.Node) => unknown): void {
  ts.forEachChild(node, (child) => {
    if (visit(child) !== false) walk(child, visit);
  });
}

export function importsOf({ tree }: Source): Import[] {
  const imports: Import[] = [];
  walk(tree, (node) => {
    const found = importOf(node);
    if (found !== undefined) imports.push(found);
  });
  return imports;
}

function importOf(node: ts.Node): Import | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const bindings = node.importClause?.namedBindings;
    return { specifier: node.moduleSpecifier.text, names: bindings !== undefined && ts.isNamedImports(bindings) ? namesOf(bindings.elements) : [], node };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
    const clause = node.exportClause;
    return { specifier: node.moduleSpecifier.text, names: clause !== undefined && ts.isNamedExports(clause) ? namesOf(clause.elements) : [], node };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    return argument !== undefined && ts.isStringLiteral(argument) ? { specifier: argument.text, names: [], node } : undefined;
  }
  return undefined;
}

const namesOf = (elements: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[]): string[] =>
  elements.map(({ name, propertyName }) => (propertyName ?? name).text);

/** "@zeropfn/xarray" for "@zeropfn/xarray/conformance"; undefined for what is no package: relative paths and node: modules. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith(".") || specifier.startsWith("node:")) return undefined;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** The names that a file declares anywhere: variables, parameters, functions, classes, imports. */
export function declaredNames({ tree }: Source): Set<string> {
  const names = new Set<string>();
  walk(tree, (node) => {
    const isDeclaration =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isImportSpecifier(node);
    if (isDeclaration && node.name !== undefined && ts.isIdentifier(node.name)) names.add(node.name.text);
  });
  return names;
}

/** The names that `src/index.ts` re-exports. */
export const exportedNames = ({ tree }: Source): string[] =>
  tree.statements.flatMap((statement) =>
    ts.isExportDeclaration(statement) && statement.exportClause !== undefined && ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements.map(({ name }) => name.text)
      : [],
  );
