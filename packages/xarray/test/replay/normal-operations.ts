import { BUSY, MAX_INDEX, NOT_FOUND, type XArrays, XA_PRESENT } from "../../src/index.ts";
import type { LogLine } from "./log.ts";
import { type Values, type Written, index, limit } from "./values.ts";

/** What an operation of ours answers, in the words of a log: `e` an error, else `r`; other fields where a log has them. */
export interface Answer {
  readonly r?: unknown;
  readonly e?: string;
  readonly id?: number;
  readonly next?: number;
  readonly wrapped?: number;
  readonly c?: Written;
}

/** Where operations work. */
export interface Stage {
  readonly arrays: XArrays;
  readonly array: number;
  readonly values: Values;
}

export type Operation = (stage: Stage, a: readonly unknown[], line: LogLine) => Answer;

export const filterOf = (written: unknown): number => (written === "p" ? XA_PRESENT : (written as number));
const status = (result: number): Answer => (result === BUSY ? { e: "EBUSY" } : { r: result });
const nothing: Answer = {};

const allocated = (id: number, more: object): Answer => (id === BUSY ? { e: "EBUSY" } : { r: 0, id, ...more });

function found({ arrays, array, values }: Stage, at: number): Answer {
  return { r: at === NOT_FOUND ? null : [at, values.written(arrays.load(array, at))] };
}

function each(stage: Stage, [start, max, filter, most]: readonly unknown[]): Answer {
  const { arrays, array, values } = stage, all: unknown[] = [], to = limit(max), by = filterOf(filter);
  let at = arrays.find(array, index(start), to, by);
  while (at !== NOT_FOUND && all.length < (most as number)) {
    all.push([at, values.written(arrays.load(array, at))]);
    at = arrays.findAfter(array, at, to, by);
  }
  return { r: all };
}

function extract({ arrays, array, values }: Stage, [start, max, filter, count]: readonly unknown[]): Answer {
  const out: number[] = [];
  const length = arrays.extract(array, out, index(start), limit(max), filterOf(filter), count as number);
  return { r: out.slice(0, length).map((entry) => values.written(entry)) };
}

/** The normal interface, by the names of the logs. */
export const normalOperations: Readonly<Record<string, Operation>> = {
  load: ({ arrays, array, values }, [i]) => ({ r: values.written(arrays.load(array, index(i))) }),
  store: ({ arrays, array, values }, [i, v]) => ({ r: values.written(arrays.store(array, index(i), values.entry(v as Written))) }),
  erase: ({ arrays, array, values }, [i]) => ({ r: values.written(arrays.erase(array, index(i))) }),
  insert: ({ arrays, array, values }, [i, v]) => status(arrays.insert(array, index(i), values.entry(v as Written))),
  cmpxchg: ({ arrays, array, values }, [i, old, v]) => ({
    r: values.written(arrays.compareExchange(array, index(i), values.entry(old as Written), values.entry(v as Written))),
  }),
  reserve: ({ arrays, array }, [i]) => status(arrays.reserve(array, index(i))),
  release: ({ arrays, array }, [i]) => {
    arrays.release(array, index(i));
    return nothing;
  },
  empty: ({ arrays, array }) => ({ r: arrays.isEmpty(array) }),
  destroy: ({ arrays, array }) => {
    arrays.clear(array);
    return nothing;
  },
  storeOrder: ({ arrays, array, values }, [i, order, v]) => {
    arrays.storeOrder(array, index(i), order as number, values.entry(v as Written));
    return nothing;
  },
  storeRange: ({ arrays, array, values }, [first, last, v]) => {
    const from = index(first), to = index(last);
    if (to < from) return { e: "EINVAL" };
    arrays.storeRange(array, from, to, values.entry(v as Written));
    return { r: null };
  },
  getOrder: ({ arrays, array }, [i]) => ({ r: arrays.getOrder(array, index(i)) }),
  alloc: ({ arrays, array, values }, [v, min, max]) => allocated(arrays.alloc(array, values.entry(v as Written), min as number, max as number), {}),
  allocCyclic: ({ arrays, array, values }, [v, min, max, next]) => {
    const id = arrays.allocCyclic(array, values.entry(v as Written), min as number, max as number, next as number);
    return id === BUSY ? { e: "EBUSY", next: next as number } : allocated(id, { next: (id + 1) % 2 ** 32, wrapped: arrays.wrapped(array) ? 1 : 0 });
  },
  setMark: ({ arrays, array }, [i, m]) => {
    arrays.setMark(array, index(i), m as number);
    return nothing;
  },
  clearMark: ({ arrays, array }, [i, m]) => {
    arrays.clearMark(array, index(i), m as number);
    return nothing;
  },
  getMark: ({ arrays, array }, [i, m]) => ({ r: arrays.getMark(array, index(i), m as number) }),
  marked: ({ arrays, array }, [m]) => ({ r: arrays.marked(array, m as number) }),
  find: (stage, [i, max, filter]) => found(stage, stage.arrays.find(stage.array, index(i), limit(max), filterOf(filter))),
  // After the largest index there is nothing; the kernel's is larger still, and the same is true there.
  findAfter: (stage, [i, max, filter]) =>
    found(stage, Number(i) > MAX_INDEX ? NOT_FOUND : stage.arrays.findAfter(stage.array, index(i), limit(max), filterOf(filter))),
  each,
  extract,
};
