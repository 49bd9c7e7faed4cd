import ts from "typescript";
import { walk } from "../tidy/syntax.ts";
import type { Source } from "../tidy/workspace.ts";

/** One thing of ours, and the thing of the kernel that it stands for. */
export interface Citation {
  /** "PageTables.lock", or "pteIsDirty". */
  readonly ours: string;
  /** "pte_lockptr(), spin_lock()". */
  readonly kernel: string;
  /** "include/linux/mm.h", and whatever else stands before the version; empty if the tag names no file. */
  readonly file: string;
  /** "v6.12"; empty if the tag names none. */
  readonly version: string;
  /** How it takes part in exploration; undefined if it is no leaf. */
  readonly leaf: Leaf | undefined;
}

export interface Leaf {
  /** "pte.lock". */
  readonly name: string;
  /** The condition as it is written: "!tables.isLocked(slot)"; empty if it waits for nothing. */
  readonly waitsUntil: string;
  readonly isSilent: boolean;
}

/** The citations of one file, in its order. */
export function citationsOf(source: Source): Citation[] {
  const leaves = leavesOf(source);
  const citations: Citation[] = [];
  walk(source.tree, (node) => {
    const ours = nameOf(node);
    if (ours === undefined) return;
    for (const tag of kernelTags(node)) citations.push({ ours, ...parsed(tag), leaf: leaves.get(ours) });
  });
  return citations;
}

function nameOf(node: ts.Node): string | undefined {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations.map(({ name }) => name.getText()).join(", ");
  if (ts.isClassElement(node) || ts.isTypeElement(node)) {
    const { parent, name } = node as { parent: { name?: ts.Identifier }; name?: ts.PropertyName };
    const member = ts.isConstructorDeclaration(node) ? "constructor" : name?.getText();
    return member === undefined ? undefined : `${parent.name?.text ?? ""}.${member}`;
  }
  const isNamed = ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
  return isNamed ? node.name?.text : undefined;
}

/** The texts behind `@kernel` in the comment of `node`, also where two tags share a line. */
function kernelTags(node: ts.Node): string[] {
  const comments = (node as { jsDoc?: readonly ts.JSDoc[] }).jsDoc ?? [];
  return comments.flatMap((comment) => {
    const text = comment.getText().replaceAll(/^\/\*\*|\*\/$|^\s*\* ?/gm, " ");
    return [...text.matchAll(/@kernel\s+(.*?)(?=\s@[a-z]|$)/gs)].map(([, tag]) => tag!.replaceAll(/\s+/g, " ").trim());
  });
}

/** "xa_find() — lib/xarray.c, v6.12", taken apart. Of a longer text the first such part counts. */
function parsed(tag: string): Pick<Citation, "kernel" | "file" | "version"> {
  const [kernel, ...rest] = tag.split(" — ");
  const [, file, version] = /^(.*?),? (v\d[\d.]*\d)/.exec(rest.join(" — ")) ?? [undefined, rest.join(" — "), ""];
  return { kernel: kernel!, file: file!, version: version! };
}

/** What the tables `leaves(Class, "package/prefix", { … })` of a file say, by "Class.method". */
function leavesOf(source: Source): Map<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  walk(source.tree, (node) => {
    if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression) || node.expression.text !== "leaves") return;
    const [owner, prefix, table] = node.arguments;
    if (owner === undefined || prefix === undefined || table === undefined || !ts.isStringLiteral(prefix) || !ts.isObjectLiteralExpression(table)) return;
    for (const property of table.properties) {
      if (!ts.isPropertyAssignment(property)) continue;
      const method = property.name.getText();
      leaves.set(`${owner.getText()}.${method}`, { name: `${prefix.text.split("/")[1]}.${method}`, ...optionsOf(property.initializer) });
    }
  });
  return leaves;
}

function optionsOf(options: ts.Expression): Pick<Leaf, "waitsUntil" | "isSilent"> {
  const option = (name: string): ts.Expression | undefined =>
    ts.isObjectLiteralExpression(options)
      ? options.properties.filter(ts.isPropertyAssignment).find((property) => property.name.getText() === name)?.initializer
      : undefined;
  const when = option("when");
  return {
    waitsUntil: when === undefined ? "" : (ts.isArrowFunction(when) ? when.body : when).getText().replaceAll(/\s+/g, " "),
    isSilent: option("silent") !== undefined,
  };
}
