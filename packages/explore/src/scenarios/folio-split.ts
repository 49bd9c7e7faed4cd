import { Folios } from "@zeropfn/folio";
import { XArrays } from "@zeropfn/xarray";
import { type Scenario, type ScenarioBuilder, scenarioOf } from "../scenario.ts";

/** A folio of two pages that a table maps, one reference for each entry. The second page is found by its entry while the folio is split. */
function splitAgainstGet(s: ScenarioBuilder): void {
  const folios = new Folios(s.columns, { frameCount: 4, pageShift: 3, maximumOrder: 1 });
  const table = new XArrays(s.columns, { nodeCapacity: 1, chunkShift: 1 });
  const pfn = folios.allocate(1), second = pfn + 1;
  folios.get(pfn);
  folios.get(pfn); // two entries, and the reference of who splits
  table.store(table.createArray(), 1, second);
  const held = s.ghost("held"), wasSplit = s.ghost("split"), wasHeld = s.ghost("was held");

  s.thread("gup", () => {
    const frame = table.load(0, 1);
    if (frame === 0 || !folios.tryGet(frame)) return;
    if (table.load(0, 1) === frame) {
      held.set(1);
      wasHeld.set(1);
      folios.store8(frame, 0, 7);
      s.check(folios.load8(frame, 0) === 7, "another owner writes to the page");
      held.set(0);
    }
    folios.put(frame);
  });
  s.thread("split", () => {
    if (!folios.split(pfn, 0, 2)) {
      folios.put(pfn);
      return;
    }
    wasSplit.set(1);
    folios.put(pfn);
    folios.put(second);
    table.erase(0, 1);
    folios.put(second);
  });
  s.invariant("a page that is held has a reference", () => held.get() === 0 || folios.refcount(second) > 0);
  s.atEnd("all references are accounted for", () =>
    wasSplit.get() === 1 ? folios.refcount(pfn) === 1 && folios.usedFrames === 1 && folios.order(pfn) === 0 : folios.refcount(pfn) === 2 && folios.order(pfn) === 1);
  s.sometimes("the folio is split", () => wasSplit.get() === 1);
  s.sometimes("the page is held", () => wasHeld.get() === 1);
  s.sometimes("the page is held, so that the folio stays", () => wasHeld.get() === 1 && wasSplit.get() === 0 && folios.refcount(pfn) === 2);
}

export const folioSplit: readonly Scenario[] = [
  scenarioOf("folio-split", {
    claim: "A reference to a page of a large folio, taken without a lock, is to the folio that the page is in also when the folio is split meanwhile.",
    source: "try_get_folio() — mm/gup.c; __folio_split() — mm/huge_memory.c, v6.18", expected: "SAFE", exercises: ["folio", "xarray"], bounds: ["2 pages"],
    reason: "The folio is frozen while it is split, and who got the old head's reference looks again whose page it is.",
  }, (s) => {
    splitAgainstGet(s);
    s.mutant("no second look at the head", { override: { "folios.isHeadOf": () => true } });
    s.mutant("split without freezing", { override: { "folios.freeze"(this: Folios, pfn: number) {
      while (!this.putTestZero(pfn));
      return true;
    } } });
  }),
];
