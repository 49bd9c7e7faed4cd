import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ColumnArrays, type ColumnKind, type ColumnRole, Fingerprint, Slab, StateError } from "../src/index.ts";

interface Shape {
  readonly kind: ColumnKind;
  readonly role: ColumnRole;
  readonly length: number;
}
const shape = fc.record<Shape>({ kind: fc.constantFrom("u8", "u16", "u32", "f64"), role: fc.constantFrom("state", "derived"), length: fc.integer({ min: 1, max: 9 }) });
/** A column, an item of it, and what to write there: each taken modulo what there is. */
const writes = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat({ max: 255 })), { maxLength: 40 });

type Columns = ColumnArrays[ColumnKind][];
const build = (slab: Slab, shapes: readonly Shape[]): Columns => shapes.map(({ kind, role, length }, nth) => slab[kind](`c${nth}`, length, role));
const contents = (columns: Columns): number[][] => columns.map((column) => [...column]);

function write(columns: Columns, all: readonly (readonly [number, number, number])[]): void {
  for (const [nth, at, value] of all) {
    const column = columns[nth % columns.length]!;
    column[at % column.length] = value;
  }
}

describe("snapshots", () => {
  test("restoring brings back every column, state and derived, whatever happened since", () => {
    fc.assert(
      fc.property(fc.array(shape, { minLength: 1, maxLength: 6 }), writes, writes, (shapes, before, after) => {
        const slab = new Slab(), columns = build(slab, shapes), snapshot = slab.newSnapshot();
        write(columns, before);
        const then = contents(columns);
        slab.save(snapshot);
        write(columns, after);
        slab.restore(snapshot);
        expect(contents(columns)).toEqual(then);
      }),
    );
  });

  test("a machine equals a snapshot if its state columns do, and the changes are those items that differ", () => {
    fc.assert(
      fc.property(fc.array(shape, { minLength: 1, maxLength: 6 }), writes, writes, (shapes, before, after) => {
        const slab = new Slab(), columns = build(slab, shapes), snapshot = slab.newSnapshot();
        write(columns, before);
        slab.save(snapshot);
        const then = contents(columns);
        write(columns, after);
        const isState = (nth: number): boolean => shapes[nth]!.role === "state";
        const changed = contents(columns).flatMap((items, nth) => items.flatMap((item, at) => (isState(nth) && item !== then[nth]![at] ? [`c${nth}[${at}]`] : [])));
        expect(slab.changesSince(snapshot).map((line) => line.split(":")[0])).toEqual(changed);
        expect(slab.equals(snapshot)).toBe(changed.length === 0);
      }),
    );
  });

  test("a change is shown as the item, what it was, and what it is", () => {
    const slab = new Slab(), low = slab.u32("pte.low", 4), snapshot = slab.newSnapshot();
    low[3] = 0x25;
    expect(slab.changesSince(snapshot)).toEqual(["pte.low[3]: 0 -> 0x25"]);
  });

  test("two snapshots do not share memory, nor does one with the machine", () => {
    const slab = new Slab(), column = slab.u8("c", 1), first = slab.newSnapshot(), second = slab.newSnapshot();
    column[0] = 1;
    slab.save(first);
    column[0] = 2;
    slab.save(second);
    slab.restore(first);
    expect(column[0]).toBe(1);
    slab.restore(second);
    expect(column[0]).toBe(2);
  });

  test("derived columns are not hashed: two machines that differ in a cache alone are one state", () => {
    const slab = new Slab(), state = slab.u16("state", 3), cache = slab.u16("cache", 3, "derived");
    const hash = (): number[] => ((print) => [print.a, print.b])(new Fingerprint().add(slab.words));
    const before = hash();
    cache[1] = 5;
    expect(hash()).toEqual(before);
    state[1] = 5;
    expect(hash()).not.toEqual(before);
  });

  test("the last item of a column that does not fill its word is hashed", () => {
    const slab = new Slab(), column = slab.u8("c", 5), before = new Fingerprint().add(slab.words).a;
    column[4] = 1;
    expect(new Fingerprint().add(slab.words).a).not.toBe(before);
  });
});

describe("size", () => {
  test("state and derived bytes are counted apart, each column aligned to its items and no further", () => {
    const slab = new Slab();
    slab.u8("a", 1);
    slab.u32("d", 1);
    slab.f64("b", 2);
    slab.u16("c", 3, "derived");
    expect([slab.sizeBytes, slab.derivedBytes]).toEqual([24, 6]);
    expect([slab.words.length, slab.newSnapshot().derived.length]).toEqual([6, 2]);
  });

  test("columns that do not fit are a mistake that names the column and the option; those that just fit are none", () => {
    const slab = new Slab({ capacityBytes: 16 });
    slab.u8("fits", 16);
    expect(() => slab.u8("more", 1)).toThrow(/STATE_SLAB_FULL.*more.*capacityBytes is 16/);
    slab.u8("cache", 16, "derived");
  });
});

describe("names and order", () => {
  test("a name is given once", () => {
    const slab = new Slab();
    slab.u8("pte.low", 1);
    expect(() => slab.u32("pte.low", 1, "derived")).toThrow(/STATE_DUPLICATE_COLUMN.*pte\.low/);
  });

  test("a pool's columns carry its name", () => {
    const slab = new Slab();
    let count!: Uint8Array;
    slab.pool("xa", { count: { kind: "u8" } }, { initial: 1, maximum: 3 }, (arrays) => {
      count = arrays.count;
    });
    const snapshot = slab.newSnapshot();
    count[2] = 1;
    expect(slab.changesSince(snapshot)).toEqual(["xa.count[2]: 0 -> 1"]);
  });

  test("no column comes after the first look at the words", () => {
    const slab = new Slab();
    slab.u8("early", 1);
    slab.newSnapshot();
    let error: unknown;
    try {
      slab.u8("late", 1);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(StateError);
    expect((error as StateError).code).toBe("STATE_SLAB_CLOSED");
  });
});

describe("the guard", () => {
  test("is told of every reading and writing of a state column, by name, and of no derived one", () => {
    const seen: string[] = [];
    const slab = new Slab({ guard: (name, key) => seen.push(`${name}[${String(key)}]`) });
    const state = slab.u32("state", 4), cache = slab.u32("cache", 4, "derived");
    state[2] = 7;
    cache[1] = state[2]!;
    expect(seen).toEqual(["state[2]", "state[2]"]);
    expect([state[2], cache[1]]).toEqual([7, 7]);
  });

  test("can forbid: what it throws comes through, and the item keeps its value", () => {
    let isOpen = true;
    const slab = new Slab({
      guard: (name) => {
        if (!isOpen) throw new Error(`${name} between leaves`);
      },
    });
    const column = slab.u8("pte.flags", 2);
    column[0] = 1;
    isOpen = false;
    expect(() => {
      column[0] = 2;
    }).toThrow("pte.flags between leaves");
    expect(() => column[0]).toThrow("pte.flags between leaves");
    isOpen = true;
    expect(column[0]).toBe(1);
  });

  test("methods of a guarded column work on the column", () => {
    const column = new Slab({ guard: () => {} }).u16("c", 3);
    column.fill(4);
    expect([...column.subarray(1)]).toEqual([4, 4]);
  });
});
