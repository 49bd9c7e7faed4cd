import ts from "typescript";
import type { Workspace } from "../workspace.ts";

/** Every number in a `layout.ts` came from the kernel, and says from where. */
export const kernelTags = (workspace: Workspace): string[] =>
  workspace.packages
    .flatMap(({ sources }) => sources.filter(({ path }) => path.endsWith("/src/layout.ts")))
    .flatMap((source) =>
      source.tree.statements
        .filter((statement) => ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
        .filter((statement) => !ts.getJSDocTags(statement).some(({ tagName }) => tagName.text === "kernel"))
        .map((statement) => `${source.at(statement)} has no @kernel`),
    );
