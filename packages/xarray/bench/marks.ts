import { XArray } from "@zeropfn/xarray";
import { randomOf } from "./keys.ts";

/** A set of marks over entries 0 … count-1. */
export interface MarkSubject {
  has(index: number): boolean;
  set(index: number): void;
  /** The first marked index from `index` on, or -1. */
  next(index: number): number;
}

function xarrayMarks(count: number): MarkSubject {
  const xa = new XArray();
  for (let index = 0; index < count; index++) xa.store(index, index + 1);
  return { has: (index) => xa.getMark(index, 0), set: (index) => xa.setMark(index, 0), next: (index) => xa.find(index, undefined, 0) };
}

interface Bitmap {
  has(value: number): boolean;
  add(value: number): unknown;
  select(rank: number): number | undefined;
  rank(value: number): number;
}

/** Roaring has no search: the rank of what lies before, then the element of that rank. */
function roaringMarks(Bitmap32: new () => Bitmap): () => MarkSubject {
  return () => {
    const bits = new Bitmap32();
    return {
      has: (index) => bits.has(index),
      set: (index) => void bits.add(index),
      next: (index) => {
        const found = bits.select(index === 0 ? 0 : bits.rank(index - 1));
        return found === undefined || Number.isNaN(found) ? -1 : found;
      },
    };
  };
}

/** The native build if somebody installed it (`npm i --no-save roaring`), and the WebAssembly build. */
export async function markSubjects(): Promise<Record<string, (count: number) => MarkSubject>> {
  const subjects: Record<string, (count: number) => MarkSubject> = { XArray: xarrayMarks };
  const wasm = (await import("roaring-wasm")) as unknown as { RoaringBitmap32: new () => Bitmap; roaringLibraryInitialize?: () => Promise<void> };
  await wasm.roaringLibraryInitialize?.();
  subjects["roaring-wasm"] = roaringMarks(wasm.RoaringBitmap32);
  const name = "roaring";
  const native = await import(name).then((module: { default: { RoaringBitmap32: new () => Bitmap } }) => module.default, () => undefined);
  if (native !== undefined) subjects["roaring (native)"] = roaringMarks(native.RoaringBitmap32);
  return subjects;
}

/** The least time of one operation, over some rounds; `before` is not timed. */
export type Least = (operations: number, act: () => number, before: () => void) => number;

/** ns for one has, set and next at a density, and a sum that all must agree on. */
export function measureMarks(make: (count: number) => MarkSubject, count: number, density: number, least: Least): Record<string, number> {
  const random = randomOf(3), order = Int32Array.from({ length: count }, () => random(count)), marked: number[] = [];
  for (let index = 0; index < count; index++) if (random(10_000) < density * 10_000) marked.push(index);
  let subject = make(count), sum = 0;
  const set = least(marked.length, () => {
    for (const index of marked) subject.set(index);
    return 0;
  }, () => {
    subject = make(count);
  });
  const has = least(count, () => {
    let found = 0;
    for (let at = 0; at < count; at++) if (subject.has(order[at]!)) found++;
    return found;
  }, () => undefined);
  const next = least(count, () => {
    sum = 0;
    for (let at = 0; at < count; at++) sum = (sum + subject.next(order[at]!)) | 0;
    return sum;
  }, () => undefined);
  return { set, has, next, sum };
}
