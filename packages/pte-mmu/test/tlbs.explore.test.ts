import { Folios } from "@zeropfn/folio";
import { type Gate, gateHolder, type LeafOperation, Slab } from "@zeropfn/state";
import { READ } from "@zeropfn/units";
import { afterEach, describe, expect, test } from "vitest";
import { PageTables } from "../src/page-tables.ts";
import { PTE_PRESENT, pteOf } from "../src/pte.ts";
import { Tlbs } from "../src/tlbs.ts";

/** Performs every leaf at once, and notes those that are steps: coarse ones are not. */
class Recorder implements Gate {
  readonly steps: string[] = [];
  pass({ name, body, coarse }: LeafOperation, owner: object, args: unknown[]): ReturnType<LeafOperation["body"]> {
    if (coarse) return body.apply(owner, args);
    this.steps.push(`${name}(${args.join(", ")})`);
    gateHolder.inLeaf = true;
    try {
      return body.apply(owner, args);
    } finally {
      gateHolder.inLeaf = false;
    }
  }
  mark(): void {}
}

const slab = new Slab(), folios = new Folios(slab, { frameCount: 4, pageShift: 3 });
const tables = new PageTables(slab, { mmCapacity: 2, tableCapacity: 6, tableShift: 1, levels: 2 });
const tlbs = new Tlbs(slab, tables, folios, { cpuCount: 3, tlbShift: 0, tlbWays: 1, asidCount: 1 });

function stepsOf(thread: () => void): string[] {
  const recorder = new Recorder();
  gateHolder.gate = recorder;
  thread();
  gateHolder.gate = null;
  return recorder.steps;
}

afterEach(() => {
  gateHolder.gate = null;
});

describe("under a gate", () => {
  test("a flush is a step for each processor that has run the address space, and one to begin with", () => {
    tables.store(tables.createSlot(0, 1), pteOf(1, PTE_PRESENT));
    tlbs.translate(0, 0, 1, READ);
    tlbs.translate(2, 0, 1, READ);
    expect(stepsOf(() => tlbs.flushPage(0, 1))).toEqual(["tlb.flushPageOn(0, 0, 1)", "tlb.flushPageOn(2, 0, 1)"]);
    expect(stepsOf(() => tlbs.flushRange(0, 1, 2))).toEqual(["tlb.flushRangeOn(0, 0, 1, 2)", "tlb.flushRangeOn(2, 0, 1, 2)"]);
    expect(stepsOf(() => tlbs.flushMm(1))).toEqual(["tlb.flushMmOn(0, 1)"]);
    expect(stepsOf(() => tlbs.flushAll())).toEqual(["tlb.flushAllOn(0)", "tlb.flushAllOn(1)", "tlb.flushAllOn(2)"]);
  });
  test("a deferred flush is a step for each processor that owes it, and relying on it begins with a look", () => {
    expect(stepsOf(() => tlbs.flushBatchedPending(0))).toEqual(["tlb.flushBatchOf(0)"]);
    expect(stepsOf(() => tlbs.deferFlush(0))).toEqual(["tlb.deferFlush(0)"]);
    expect(stepsOf(() => tlbs.flushBatchedPending(0))).toEqual(["tlb.flushBatchOf(0)", "tlb.flushMmOn(0, 0)", "tlb.flushMmOn(2, 0)", "tlb.finishBatchedFlush(0, 1)"]);
    expect(stepsOf(() => tlbs.flushDeferred())).toEqual(["tlb.flushDeferredOn(0)", "tlb.flushDeferredOn(2)"]);
  });
  test("tables are freed step by step, and the freed address space is as it was at first", () => {
    const before = slab.newSnapshot();
    tables.destroy(0);
    tlbs.dropMm(0);
    slab.save(before);
    tables.createSlot(0, 1);
    const steps = stepsOf(() => tables.destroy(0));
    expect(steps.filter((step) => /unlink|free/.test(step)).map((step) => step.replace(/\(.*/, ""))).toEqual(["pte.unlinkTableAt", "pte.freeTable", "pte.freeRoot"]);
    expect(slab.changesSince(before)).toEqual([]);
  });
});
