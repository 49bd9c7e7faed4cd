/** Which indices are in use. `clustered`: runs of 64, one in sixteen. `random`: 31 bits, the radix tree's bad case. */
export type Shape = "dense" | "clustered" | "random";
export const SHAPES: readonly Shape[] = ["dense", "clustered", "random"];

/** A fixed sequence: the same keys in every run. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** `count` different keys in order. */
export function keysOf(shape: Shape, count: number): Int32Array {
  if (shape === "dense") return Int32Array.from({ length: count }, (_, at) => at);
  if (shape === "clustered") return Int32Array.from({ length: count }, (_, at) => Math.floor(at / 64) * 1024 + 480 + (at % 64));
  const random = randomOf(7), keys = new Set<number>();
  while (keys.size < count) keys.add(random(2 ** 31));
  return Int32Array.from(keys).sort();
}

export function shuffled(keys: Int32Array): Int32Array {
  const random = randomOf(11), order = keys.slice();
  for (let at = order.length - 1; at > 0; at--) {
    const other = random(at + 1), key = order[at]!;
    order[at] = order[other]!;
    order[other] = key;
  }
  return order;
}
