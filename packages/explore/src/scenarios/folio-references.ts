import { Folios, NO_FRAME } from "@zeropfn/folio";
import { XArrays } from "@zeropfn/xarray";
import { type Scenario, type ScenarioBuilder, scenarioOf } from "../scenario.ts";

/** What the folio under test holds, and what the next owner of its frame writes. */
const OURS = 1, THEIRS = 2;

/** A page cache of one page: frame `pfn` at index 0, with the cache's reference; one frame of memory, so that it is used again. */
function cacheOfOnePage(s: ScenarioBuilder): { folios: Folios; tree: XArrays; pfn: number } {
  const folios = new Folios(s.columns, { frameCount: 2, pageShift: 3, maximumOrder: 0 });
  const tree = new XArrays(s.columns, { nodeCapacity: 1, chunkShift: 1 });
  const pfn = folios.allocate(0);
  folios.store8(pfn, 0, OURS);
  tree.store(tree.createArray(), 0, pfn);
  return { folios, tree, pfn };
}

/** Finds the page without a lock: the reference first, then a second look at the tree. @kernel filemap_get_entry() — mm/filemap.c, v6.18 */
function lookUp(folios: Folios, tree: XArrays, looksTwice: boolean): number {
  const pfn = tree.load(0, 0);
  if (pfn === 0 || !folios.tryGet(pfn)) return 0;
  if (!looksTwice || tree.load(0, 0) === pfn) return pfn;
  folios.put(pfn);
  return 0;
}

/** Takes a reference without asking whether there is one. */
function getAnyway(this: Folios, head: number): boolean {
  if (this.refcount(head) === 0) this.unfreeze(head, 1);
  else this.get(head);
  return true;
}

function getAgainstFree(s: ScenarioBuilder): void {
  const { folios, tree } = cacheOfOnePage(s);
  const looksTwice = s.variation.options?.["looksOnce"] !== true;
  const found = s.ghost("found"), reused = s.ghost("reused");
  s.thread("lookup", () => {
    const pfn = lookUp(folios, tree, looksTwice);
    if (pfn === 0) return;
    s.check(folios.load8(pfn, 0) === OURS, "the page that was found is another owner's");
    found.set(1);
    folios.put(pfn);
  });
  s.thread("truncate", () => {
    const pfn = tree.erase(0, 0);
    folios.put(pfn);
  });
  s.thread("allocate", () => {
    const pfn = folios.allocate(0);
    if (pfn === NO_FRAME) return;
    reused.set(1);
    folios.store8(pfn, 0, THEIRS);
    s.check(folios.refcount(pfn) >= 1, "a frame was given out that nobody holds");
    s.check(folios.load8(pfn, 0) === THEIRS, "another owner writes to the frame");
    folios.put(pfn);
  });
  s.atEnd("every frame is free again", () => folios.usedFrames === 0 && folios.freeFrames === 1);
  s.sometimes("the page is found", () => found.get() === 1);
  s.sometimes("its frame is used again", () => reused.get() === 1);
}

function freezeAgainstGet(s: ScenarioBuilder): void {
  const { folios, tree, pfn } = cacheOfOnePage(s);
  const stored = s.ghost("stored"), reclaimed = s.ghost("reclaimed");
  s.thread("lookup", () => {
    const found = lookUp(folios, tree, true);
    if (found === 0) return;
    folios.store8(found, 0, THEIRS);
    stored.set(1);
    s.check(folios.refcount(found) > 0, "the folio was taken away from who holds it");
    folios.put(found);
  });
  s.thread("reclaim", () => {
    folios.get(pfn); // as isolating it from a list does
    if (folios.freeze(pfn, 2)) { // the cache's, and this one
      tree.erase(0, 0);
      folios.free(pfn);
      reclaimed.set(1);
    } else folios.put(pfn);
  });
  s.atEnd("the folio is in the cache with one reference, or it is free and in no cache", () =>
    reclaimed.get() === 1 ? folios.usedFrames === 0 && tree.load(0, 0) === 0 : folios.refcount(pfn) === 1 && tree.load(0, 0) === pfn);
  s.atEnd("what was stored in a page that stayed is there", () => reclaimed.get() === 1 || stored.get() === 0 || folios.load8(pfn, 0) === THEIRS);
  s.sometimes("the page is reclaimed", () => reclaimed.get() === 1);
  s.sometimes("the page is found", () => stored.get() === 1);
}

export const folioReferences: readonly Scenario[] = [
  scenarioOf("folio-get", {
    claim: "Who finds a page without a lock holds that page and no other, if it takes a reference only where there is one and then looks a second time.",
    source: "filemap_get_entry() — mm/filemap.c, v6.18", expected: "SAFE", exercises: ["folio", "xarray"], bounds: ["1 page", "1 frame"],
    reason: "A folio with no reference is not taken; one that was freed and given out meanwhile is no longer what the tree says.",
  }, (s) => {
    getAgainstFree(s);
    s.mutant("a reference also where there is none", { override: { "folios.tryGetHead": getAnyway } });
    s.mutant("no second look at the tree", { options: { looksOnce: true } });
  }),
  scenarioOf("folio-freeze", {
    claim: "Reclaim takes a page away from nobody who holds it, if it freezes the folio at the number of references that it knows of.",
    source: "__remove_mapping() — mm/vmscan.c, v6.18", expected: "SAFE", exercises: ["folio", "xarray"], bounds: ["1 page"],
    reason: "One more reference and the folio is not frozen; once it is frozen, nobody gets one.",
  }, (s) => {
    freezeAgainstGet(s);
    s.mutant("freezes whatever the count is", {
      override: {
        "folios.freeze"(this: Folios, pfn: number) {
          while (!this.putTestZero(pfn));
          return true;
        },
      },
    });
    s.mutant("a reference also where there is none", { override: { "folios.tryGetHead": getAnyway } });
  }),
];
