import { XArray, XArrayCursor } from "@zeropfn/xarray";
import { OrderedMap } from "js-sdsl";
import BTreeModule from "sorted-btree";

/**
 * One task on one structure: fills it or works on it, and returns a sum of what it saw, which must be the same for all.
 * The loops are inside, so that each structure is called as its users would call it.
 */
export type Task = (keys: Int32Array, order: Int32Array) => number;
/** `make` builds the structure in the order of `keys`; the tasks work on what was built last. */
export interface Subject {
  readonly make: (keys: Int32Array) => void;
  readonly tasks: Readonly<Record<string, Task>>;
  /** Bytes in use, if the structure knows. */
  readonly bytes?: () => number;
}

const BTree = ((BTreeModule as unknown as { default?: unknown }).default ?? BTreeModule) as new () => {
  set(key: number, value: number): boolean;
  get(key: number): number | undefined;
  delete(key: number): boolean;
  nextHigherKey(key: number): number | undefined;
  forEachPair(callback: (key: number, value: number) => void): void;
};

function xarray(): Subject {
  let xa = new XArray();
  const fill = (keys: Int32Array): void => {
    xa = new XArray();
    for (let at = 0; at < keys.length; at++) xa.store(keys[at]!, keys[at]! + 1);
  };
  return {
    make: fill,
    bytes: () => xa.arrays.nodesInUse * xa.arrays.nodeBytes,
    tasks: {
      "insert in order": (keys) => (fill(keys), keys.length),
      "insert random": (_keys, order) => (fill(order), order.length),
      "load sequential": (keys) => {
        let sum = 0;
        for (let at = 0; at < keys.length; at++) sum = (sum + xa.load(keys[at]!)) | 0;
        return sum;
      },
      "load random": (_keys, order) => {
        let sum = 0;
        for (let at = 0; at < order.length; at++) sum = (sum + xa.load(order[at]!)) | 0;
        return sum;
      },
      scan: () => {
        const walker = XArrayCursor.over(xa), entries = new Uint32Array(4096);
        let sum = 0;
        for (let count = walker.extract(entries); count > 0; count = walker.extract(entries)) {
          for (let at = 0; at < count; at++) sum = (sum + entries[at]!) | 0;
        }
        return sum;
      },
      "next after": (_keys, order) => {
        let sum = 0;
        for (let at = 0; at < order.length; at++) sum = (sum + xa.find(order[at]! + 1)) | 0;
        return sum;
      },
      "erase random": (_keys, order) => {
        let sum = 0;
        for (let at = 0; at < order.length; at++) sum = (sum + xa.erase(order[at]!)) | 0;
        return sum;
      },
    },
  };
}

/** The same array by its cursor, where a cursor makes a difference. */
function cursor(): Subject {
  let xa = new XArray();
  return {
    make: (keys) => {
      xa = new XArray();
      for (let at = 0; at < keys.length; at++) xa.store(keys[at]!, keys[at]! + 1);
    },
    tasks: {
      "load sequential": (keys) => {
        const walker = XArrayCursor.over(xa, keys[0]), end = keys.length;
        // Dense keys index by index; others entry by entry, which finds the index as well.
        let sum = 0;
        if (keys[end - 1] === end - 1) for (let at = 0; at < end; at++) sum = (sum + walker.next()) | 0;
        else for (let at = 0; at < end; at++) sum = (sum + walker.nextEntry()) | 0;
        return sum;
      },
      scan: () => {
        const walker = XArrayCursor.over(xa);
        let sum = 0;
        for (let entry = walker.find(); entry !== 0; entry = walker.nextEntry()) sum = (sum + entry) | 0;
        return sum;
      },
    },
  };
}

function map(): Subject {
  let held = new Map<number, number>();
  const fill = (keys: Int32Array): void => {
    held = new Map();
    for (let at = 0; at < keys.length; at++) held.set(keys[at]!, keys[at]! + 1);
  };
  const load = (keys: Int32Array): number => {
    let sum = 0;
    for (let at = 0; at < keys.length; at++) sum = (sum + held.get(keys[at]!)!) | 0;
    return sum;
  };
  return {
    make: fill,
    tasks: {
      "insert in order": (keys) => (fill(keys), keys.length),
      "insert random": (_keys, order) => (fill(order), order.length),
      "load sequential": (keys) => load(keys),
      "load random": (_keys, order) => load(order),
      scan: () => {
        let sum = 0;
        for (const value of held.values()) sum = (sum + value) | 0;
        return sum;
      },
      "erase random": (_keys, order) => {
        let sum = 0;
        for (let at = 0; at < order.length; at++) {
          sum = (sum + held.get(order[at]!)!) | 0;
          held.delete(order[at]!);
        }
        return sum;
      },
    },
  };
}

