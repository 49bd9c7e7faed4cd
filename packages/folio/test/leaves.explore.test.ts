import { type Gate, gateHolder, type LeafOperation, Slab } from "@zeropfn/state";
import { afterEach, describe, expect, test } from "vitest";
import { Folios } from "../src/index.ts";

/** A gate that performs every leaf at once. Those that `isSplit` names are not steps: what they call is asked about too. */
class Recorder implements Gate {
  readonly steps: string[] = [];
  readonly #isSplit: (name: string) => boolean;
  constructor(isSplit: (name: string) => boolean) {
    this.#isSplit = isSplit;
  }
  pass({ name, body }: LeafOperation, owner: object, args: unknown[]): ReturnType<LeafOperation["body"]> {
    if (this.#isSplit(name)) return body.apply(owner, args);
    this.steps.push(name);
    gateHolder.inLeaf = true;
    try {
      return body.apply(owner, args);
    } finally {
      gateHolder.inLeaf = false;
    }
  }
  mark(): void {}
}

function stepsOf(split: readonly string[], thread: (folios: Folios) => void, folios: Folios = make()): string[] {
  const recorder = new Recorder((name) => split.includes(name));
  gateHolder.gate = recorder;
  thread(folios);
  return recorder.steps;
}
const make = (): Folios => new Folios(new Slab(), { frameCount: 8, pageShift: 3, maximumOrder: 2 });

afterEach(() => {
  gateHolder.gate = null;
});

describe("under a gate", () => {
  test("a whole page is one step, or a step for each word if its leaf is not gated", () => {
    expect(stepsOf([], (folios) => folios.zero(1))).toEqual(["folios.zero"]);
    expect(stepsOf(["folios.zero"], (folios) => folios.zero(1))).toEqual(["folios.zeroWord", "folios.zeroWord"]);
    expect(stepsOf(["folios.copy"], (folios) => folios.copy(1, 2))).toEqual(["folios.copyWord", "folios.copyWord"]);
    expect(stepsOf(["folios.compare"], (folios) => folios.compare(1, 2))).toEqual(["folios.compareWord", "folios.compareWord"]);
    expect(stepsOf(["folios.isZero"], (folios) => folios.isZero(1))).toEqual(["folios.isZeroWord", "folios.isZeroWord"]);
  });

  test("a test for zero looks at the last word first", () => {
    const folios = make();
    folios.store8(1, 7, 1);
    expect(stepsOf(["folios.isZero"], () => expect(folios.isZero(1)).toBe(false), folios)).toEqual(["folios.isZeroWord"]);
  });

  test("whole-page leaves have the effects of the ordinary build", () => {
    const folios = make();
    stepsOf([], () => {
      folios.storeWord(1, 1, 0x80000001);
      folios.copy(2, 1);
      folios.zero(1);
    }, folios);
    gateHolder.gate = null;
    expect([folios.isZero(1), folios.loadWord(2, 1), folios.zeroedBytes, folios.copiedBytes]).toEqual([true, 0x80000001, 8, 8]);
  });

  test("allocating and freeing are one step each, or what the kernel does under the zone's lock", () => {
    expect(stepsOf([], (folios) => folios.put(folios.allocate(0)))).toEqual(["folios.allocate", "folios.put"]);
    expect(stepsOf(["folios.allocate"], (folios) => folios.allocate(0))).toEqual([
      "folios.allocationFails", "buddy.lock", "buddy.firstFreeOrder", "buddy.takeFree", "buddy.unlock", "folios.prepareNew",
    ]);
    expect(stepsOf(["folios.put", "folios.free"], (folios) => folios.put(folios.allocate(0)))).toEqual([
      "folios.allocate", "folios.putTestZero", "folios.prepareFree", "buddy.lock", "buddy.isFree", "buddy.addFree", "buddy.unlock",
    ]);
  });

  test("a reference for one who has none is taken in three steps", () => {
    const folios = make();
    const pfn = folios.allocate(1);
    expect(stepsOf(["folios.tryGet"], () => folios.tryGet(pfn + 1), folios)).toEqual(["folios.head", "folios.tryGetHead", "folios.isHeadOf"]);
  });
});
