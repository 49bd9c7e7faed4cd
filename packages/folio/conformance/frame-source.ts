import { type FrameSource, NO_FRAME } from "../src/index.ts";
import { same, type TestRunner } from "@zeropfn/state/conformance";

/**
 * The suite for whoever gives out frames.
 *
 * @param make A fresh source with room for at least 7 and at most 4096 frames, and a maximum order of at least 2.
 */
export function frameSourceConformance({ describe, test }: TestRunner, make: () => FrameSource): void {
  describe("frame source", () => {
    test("gives each frame once, with one reference, until there is none", () => {
      const source = make();
      const frames = takeAll(source, 0);
      same(new Set(frames).size, frames.length, "distinct frames");
      same(frames.length >= 7, true, `${frames.length} frames, at least 7`);
      same(frames.every((pfn) => source.refcount(pfn) === 1 && source.order(pfn) === 0), true, "one reference each");
      same(source.usedFrames, frames.length, "usedFrames");
      same(source.allocate(0), NO_FRAME, "one more");
      same(source.usedFrames, frames.length, "usedFrames after a failure");
    });
    test("gives a frame again after its last reference was put, and not before", () => {
      const source = make();
      const frames = takeAll(source, 0);
      const pfn = frames[3]!;
      source.get(pfn);
      same(source.put(pfn), false, "put of the first of two references");
      same(source.allocate(0), NO_FRAME, "while it is held");
      same(source.put(pfn), true, "put of the last one");
      same(source.allocate(0), pfn, "the only free frame");
      for (const frame of frames) same(source.put(frame), true, `put(${frame})`);
      same(source.usedFrames, 0, "usedFrames when all are back");
    });
    test("gives folios of every order, aligned to their size, that do not overlap", () => {
      const source = make();
      const owner = new Map<number, number>();
      let used = 0;
      for (const order of [0, 1, 2, 0, 1, 2]) {
        const pfn = source.allocate(order);
        if (pfn === NO_FRAME) continue;
        same(pfn % 2 ** order, 0, `folio ${pfn} of order ${order} is aligned`);
        for (let frame = pfn; frame < pfn + 2 ** order; frame++) {
          same(owner.get(frame), undefined, `frame ${frame} had no owner`);
          same(source.order(frame), order, `order(${frame})`);
          owner.set(frame, pfn);
        }
        used += 2 ** order;
        same(source.usedFrames, used, "usedFrames");
      }
      for (const pfn of new Set(owner.values())) source.put(pfn);
      same(source.usedFrames, 0, "usedFrames when all are back");
    });
    test("can give large folios again after small ones came back in any order", () => {
      const source = make();
      const large = takeAll(source, 2);
      for (const pfn of large) source.put(pfn);
      const small = takeAll(source, 0);
      for (let nth = 0; nth < small.length; nth += 2) source.put(small[nth]!);
      for (let nth = 1; nth < small.length; nth += 2) source.put(small[nth]!);
      same(takeAll(source, 2).length, large.length, "folios of order 2");
    });
    test("takes a reference with the number of any frame of a folio", () => {
      const source = make();
      const pfn = source.allocate(1);
      source.get(pfn + 1);
      same(source.refcount(pfn), 2, "references");
      source.put(pfn);
      same(source.put(pfn + 1), true, "the last one");
    });
    test("refuses orders that it does not have, with a coded error, and changes nothing", () => {
      const source = make();
      for (const order of [-1, 0.5, Number.NaN, source.maximumOrder + 1, 32]) {
        same(codeOf(() => source.allocate(order)) !== undefined, true, `an error with a code for order ${order}`);
        same(source.usedFrames, 0, "usedFrames");
      }
    });
    test("refuses a reference put twice, with a coded error, and changes nothing", () => {
      const source = make();
      const pfn = source.allocate(0);
      source.put(pfn);
      for (const misuse of [() => source.put(pfn), () => source.get(pfn)]) {
        same(codeOf(misuse) !== undefined, true, "an error with a code");
        same(source.usedFrames, 0, "usedFrames");
      }
      same(new Set(takeAll(source, 0)).size, source.usedFrames, "frames, each once");
    });
  });
}

function takeAll(source: FrameSource, order: number): number[] {
  const taken: number[] = [];
  for (let pfn = source.allocate(order); pfn !== NO_FRAME; pfn = source.allocate(order)) taken.push(pfn);
  return taken;
}

/** The code of the error that `body` throws; undefined if it throws none. */
function codeOf(body: () => void): unknown {
  try {
    body();
  } catch (error) {
    if (error instanceof Error && "code" in error) return error.code;
    throw error;
  }
  return undefined;
}
