import type { Edge, StateGraph } from "./state-graph.ts";

/** An infinite run without progress that is fair to every thread: a way in, and a way around. */
export interface Livelock {
  readonly stem: readonly Edge[];
  readonly cycle: readonly Edge[];
  /** States of the component in which the run stays. */
  readonly stateCount: number;
}

/**
 * Finds a livelock under weak fairness: an actor that can step for ever from some moment on steps again and again.
 *
 * Such a run stays in one strongly connected component of the graph without progress edges in the end. A component
 * holds one if every actor that is enabled in all its states also steps in it; then the run that takes all its edges
 * in turn is fair. If an actor is enabled in all states of a component and never steps in it, no part of it is fair.
 */
export function findLivelock(graph: StateGraph, actorCount: number): Livelock | undefined {
  const outgoing = graph.outgoing(({ isProgress }) => !isProgress);
  for (const component of components(outgoing)) {
    const members = new Set(component);
    const inner = component.flatMap((state) => outgoing[state]!.filter(({ to }) => members.has(to)));
    if (inner.length === 0 || component.every((state) => graph.isAtEnd[state])) continue;
    if (!isFair(graph, component, inner, actorCount)) continue;
    return lasso(graph, members, inner);
  }
  return undefined;
}

function isFair(graph: StateGraph, component: readonly number[], inner: readonly Edge[], actorCount: number): boolean {
  const alwaysEnabled = component.reduce((actors, state) => actors & graph.enabled[state]!, 2 ** actorCount - 1);
  const stepping = inner.reduce((actors, { actor }) => actors | (1 << actor), 0);
  return (alwaysEnabled & ~stepping) === 0;
}

/** A way from the first state into `members`, and a way around in it with a step of each actor that has one. */
function lasso(graph: StateGraph, members: ReadonlySet<number>, inner: readonly Edge[]): Livelock {
  const all = graph.outgoing(() => true);
  const stem = way(all, 0, (state) => members.has(state));
  const entry = stem.at(-1)?.to ?? 0;
  const kept = new Set(inner);
  const within = graph.outgoing((edge) => kept.has(edge));
  const cycle: Edge[] = [];
  let at = entry;
  for (const actor of new Set(inner.map((edge) => edge.actor))) {
    const wanted = (state: number): Edge | undefined => within[state]!.find((edge) => edge.actor === actor);
    cycle.push(...way(within, at, (state) => wanted(state) !== undefined));
    const edge = wanted(cycle.at(-1)?.to ?? at)!;
    cycle.push(edge);
    at = edge.to;
  }
  cycle.push(...way(within, at, (state) => state === entry));
  return { stem, cycle, stateCount: members.size };
}

/** The shortest way from `start` to a state that is `wanted`, which can be reached. */
function way(outgoing: readonly (readonly Edge[])[], start: number, wanted: (state: number) => boolean): Edge[] {
  const cameBy = new Map<number, Edge | undefined>([[start, undefined]]);
  for (const state of cameBy.keys()) {
    if (wanted(state)) return wayBack(cameBy, state);
    for (const edge of outgoing[state]!) if (!cameBy.has(edge.to)) cameBy.set(edge.to, edge);
  }
  return [];
}
function wayBack(cameBy: ReadonlyMap<number, Edge | undefined>, state: number): Edge[] {
  const edges: Edge[] = [];
  for (let edge = cameBy.get(state); edge !== undefined; edge = cameBy.get(edge.from)) edges.unshift(edge);
  return edges;
}

/** Tarjan's strongly connected components, without recursion: graphs are deeper than the stack. */
function components(outgoing: readonly (readonly Edge[])[]): number[][] {
  const found: number[][] = [];
  const index = new Int32Array(outgoing.length).fill(-1), low = new Int32Array(outgoing.length);
  const isOpen = new Uint8Array(outgoing.length), open: number[] = [];
  let visited = 0;
  const enter = (state: number, path: { state: number; edge: number }[]): void => {
    index[state] = low[state] = visited++;
    isOpen[state] = 1;
    open.push(state);
    path.push({ state, edge: 0 });
  };
  for (let root = 0; root < outgoing.length; root++) {
    if (index[root] !== -1) continue;
    const path: { state: number; edge: number }[] = [];
    enter(root, path);
    while (path.length > 0) {
      const top = path.at(-1)!, { state } = top;
      const edge = outgoing[state]![top.edge++];
      if (edge !== undefined) {
        if (index[edge.to] === -1) enter(edge.to, path);
        else if (isOpen[edge.to] === 1) low[state] = Math.min(low[state]!, index[edge.to]!);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) low[parent.state] = Math.min(low[parent.state]!, low[state]!);
      if (low[state] === index[state]) found.push(closeComponent(open, isOpen, state));
    }
  }
  return found;
}
function closeComponent(open: number[], isOpen: Uint8Array, root: number): number[] {
  const component: number[] = [];
  for (;;) {
    const state = open.pop()!;
    isOpen[state] = 0;
    component.push(state);
    if (state === root) return component;
  }
}
