import { gateHolder } from "@zeropfn/state";
import { now } from "./clock.ts";
import type { Failure } from "./control.ts";
import { Instance, withOverriddenLeaves } from "./instance.ts";
import { findLivelock, type Livelock } from "./livelock.ts";
import type { Scenario, Variation } from "./scenario.ts";
import { SeenStates } from "./seen-states.ts";
import { StateGraph } from "./state-graph.ts";
import type { World, WorldOptions } from "./world.ts";

/** One step of a schedule: who steps, and what `choose` answers in it. */
export interface Move {
  readonly actor: number;
  readonly choices: readonly number[];
}

export interface SearchProgress {
  readonly states: number;
  /** States on the way from the first one to the one that is looked at. */
  readonly frontier: number;
  readonly statesPerSecond: number;
}

export interface SearchOptions extends WorldOptions {
  /** How a mutant differs. */
  readonly variation?: Variation;
  /** Threads are tried in the opposite order: the same states must be found. */
  readonly isReversed?: boolean;
  /** Counts failures and deadlocks instead of stopping at the first. */
  readonly countsAll?: boolean;
  readonly looksForLivelock?: boolean;
  readonly maximumStates?: number;
  /** Called now and then. */
  readonly onProgress?: (progress: SearchProgress) => void;
  /** Called once in each distinct state. Reads only. */
  readonly onState?: (instance: Instance) => void;
}

/** How a search ended: all states seen, or what stopped it. */
export type SearchEnd = "exhausted" | "failed" | "deadlock" | "livelock" | "limit";

/** What a search found. */
export interface Found {
  readonly end: SearchEnd;
  /** What stopped it. "" if nothing did. */
  readonly why: string;
  readonly failure: Failure | undefined;
  /** The moves that lead to what stopped it, as they were found: seldom the shortest. */
  readonly path: readonly Move[];
  readonly livelock: Livelock | undefined;
  readonly states: number;
  /** Steps tried from distinct states, each alternative of a choice on its own; failed ones are not counted. */
  readonly transitions: number;
  /** Schedules that these states stand for. Infinity where schedules may be endless. */
  readonly interleavings: number;
  /** Steps of the longest way that was followed. */
  readonly depth: number;
  /** Distinct states in which all threads have ended. */
  readonly ends: number;
  readonly deadlocks: number;
  /** Pairs of a state and a thread whose next step fails. */
  readonly failures: number;
  /** Of all states together: equal for equal sets of states. */
  readonly digest: number;
  readonly slabBytes: number;
  readonly goals: readonly { readonly name: string; readonly isReached: boolean }[];
  readonly packages: readonly string[];
  readonly coarseSteps: readonly string[];
  readonly usedBuffers: boolean;
  readonly threadNames: readonly string[];
  readonly mutants: readonly { readonly name: string; readonly variation: Variation }[];
  readonly images: number;
  readonly hasBoundedImages: boolean;
  readonly milliseconds: number;
}

export const DEFAULT_MAXIMUM_STATES = 5_000_000;
const PROGRESS_EVERY = 1 << 15;

/** Visits every reachable state of a scenario once, depth first. */
export function search(scenario: Scenario, options: SearchOptions = {}): Found {
  return withInstance(scenario, options, (instance) => {
    const start = instance.world.save(), { failure } = instance.world;
    for (;;) {
      const found = new DepthFirst(instance, options).run(failure);
      if (!instance.world.takeLearntTooLate()) return found;
      instance.world.restore(start);
    }
  });
}

/** Runs `action` on a fresh instance of a scenario, or of the mutant that `options.variation` says. */
export function withInstance<Result>(scenario: Scenario, options: SearchOptions, action: (instance: Instance) => Result): Result {
  const variation: Variation = { ...options.variation, override: { ...scenario.options.override, ...options.variation?.override } };
  return withOverriddenLeaves(variation, scenario.hasSeams, (seams) => action(new Instance(scenario, { ...variation, override: seams }, options)));
}

/** A state on the way: what is still to be tried there. */
interface Frame {
  state: number;
  /** Actors tried so far, in the order of the search. */
  tried: number;
  actor: number;
  /** Answers of `choose` in the step that is tried. */
  choices: readonly number[];
  /** Those in the actor's next step; null if all its steps are tried. */
  following: readonly number[] | null;
  interleavings: number;
  isStuck: boolean;
}

const OPEN = -1;

