import type { LeafResult } from "@zeropfn/state";

/** Two 32-bit lanes that stand for all that a thread has seen. */
export interface Lanes {
  readonly hashA: number;
  readonly hashB: number;
}

/** `hash`, after `word`. The order of words matters. */
export function mixA(hash: number, word: number): number {
  let h = Math.imul(hash ^ word, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
/** The other lane: what collides in one does not in the other. */
export function mixB(hash: number, word: number): number {
  let h = Math.imul((hash + word) | 0, 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 15), 0x297a2d39);
  return (h ^ (h >>> 14)) + 0x51ed270b;
}

const TRUE_TAG = 0x7b1f, FALSE_TAG = 0x3d29, NOTHING_TAG = 0x1c05, FRACTION_TAG = 0x55aa;
const fraction = new Float64Array(1);
const fractionWords = new Int32Array(fraction.buffer);

/** `lanes`, after a result of a leaf or a value of a mark. Numbers and booleans are told apart. */
export function mixValue(lanes: Lanes, value: LeafResult): Lanes {
  if (typeof value !== "number") return mixWords(lanes, value === true ? TRUE_TAG : value === false ? FALSE_TAG : NOTHING_TAG, 1);
  if (Number.isInteger(value)) return mixWords(mixWords(lanes, value | 0, 2), Math.floor(value / 2 ** 32) | 0, 3);
  fraction[0] = value;
  return mixWords(mixWords(lanes, fractionWords[0]!, FRACTION_TAG), fractionWords[1]!, 4);
}

const mixWords = ({ hashA, hashB }: Lanes, word: number, tag: number): Lanes => ({ hashA: mixA(mixA(hashA, word), tag), hashB: mixB(mixB(hashB, word), tag) });

/** `lanes`, after `text`. */
export function mixText({ hashA, hashB }: Lanes, text: string): Lanes {
  let a = mixA(hashA, text.length), b = mixB(hashB, text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    a = mixA(a, code);
    b = mixB(b, code);
  }
  return { hashA: a, hashB: b };
}
