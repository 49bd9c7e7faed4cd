import { CANNOT_SPLIT, MAX_INDEX, NULL_ENTRY, XArrayCursor } from "../../src/index.ts";
import type { LogLine } from "./log.ts";
import type { Answer, Operation, Stage } from "./normal-operations.ts";
import { BeyondRange, type Values, type Written, index, limit, position } from "./values.ts";

/** The rest of a walk is past 2^53-1: what came before still counts. */
export class PartlyBeyond extends BeyondRange {
  readonly answered: readonly unknown[];
  constructor(answered: readonly unknown[]) {
    super("steps out of the indices");
    this.answered = answered;
  }
}

const cursorAt = ({ arrays, array }: Stage, i: unknown, order: unknown = 0): XArrayCursor => new XArrayCursor(arrays, array, index(i), order as number);

/** One step from `find` on: what `xas_for_each` does. */
function* met(cursor: XArrayCursor, max: number, most: number, mark?: number): Generator<number> {
  if (most <= 0) return;
  let entry = mark === undefined ? cursor.find(max) : cursor.findMarked(max, mark);
  for (let count = 0; entry !== NULL_ENTRY; ) {
    yield entry;
    if (++count >= most) return;
    entry = mark === undefined ? cursor.nextEntry(max) : cursor.nextMarked(max, mark);
  }
}

const pair = (cursor: XArrayCursor, values: Values, entry: number): [number, Written] => [cursor.index, values.written(entry)];

function forEach(stage: Stage, i: unknown, max: unknown, most: unknown, mark?: number, act: (cursor: XArrayCursor) => void = () => undefined): Answer {
  const cursor = cursorAt(stage, i), all: unknown[] = [];
  for (const entry of met(cursor, limit(max), most as number, mark)) {
    all.push(pair(cursor, stage.values, entry));
    act(cursor);
  }
  return { r: all };
}

const LETTERS = { node: "N", head: "H", bounds: "B", restart: "R" } as const;
const letter = (cursor: XArrayCursor): string => LETTERS[cursor.place];

function walk(stage: Stage, [i, steps]: readonly unknown[]): Answer {
  const cursor = cursorAt(stage, i), all: unknown[] = [];
  const note = (entry: number): unknown => all.push([...pair(cursor, stage.values, entry), letter(cursor)]);
  note(cursor.load());
  for (const step of steps as string) {
    const entry = step === "n" ? cursor.next() : cursor.prev();
    if (cursor.index > MAX_INDEX) throw new PartlyBeyond(all);
    note(entry);
  }
  return { r: all };
}

function advanceWalk(stage: Stage, [i, count]: readonly unknown[]): Answer {
  const cursor = cursorAt(stage, i), all: unknown[] = [];
  let entry = cursor.load();
  for (let step = 1; ; step++) {
    const order = cursor.getOrder(), isReal = entry > 0;
    all.push(!isReal ? pair(cursor, stage.values, entry) : [...pair(cursor, stage.values, entry), order]);
    if (step >= (count as number)) return { r: all };
    if (isReal) cursor.advance(Math.floor(cursor.index / 2 ** order) * 2 ** order + 2 ** order - 1);
    entry = cursor.next();
    if (cursor.index > MAX_INDEX) throw new PartlyBeyond(all);
  }
}

function pause(stage: Stage, [i, max, k, change, most]: readonly unknown[]): Answer {
  const { arrays, array, values } = stage, cursor = cursorAt(stage, i), before: unknown[] = [], after: unknown[] = [], to = limit(max);
  for (const entry of met(cursor, to, k as number)) before.push(pair(cursor, values, entry));
  cursor.pause();
  const [what, at, second, third] = change as [string, ...unknown[]];
  if (what === "store") arrays.store(array, index(at), values.entry(second as Written));
  else if (what === "erase") arrays.erase(array, index(at));
  else if (what === "storeOrder") arrays.storeOrder(array, index(at), second as number, values.entry(third as Written));
  for (const entry of met(cursor, to, most as number)) after.push(pair(cursor, values, entry));
  return { r: [before, after] };
}

function conflict(stage: Stage, [i, order, most]: readonly unknown[]): Answer {
  const cursor = cursorAt(stage, i, order), all: Written[] = [];
  for (let entry = cursor.findConflict(); entry !== NULL_ENTRY && all.length < (most as number); entry = cursor.findConflict()) all.push(stage.values.written(entry));
  return { r: all };
}

