import type { Instance } from "./instance.ts";
import type { Move } from "./search.ts";
import type { Position } from "./world.ts";

/**
 * The same violation with fewer context switches: blocks of steps of one thread are drawn together where the schedule
 * still comes to it, and steps that it does not need are left out. Greedy, so not proved minimal.
 */
export function commuted(instance: Instance, start: Position, moves: readonly Move[], message: string): readonly Move[] {
  let best = shortened(instance, start, moves, message) ?? moves;
  for (let isBetter = true; isBetter; ) {
    isBetter = false;
    for (const candidate of [...joinedBlocks(best), ...withoutBlocks(best)]) {
      const shorter = shortened(instance, start, candidate, message);
      if (shorter === undefined || !isSmaller(shorter, best)) continue;
      best = shorter;
      isBetter = true;
      break;
    }
  }
  return best;
}

/** `moves` up to the step at which the violation shows. Undefined if it does not, or if a step is not possible. */
function shortened(instance: Instance, start: Position, moves: readonly Move[], message: string): readonly Move[] | undefined {
  const { world } = instance;
  world.restore(start);
  for (const [at, { actor, choices }] of moves.entries()) {
    if (actor >= world.actorCount || !world.isEnabled(actor)) return undefined;
    world.step(actor, choices);
    const found = world.failure?.message ?? instance.complaint()?.message;
    if (found === message) return moves.slice(0, at + 1);
    if (found !== undefined) return undefined;
  }
  return undefined;
}

const switchesOf = (moves: readonly Move[]): number => moves.filter(({ actor }, at) => at > 0 && actor !== moves[at - 1]!.actor).length;
const isSmaller = (a: readonly Move[], b: readonly Move[]): boolean => switchesOf(a) < switchesOf(b) || (switchesOf(a) === switchesOf(b) && a.length < b.length);

function blocksOf(moves: readonly Move[]): Move[][] {
  const blocks: Move[][] = [];
  for (const move of moves) {
    const last = blocks.at(-1);
    if (last?.[0]?.actor === move.actor) last.push(move);
    else blocks.push([move]);
  }
  return blocks;
}
/** Each block moved to the block of its thread before it, or after it. */
function joinedBlocks(moves: readonly Move[]): Move[][] {
  const blocks = blocksOf(moves), candidates: Move[][] = [];
  for (let at = 0; at < blocks.length; at++) {
    for (let other = at + 1; other < blocks.length; other++) {
      if (blocks[other]![0]!.actor !== blocks[at]![0]!.actor) continue;
      const [first, between, second] = [blocks[at]!, blocks.slice(at + 1, other).flat(), blocks[other]!];
      const before = blocks.slice(0, at).flat(), after = blocks.slice(other + 1).flat();
      candidates.push([...before, ...first, ...second, ...between, ...after], [...before, ...between, ...first, ...second, ...after]);
      break;
    }
  }
  return candidates;
}
const withoutBlocks = (moves: readonly Move[]): Move[][] => blocksOf(moves).map((_, at, blocks) => blocks.toSpliced(at, 1).flat());
