/**
 * Which nodes are in use: a bit for each, and above it a bit for each word that is full. The lowest free node is handed
 * out, so that a tree built in order lies in order, and what is freed is filled before new memory is touched: a list that
 * hands out the node freed last scatters the tree over all that was ever used.
 */
export interface UsedNodes {
  /** Bit n % 32 of word n / 32: node n is in use. */
  used: Uint32Array;
  /** Bit w % 32 of word w / 32: word w of `used` is full. */
  full: Uint32Array;
  /** [0] no word of `full` before this one has a 0 bit. */
  readonly firstFree: Uint32Array;
}

const ALL = 0xffff_ffff;

/** Position of the lowest 0 bit of `word`, which is not full. */
const lowestZero = (word: number): number => 31 - Math.clz32(~word & (word + 1));

/** Takes the lowest free node. There is one, and it is below the number of nodes in use. */
export function takeLowest({ used, full, firstFree }: UsedNodes): number {
  let at = firstFree[0]!;
  while (full[at] === ALL) at++;
  firstFree[0] = at;
  const word = at * 32 + lowestZero(full[at]!);
  const bit = lowestZero(used[word]!);
  const now = (used[word]! | (1 << bit)) >>> 0;
  used[word] = now;
  if (now === ALL) full[at] = full[at]! | (1 << (word & 31));
  return word * 32 + bit;
}

export function giveBack({ used, full, firstFree }: UsedNodes, node: number): void {
  const word = node >>> 5;
  if (word >>> 5 < firstFree[0]!) firstFree[0] = word >>> 5;
  used[word] = used[word]! & ~(1 << (node & 31));
  full[word >>> 5] = full[word >>> 5]! & ~(1 << (word & 31));
}

export const isUsed = ({ used }: UsedNodes, node: number): boolean => ((used[node >>> 5]! >>> (node & 31)) & 1) === 1;