function sortedBtree(): Subject {
  let tree = new BTree();
  const fill = (keys: Int32Array): void => {
    tree = new BTree();
    for (let at = 0; at < keys.length; at++) tree.set(keys[at]!, keys[at]! + 1);
  };
  const load = (keys: Int32Array): number => {
    let sum = 0;
    for (let at = 0; at < keys.length; at++) sum = (sum + tree.get(keys[at]!)!) | 0;
    return sum;
  };
  return {
    make: fill,
    tasks: {
      "insert in order": (keys) => (fill(keys), keys.length),
      "insert random": (_keys, order) => (fill(order), order.length),
      "load sequential": (keys) => load(keys),
      "load random": (_keys, order) => load(order),
      scan: () => {
        let sum = 0;
        tree.forEachPair((_key, value) => {
          sum = (sum + value) | 0;
        });
        return sum;
      },
      "next after": (_keys, order) => {
        let sum = 0;
        for (let at = 0; at < order.length; at++) sum = (sum + (tree.nextHigherKey(order[at]!) ?? -1)) | 0;
        return sum;
      },
      "erase random": (_keys, order) => {
        let sum = 0;
        for (let at = 0; at < order.length; at++) {
          sum = (sum + order[at]! + 1) | 0;
          tree.delete(order[at]!);
        }
        return sum;
      },
    },
  };
}

function orderedMap(): Subject {
  let tree = new OrderedMap<number, number>();
  const fill = (keys: Int32Array): void => {
    tree = new OrderedMap();
    for (let at = 0; at < keys.length; at++) tree.setElement(keys[at]!, keys[at]! + 1);
  };
  const load = (keys: Int32Array): number => {
    let sum = 0;
    for (let at = 0; at < keys.length; at++) sum = (sum + tree.getElementByKey(keys[at]!)!) | 0;
    return sum;
  };
  return {
    make: fill,
    tasks: {
      "insert in order": (keys) => (fill(keys), keys.length),
      "insert random": (_keys, order) => (fill(order), order.length),
      "load sequential": (keys) => load(keys),
      "load random": (_keys, order) => load(order),
      scan: () => {
        let sum = 0;
        for (const [, value] of tree) sum = (sum + value) | 0;
        return sum;
      },
      "next after": (_keys, order) => {
        let sum = 0;
        for (let at = 0; at < order.length; at++) {
          const next = tree.upperBound(order[at]!);
          sum = (sum + (next.isAccessible() ? next.pointer[0] : -1)) | 0;
        }
        return sum;
      },
      "erase random": (_keys, order) => {
        let sum = 0;
        for (let at = 0; at < order.length; at++) {
          sum = (sum + order[at]! + 1) | 0;
          tree.eraseElementByKey(order[at]!);
        }
        return sum;
      },
    },
  };
}

/** A plain or typed array: dense keys only. The floor for everything. */
function flat(make: (length: number) => Int32Array | number[]): Subject {
  let held = make(1);
  const load = (keys: Int32Array): number => {
    let sum = 0;
    for (let at = 0; at < keys.length; at++) sum = (sum + held[keys[at]!]!) | 0;
    return sum;
  };
  const fill = (keys: Int32Array): void => {
    held = make(keys.length);
    for (let at = 0; at < keys.length; at++) held[keys[at]!] = keys[at]! + 1;
  };
  return {
    make: fill,
    tasks: {
      "insert in order": (keys) => (fill(keys), keys.length),
      "insert random": (_keys, order) => (fill(order), order.length),
      "load sequential": (keys) => load(keys),
      "load random": (_keys, order) => load(order),
      scan: (keys) => {
        let sum = 0;
        for (let at = 0; at < keys.length; at++) sum = (sum + held[at]!) | 0;
        return sum;
      },
      "erase random": (_keys, order) => {
        let sum = 0;
        for (let at = 0; at < order.length; at++) {
          sum = (sum + held[order[at]!]!) | 0;
          held[order[at]!] = 0;
        }
        return sum;
      },
    },
  };
}

export const SUBJECTS: Readonly<Record<string, () => Subject>> = {
  XArray: xarray,
  "XArray cursor": cursor,
  Map: map,
  "sorted-btree": sortedBtree,
  "js-sdsl": orderedMap,
  Array: () => flat((length) => new Array<number>(length).fill(0)),
  Int32Array: () => flat((length) => new Int32Array(length)),
};
/** What only dense keys suit. */
export const DENSE_ONLY: ReadonlySet<string> = new Set(["Array", "Int32Array"]);
