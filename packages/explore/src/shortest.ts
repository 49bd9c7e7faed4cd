import type { Instance } from "./instance.ts";
import type { Move } from "./search.ts";
import { nextChoices } from "./search.ts";
import { SeenStates } from "./seen-states.ts";
import type { Position, World } from "./world.ts";

/** A schedule that ends in a complaint. */
export interface Counterexample {
  readonly moves: readonly Move[];
  readonly switches: number;
  readonly why: string;
  /** No schedule has fewer switches, nor fewer steps with as many: the search proved it. */
  readonly isMinimal: boolean;
}

export interface ShortestOptions {
  /** What is looked for. */
  readonly wanted: "failure" | "deadlock";
  /** Actors that may step. Default: all. */
  readonly actors?: readonly number[];
  /** Positions kept before the search gives up. Default 300,000. */
  readonly maximumPositions?: number;
}

interface Node {
  readonly position: Position;
  readonly move: Move | null;
  readonly parent: Node | null;
  /** The thread that stepped last; draining a store buffer is no switch. */
  readonly last: number;
  /** What the step to it came to, if it failed: then `position` is the one before it. */
  readonly failure: string | undefined;
}

/**
 * The schedule with the fewest context switches, and of those the fewest steps. Layer after layer of equally many
 * switches; within a layer, state after state by steps. A state counts once for each thread that may go on without a switch.
 * @returns Undefined if there is none, or none within `maximumPositions`.
 */
export function shortestSchedule(instance: Instance, { wanted, actors, maximumPositions = 300_000 }: ShortestOptions): Counterexample | undefined {
  const { world } = instance;
  const allowed = actors ?? Array.from({ length: world.actorCount }, (_, actor) => actor);
  const seen = new SeenStates();
  let layer: Node[][] = [[{ position: world.save(), move: null, parent: null, last: -1, failure: undefined }]], positions = 1;
  for (let switches = 0; layer.length > 0; switches++) {
    const nextLayer: Node[][] = [], queued = new SeenStates(), queuedNext = new SeenStates();
    for (let steps = 0; steps < layer.length; steps++) {
      for (const node of layer[steps] ?? []) {
        world.restore(node.position);
        if (node.failure === undefined && !isFirst(seen, world, node.last)) continue;
        const why = complaintAt(instance, node, wanted);
        if (why !== undefined) return { moves: movesTo(node), switches, why, isMinimal: true };
        if (node.failure !== undefined) continue;
        for (const { child, isSwitch } of children(world, node, allowed, queued, queuedNext)) {
          if (++positions > maximumPositions) return undefined;
          const target = isSwitch ? nextLayer : layer;
          (target[steps + 1] ??= []).push(child);
        }
      }
      delete layer[steps];
    }
    layer = nextLayer;
  }
  return undefined;
}

/** One search after another with a thread less, as long as the schedule has no more switches for it. */
export function withFewestThreads(instance: Instance, found: Counterexample): Counterexample {
  const { world } = instance, threadCount = world.threads.length;
  const start = world.save();
  let best = found;
  for (let dropped = 0; dropped < threadCount; dropped++) {
    const kept = new Set(best.moves.map(({ actor }) => actor % threadCount));
    if (!kept.delete(dropped) || kept.size === 0) continue;
    const actors = Array.from({ length: world.actorCount }, (_, actor) => actor).filter((actor) => kept.has(actor % threadCount));
    world.restore(start);
    const smaller = shortestSchedule(instance, { wanted: "failure", actors });
    if (smaller !== undefined && smaller.switches <= best.switches) best = smaller;
  }
  world.restore(start);
  return best;
}

/** True if the state now was not met before with the same thread to go on. */
function isFirst(seen: SeenStates, { fingerprint }: World, last: number): boolean {
  seen.add(fingerprint.laneA, fingerprint.laneB ^ Math.imul(last + 2, 0x27d4eb2d));
  return seen.isNew;
}

function complaintAt(instance: Instance, { failure }: Node, wanted: ShortestOptions["wanted"]): string | undefined {
  if (wanted === "deadlock") return failure === undefined && isDeadlocked(instance.world) ? instance.world.waiting() : undefined;
  return failure ?? instance.complaint()?.message;
}
function isDeadlocked(world: World): boolean {
  if (world.isAtEnd) return false;
  for (let actor = 0; actor < world.actorCount; actor++) if (world.isEnabled(actor)) return false;
  return true;
}

/** Where one step leads to, but for states that steps of this layer led to before: those were fewer. */
function children(world: World, node: Node, actors: readonly number[], queued: SeenStates, queuedNext: SeenStates): { readonly child: Node; readonly isSwitch: boolean }[] {
  const found: { readonly child: Node; readonly isSwitch: boolean }[] = [];
  for (const actor of actors) {
    if (!world.isEnabled(actor)) continue;
    const isThread = actor < world.threads.length;
    const last = isThread ? actor : node.last, isSwitch = isThread && node.last !== -1 && node.last !== actor;
    for (let choices: readonly number[] | null = []; choices !== null; ) {
      world.step(actor, choices);
      const failure = world.failure?.message;
      if (failure !== undefined || isFirst(isSwitch ? queuedNext : queued, world, last)) {
        const position = failure === undefined ? world.save() : node.position;
        found.push({ child: { position, move: { actor, choices }, parent: node, last, failure }, isSwitch });
      }
      choices = world.choiceCounts.length === 0 ? null : nextChoices(choices, world.choiceCounts);
      world.back();
    }
  }
  return found;
}

function movesTo(node: Node): Move[] {
  const moves: Move[] = [];
  for (let at: Node | null = node; at !== null; at = at.parent) if (at.move !== null) moves.unshift(at.move);
  return moves;
}
