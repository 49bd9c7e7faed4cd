/** Where two values part: the path in them, and what is there on each side. `undefined` on a side: nothing is there. */
export interface Difference {
  /** "" for the whole, or "[1].VmFlags". */
  readonly path: string;
  readonly recorded: unknown;
  readonly ours: unknown;
}

/** The first difference between two values of JSON, or undefined. Numbers, texts and keys must be the same; the order of keys need not. */
export function firstDifference(recorded: unknown, ours: unknown): Difference | undefined {
  if (recorded === ours) return undefined; // -0 is 0: JSON knows one
  if (!isContainer(recorded) || !isContainer(ours) || Array.isArray(recorded) !== Array.isArray(ours)) return { path: "", recorded, ours };
  if (Array.isArray(recorded) && Array.isArray(ours)) return firstItemThatDiffers(recorded, ours);
  for (const key of new Set([...Object.keys(recorded), ...Object.keys(ours)])) {
    const inside = firstDifference(recorded[key], ours[key]);
    if (inside !== undefined) return { ...inside, path: `.${key}${inside.path}` };
  }
  return undefined;
}

function firstItemThatDiffers(recorded: readonly unknown[], ours: readonly unknown[]): Difference | undefined {
  for (let at = 0; at < Math.max(recorded.length, ours.length); at++) {
    const inside = firstDifference(recorded[at], ours[at]);
    if (inside !== undefined) return { ...inside, path: `[${at}]${inside.path}` };
  }
  return undefined;
}

const isContainer = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null;
