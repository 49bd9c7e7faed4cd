import ts from "typescript";
import { declaredNames, walk } from "../syntax.ts";
import { isMechanism, isShipped, type Source, type Workspace } from "../workspace.ts";

/**
 * What mechanisms may not ask: clocks, chance, the machine they run on. Same arguments, same results.
 * With the reason, or with what to use instead.
 */
const FORBIDDEN: Readonly<Record<string, string>> = {
  Date: "time is an argument",
  performance: "time is an argument",
  "Math.random": "random numbers are an argument",
  crypto: "random numbers are an argument",
  console: "report through a Tracer",
  process: "not in browsers",
  Buffer: "not in browsers: use Uint8Array",
  require: "not in browsers",
  setTimeout: "mechanisms are synchronous",
  setInterval: "mechanisms are synchronous",
  setImmediate: "mechanisms are synchronous",
  queueMicrotask: "mechanisms are synchronous",
  requestAnimationFrame: "mechanisms are synchronous",
  fetch: "mechanisms are synchronous",
  Worker: "mechanisms have one thread",
  Atomics: "mechanisms have one thread",
  SharedArrayBuffer: "columns are plain ArrayBuffers",
  BigUint64Array: "two Uint32 columns are eight times as fast",
  BigInt64Array: "two Uint32 columns are eight times as fast",
  WeakRef: "when it clears is up to the collector",
  FinalizationRegistry: "when it runs is up to the collector",
  globalThis: "what is found there depends on the process",
  window: "not in Node",
  document: "not in Node",
};

/** Files that need one all the same, and why. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "packages/state/src/gate.ts": ["globalThis"], // one gate for the process, however many copies of the module are loaded
  "packages/state/src/growing-columns.ts": ["globalThis"], // one debug switch, likewise
};

/** On the floors of mechanisms nothing asks the outside world. */
export const strayGlobals = (workspace: Workspace): string[] =>
  workspace.packages.filter(isMechanism).flatMap(({ sources }) => sources.filter(isShipped).flatMap(complaints));

function complaints(source: Source): string[] {
  const declared = declaredNames(source);
  const allowed = ALLOWED[source.path] ?? [];
  const found: string[] = [];
  walk(source.tree, (node) => {
    if (ts.isTypeNode(node)) return false;
    const name = globalName(node);
    if (name === undefined || !Object.hasOwn(FORBIDDEN, name) || declared.has(name) || allowed.includes(name)) return;
    found.push(`${source.at(node)} uses ${name}: ${FORBIDDEN[name]}`);
  });
  return found;
}

/** "Math.random" or "Date", where `node` reads such a thing; undefined where a name only looks like one. */
function globalName(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) return `${node.expression.text}.${node.name.text}`;
  if (!ts.isIdentifier(node)) return undefined;
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return undefined;
  const isName = (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertyDeclaration(parent)) && parent.name === node;
  const isSignature = (ts.isPropertySignature(parent) || ts.isMethodSignature(parent) || ts.isAccessor(parent)) && parent.name === node;
  return isName || isSignature ? undefined : node.text;
}
