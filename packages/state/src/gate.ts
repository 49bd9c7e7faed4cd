import type { LeafOperation, LeafResult } from "./leaves.ts";

/** True in the explore build. For code of others that has leaves of its own: `static { if (EXPLORE) leaves(…); }`. */
export const EXPLORE: boolean = __EXPLORE__;

/** The explorer's side of a leaf call. */
export interface Gate {
  /** Answers a leaf call from the thread's log, performs it, or suspends the thread by throwing. */
  pass(operation: LeafOperation, owner: object, args: unknown[]): LeafResult;
  mark(label: string, live: readonly (number | boolean)[]): void;
}

export interface GateHolder {
  /** Null: nothing is explored, leaves are plain calls. */
  gate: Gate | null;
  /** A leaf is being performed: what it calls runs inline. */
  inLeaf: boolean;
  /** Names of coarse leaves that ran inside other leaves, where nothing can take them apart. The explorer empties it. */
  readonly coarseInside: Set<string>;
  /** All leaves of all loaded explore builds, in the order of loading. */
  readonly operations: LeafOperation[];
}

/** One for the process, however many copies of this module are loaded. In the ordinary build nothing asks it. */
export const gateHolder: GateHolder = __EXPLORE__ ? sharedHolder() : { gate: null, inLeaf: false, coarseInside: new Set(), operations: [] };

function sharedHolder(): GateHolder {
  return ((globalThis as Record<symbol, unknown>)[Symbol.for("zeropfn.gate/1")] ??= { gate: null, inLeaf: false, coarseInside: new Set(), operations: [] }) as GateHolder;
}
