import { Folios } from "@zeropfn/folio";
import { type Scenario, type ScenarioBuilder, type ScenarioOptions, scenarioOf } from "../scenario.ts";

/** A page of two words is copied while somebody stores to the first word and then to the second. */
function copyWhileStoring(s: ScenarioBuilder): void {
  const folios = new Folios(s.columns, { frameCount: 3, pageShift: 3, maximumOrder: 0 });
  const from = folios.allocate(0), to = folios.allocate(0);
  s.thread("copy", () => {
    folios.copy(to, from);
    s.check(folios.loadWord(to, 0) >= folios.loadWord(to, 1), "TORN COPY: the second store is in the copy, the first is not");
  });
  s.thread("store", () => {
    folios.storeWord(from, 0, 1);
    folios.storeWord(from, 1, 1);
  });
  s.sometimes("the copy has one store and not the other", () => folios.loadWord(to, 0) === 1 && folios.loadWord(to, 1) === 0);
}

const about: Omit<ScenarioOptions, "expected" | "reason"> = {
  claim: "A copy of a page is the page as it was at one moment, also while somebody stores to it.",
  source: "copy_highpage() — include/linux/highmem.h, v6.18",
  exercises: ["folio"],
  bounds: ["pages of 2 words"],
};

export const folioCopy: readonly Scenario[] = [
  scenarioOf("folio-copy", { ...about, expected: "UNSAFE", repair: "folio-copy-whole", reason: "A copy goes word by word, and stores go between." }, copyWhileStoring),
  scenarioOf("folio-copy-whole", {
    ...about, whole: ["folios.copy"], expected: "SAFE",
    reason: "If a copy were one step it would hold: whoever copies a page must keep others from storing to it, by unmapping it for example.",
  }, (s) => {
    copyWhileStoring(s);
    s.mutant("forgets the first word", { override: { "folios.copy"(this: Pick<Folios, "copyWord">, to: number, from: number) {
      this.copyWord(to, from, 1);
    } } });
  }),
];
