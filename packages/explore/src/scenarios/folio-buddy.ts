import { Folios, NO_FRAME } from "@zeropfn/folio";
import { type Scenario, type ScenarioBuilder, scenarioOf } from "../scenario.ts";

/** Frame 2 is freed, which merges with 3, while two others allocate frames. The allocator's own steps are the steps. */
function mergeAgainstAllocate(s: ScenarioBuilder): void {
  const { buddy } = new Folios(s.columns, { frameCount: 4, pageShift: 3, maximumOrder: 1 });
  for (const _ of [1, 2, 3]) buddy.allocate(0);
  buddy.free(3, 0);
  const owner = s.ghost("owners"); // a bit for each frame
  const was3 = s.ghost("3 was given out");
  owner.set(1 << 2);

  s.thread("free", () => {
    owner.set(owner.get() & ~(1 << 2));
    buddy.free(2, 0);
  });
  for (const name of ["allocate", "allocate too"]) {
    s.thread(name, () => {
      const pfn = buddy.allocate(0);
      if (pfn === NO_FRAME) return;
      s.check((owner.get() & (1 << pfn)) === 0, `frame ${pfn} is given out twice`);
      owner.set(owner.get() | (1 << pfn));
      if (pfn === 3) was3.set(1);
      owner.set(owner.get() & ~(1 << pfn));
      buddy.free(pfn, 0);
    });
  }
  s.atEnd("frames 2 and 3 are one free block again", () => buddy.freeFrames === 2 && buddy.blocksOf(1).join() === "2" && buddy.blocksOf(0).length === 0);
  s.sometimes("frame 3 is given out before it merges", () => was3.get() === 1);
  s.sometimes("the block is whole", () => buddy.blocksOf(1).length === 1);
}

/** Two processes ask for the huge zero page at once. */
function hugeZeroTwice(s: ScenarioBuilder): void {
  const folios = new Folios(s.columns, { frameCount: 6, pageShift: 3, maximumOrder: 1, hugeZeroOrder: 1 });
  const seen = s.ghost("seen");
  for (const name of ["A", "B"]) {
    s.thread(name, () => {
      const pfn = folios.hugeZeroFrame();
      s.check(pfn !== NO_FRAME && folios.isZeroPage(pfn), "no huge zero page, though there is memory");
      s.check(seen.get() === 0 || seen.get() === pfn, "two huge zero pages");
      seen.set(pfn);
    });
  }
  s.atEnd("one pair of frames has left the allocator, and none counts as used", () => folios.usedFrames === 0 && folios.freeFrames === 3);
  s.sometimes("the loser gives its frames back", () => folios.hugeZeroPfn() !== NO_FRAME && folios.usedFrames === 2);
}

export const folioBuddy: readonly Scenario[] = [
  scenarioOf("folio-buddy", {
    claim: "A block may merge with its buddy while others allocate: no frame is given out twice, and none is lost.",
    source: "__free_one_page(), rmqueue_buddy() — mm/page_alloc.c, v6.18", expected: "SAFE", exercises: ["folio"], bounds: ["3 frames"],
    reason: "The zone's lock holds from the look at the buddy until the block is in its list.",
  }, (s) => {
    mergeAgainstAllocate(s);
    s.mutant("without the lock", { override: { "buddy.lock": () => {} } });
  }),
  scenarioOf("folio-huge-zero", {
    claim: "There is one huge zero page, however many processes ask for the first one at once.",
    source: "get_huge_zero_folio() — mm/huge_memory.c, v6.18", expected: "SAFE", exercises: ["folio"], bounds: ["2 pages"],
    reason: "Only one of those who have zeroed a folio can publish it; the other frees its own.",
  }, (s) => {
    hugeZeroTwice(s);
    s.mutant("the last one publishes", { override: { "folios.publishHugeZero": () => true } });
    s.mutant("the loser frees nothing", { override: { "folios.free": () => {} } });
  }),
];
