import ts from "typescript";
import { isEmpty, type Workspace } from "../workspace.ts";

/** The whole public surface of a package stands on one screen: `src/index.ts` has named re-exports and nothing else. */
export const indexFiles = (workspace: Workspace): string[] =>
  workspace.packages.flatMap((each) => {
    const index = each.sources.find(({ path }) => path === `${each.folder}/src/index.ts`);
    if (index === undefined) return [`${each.folder}/src/index.ts is missing`];
    if (isEmpty(each)) return [];
    return index.tree.statements.filter((statement) => !isNamedReExport(statement)).map((node) => `${index.at(node)} is not a named re-export`);
  });

/** No package is made before there is something to put into it. */
export const emptyPackages = (workspace: Workspace): string[] =>
  workspace.packages.filter(isEmpty).map(({ folder }) => `${folder}/src/index.ts exports nothing`);

const isNamedReExport = (statement: ts.Statement): boolean =>
  ts.isExportDeclaration(statement) &&
  statement.moduleSpecifier !== undefined &&
  statement.exportClause !== undefined &&
  ts.isNamedExports(statement.exportClause);
