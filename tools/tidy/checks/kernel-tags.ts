import ts from "typescript";
import type { Workspace } from "../workspace.ts";

/** The numbers in a `layout.ts` came from the kernel and say from where, or how they differ. Sentinels (`NO_BLOCK`) are ours. */
export const kernelTags = (workspace: Workspace): string[] =>
  workspace.packages
    .flatMap(({ sources }) => sources.filter(({ path }) => path.endsWith("/src/layout.ts")))
    .flatMap((source) =>
      source.tree.statements
        .filter((statement) => ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
        .filter((statement) => !ts.getJSDocTags(statement).some(({ tagName }) => tagName.text === "kernel" || tagName.text === "differs"))
        .filter((statement) => !/^export const NO_/.test(statement.getText(source.tree)))
        .map((statement) => `${source.at(statement)} has no @kernel and no @differs`),
    );