class DepthFirst {
  readonly #instance: Instance;
  readonly #world: World;
  readonly #options: SearchOptions;
  readonly #seen = new SeenStates();
  readonly #frames: Frame[] = [];
  readonly #graph: StateGraph | undefined;
  readonly #isReached: boolean[];
  #depth = 0;
  #deepest = 0;
  /** For each state, the schedules that begin there; OPEN while it is on the way. */
  #interleavings = new Float64Array(1 << 12);
  #transitions = 0;
  #ends = 0;
  #deadlocks = 0;
  #failures = 0;
  #end: SearchEnd = "exhausted";
  #why = "";
  #failure: Failure | undefined;
  #path: readonly Move[] = [];
  #livelock: Livelock | undefined;
  readonly #started = now();

  constructor(instance: Instance, options: SearchOptions) {
    this.#instance = instance;
    this.#world = instance.world;
    this.#options = options;
    this.#graph = (options.looksForLivelock ?? instance.scenario.options.looksForLivelock) ? new StateGraph() : undefined;
    this.#isReached = instance.goals.map(() => false);
  }

  /** @param failure What is wrong before the first step, if anything is. */
  run(failure: Failure | null): Found {
    if (failure !== null) this.#fail(failure);
    else this.#visitAll();
    if (this.#end === "exhausted" && this.#graph !== undefined) this.#lookForLivelock(this.#graph);
    return this.#found();
  }

  #visitAll(): void {
    this.#arrive();
    while (this.#depth > 0 && this.#end === "exhausted" && !this.#world.learntTooLate) {
      const frame = this.#frames[this.#depth - 1]!;
      if (this.#findMove(frame)) this.#try(frame);
      else this.#leave(frame);
    }
  }

  /** Looks at the state now: a new one is checked, and put on the way. Returns the schedules from a known one. */
  #arrive(): number {
    const { laneA, laneB } = this.#world.fingerprint;
    const state = this.#seen.add(laneA, laneB);
    if (!this.#seen.isNew) return this.#known(state);
    this.#isCounted(state);
    if (this.#seen.size % PROGRESS_EVERY === 0) this.#reportProgress();
    this.#checkGoals();
    this.#options.onState?.(this.#instance);
    const complaint = this.#instance.complaint();
    if (complaint !== undefined) this.#fail(complaint);
    this.#push(state);
    return 0;
  }
  #known(state: number): number {
    const count = this.#interleavings[state]!;
    return count === OPEN ? Number.POSITIVE_INFINITY : count;
  }
  #isCounted(state: number): void {
    if (state >= this.#interleavings.length) {
      const counts = new Float64Array(this.#interleavings.length * 2);
      counts.set(this.#interleavings);
      this.#interleavings = counts;
    }
    this.#interleavings[state] = OPEN;
  }
  #checkGoals(): void {
    const { goals } = this.#instance;
    for (let goal = 0; goal < goals.length; goal++) if (!this.#isReached[goal] && goals[goal]!.holds()) this.#isReached[goal] = true;
  }

  #push(state: number): void {
    const frame = (this.#frames[this.#depth] ??= { state: 0, tried: 0, actor: 0, choices: NO_CHOICES, following: null, interleavings: 0, isStuck: true });
    frame.state = state;
    frame.tried = 0;
    frame.following = null;
    frame.interleavings = 0;
    frame.isStuck = true;
    this.#depth++;
    if (this.#depth > this.#deepest) this.#deepest = this.#depth;
    if (this.#graph !== undefined) this.#noteState(this.#graph, state);
    if (this.#seen.size > (this.#options.maximumStates ?? this.#instance.scenario.options.maximumStates ?? DEFAULT_MAXIMUM_STATES)) this.#stop("limit", `more than ${this.#seen.size - 1} states`);
  }
  #noteState(graph: StateGraph, state: number): void {
    let enabled = 0;
    for (let actor = 0; actor < this.#world.actorCount; actor++) if (this.#world.isEnabled(actor)) enabled |= 1 << actor;
    graph.addState(state, enabled, this.#world.isAtEnd);
  }

  /** Finds what to try next in `frame`. False if nothing is left. */
  #findMove(frame: Frame): boolean {
    if (frame.following !== null) {
      frame.choices = frame.following;
      frame.following = null;
      return true;
    }
    const { actorCount } = this.#world;
    while (frame.tried < actorCount) {
      const actor = this.#options.isReversed ? actorCount - 1 - frame.tried : frame.tried;
      frame.tried++;
      if (!this.#world.isEnabled(actor)) continue;
      frame.actor = actor;
      frame.choices = NO_CHOICES;
      frame.isStuck = false;
      return true;
    }
    return false;
  }

  #try(frame: Frame): void {
    const world = this.#world;
    world.step(frame.actor, frame.choices);
    if (world.choiceCounts.length > 0) frame.following = nextChoices(frame.choices, world.choiceCounts);
    if (world.limit !== undefined) this.#stop("limit", world.limit);
    if (world.failure !== null) this.#tookFailingStep(frame, world.failure);
    else {
      this.#transitions++;
      const isProgress = world.madeProgress;
      const count = this.#arrive();
      if (this.#graph !== undefined) this.#noteEdge(this.#graph, frame, isProgress);
      if (!this.#seen.isNew) {
        frame.interleavings += count;
        world.back();
      }
    }
  }
  #tookFailingStep(frame: Frame, failure: Failure): void {
    this.#fail(failure);
    this.#world.back();
    frame.interleavings++;
  }
  #noteEdge(graph: StateGraph, { state, actor, choices }: Frame, isProgress: boolean): void {
    const { laneA, laneB } = this.#world.fingerprint;
    const wasNew = this.#seen.isNew;
    const to = this.#seen.add(laneA, laneB);
    this.#seen.isNew = wasNew;
    graph.edges.push({ from: state, to, actor, choices, isProgress });
  }

  #leave(frame: Frame): void {
    if (frame.isStuck || this.#world.isAtEnd) this.#leaveEnd(frame);
    if (this.#end !== "exhausted") return;
    this.#interleavings[frame.state] = frame.interleavings;
    this.#depth--;
    if (this.#depth === 0) return;
    this.#frames[this.#depth - 1]!.interleavings += frame.interleavings;
    this.#world.back();
  }
  #leaveEnd(frame: Frame): void {
    if (frame.isStuck) frame.interleavings = 1;
    if (this.#world.isAtEnd) this.#ends++;
    else {
      this.#deadlocks++;
      if (!this.#options.countsAll) this.#stop("deadlock", this.#world.waiting());
    }
  }

  #fail(failure: Failure): void {
    if (failure.kind === "limit") return this.#stop("limit", failure.message);
    this.#failures++;
    if (this.#options.countsAll && failure.kind === "check") return;
    this.#failure = failure;
    this.#stop("failed", failure.message);
  }
  #stop(end: SearchEnd, why: string): void {
    if (this.#end !== "exhausted") return;
    this.#end = end;
    this.#why = why;
    const steps = end === "deadlock" ? this.#depth - 1 : this.#depth;
    this.#path = this.#frames.slice(0, steps).map(({ actor, choices }) => ({ actor, choices }));
  }

  #lookForLivelock(graph: StateGraph): void {
    this.#livelock = findLivelock(graph, this.#world.actorCount);
    if (this.#livelock === undefined) return;
    this.#end = "livelock";
    this.#why = `a run that is fair to every thread goes round ${this.#livelock.stateCount} states for ever and makes no progress`;
    this.#path = [...this.#livelock.stem, ...this.#livelock.cycle];
  }

  #reportProgress(): void {
    const seconds = (now() - this.#started) / 1000;
    this.#options.onProgress?.({ states: this.#seen.size, frontier: this.#depth, statesPerSecond: Math.round(this.#seen.size / seconds) });
  }
  #found(): Found {
    const { world, goals, mutants, images, hasBoundedImages } = this.#instance;
    return {
      end: this.#end,
      why: this.#why,
      failure: this.#failure,
      path: this.#path,
      livelock: this.#livelock,
      states: this.#seen.size,
      transitions: this.#transitions,
      interleavings: this.#end === "exhausted" ? this.#interleavings[0]! : Number.NaN,
      depth: this.#deepest - 1,
      ends: this.#ends,
      deadlocks: this.#deadlocks,
      failures: this.#failures,
      digest: this.#seen.digest,
      slabBytes: world.slab.sizeBytes,
      goals: goals.map(({ text }, goal) => ({ name: text, isReached: this.#isReached[goal]! })),
      packages: [...world.reentry.packages],
      coarseSteps: [...new Set([...world.reentry.coarseSteps, ...gateHolder.coarseInside])],
      usedBuffers: world.usedBuffers,
      threadNames: world.threads.map(({ name }) => name),
      mutants,
      images,
      hasBoundedImages,
      milliseconds: now() - this.#started,
    };
  }
}

const NO_CHOICES: readonly number[] = [];

/** The answers after `choices` where each choice had so many alternatives; null after the last. */
export function nextChoices(choices: readonly number[], counts: readonly number[]): readonly number[] | null {
  const following = counts.map((_, nth) => choices[nth] ?? 0);
  for (let nth = counts.length - 1; nth >= 0; nth--) {
    if (following[nth]! + 1 < counts[nth]!) return [...following.slice(0, nth), following[nth]! + 1];
  }
  return null;
}
