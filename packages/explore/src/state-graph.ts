/** One transition of a search. */
export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly actor: number;
  readonly choices: readonly number[];
  readonly isProgress: boolean;
}

/** All states and transitions of a search, for questions about infinite runs. States are numbers from 0. */
export class StateGraph {
  readonly edges: Edge[] = [];
  /** For each state, a bit for each actor that can step there. */
  readonly enabled: number[] = [];
  /** For each state: all threads that are not daemons have ended. */
  readonly isAtEnd: boolean[] = [];

  addState(state: number, enabled: number, isAtEnd: boolean): void {
    this.enabled[state] = enabled;
    this.isAtEnd[state] = isAtEnd;
  }

  /** The edges that leave each state, those that `isKept`. */
  outgoing(isKept: (edge: Edge) => boolean): Edge[][] {
    const outgoing: Edge[][] = this.enabled.map(() => []);
    for (const edge of this.edges) if (isKept(edge)) outgoing[edge.from]!.push(edge);
    return outgoing;
  }
}