function fillRange(stage: Stage, [i, order, v]: readonly unknown[]): Answer {
  const cursor = cursorAt(stage, i, order), inTheWay = cursor.findConflict();
  if (inTheWay !== NULL_ENTRY) return { e: "EEXIST", c: stage.values.written(inTheWay) };
  cursor.createRange();
  for (let k = 0; k < 2 ** (order as number); k++) {
    cursor.store(stage.values.entry((v as number) + k));
    cursor.next();
  }
  return { r: 0 };
}

function split({ arrays, array, values }: Stage, [i, old, order, v]: readonly unknown[], isTry: boolean): Answer {
  const cursor = new XArrayCursor(arrays, array, index(i), order as number), entry = values.entry(v as Written);
  const result = isTry ? cursor.trySplit(entry, old as number) : cursor.split(entry, old as number);
  return result === CANNOT_SPLIT ? { e: "EINVAL" } : { r: result };
}

/** Below 0 the kernel's index is past every limit but its largest, and then a marked search ends nowhere. */
function marked(cursor: XArrayCursor, max: unknown, search: () => number): number {
  const isPastMax = cursor.index < 0 && Number(max) < 2 ** 63, found = search();
  if (isPastMax) cursor.reset();
  return found;
}

/** Steps of a script, each on one cursor. */
export const steps: Readonly<Record<string, (cursor: XArrayCursor, a: readonly unknown[], values: Values) => unknown>> = {
  load: (cursor, _a, values) => values.written(cursor.load()),
  next: (cursor, _a, values) => values.written(cursor.next()),
  prev: (cursor, _a, values) => values.written(cursor.prev()),
  find: (cursor, [max], values) => values.written(cursor.find(limit(max))),
  nextEntry: (cursor, [max], values) => values.written(cursor.nextEntry(limit(max))),
  findMarked: (cursor, [max, mark], values) => values.written(marked(cursor, max, () => cursor.findMarked(limit(max), mark as number))),
  nextMarked: (cursor, [max, mark], values) => values.written(marked(cursor, max, () => cursor.nextMarked(limit(max), mark as number))),
  store: (cursor, [v], values) => values.written(cursor.store(values.entry(v as Written))),
  setMark: (cursor, [mark]) => (cursor.setMark(mark as number), null),
  clearMark: (cursor, [mark]) => (cursor.clearMark(mark as number), null),
  getMark: (cursor, [mark]) => cursor.getMark(mark as number),
  initMarks: (cursor) => (cursor.initMarks(), null),
  pause: (cursor) => (cursor.pause(), null),
  reset: (cursor) => (cursor.reset(), null),
  set: (cursor, [i]) => (cursor.set(index(i)), null),
};

const CHANGING = new Set(["store", "setMark", "clearMark", "initMarks"]);

/** Past 2^53-1 only the place is followed, as somebody may step back: there is nothing that could be changed. */
function script(stage: Stage, [i]: readonly unknown[], line: LogLine): Answer {
  const cursor = cursorAt(stage, i), all: unknown[] = [], theirs = line.r as [unknown, unknown, unknown][];
  (line["s"] as [string, ...unknown[]][]).forEach(([name, ...a], at) => {
    const [result, where, place] = theirs[at]!, isBeyond = position(where) > MAX_INDEX;
    const ours = isBeyond && CHANGING.has(name) ? null : steps[name]!(cursor, a, stage.values);
    all.push(isBeyond ? [result, position(where), place] : [ours, cursor.index, letter(cursor)]);
  });
  return { r: all };
}

/** The advanced interface, by the names of the logs. */
export const cursorOperations: Readonly<Record<string, Operation>> = {
  forEach: (stage, [i, max, most]) => forEach(stage, i, max, most),
  forEachMarked: (stage, [i, max, mark, most]) => forEach(stage, i, max, most, mark as number),
  iterErase: (stage, [i, max, most]) => forEach(stage, i, max, most, undefined, (cursor) => cursor.store(NULL_ENTRY)),
  iterStore: (stage, [i, max, v, most]) => forEach(stage, i, max, most, undefined, (cursor) => cursor.store(stage.values.entry(v as Written))),
  retag: (stage, [i, max, from, to, isClearing, most]) =>
    forEach(stage, i, max, most, from as number, (cursor) => {
      cursor.setMark(to as number);
      if (isClearing === 1) cursor.clearMark(from as number);
    }),
  conflict,
  walk,
  advWalk: advanceWalk,
  pause,
  createRange: (stage, [i, order]) => {
    cursorAt(stage, i, order).createRange();
    return {};
  },
  fillRange,
  split: (stage, a) => split(stage, a, false),
  trySplit: (stage, a) => split(stage, a, true),
  script,
};
